"""The follower that makes packages by itself: shut in, with authorities it trusts, behind a cursor that knows its log."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

import tsa
from conftest import GATEHOUSE, SANITIZED
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
