"""Evidence packages of a real ledger: made, read by others' programs, checked by hand as README.txt says; nothing half done."""
import fcntl
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import zipfile

import pytest

from conftest import GATEHOUSE, Running, command, entries, wait_for

CLIP = bytes(range(256)) * 4000


class Site:
    """A ledger with one export, and the clip that left."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.ledger = folder / "ledger"
        self.keys = folder / "ledger-keys"
        self.clip = folder / "Einfahrt Süd (2).mp4"
        self.clip.write_bytes(CLIP)
        self.env = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}
        done = self.run("ledger", "init", "--ledger", self.ledger, "--origin", "log.example/depot", *options)
        self.log_key = done.stdout.strip()
        detail = json.dumps({"view": "view00000001", "phase": "begin"})
        self.export("view00000001-begin", "--detail", detail)
        detail = json.dumps({"view": "view00000001", "phase": "end", "is_whole": True})
        self.export("view00000001-end", "--detail", detail, "--bytes", len(CLIP),
                    "--digest", "sha256:" + hashlib.sha256(CLIP).hexdigest())

    def run(self, *args, **more):
        return command(GATEHOUSE, *args, env=self.env, cwd=self.folder, **more)

    def export(self, name, *more):
        done = self.run("ledger", "append", "--ledger", self.ledger, "--action", "footage.export", "--outcome", "ok",
                        "--site", "depot", "--user", "anna", "--ip", "10.0.0.7", "--camera", "yard", "--id", name,
                        "--from", "2026-11-22T02:00:00Z", "--to", "2026-11-22T02:10:00Z", *more)
        assert done.returncode == 0, done.stderr

    def make(self, *more, clip=True, **options):
        clip = ["--clip", self.clip] if clip else []
        return self.run("evidence", "make", "--ledger", self.ledger, "--reason", "case 4711: <break-in> & more",
                        *clip, *more, **options)

    def events(self, action):
        return [e for e in entries(self.ledger) if e["action"] == action]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def read(package):
    """Every file of a package, folder or zip, by Python."""
    if package.suffix == ".zip":
        with zipfile.ZipFile(package) as opened:
            assert opened.testzip() is None
            return {name: opened.read(name) for name in opened.namelist()}
    return {str(p.relative_to(package)): p.read_bytes() for p in package.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", ["case", "case.zip"])
def test_everything_is_in_it_and_fits_together(site, name):
    done = site.make("--event", "view00000001", "--out", name)
    assert done.returncode == 0, done.stderr
    assert "byte for byte" in done.stdout
    files = read(site.folder / name)
    manifest = json.loads(files["manifest.json"])
    listed = {f["name"]: f for f in manifest["files"]}
    beside = {n for n in files if n in ("manifest.json", "manifest.sig") or n.startswith("made/")}
    assert set(files) == set(listed) | beside
    for one, row in listed.items():
        assert hashlib.sha256(files[one]).hexdigest() == row["sha256"], one
        assert len(files[one]) == row["bytes"]
    assert files[manifest["clip"]["file"]] == CLIP
    assert manifest["clip"]["name"] == site.clip.name
    assert manifest["camera"] == {"name": "yard"} and manifest["site"] == "depot"
    assert manifest["remarks"] == []
    assert [e["id"] for e in manifest["events"]] == ["view00000001-begin", "view00000001-end"]
    for event in manifest["events"]:
        entry = files[f"events/{event['index']}.json"]
        assert json.loads(entry) == entries(site.ledger)[event["index"]]
        assert hashlib.sha256(b"\0" + entry).hexdigest() == event["leaf"]
    assert files["log.vkey"].decode().strip() == site.log_key
    made = [json.loads(t) for n, t in files.items() if re.fullmatch(r"made/\d+\.json", n)]
    assert len(made) == 1
    assert made[0]["action"] == "evidence.make"
    assert made[0]["digest"] == "sha256:" + hashlib.sha256(files["manifest.json"]).hexdigest()
    assert made[0]["detail"]["key"] == files["evidence.vkey"].decode().strip()
    assert made[0] == site.events("evidence.make")[0]
    for page in ("README.txt", "index.html"):
        assert "recognised, not verified" in " ".join(files[page].decode().split())


def test_its_schema_fits(site):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((pathlib.Path(__file__).parents[2] / "doc/schema/evidence-1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for number, more in enumerate([[], ["--hash-only"], ["--camera-clock-offset", "-1500"]]):
        assert site.make("--event", "view00000001", "--out", f"case{number}", *more).returncode == 0
        manifest = json.loads((site.folder / f"case{number}/manifest.json").read_text("utf-8"))
        jsonschema.Draft202012Validator(schema).validate(manifest)


def test_proofs_are_proven_by_the_log_s_key(site):
    assert site.make("--event", "1", "--out", "case").returncode == 0
    for proof in (site.folder / "case").glob("*/*.tlog-proof"):
        done = site.run("ledger", "verify-proof", "--key", site.log_key, "--entry", proof.with_suffix(".json"), proof)
        assert done.returncode == 0, done.stderr


def test_the_steps_of_the_readme_work_without_gatehouse(site):
    assert site.make("--event", "view00000001-end", "--out", "case").returncode == 0
    case = site.folder / "case"
    readme = (case / "README.txt").read_text("utf-8")
    steps = re.findall(r"^  3\. .*?\n\n(.*?)\n\n", readme, re.M | re.S)[0]
    temporary = site.folder / "temporary"
    temporary.mkdir()
    done = subprocess.run(["sh", "-ec", steps], cwd=case, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": str(temporary)})
    assert "Verified Successfully" in done.stdout, done.stderr
    digest = (case / "manifest.sig").read_text("utf-8").splitlines()[2]
    assert digest == "sha256:" + hashlib.sha256((case / "manifest.json").read_bytes()).hexdigest()
    (folder,) = temporary.iterdir()
    (folder / "text").write_text("other\n", encoding="utf-8")
    last, env = steps[steps.index("openssl"):], {**os.environ, "d": str(folder)}
    assert subprocess.run(["sh", "-ec", last], cwd=case, capture_output=True, check=False, env=env).returncode != 0
    assert "/tmp/" not in readme and "evidence.make" in readme and "-attime" in readme
    (case / "a name with blanks").write_bytes(b"x")
    first = re.findall(r"^  1\. .*?\n\n(.*?)\n\n", readme, re.M | re.S)[0]
    said = subprocess.run(["sh", "-ec", first], cwd=case, capture_output=True, text=True, check=True).stdout
    assert "./a name with blanks" in said
    for row in json.loads((case / "manifest.json").read_text("utf-8"))["files"]:
        assert f"{row['sha256']}  ./{row['name']}" in said


def test_a_page_has_no_script_and_everything_escaped(site):
    site.export("hostile-event-1", "--reason", "<script>alert(1)</script>\u202e\x1b[31m", "--object", "</td>\"'")
    assert site.make("--event", "hostile-event-1", "--out", "case").returncode == 0
    page = (site.folder / "case/index.html").read_text("utf-8")
    assert "<script" not in page and "\u202e" not in page and "\x1b" not in page
    assert "&lt;script&gt;" in page and "&lt;break-in&gt; &amp; more" in page
    assert "default-src 'none'" in page and "http-equiv" in page
    assert not re.search(r'(src|href)="(https?:|//)', page)


def test_a_clip_that_is_not_what_left_is_refused_or_said(site):
    site.clip.write_bytes(CLIP + b"x")
    done = site.make("--event", "view00000001", "--out", "case")
    assert done.returncode == 2 and "is not what left" in done.stderr and "--anyway" in done.stderr
    assert not list(site.folder.glob("case*"))
    assert site.events("evidence.make") == []
    done = site.make("--event", "view00000001", "--out", "case", "--anyway")
    assert done.returncode == 0
    manifest = json.loads((site.folder / "case/manifest.json").read_text("utf-8"))
    assert "NOT the file that entry 2" in manifest["remarks"][0]
    assert "NOT the file" in (site.folder / "case/index.html").read_text("utf-8")
    assert site.events("evidence.make")[0]["detail"]["is_clip_matched"] is False


def remarks(site, name):
    return json.loads((site.folder / name / "manifest.json").read_text("utf-8"))["remarks"]


def test_what_the_maker_says_and_no_event_does_is_remarked(site):
    same = ("--camera", "yard", "--from", "2026-11-22T02:00:00Z", "--to", "2026-11-22T02:10:00Z")
    assert site.make("--event", "view00000001", "--out", "same", *same).returncode == 0
    assert remarks(site, "same") == []
    for number, (option, value, words) in enumerate((("--camera", "gate", "camera is gate"), ("--from", "2026-11-21T02:00:00Z", "begins at 2026-11-21"),
                                                     ("--to", "2026-11-23T02:00:00Z", "end is at 2026-11-23"))):
        done = site.make("--event", "view00000001", "--out", f"c{number}", option, value)
        assert done.returncode == 2 and f"{option} {value[:10]}" in done.stderr and "entry 2" in done.stderr and "--anyway" in done.stderr
        assert not list(site.folder.glob(f"c{number}*"))
        assert site.make("--event", "view00000001", "--out", f"c{number}", option, value, "--anyway").returncode == 0
        assert any(words in one for one in remarks(site, f"c{number}"))
        assert any("entry 2" in one.lower() and "says another" in one for one in remarks(site, f"c{number}"))
        done = site.run("evidence", "verify", f"c{number}", "--key", site.log_key)
        assert done.returncode == 1 and re.search("BROKEN +said", done.stdout) and "the maker's words" in done.stdout


def test_an_export_of_a_part_is_remarked(site):
    for number, detail in enumerate(({"is_whole": False}, {})):
        digest = "sha256:" + hashlib.sha256(CLIP).hexdigest()
        site.export(f"part-{number}-of-it", "--detail", json.dumps(detail), "--digest", digest)
        assert site.make("--event", f"part-{number}-of-it", "--out", f"p{number}").returncode == 0
        assert "was a part of the file" in remarks(site, f"p{number}")[0]


def test_without_a_clip_the_export_s_event_says_its_hash(site):
    done = site.make("--event", "view00000001", "--out", "case", clip=False)
    assert done.returncode == 0, done.stderr
    clip = json.loads((site.folder / "case/manifest.json").read_text("utf-8"))["clip"]
    assert clip["sha256"] == hashlib.sha256(CLIP).hexdigest() and "file" not in clip
    assert site.events("evidence.make")[0]["detail"]["is_clip_matched"] is False and "byte for byte" not in done.stdout
    assert "the clip was not at hand" in (site.folder / "case/index.html").read_text("utf-8")
    done = site.make("--event", "1", "--out", "other", clip=False)
    assert done.returncode == 2 and "--clip" in done.stderr


@pytest.mark.parametrize("name", ["case", "case.zip"])
def test_nothing_is_written_over(site, name):
    (site.folder / name).mkdir()
    (site.folder / name / "mine").write_text("x", encoding="utf-8")
    done = site.make("--event", "1", "--out", name)
    assert done.returncode == 2 and "is there already" in done.stderr
    assert (site.folder / name / "mine").read_text("utf-8") == "x"
    assert site.events("evidence.make") == []


def test_the_recording_s_time_is_the_export_s_also_when_a_view_says_another(site):
    begin, end = "2026-11-22T01:00:00.000Z", "2026-11-22T03:00:00.000Z"
    done = site.run("ledger", "append", "--ledger", site.ledger, "--action", "footage.playback", "--site", "x", "--outcome", "ok", "--user", "anna",
                    "--ip", "192.0.2.1", "--camera", "yard", "--from", begin, "--to", end, "--id", "longer-view")
    assert done.returncode == 0, done.stderr
    assert site.make("--event", "longer-view", "--event", "view00000001", "--out", "both").returncode == 0
    manifest = json.loads((site.folder / "both/manifest.json").read_text("utf-8"))
    assert manifest["recording"]["from"] == "2026-11-22T02:00:00.000Z", manifest


def test_a_recording_that_ends_before_it_begins_is_refused(site):
    done = site.make("--event", "view00000001", "--from", "2026-11-22T03:00Z", "--to", "2026-11-22T02:00Z", "--out", "case")
    assert done.returncode == 64 and "2026-11-22T03:00Z is not before" in done.stderr and site.events("evidence.make") == []


def test_a_folder_that_is_not_there_is_named(site):
    done = site.make("--event", "view00000001", "--out", "nowhere/case.zip")
    assert done.returncode == 2 and "no folder nowhere/ for case.zip" in done.stderr, done.stderr
    assert site.make("--event", "view00000001", "--out", "case/").returncode == 0 and (site.folder / "case/manifest.json").exists()


def test_what_is_missing_is_said(site):
    assert "no event has the id" in site.make("--event", "none-of-that-name", "--out", "case").stderr
    assert site.make("--out", "case").returncode == 64
    assert site.run("evidence", "make", "--event", "1").returncode == 64
    site.clip.unlink()
    done = site.make("--event", "1", "--out", "case")
    assert done.returncode == 2 and "No such file" in done.stderr
    assert not list(site.folder.glob("case*"))


def test_the_key_is_made_once_and_kept_private(site):
    for name in "ab":
        assert site.make("--event", "1", "--out", name).returncode == 0
    keys = {(site.folder / name / "evidence.vkey").read_text("utf-8") for name in "ab"}
    assert len(keys) == 1 and keys.pop().startswith("log.example/depot/evidence+")
    key = site.keys / "evidence.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    done = site.make("--event", "1", "--out", "c")
    assert done.returncode == 2 and "others can read" in done.stderr


@pytest.mark.parametrize("name", ["case", "case.zip"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_kill_in_the_middle_leaves_no_half_package(site, name, number):
    with site.clip.open("r+b") as clip:
        clip.truncate(2_000_000_000)  # a hole: read as zeros, and long enough to be hit
    args = [GATEHOUSE, "evidence", "make", "--ledger", site.ledger, "--clip", site.clip, "--event", "1",
            "--reason", "x", "--out", name]
    part = site.folder / (name + ".gatehouse-part")
    with Running(args, env=site.env, cwd=site.folder, stderr=subprocess.DEVNULL) as process:
        for _ in range(600):
            grown = list(part.glob("clip/*")) if name == "case" else [part]
            if any(p.exists() and p.stat().st_size > 1_000_000 for p in grown):
                break
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(timeout=60) != 0
    assert not (site.folder / name).exists()
    assert part.exists() == (number == signal.SIGKILL)
    site.clip.write_bytes(CLIP)
    done = site.make("--event", "view00000001", "--out", name)
    assert done.returncode == 0, done.stderr
    assert not part.exists() and (site.folder / name).exists()


def test_a_full_disk_leaves_nothing(site):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    for name in ("case", "case.zip"):
        with Running([GATEHOUSE, "keeper", "--ledger", site.ledger], env=site.env,
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as keeper:
            for _ in range(200):
                if (site.ledger / "keeper.sock").exists():
                    break
                time.sleep(0.02)
            # The index is there already; only the package meets the limit.
            site.run("ledger", "search", "--ledger", site.ledger)
            done = site.make("--event", "view00000001", "--out", name, preexec_fn=limit)
            keeper.terminate()
        assert done.returncode == 2, done.stdout
        assert "too large" in done.stderr or "space" in done.stderr, done.stderr
        assert not list(site.folder.glob("case*"))


def test_every_export_gets_a_package_of_its_own_once(site):
    out = site.folder / "packages"
    args = [GATEHOUSE, "evidence", "follow", "--ledger", site.ledger, "--out", out]

    def packages():
        found = out.iterdir() if out.exists() else []
        return sorted(p.name for p in found if (p / "manifest.json").exists() and p.suffix != ".gatehouse-part")

    with Running([GATEHOUSE, "keeper", "--ledger", site.ledger], env=site.env, stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL) as keeper:
        wait_for((site.ledger / "keeper.sock").exists)
        for turn in range(2):
            with Running(args, env=site.env, stderr=subprocess.DEVNULL) as follower:
                wait_for((out / "cursor").exists)
                time.sleep(0.5)
                for phase, more in (("begin", []), ("end", ["--bytes", 5, "--digest", "sha256:" + "ab" * 32])):
                    site.export(f"export-{turn:06d}-{phase}", "--detail",
                                json.dumps({"view": f"export-{turn:06d}", "phase": phase}), *more)
                wait_for(lambda: len(packages()) == turn + 1)
                follower.terminate()
                assert follower.wait(timeout=30) == 0
        assert [name[11:] for name in packages()] == ["export-000000", "export-000001"]
        clip = json.loads((out / packages()[0] / "manifest.json").read_text("utf-8"))["clip"]
        assert clip["sha256"] == "ab" * 32 and clip["bytes"] == 5 and "file" not in clip
        said = json.loads((out / packages()[0] / "manifest.json").read_text("utf-8"))["remarks"]
        assert "not at hand" in said[0] and "was a part of the file, or is not said to be the whole" in said[1]
        made = site.events("evidence.make")
        assert [e["actor"]["user"] for e in made] == ["gatehouse", "gatehouse"]
        keeper.terminate()


def test_a_follower_goes_on_when_the_keeper_comes_back(site):
    out = site.folder / "packages"
    args = [GATEHOUSE, "evidence", "follow", "--ledger", site.ledger, "--out", out, "--from-begin"]
    with Running(args, env=site.env, stderr=subprocess.DEVNULL) as follower:
        wait_for((out / "cursor").exists)
        time.sleep(1.5)
        assert not list(out.glob("*/manifest.json"))
        with Running([GATEHOUSE, "keeper", "--ledger", site.ledger], env=site.env,
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as keeper:
            wait_for(lambda: [p for p in out.glob("*/manifest.json") if p.parent.suffix != ".gatehouse-part"])
            follower.terminate()
            assert follower.wait(timeout=30) == 0
            keeper.terminate()


def test_what_is_made_verifies_and_one_changed_byte_does_not(site):
    assert site.make("--event", "view00000001", "--out", "case").returncode == 0
    case = site.folder / "case"
    good = site.run("evidence", "verify", case, "--key", site.log_key)
    assert good.returncode in (0, 1), good.stderr
    for path in sorted(p for p in case.rglob("*") if p.is_file()):
        kept = path.read_bytes()
        path.write_bytes(kept[:len(kept) // 2] + bytes([kept[len(kept) // 2] ^ 1]) + kept[len(kept) // 2 + 1:])
        bad = site.run("evidence", "verify", case, "--key", site.log_key)
        assert bad.returncode != 0 and bad.stdout != good.stdout, path
        path.write_bytes(kept)


def play(site, user, camera, begin, end):
    done = site.run("ledger", "append", "--ledger", site.ledger, "--action", "footage.playback", "--outcome", "ok",
                    "--site", "depot", "--user", user, "--ip", "10.0.0.9", "--camera", camera, "--from", begin, "--to", end)
    assert done.returncode == 0, done.stderr


def steps(site, *args):
    done = site.run("evidence", "custody", *args, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return told, [(s["stage"], s.get("index")) for s in told["steps"]]


def test_custody_tells_who_else_saw_that_camera_and_time(site):
    assert site.make("--event", "view00000001", "--out", "case").returncode == 0
    play(site, "bert", "yard", "2026-11-22T02:05:00Z", "2026-11-22T02:06:00Z")
    play(site, "carl", "yard", "2026-11-21T02:05:00Z", "2026-11-21T02:06:00Z")
    play(site, "dora", "gate", "2026-11-22T02:05:00Z", "2026-11-22T02:06:00Z")
    told, found = steps(site, "case")
    assert [stage for stage, _ in found] == ["recorded", "exported", "packaged", "verified"]
    assert told["asked_ledger"] is False and told["clip"] == hashlib.sha256(CLIP).hexdigest()
    for args in (["case", "--ledger", site.ledger], ["--event", "view00000001", "--ledger", site.ledger]):
        told, found = steps(site, *args)
        words = " ".join(s["words"] for s in told["steps"])
        assert told["asked_ledger"] is True
        assert "bert" in words and "carl" not in words and "dora" not in words and "anna" in words
        assert sorted(set(i for _, i in found if i is not None)) == [2, 4, 5]
    reads = [e["detail"] for e in site.events("ledger.read") if e["detail"]["kind"] == "custody"]
    assert [r["of"] for r in reads] == ["case", "view00000001"]


def test_custody_of_a_changed_package_says_that_nothing_is_proven(site):
    assert site.make("--event", "view00000001", "--out", "case").returncode == 0
    entry = site.folder / "case/events/2.json"
    entry.write_bytes(entry.read_bytes().replace(b"anna", b"bert"))
    done = site.run("evidence", "custody", "case", "--html", "way.html", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [s["by"] for s in told["steps"] if s["stage"] == "exported"] == ["in the package, and NOT proven"]
    assert "BROKEN" in told["steps"][-1]["words"]
    page = (site.folder / "way.html").read_text("utf-8")
    assert "<script" not in page and "NOT proven" in page and "&lt;break-in&gt;" in page


def test_custody_calls_nothing_proven_that_was_not_judged(site):
    assert site.make("--event", "view00000001", "--out", "case").returncode == 0
    case = site.folder / "case"
    forged = (case / "events/2.json").read_bytes().replace(b"anna", b"bert")
    for name in ("events/02.json", "events/9.json", "events/2.x.json", "made/003.json", "made/3.x.json"):
        (case / name).write_bytes(forged)
    told, _ = steps(site, "case", "--key", site.log_key)
    words = " ".join(s["words"] for s in told["steps"])
    assert "anna" in words and "bert" not in words
    by = {s["stage"]: s["by"] for s in told["steps"]}
    assert by["exported"] == by["packaged"] == "proven: an entry of the log"
    told, _ = steps(site, "case")
    assert {s["by"] for s in told["steps"] if "index" in s} == {"an entry of a log whose key only the package gives"}


def test_a_made_up_entry_of_a_package_hides_none_of_the_ledger(site):
    assert site.make("--event", "view00000001", "--out", "case").returncode == 0
    entry = site.folder / "case/events/2.json"
    entry.write_bytes(entry.read_bytes().replace(b"anna", b"bert"))
    done = site.run("evidence", "custody", "case", "--ledger", site.ledger, "--json")
    told = [s for s in json.loads(done.stdout)["steps"] if s.get("index") == 2]
    assert {(s["by"], "anna" in s["words"]) for s in told} == {("in the package, and NOT proven", False), ("the ledger's files", True)}


def test_custody_needs_one_package_or_one_event(site):
    assert site.run("evidence", "custody").returncode == 64
    assert site.run("evidence", "custody", "a", "--event", "b").returncode == 64
    assert site.run("evidence", "custody", "nowhere").returncode == 2


def test_a_sealed_ledger_s_names_stay_sealed_in_a_package(tmp_path):
    site = Site(tmp_path, "--sealed")
    assert site.make("--event", "view00000001", "--out", "case").returncode == 0
    for name, data in read(site.folder / "case").items():
        assert b"anna" not in data, name
    assert b"sealed:20" in (site.folder / "case/index.html").read_bytes()
    done = site.run("evidence", "verify", "case", "--key", site.log_key)
    assert done.returncode == 0, done.stdout
    assert "exported by sealed:20" in done.stdout and "made by sealed:20" in done.stdout


def test_a_time_stamp_comes_or_is_pending_and_comes_later(site):
    tsa = pytest.importorskip("tsa")
    authority = tsa.Authority(site.folder / "authority")
    roots = site.folder / "authority/root.pem"
    with tsa.Server(authority) as server:
        done = site.make("--event", "view00000001", "--out", "good", "--tsa", server.url, "--tsa-roots", roots)
        assert done.returncode == 0 and "pending" not in done.stdout, done.stderr
        assert {"time/1.tsq", "time/1.tsr", "time/1.url", "time/1.pem"} <= set(read(site.folder / "good"))
        _, found = steps(site, "good", "--tsa-roots", roots)
        assert [stage for stage, _ in found] == ["recorded", "exported", "packaged", "time-stamped", "verified"] or \
            [stage for stage, _ in found] == ["recorded", "exported", "time-stamped", "packaged", "verified"]
    for name in ("later", "later.zip"):
        with tsa.Server(authority, mode="offline") as server:
            done = site.make("--event", "view00000001", "--out", name, "--tsa", server.url)
            assert done.returncode == 0, done.stderr
            assert "1 of 1 time-stamps are pending" in done.stdout
        assert "time/1.tsr" not in read(site.folder / name)
        with tsa.Server(authority) as server:
            done = site.run("evidence", "stamp", name, "--tsa", server.url)
            assert done.returncode == 0, done.stdout + done.stderr
        assert "time/1.tsr" in read(site.folder / name)
        done = site.run("evidence", "verify", name, "--key", site.log_key, "--tsa-roots", roots)
        assert re.search(r"holds +time-stamp", done.stdout), done.stdout
    for mode in ("nonce", "imprint", "garbage", "huge"):
        with tsa.Server(authority, mode=mode, other=tsa.Authority(site.folder / mode)) as server:
            done = site.make("--event", "1", "--out", "of-" + mode, "--tsa", server.url)
        assert done.returncode == 0 and "pending" in done.stdout, (mode, done.stderr)
        assert "time/1.tsr" not in read(site.folder / ("of-" + mode))


@pytest.fixture(name="kept")
def fixture_kept(site):
    """The same with a keeper, so that only the package is written by the maker."""
    with Running([GATEHOUSE, "keeper", "--ledger", site.ledger], env=site.env, stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL) as keeper:
        wait_for((site.ledger / "keeper.sock").exists)
        site.keeper = keeper
        yield site
        keeper.kill()


def traced(site, name, *options):
    """Makes a package under strace."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    return subprocess.run(["strace", "-f", "-qq", "-o", site.folder / "calls", *options, GATEHOUSE, "evidence", "make", "--ledger", site.ledger,
                           "--clip", site.clip, "--event", "view00000001", "--reason", "x", "--out", name],
                          env=site.env, cwd=site.folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", ["case", "case.zip"])
def test_a_name_that_is_not_on_the_disk_leaves_nothing(kept, name):
    assert kept.make("--event", "1", "--out", "key").returncode == 0
    done = traced(kept, "first-" + name, "-e", "trace=fsync,fdatasync")
    assert done.returncode == 0, done.stderr
    syncs = [line.split()[1].split("(")[0] for line in (kept.folder / "calls").read_text().splitlines() if "sync(" in line]
    last = syncs[-1]
    done = traced(kept, name, "-e", f"trace={last}", "-e", f"inject={last}:error=EIO:when={syncs.count(last)}")
    assert done.returncode == 2 and "Input/output" in done.stderr, done.stderr
    assert not list(kept.folder.glob(name + "*"))
    wait_for(lambda: [e["outcome"] for e in kept.events("evidence.make")] == ["ok", "ok", "ok", "failed"])


def test_the_finished_package_of_another_is_not_emptied(kept):
    part, finished = kept.folder / "case.gatehouse-part", kept.folder / "finished"
    part.mkdir()
    (part / "manifest.json").write_text("of another", encoding="utf-8")
    other = os.open(part, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    if not shutil.which("strace"):
        pytest.skip("no strace")
    args = ["strace", "-f", "-qq", "-o", kept.folder / "calls", "-e", "trace=flock", "-e", "inject=flock:delay_enter=1500000",
            GATEHOUSE, "evidence", "make", "--ledger", kept.ledger, "--clip", kept.clip, "--event", "view00000001", "--reason", "x",
            "--out", "case"]

    def has_it_open():
        for fds in pathlib.Path("/proc").glob("[0-9]*/fd"):
            try:
                found = int(fds.parent.name) != os.getpid() and any(os.readlink(fd) == str(part) for fd in fds.iterdir())
            except OSError:
                continue
            if found:
                return True
        return False

    with Running(args, env=kept.env, cwd=kept.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as maker:
        wait_for(has_it_open)
        part.rename(finished)
        os.close(other)
        said = maker.communicate(timeout=60)[1]
    assert (finished / "manifest.json").read_text("utf-8") == "of another"
    assert maker.returncode == 0, said
    assert (kept.folder / "case/manifest.json").exists()


def test_a_keeper_that_dies_with_the_event_is_told_as_not_known(kept):
    with socket.create_server(("127.0.0.1", 0)) as authority:
        url = f"http://127.0.0.1:{authority.getsockname()[1]}/"
        with Running([GATEHOUSE, "evidence", "make", "--ledger", kept.ledger, "--clip", kept.clip, "--event", "view00000001", "--reason",
                      "x", "--out", "case", "--tsa", url], env=kept.env, cwd=kept.folder, stdout=subprocess.DEVNULL,
                     stderr=subprocess.PIPE, text=True) as maker:
            # It waits for the authority; the event is next, and meets a keeper that reads nothing more.
            authority.settimeout(30)
            connection = authority.accept()[0]
            kept.keeper.send_signal(signal.SIGSTOP)
            connection.close()
            time.sleep(1)
            assert maker.poll() is None
            kept.keeper.kill()
            said = maker.communicate(timeout=60)[1]
    assert maker.returncode == 2 and "is not known to have taken the event" in said and "may say" in said, said
    assert not list(kept.folder.glob("case*"))


def test_a_pipe_is_no_clip_and_nobody_waits_for_it(site):
    site.clip.unlink()
    os.mkfifo(site.clip)
    done = site.make("--event", "view00000001", "--out", "case")
    assert done.returncode == 2 and "is not a file" in done.stderr, done.stderr
    assert not list(site.folder.glob("case*"))
