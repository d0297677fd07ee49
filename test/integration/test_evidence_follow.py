"""The follower that makes packages by itself: shut in, with authorities it trusts, behind a cursor that knows its log."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import tsa
from conftest import GATEHOUSE, SANITIZED, command
from test_evidence_make import Site, wait_for


class Following:
    """A keeper, and a follower from the log's begin."""

    def __init__(self, site, *options, wrap=(), **more):
        self.out, self.env = site.folder / "packages", {**site.env, **more}
        self.keeper = subprocess.Popen([GATEHOUSE, "keeper", "--ledger", site.ledger], env=site.env, stderr=subprocess.DEVNULL)
        wait_for((site.ledger / "keeper.sock").exists)
        self.process = subprocess.Popen([*wrap, GATEHOUSE, "evidence", "follow", "--ledger", site.ledger, "--out", self.out, "--from-begin",
                                         *map(str, options)], env=self.env, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.process, self.keeper):
            process.terminate()
            process.wait(timeout=30)
        self.process.stderr.close()

    def package(self, count=1):
        """The last one of so many."""
        return wait_for(lambda: self.packages()[-1] if len(self.packages()) == count else None)

    def packages(self):
        """Those that have their names."""
        return sorted((p.parent for p in self.out.glob("*/manifest.json") if p.parent.suffix != ".gatehouse-part"),
                      key=lambda p: p.stat().st_mtime)

    def child(self):
        """The process that asks authorities."""
        return int(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])


@pytest.fixture(name="site")
def fixture_site(tmp_path):
    return Site(tmp_path)


def export(site, name):
    """One more that ended well."""
    for phase, more in (("begin", []), ("end", ["--bytes", 5, "--digest", "sha256:" + "ab" * 32])):
        site.export(f"{name}-{phase}", "--detail", json.dumps({"view": name, "phase": phase}), *more)


def test_it_and_who_asks_for_it_are_shut_in(site):
    authority = tsa.Authority(site.folder / "authority")
    with tsa.Server(authority) as server, Following(site, "--tsa", server.url) as follow:
        package = follow.package()
        assert (package / "time/1.tsr").exists()
        status = pathlib.Path(f"/proc/{follow.process.pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status and (SANITIZED or "Seccomp:\t2" in status) and re.search(r"Threads:\t1$", status, re.M)
        assert "NoNewPrivs:\t1" in pathlib.Path(f"/proc/{follow.child()}/status").read_text()


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_no_entry_is_read_before_and_nothing_outside_is_opened_after(site):
    outside, calls = site.folder / "outside", site.folder / "calls"
    shutil.copy("/usr/share/zoneinfo/Asia/Tokyo", outside)
    with Following(site, wrap=["strace", "-D", "-f", "-qq", "-o", calls], TZ=f":{outside}") as follow:
        follow.package()
    said = [line.split(maxsplit=1)[1] for line in calls.read_text().splitlines()]
    first = next(i for i, call in enumerate(said) if call.startswith("openat") and ("tile" in call or '"checkpoint"' in call))
    walls = [i for i, call in enumerate(said) if re.match(r"landlock_restrict_self\(.*= 0$|seccomp\(SECCOMP_SET_MODE_FILTER.*= 0$", call)]
    assert len(walls) == (1 if SANITIZED else 2) and max(walls) < first
    assert [call for call in said if str(outside) in call and "EACCES" in call], "a file outside was opened"


@pytest.mark.parametrize("whose", ["theirs", "strangers"])
def test_only_what_a_trusted_authority_stamps_is_kept(site, whose):
    authority, stranger = tsa.Authority(site.folder / "authority"), tsa.Authority(site.folder / "stranger", "Stranger")
    roots = site.folder / "authority/root.pem"
    with tsa.Server(authority if whose == "theirs" else stranger) as server, \
            Following(site, "--tsa", server.url, "--tsa-roots", roots) as follow:
        package = follow.package()
        assert (package / "time/1.pem").read_bytes().strip() == roots.read_bytes().strip()
        assert (package / "time/1.tsq").exists() and (package / "time/1.tsr").exists() == (whose == "theirs")


def test_a_file_that_is_no_certificate_is_refused(site):
    (site.folder / "empty.pem").write_text("nothing\n")
    done = site.run("evidence", "follow", "--ledger", site.ledger, "--out", "packages", "--tsa-roots", "empty.pem")
    assert done.returncode == 2 and "empty.pem has no certificate" in done.stderr


def test_it_ends_when_who_asks_authorities_has_ended(site):
    with tsa.Server(tsa.Authority(site.folder / "authority")) as server, Following(site, "--tsa", server.url) as follow:
        follow.package()
        os.kill(follow.child(), signal.SIGKILL)
        export(site, "export-000001")
        package = follow.package(2)
        assert (package / "time/1.tsq").exists() and not (package / "time/1.tsr").exists()
        assert follow.process.wait(timeout=30) == 2 and "asks time-stamp authorities has ended" in follow.process.stderr.read()


def test_a_ledger_that_was_restored_is_told_and_not_gone_on_in(site):
    old = site.folder / "old"
    shutil.copytree(site.ledger, old)
    with Following(site) as follow:
        follow.package()
        export(site, "export-000001")
        follow.package(2)
        wait_for(lambda: "delivered 2\n" in (follow.out / "cursor").read_text())
    cursor = (follow.out / "cursor").read_text()
    assert re.search(r"^leaf [0-9a-f]{64}$", cursor, re.M)
    shutil.rmtree(site.ledger)
    shutil.copytree(old, site.ledger)
    with Following(site) as follow:
        assert follow.process.wait(timeout=30) == 2 and "it lost some, or is an old copy" in follow.process.stderr.read()
    for number in range(4):
        export(site, f"other-{number:06d}")
    with Following(site) as follow:
        assert follow.process.wait(timeout=30) == 2
        said = follow.process.stderr.read()
        assert "is another than the one that the cursor is behind: the log was restored" in said and "--out another folder" in said
        assert len(follow.packages()) == 2 and (follow.out / "cursor").read_text() == cursor
        (follow.out / "cursor").unlink()
    with Following(site) as follow:
        follow.package(6)


def test_a_cursor_of_before_has_no_leaf_and_gets_one(site):
    with Following(site) as follow:
        follow.package()
        time.sleep(0.1)
    path = follow.out / "cursor"
    path.write_text(re.sub(r"^leaf .*\n", "", path.read_text(), flags=re.M))
    with Following(site) as follow:
        export(site, "export-000001")
        follow.package(2)
        wait_for(lambda: re.search(r"^leaf [0-9a-f]{64}$", path.read_text(), re.M))


def test_no_key_of_a_sealed_name_and_no_store_stays_open(tmp_path):
    site = Site(tmp_path, "--sealed")
    store = tmp_path / "state/gatehouse/gatehouse.db"
    store.parent.mkdir(parents=True, exist_ok=True)
    with Following(site) as follow:
        follow.package()
        held = [os.readlink(p) for p in pathlib.Path(f"/proc/{follow.process.pid}/fd").iterdir()]
        assert not [name for name in held if "gatehouse.db" in name or "subjects" in name], held


def test_an_index_of_somebody_else_is_left_alone(site):
    foreign = site.folder / "packages/index.db"
    foreign.parent.mkdir()
    foreign.write_text("mine\n")
    with Following(site) as follow:
        follow.package()
    assert foreign.read_text() == "mine\n"


def test_a_ledger_that_is_swapped_meanwhile_ends_it_with_words(site):
    with Following(site) as follow:
        follow.package()
        shutil.copytree(site.ledger, site.folder / "copy", ignore=shutil.ignore_patterns("*.sock"))
        site.ledger.rename(site.folder / "away")
        (site.folder / "copy").rename(site.ledger)
        assert follow.process.wait(timeout=15) == 2 and "is another folder than at the start" in follow.process.stderr.read()


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("call", ["landlock_restrict_self", "capset"])
def test_why_who_asks_could_not_be_shut_in_is_told(site, call):
    with Following(site, "--tsa", "http://127.0.0.1:9/", wrap=["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error=EPERM"]) as follow:
        assert follow.process.wait(timeout=30) == 2
        said = follow.process.stderr.read()
        assert "asks time-stamp authorities can't be shut in: " in said and "Operation not permitted" in said


def test_an_authority_that_says_nothing_does_not_hold_up_the_end(site):
    with socket.create_server(("127.0.0.1", 0)) as silent, Following(site, "--tsa", f"http://127.0.0.1:{silent.getsockname()[1]}/") as follow:
        silent.settimeout(30)
        with silent.accept()[0]:
            began = time.monotonic()
            follow.process.terminate()
            assert follow.process.wait(timeout=30) == 0 and time.monotonic() - began < 10
        package = follow.package()
        assert (package / "time/1.tsq").exists() and not (package / "time/1.tsr").exists()


def answer(name, query):
    """A DNS answer: that name is this machine's, and no other is known."""
    end = query.index(b"\0", 12) + 5
    asked = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0\0\1\0\1"
    is_known = query[12:end] == asked
    head = query[:2] + b"\x81\x80" + b"\0\1" + (b"\0\1" if is_known else b"\0\0") + bytes(4)
    return head + query[12:end] + (b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_known else b"")


def serve_names(door, name):
    while True:
        try:
            query, peer = door.recvfrom(512)
        except OSError:
            return
        door.sendto(answer(name, query), peer)


@pytest.mark.skipif(os.geteuid() != 0 or command("unshare", "-m", "true").returncode != 0, reason="no mounts of its own here")
def test_names_are_looked_up_by_hosts_and_by_a_resolv_conf_that_was_replaced(site):
    etc, place = site.folder / "etc", f"127.{os.getpid() % 250 + 1}.77.53"
    shutil.copytree("/etc", etc, symlinks=True)
    (etc / "resolv.conf").unlink(missing_ok=True)
    (etc / "resolv.conf").write_text("nameserver 127.0.0.254\noptions timeout:1 attempts:1\n")
    (etc / "hosts").write_text("127.0.0.1 localhost hosts.test\n")
    into = ["unshare", "-m", "sh", "-c", 'mount --bind "$1" /etc && shift && exec "$@"', "sh", etc]
    with tsa.Server(tsa.Authority(site.folder / "authority")) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind((place, 53))
        threading.Thread(target=serve_names, args=(door, "dns.test"), daemon=True).start()
        urls = [server.url.replace("127.0.0.1", name) for name in ("hosts.test", "dns.test")]
        with Following(site, "--tsa", urls[0], "--tsa", urls[1], wrap=into) as follow:
            package = follow.package()
            assert (package / "time/1.tsr").exists() and not (package / "time/2.tsr").exists()
            (etc / "new").write_text(f"nameserver {place}\n")
            (etc / "new").rename(etc / "resolv.conf")
            export(site, "export-000001")
            package = follow.package(2)
            assert (package / "time/1.tsr").exists() and (package / "time/2.tsr").exists()
