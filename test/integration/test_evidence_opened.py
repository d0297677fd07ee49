"""A package of a sealed ledger in which chosen names are opened, and nothing else: whole, forged, left out."""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import packing
from conftest import GATEHOUSE, SOURCE, command, entries

sys.path.insert(0, str(SOURCE / "test" / "second_verifier"))
import package as second  # noqa: E402  pylint: disable=wrong-import-position

NAMES = ("anna", "benedict \"the\" guard")


class Site:
    """A sealed ledger with an export of each of two people."""

    def __init__(self, folder):
        self.folder, self.ledger = folder, folder / "ledger"
        self.env = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}
        self.key = self.run("ledger", "init", "--ledger", self.ledger, "--origin", "log.example/depot", "--sealed").stdout.strip()
        for number, name in enumerate(NAMES):
            done = self.run("ledger", "append", "--ledger", self.ledger, "--action", "footage.export", "--outcome", "ok", "--site", "depot",
                            "--user", name, "--ip", f"192.0.2.{number}", "--session", f"session-{number}", "--camera", "yard", "--id",
                            f"view0000000{number}-end", "--from", "2026-11-22T02:00:00Z", "--to", "2026-11-22T02:10:00Z",
                            "--digest", "sha256:" + hashlib.sha256(b"clip").hexdigest(), "--detail", '{"is_whole":true}')
            assert done.returncode == 0, done.stderr

    def run(self, *args):
        return command(GATEHOUSE, *args, env=self.env, cwd=self.folder)

    def make(self, name, *more):
        return self.run("evidence", "make", "--ledger", self.ledger, "--reason", "case 4711", "--event", "view00000000-end",
                        "--event", "view00000001-end", "--out", name, "--user", "the-owner", *more)

    def package(self, name, *more):
        """A new package's files."""
        done = self.make(name, *more)
        assert done.returncode == 0, done.stderr
        return second.load(self.folder / name)

    def judge(self, files):
        """States and details by Gatehouse, and the names that the other verifier opens; they agree."""
        path = packing.write(files, self.folder / "judged")
        status, states, details, _ = packing.verify(path, "--key", self.key)
        other = second.Package(second.load(path), self.key)
        broken = other.run()
        assert ("opened" in broken) == (states["opened"] == "broken") and (status == 1) == bool(broken), (broken, details)
        return states, details, {text.decode() for _, text in other.opened.values()}


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    return Site(tmp_path_factory.mktemp("opened"))


def opened(files):
    return sorted(n for n in files if n.startswith("opened/"))


@pytest.mark.parametrize("name", ["one", "one.zip"])
def test_one_name_is_opened_and_no_other_leaves(site, name):
    files = site.package(name, "--disclose", "anna")
    everything = b"".join(files.values())
    assert len(opened(files)) == 1 and b"anna" in everything
    for other in (b"benedict", b"192.0.2.", b"session-"):
        assert other not in everything
    states, details, names = site.judge(files)
    assert states["opened"] == "holds" and names == {"anna"} and states["files"] == "holds"
    assert 'actor.user is "anna"' in details["opened"] and "exported by anna" in details["export"]
    assert "sealed: actor.ip, actor.session\n" in details["opened"] and "sealed: actor.ip, actor.session, actor.user" in details["opened"]


def test_no_key_is_in_the_package(site):
    """Neither a subject's nor a text's: with what is there nothing else of that person can be opened."""
    files = site.package("nokey", "--disclose", "anna")
    keys = (pathlib.Path(f"{site.ledger}-keys") / "subjects").read_bytes().split(b"\n")
    everything = b"".join(files.values())
    assert all(line.split(b" ")[-1] not in everything for line in keys if line)


def test_a_field_is_opened_in_every_event(site):
    files = site.package("field", "--disclose", "actor.user")
    states, _, names = site.judge(files)
    assert states["opened"] == "holds" and names == set(NAMES) and len(opened(files)) == 2


def test_the_log_says_what_was_disclosed_and_no_name(site):
    site.package("said", "--disclose", "actor.user", "--disclose", "192.0.2.1")
    made = [e for e in entries(site.ledger) if e["action"] == "evidence.make"][-1]
    told = [(entries(site.ledger)[row["index"]]["id"][11:12], row["path"]) for row in made["detail"]["disclosed"]]
    assert told == [("0", "actor.user"), ("1", "actor.ip"), ("1", "actor.user")]
    assert "anna" not in json.dumps(made) and "192.0.2" not in json.dumps(made)


def test_without_it_everything_stays_sealed_and_that_is_said(site):
    files = site.package("none")
    states, details, names = site.judge(files)
    assert opened(files) == [] and not names and states["opened"] == "holds" and "sealed: actor.ip, actor.session, actor.user" in details["opened"]
    assert "exported by sealed:" in details["export"]


def test_its_readme_says_how_to_check_what_is_opened_and_only_then(site):
    step = b"  8. In an entry,"
    with_one, without = site.package("step", "--disclose", "anna"), site.package("nostep")
    assert step in with_one["README.txt"] and step not in without["README.txt"]
    loop = re.search(r"^       for f in opened.*?^       done$", with_one["README.txt"].decode(), re.M | re.S).group()
    for name, said in (("step", "anna"), ("nostep", "")):
        done = subprocess.run(["sh", "-c", loop], cwd=site.folder / name, capture_output=True, text=True, check=True)
        assert "BROKEN" not in done.stdout and said in done.stdout and bool(done.stdout) == bool(said)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_every_folder_of_a_package_is_on_the_disk_before_it_has_its_name(site):
    calls = site.folder / "calls"
    done = command("strace", "-f", "-qq", "-y", "-e", "trace=fsync,renameat2", "-o", calls, GATEHOUSE, "evidence", "make", "--ledger", site.ledger,
                   "--reason", "case", "--event", "view00000000-end", "--out", "synced", "--disclose", "anna", env=site.env, cwd=site.folder)
    assert done.returncode == 0, done.stderr
    before = re.split(r"renameat2\(.*synced", calls.read_text())[0]
    for folder in sorted(p.name for p in (site.folder / "synced").iterdir() if p.is_dir()):
        assert re.search(rf"fsync\(\d+<[^>]*/{folder}>\) += 0", before), folder


def renamed(files, data):
    """The one opening replaced by that, under its own digest."""
    kept = {n: d for n, d in files.items() if not n.startswith("opened/")}
    return {**kept, f"opened/{hashlib.sha256(data).hexdigest()}.txt": data}


@pytest.mark.parametrize("forge", [lambda d: d.replace(b"anna", b"otto"), lambda d: d + b"\n", lambda d: d.replace(b"actor.user", b"actor.ip"),
                                   lambda d: b"", lambda d: d[:-1]])
def test_a_forged_opening_is_broken_under_its_old_name_and_under_its_own(site, forge):
    files = second.load(site.folder / "one") if (site.folder / "one").exists() else site.package("one", "--disclose", "anna")
    name = opened(files)[0]
    data = forge(files[name])
    for forged in ({**files, name: data}, renamed(files, data)):
        states, details, names = site.judge(forged)
        assert states["opened"] == "broken" and "opened/" in details["opened"] and not names
        assert "otto" not in json.dumps(details)


def test_an_opening_of_another_entry_is_broken(site):
    every = site.package("every", "--disclose", "actor.user")
    one = site.run("evidence", "make", "--ledger", site.ledger, "--reason", "case 4711", "--event", "view00000000-end", "--out", "single")
    assert one.returncode == 0, one.stderr
    files = second.load(site.folder / "single")
    for name in opened(every):
        states, _, names = site.judge({**files, name: every[name]})
        mine = b"\nanna" in every[name]
        assert states["opened"] == ("holds" if mine else "broken") and states["files"] == "weak" and names == ({"anna"} if mine else set())


def test_an_opening_that_is_left_out_is_sealed_again(site):
    files = site.package("left", "--disclose", "actor.user")
    del files[opened(files)[0]]
    states, details, names = site.judge(files)
    assert states["opened"] == "holds" and states["files"] == "broken" and len(names) == 1 and "sealed: actor.ip, actor.session, actor.user" in details["opened"]


@pytest.mark.parametrize("what, words", [("zoe", "no sealed field"), ("actor.factor", "no sealed field"), ("", "--disclose")])
def test_what_is_not_there_can_not_be_disclosed_and_nothing_is_made(site, what, words):
    before = len([e for e in entries(site.ledger) if e["action"] == "evidence.make"])
    done = site.make("nothing", "--disclose", what)
    assert done.returncode != 0 and words in done.stderr and not (site.folder / "nothing").exists()
    assert len([e for e in entries(site.ledger) if e["action"] == "evidence.make"]) == before


def test_who_was_erased_can_not_be_disclosed_any_more(tmp_path):
    own = Site(tmp_path)
    assert own.run("ledger", "erase", "--ledger", own.ledger, "--user", "anna", "--reason", "request").returncode == 0
    for what, words in (("actor.user", "erased"), ("anna", "no sealed field")):
        done = own.make("no", "--disclose", what)
        assert done.returncode != 0 and words in done.stderr and not (tmp_path / "no").exists()
    assert own.make("yes", "--disclose", NAMES[1]).returncode == 0


def test_the_step_of_the_readme_needs_only_openssl(site):
    files = site.package("shell", "--disclose", "actor.user")
    script = re.search(r"^       for f in opened.*?^       done$", files["README.txt"].decode(), re.M | re.S)[0]
    done = subprocess.run(["sh", "-c", script], cwd=site.folder / "shell", capture_output=True, text=True, check=False)
    told = done.stdout.splitlines()
    assert sorted(told[1::2]) == sorted(NAMES) and all(re.fullmatch(r"events/\d+\.json", t) for t in told[::2]) and "BROKEN" not in done.stdout
    (site.folder / "shell" / opened(files)[0]).write_bytes(files[opened(files)[0]] + b"x")
    done = subprocess.run(["sh", "-c", script], cwd=site.folder / "shell", capture_output=True, text=True, check=False)
    assert done.stdout.count("BROKEN opened/") == 1


def test_the_page_and_the_words_have_the_opened_name_alone(site):
    files = site.package("words", "--disclose", "anna")
    for name in ("README.txt", "index.html"):
        text = files[name].decode()
        assert "anna" in text and "benedict" not in text and "192.0.2." not in text


class HostileLog:
    """A log of one entry, made and signed by somebody who chose what opens its sealed name."""

    def __init__(self, opening):
        signer = packing.Signer("log.example/hostile")
        self.origin, self.key, self.opening, self.name = signer.name, signer.text, opening, hashlib.sha256(opening).hexdigest()
        sealed = f"sealed:2026-0123456789abcdef:{self.name}:{base64.b64encode(bytes(24 + 64 + 16)).decode()}"
        self.event = {"action": "footage.export", "actor": {"ip": "192.0.2.7", "user": sealed}, "id": "export-0001", "outcome": "ok", "site": "shop",
                      "detail": {"is_whole": True}, "target": {"cameras": ["gate"]}, "time": "2026-11-22T20:00:00.000Z", "v": 1,
                      "writer": {"pid": 1, "uid": 0}}
        self.signer = signer

    def export(self, digest, **_):
        self.event["digest"] = f"sha256:{digest}"
        return 0

    def entry(self, _):
        entry = packing.canonical(self.event)
        root = base64.b64encode(hashlib.sha256(b"\0" + entry).digest()).decode()
        return entry, b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + self.signer.note(f"{self.origin}\n1\n{root}\n")


def hostile(folder, text):
    """What is said of a package whose sealed name is opened as that text; the package, too."""
    log = HostileLog(b"gatehouse opening 1\nactor.user\n" + 64 * b"0" + b"\n" + text)
    package = packing.Package(log, b"clip")
    package.files[f"opened/{log.name}.txt"] = log.opening
    files = package.seal(made=False).files
    path = packing.write(files, folder / "hostile")
    _, states, details, _ = packing.verify(path, "--key", log.key)
    return states, details, second.Package(second.load(path), log.key).run(), files


def test_a_name_that_is_whole_is_told_whole(tmp_path):
    states, details, broken, _ = hostile(tmp_path, b"anna")
    assert states["opened"] == "holds" and 'actor.user is "anna"' in details["opened"] and "opened" not in broken
    assert "exported by anna at" in details["export"]


def test_a_name_with_a_nul_is_not_told_up_to_it(tmp_path):
    states, details, broken, _ = hostile(tmp_path, b"anna\0, by order of benedict")
    assert states["opened"] == "broken" and "opened" in broken and 'is "anna"' not in details["opened"] and "exported by anna" not in details["export"]


def test_a_long_name_is_told_with_its_cut(tmp_path):
    states, details, _, _ = hostile(tmp_path, b"a" * 200 + b" and benedict")
    assert states["opened"] == "holds" and f'is "{"a" * 200}\u2026' in details["opened"] and f'{"a" * 200}"' not in details["opened"]
    assert f'exported by {"a" * 200}\u2026 at 2026' in details["export"]
    _, details, _, _ = hostile(tmp_path, b"a" * 200)
    assert f'is "{"a" * 200}"' in details["opened"] and f'exported by {"a" * 200} at' in details["export"]


def test_the_step_of_the_readme_moves_no_cursor(site, tmp_path):
    files = site.package("steps", "--disclose", "anna")
    script = re.search(r"^       for f in opened.*?^       done$", files["README.txt"].decode(), re.M | re.S)[0]
    _, _, _, bad = hostile(tmp_path, b"\x1b[2Janna\x9b\r")
    packing.write(bad, tmp_path / "run")
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path / "run", capture_output=True, check=False)
    assert b"^[[2Janna" in done.stdout and not set(done.stdout) & {0x1b, 0x9b, 0x0d}, done.stdout
