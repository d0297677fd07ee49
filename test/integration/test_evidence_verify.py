"""Evidence packages, whole and altered: what falls is named, by Gatehouse and by a verifier that knows only the README."""
import copy
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import pytest

import packing
import signing
import tsa
from conftest import GATEHOUSE, SANITIZED, SOURCE, Running, command

sys.path.insert(0, str(SOURCE / "test" / "second_verifier"))
sys.path.insert(0, str(SOURCE / "tools"))
import bench_evidence  # noqa: E402  pylint: disable=wrong-import-position
import package as second  # noqa: E402  pylint: disable=wrong-import-position

CLIP = (SOURCE / "test" / "fuzz" / "corpus" / "clip" / "raw-h264").read_bytes()
OPEN = {"witnesses", "clocks"}  # weak in each of these: no policy, a machine whose clock nothing disciplines


class Site:
    """A ledger, an authority, a package."""

    def __init__(self, folder):
        self.folder, self.ledger, self.authority = folder, packing.Ledger(folder / "ledger"), tsa.Authority(folder / "tsa")
        self.package = packing.Package(self.ledger, CLIP, signed_video="present").seal().stamp(self.authority)
        self.key, self.roots = self.ledger.key, self.authority.root

    def judge(self, files, *options, key=True, zipped=False, clip=None):
        """What both say; Gatehouse's in full, and they agree on what is broken."""
        path = packing.write(files, self.folder / f"judged{'.zip' if zipped else ''}", zipped)
        given = ["--key", self.key] if key is True else ["--key", key] if key else []
        if clip is not None:
            (self.folder / "given").write_bytes(clip)
            options = (*options, "--clip", self.folder / "given")
        status, states, details, whole = packing.verify(path, *given, "--tsa-roots", self.roots, *options)
        theirs = second.Package(second.load(path), given[1] if given else None, self.roots.read_bytes(), clip).run()
        ours = {name for name, state in states.items() if state == "broken"}
        # A manifest that can't be read is where Gatehouse stops; the other may go on.
        assert "manifest" in ours and theirs or ours == set(theirs) | ours & {"signed-video", "witnesses"}, (ours, theirs, details)
        assert status == (1 if ours else 0), whole
        return states, details

    def broken(self, files, **more):
        """Names of what is broken, with details."""
        states, details = self.judge(files, **more)
        return {name: details[name] for name, state in states.items() if state == "broken"}


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    """One of them for all tests, which don't change it."""
    return Site(tmp_path_factory.mktemp("evidence"))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_good_package_holds_but_for_what_nobody_gave(site, zipped):
    states, details = site.judge(site.package.files, zipped=zipped)
    assert {n for n, s in states.items() if s == "weak"} == OPEN | ({"witnesses"} - OPEN), states
    assert all(s == "holds" for n, s in states.items() if n not in OPEN | {"opened"}) and states["opened"] == "none"
    assert "existed by" in details["time-stamp"] and "anna" in details["export"]


FALLS = {"README.txt": {"files"}, "index.html": {"files"}, "log.vkey": {"files", "log-key"},
         "evidence.vkey": {"files", "signature", "made"}, "manifest.sig": {"signature"}, "clip/clip.mp4": {"files", "clip", "export"},
         "events/": {"files", "events"}, "made/": {"made"}, "time/": {"time-stamp"}, "manifest.json": {"time-stamp"}}


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_one_byte_anywhere_is_noticed_and_named(site, place):
    for name, data in site.package.files.items():
        changed = bytearray(data)
        changed[{"first": 0, "middle": len(data) // 2, "last": -1}[place]] ^= 1
        broken = site.broken({**site.package.files, name: bytes(changed)})
        falls = next(f for start, f in FALLS.items() if name.startswith(start))
        assert falls <= set(broken), (name, place, broken)
        assert any(name in lines for lines in broken.values()), (name, place, broken)
        if "files" in falls:
            assert name in broken["files"] and "was changed" in broken["files"]
            others = [n for n in site.package.files if n != name and n in broken["files"]]
            assert not others, (name, others)


def test_one_byte_of_a_zip_is_noticed(site):
    path = packing.write(site.package.files, site.folder / "whole.zip", True)
    data = path.read_bytes()
    for place in range(5, len(data), len(data) // 60):
        changed = bytearray(data)
        changed[place] ^= 1
        other = site.folder / "other.zip"
        other.write_bytes(bytes(changed))
        status, states, _, whole = packing.verify(other, "--key", site.key, "--tsa-roots", site.roots)
        # What is beside the bytes of files (times, attributes) is no part of a package.
        assert status in (1, 2) or states == packing.verify(path, "--key", site.key, "--tsa-roots", site.roots)[1], (place, whole)


def test_a_file_that_is_dropped_is_missing(site):
    for name in site.package.files:
        files = {n: d for n, d in site.package.files.items() if n != name}
        if name == "manifest.json":
            path = packing.write(files, site.folder / "dropped")
            assert packing.verify(path, "--key", site.key)[0] in (1, 2)
            continue
        states, details = site.judge(files)
        if name.startswith("time/"):
            assert states["time-stamp"] in ("weak", "holds")
        elif name.startswith("made/") and name.endswith(".json"):
            assert states["made"] == "weak"
        else:
            assert "broken" in states.values(), name
            if "files" in next(f for start, f in FALLS.items() if name.startswith(start)):
                assert f"{name} is missing" in details["files"]


def test_a_file_that_is_added_is_told_and_weak(site):
    for name in ("note.txt", "clip/other.mp4", "events/99999.json", "time/x.txt"):
        states, details = site.judge({**site.package.files, name: b"new"})
        assert states["files"] == "weak" and name in details["files"], name


def test_files_of_another_package_don_t_fit(site):
    other = packing.Package(site.ledger, b"\0\0\0\1another clip", signed_video="unread").seal().stamp(site.authority)
    for name in ("manifest.json", "manifest.sig", "evidence.vkey", "clip/clip.mp4", "time/1.tsr"):
        assert site.broken({**site.package.files, name: other.files[name]}), name
    entry = next(n for n in other.files if n.startswith("made/") and n.endswith(".json"))
    without = {n: d for n, d in site.package.files.items() if not n.startswith("made/")}
    moved = {n: other.files[n] for n in (entry, entry.replace(".json", ".tlog-proof"))}
    assert set(site.broken({**without, **moved})) == {"made"}


def test_an_older_manifest_with_a_newer_signature_is_broken(site):
    newer = copy.deepcopy(site.package.manifest)
    package = packing.Package(site.ledger, CLIP, signed_video="present")
    package.manifest = newer
    package.files.update({n: d for n, d in site.package.files.items() if n.startswith(("events/", "clip/"))})
    package.manifest["reason"] = "case 18"
    package.seal()
    mixed = {**package.files, "manifest.json": site.package.files["manifest.json"]}
    assert {"signature", "made"} <= set(site.broken(mixed))


def test_an_event_that_was_replaced_is_told(site):
    index = site.package.indices[0]
    name = f"events/{index}.json"
    forged = json.loads(site.package.files[name])
    forged["actor"]["user"] = "mallory"
    package = packing.Package(site.ledger, CLIP, signed_video="present")
    package.manifest = copy.deepcopy(site.package.manifest)
    package.files.update({n: d for n, d in site.package.files.items() if n.startswith(("events/", "clip/"))})
    package.files = {n: d for n, d in package.files.items() if not n.startswith("events/") or str(index) in n}
    package.files[name] = packing.canonical(forged)
    package.manifest["events"][0]["leaf"] = hashlib.sha256(b"\0" + package.files[name]).hexdigest()
    # Signed anew by somebody with the evidence key: only the log contradicts.
    broken = site.broken(package.seal().files)
    assert set(broken) == {"events"} and name in broken["events"]


def test_another_true_entry_is_not_the_one_that_is_named(site):
    package = packing.Package(site.ledger, CLIP, signed_video="present")
    package.manifest["events"][0]["id"] = "another-id-0001"
    assert set(site.broken(package.seal().files)) == {"events"}


def test_the_proof_of_another_log_is_told(site, tmp_path):
    stranger = packing.Ledger(tmp_path / "stranger", site.ledger.origin)
    forged = packing.Package(stranger, CLIP, signed_video="present").seal()
    # A whole made-up log of the same name: its own key vouches for it, the real one does not.
    states, _ = site.judge(forged.files, key=None)
    assert states["log-key"] == "weak" and "broken" not in states.values()
    assert {"log-key", "events", "made"} <= set(site.broken(forged.files))
    broken = site.broken({**forged.files, "log.vkey": site.package.files["log.vkey"]})
    assert {"files", "events", "made"} <= set(broken)


def test_a_replaced_evidence_key_is_told_by_the_log(site):
    package = packing.Package(site.ledger, CLIP, signed_video="present").seal()
    made = {n: d for n, d in package.files.items() if n.startswith("made/")}
    package.signer = packing.Signer(package.signer.name)
    package.files["evidence.vkey"] = f"{package.signer.text}\n".encode()
    package.seal(made=False)
    states, details = site.judge(package.files)
    assert states["signature"] == "holds" and states["made"] == "weak", details
    assert set(site.broken({**package.files, **made})) == {"made"}


def test_the_clip_may_lie_elsewhere(site):
    package = packing.Package(site.ledger, CLIP, inside=False, signed_video="present").seal()
    states, details = site.judge(package.files)
    assert states["clip"] == "weak" and "--clip" in details["clip"] and states["export"] == "holds"
    states, _ = site.judge(package.files, clip=CLIP)
    assert states["clip"] == states["export"] == states["signed-video"] == "holds"
    assert {"clip", "export"} <= set(site.broken(package.files, clip=CLIP + b"\0"))


def test_a_clip_that_is_not_what_was_exported_is_broken(site):
    package = packing.Package(site.ledger, CLIP, signed_video="present")
    other = packing.Package(site.ledger, b"\0\0\0\1other", signed_video="present")
    other.manifest["clip"].update(bytes=len(CLIP), sha256=packing.sha256(CLIP))
    other.files["clip/clip.mp4"] = package.files["clip/clip.mp4"]
    assert set(site.broken(other.seal().files)) == {"export"}


def test_what_the_manifest_says_of_signed_video_is_compared(site):
    package = packing.Package(site.ledger, CLIP, signed_video="absent").seal()
    assert set(site.broken(package.files)) == {"signed-video"}
    # Another version knows less or more: the bytes are the same.
    package.manifest["tool"] = "gatehouse 99.0.0"
    states, details = site.judge(package.seal().files)
    assert states["signed-video"] == "weak" and "another version" in details["signed-video"]


def test_time_stamps_pending_wrong_and_unbelieved_are_different_words(site, tmp_path):
    stranger = tsa.Authority(tmp_path / "stranger", "Stranger")
    cases = (({}, "holds", "good"), ({"answer": False}, "weak", "pending"))
    for more, state, word in cases:
        package = packing.Package(site.ledger, CLIP, signed_video="present").seal().stamp(site.authority, **more)
        states, details = site.judge(package.files)
        assert states["time-stamp"] == state and word in details["time-stamp"]
    package.stamp(stranger)
    assert "wrong-signer" in site.broken(package.files)["time-stamp"]
    path = packing.write(package.files, tmp_path / "p")
    states = packing.verify(path, "--key", site.key)[1]
    assert states["time-stamp"] == "weak"
    package.stamp(site.authority).stamp(site.authority, number=2, answer=False)
    states, details = site.judge(package.files)
    assert states["time-stamp"] == "holds" and "2.tsq: pending" in details["time-stamp"]


def test_clocks_that_were_off_are_weak(site):
    for clock in ({"clock_offset_ms": 86400000, "clock_seen": "2026-11-22T20:14:00.000Z"}, {"clock_offset_ms": 3}, {}):
        package = packing.Package(site.ledger, CLIP, signed_video="present")
        package.manifest["camera"] = {"name": "gate", **clock}
        states, details = site.judge(package.seal().files)
        assert states["clocks"] == "weak" and "clock of the camera" in details["clocks"]


def test_pending_time_stamps_are_asked_for_again(site, tmp_path):
    package = packing.Package(site.ledger, CLIP, signed_video="present").seal().stamp(site.authority, answer=False)
    for zipped in (False, True):
        with tsa.Server(site.authority, "offline") as gone, tsa.Server(site.authority) as server:
            package.files["time/1.url"] = f"{gone.url}\n".encode()
            path = packing.write(package.files, tmp_path / f"p{zipped}", zipped)
            done = command(GATEHOUSE, "evidence", "stamp", path)
            assert done.returncode == 1 and "connect" in done.stdout, done
            for mode in ("nonce", "imprint", "garbage", "huge"):
                with tsa.Server(site.authority, mode) as bad:
                    done = command(GATEHOUSE, "evidence", "stamp", "--tsa", bad.url, path)
                    assert done.returncode == 1, (mode, done)
            assert packing.verify(path, "--key", site.key)[1]["time-stamp"] == "weak"
            done = command(GATEHOUSE, "evidence", "stamp", "--tsa", server.url, path)
            assert done.returncode == 0 and "kept" in done.stdout, done
        states = packing.verify(path, "--key", site.key, "--tsa-roots", site.roots)[1]
        assert states["time-stamp"] == "holds" and states["files"] == "holds"
        done = command(GATEHOUSE, "evidence", "stamp", path)
        assert done.returncode == 0 and "nothing is pending" in done.stdout


def test_the_words_name_verdict_claims_and_what_is_not_shown(site, tmp_path):
    path = packing.write(site.package.files, tmp_path / "p")
    said = command(GATEHOUSE, "evidence", "verify", "--key", site.key, path).stdout
    assert "WEAK POINTS" in said and "Nothing here shows" in said and "case 17" in said
    # Three times: the claim, its line, and what nothing shows.
    assert said.count("recognised, not verified") == 2 and "recognised and not verified" in said
    (path / "README.txt").write_text("changed")
    done = command(GATEHOUSE, "evidence", "verify", "--key", site.key, path)
    assert done.returncode == 1 and "BROKEN" in done.stdout and "README.txt" in done.stdout


def test_what_is_no_package_is_not_called_broken(tmp_path):
    for name, data in (("no.zip", b"nothing"), ("empty.zip", b"")):
        (tmp_path / name).write_bytes(data)
        assert packing.verify(tmp_path / name)[0] == 2
    assert packing.verify(tmp_path / "missing")[0] == 2
    assert packing.verify(pathlib.Path("/"))[0] == 2
    assert command(GATEHOUSE, "evidence", "verify").returncode == 64


def test_witnesses_are_asked_for_by_a_policy(site, tmp_path):
    policy = tmp_path / "policy"
    policy.write_text(f"log {site.key}\nquorum none\n")
    states, _ = site.judge(site.package.files, "--policy", policy)
    assert states["witnesses"] == "weak" and states["log-key"] == "holds"
    stranger = packing.Signer("witness.example")
    data = b"\4" + stranger.key.public_key().public_bytes(packing.Encoding.Raw, packing.PublicFormat.Raw)
    number = hashlib.sha256(b"witness.example\n" + data).digest()[:4].hex()
    vkey = f"witness.example+{number}+{packing.base64.b64encode(data).decode()}"
    policy.write_text(f"log {site.key}\nwitness w {vkey}\nquorum w\n")
    path = packing.write(site.package.files, tmp_path / "p")
    status, states, details, _ = packing.verify(path, "--policy", policy)
    assert status == 1 and {n for n, s in states.items() if s == "broken"} == {"witnesses"}, details
    other = packing.Ledger(tmp_path / "other", "other.example/log")
    policy.write_text(f"log {other.key}\nquorum none\n")
    assert packing.verify(path, "--policy", policy)[1]["log-key"] == "broken"


def test_verifying_opens_no_socket(site, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("no strace")
    path = packing.write({**site.package.files, "time/1.url": b"http://127.0.0.1:9/\n"}, tmp_path / "p")
    done = command("strace", "-f", "-qq", "-e", "trace=socket,connect,sendto", "-o", tmp_path / "calls", GATEHOUSE, "evidence", "verify",
                   "--key", site.key, "--tsa-roots", site.roots, path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text() == ""


def test_words_of_a_package_can_t_move_the_cursor(site, tmp_path):
    package = packing.Package(site.ledger, CLIP, signed_video="present")
    package.manifest["reason"] = "case \u001b[2J\u202e17"
    package.manifest["remarks"] = ["\u001b]0;title\u0007"]
    path = packing.write(package.seal().files, tmp_path / "p")
    for name in ("\u001b[31mred", "a b"):
        (path / name).write_text("x")
    said = command(GATEHOUSE, "evidence", "verify", "--key", site.key, path).stdout
    assert "\u001b" not in said and "\u202e" not in said and "\u0007" not in said
    assert "not a name that a package has" in said


@pytest.mark.parametrize("zipped", [False, True])
def test_what_evidence_make_packs_holds_for_both(site, tmp_path, zipped):
    if "make " not in command(GATEHOUSE, "evidence", "--help").stdout:
        pytest.skip("no maker")
    clip, out = tmp_path / "clip.264", tmp_path / f"made{'.zip' if zipped else ''}"
    clip.write_bytes(CLIP)
    index = site.ledger.export(packing.sha256(CLIP))
    with tsa.Server(site.authority) as server:
        done = command(GATEHOUSE, "evidence", "make", "--ledger", site.ledger.folder, "--event", index, "--clip", clip, "--reason", "case 17",
                       "--tsa", server.url, "--out", out)
    assert done.returncode == 0, done.stderr
    states = packing.verify(out, "--key", site.key, "--tsa-roots", site.roots)[1]
    assert states["opened"] == "none", "nothing is sealed"
    assert {n for n, s in states.items() if s != "holds"} <= OPEN | {"opened"}, states
    assert not second.Package(second.load(out), site.key, site.roots.read_bytes()).run()


def test_what_the_manifest_says_of_camera_recorder_and_time_is_compared(site):
    assert site.judge(site.package.files)[0]["said"] == "holds"
    for said in ({"camera": {"name": "yard"}}, {"vms": {"name": "other"}},
                 {"recording": {"from": "2026-11-21T19:00:00.000Z", "to": "2026-11-22T19:01:00.000Z"}},
                 {"recording": {"from": "2026-11-22T19:00:00.000Z", "to": "2026-11-22T19:01:00.001Z"}}):
        package = packing.Package(site.ledger, CLIP, signed_video="present")
        package.manifest.update(said)
        assert set(site.broken(package.seal().files)) == {"said"}, said
    for name in ("vms", "from", "to"):
        states, details = site.judge(packing.Package(site.ledger, CLIP, signed_video="present", **{name: None}).seal().files)
        assert states["said"] == "weak" and "says nothing" in details["said"], (name, details)


def test_an_event_that_says_that_making_failed_vouches_for_nothing(site):
    package = packing.Package(site.ledger, CLIP, signed_video="present").seal(outcome="failed")
    assert "making it failed" in site.broken(package.files)["made"]


def test_an_export_that_failed_or_was_a_part_is_not_what_left(site):
    for said, words in (({"outcome": "failed"}, ""), ({"detail": '{"is_whole":false}'}, "a part"), ({"detail": None}, "a part")):
        states, details = site.judge(packing.Package(site.ledger, CLIP, signed_video="present", **said).seal().files)
        assert states["export"] == "weak" and words in details["export"], (said, details)


def test_a_listed_clip_that_is_not_the_named_one_is_broken(site):
    for inside in (False, True):
        package = packing.Package(site.ledger, CLIP, inside=inside, signed_video="present")
        package.files["clip/other.mp4"] = b"another"
        broken = site.broken(package.seal().files)
        assert "clip/other.mp4" in broken["clip"]
    del package.manifest["clip"]
    assert "clip" in site.broken(package.seal().files)
    package = packing.Package(site.ledger, CLIP, inside=False, signed_video="present")
    package.files["video.mp4"], package.manifest["clip"]["file"] = CLIP, "video.mp4"
    assert "clip" in site.broken(package.seal().files)


def test_files_that_no_claim_judges_are_told(site):
    made = next(n[5:-5] for n in site.package.files if n.startswith("made/") and n.endswith(".json"))
    for name in ("time/64.tsq", "time/01.tsr", "time/7.pem", "time/7.url", "made/99999.json", "made/99999.tlog-proof", f"made/0{made}.json"):
        states, details = site.judge({**site.package.files, name: b"x"})
        assert states["files"] == "weak" and name in details["files"], name


@pytest.mark.parametrize("part", ["verify", "custody"])
def test_a_file_without_a_certificate_is_refused_as_an_authority_and_breaks_no_package(site, tmp_path, part):
    path, other = packing.write(site.package.files, tmp_path / "p"), tmp_path / "other.pem"
    other.write_text("no certificate\n")
    for roots in (other, tmp_path / "missing.pem"):
        done = subprocess.run([GATEHOUSE, "evidence", part, path, "--tsa-roots", roots], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2 and str(roots) in done.stderr and "BROKEN" not in done.stdout, (roots, done)


def test_json_has_what_the_package_says_of_itself_and_which_it_is(site, tmp_path):
    path = packing.write(site.package.files, tmp_path / "p")
    done = subprocess.run([GATEHOUSE, "evidence", "verify", "--json", path], capture_output=True, text=True, timeout=60, check=False)
    told = json.loads(done.stdout)
    assert told["package"] == str(path) and told["manifest"] == json.loads(site.package.files["manifest.json"])


def test_what_nothing_signed_is_over_is_named_beside_its_time_stamp(site):
    for name in ("time/1.url", "time/1.pem"):
        states, details = site.judge({**site.package.files, name: b"x"})
        assert states["time-stamp"] == "holds" and f"{name}: the maker's, and nothing vouches for it" in details["time-stamp"], details


def test_who_made_it_by_which_account_is_told(site):
    package = packing.Package(site.ledger, CLIP, signed_video="present")
    detail = json.dumps({"key": package.signer.text, "account": "root"})
    package.seal(made=False)
    index = site.ledger.append("evidence.make", reason="x", digest=f"sha256:{packing.sha256(package.files['manifest.json'])}", detail=detail)
    package.files[f"made/{index}.json"], package.files[f"made/{index}.tlog-proof"] = site.ledger.entry(index)
    assert "made by anna, by the account root" in site.judge(package.files)[1]["made"]


def test_what_is_no_file_is_no_clip(site, tmp_path):
    path = packing.write(packing.Package(site.ledger, CLIP, inside=False, signed_video="present").seal().files, tmp_path / "p")
    os.mkfifo(tmp_path / "pipe")
    for clip in ("/dev/zero", tmp_path, tmp_path / "pipe", tmp_path / "missing"):
        status, _, _, words = packing.verify(path, "--key", site.key, "--clip", clip)
        assert status == 2 and str(clip) in words, (clip, words)


def verify_there(path, *options, **how):
    """Verifies in another environment; exit status, {claim: state}, {claim: details}, errors."""
    done = subprocess.run([GATEHOUSE, "evidence", "verify", "--json", *map(str, options), path], capture_output=True, text=True,
                          timeout=60, check=False, **how)
    claims = json.loads(done.stdout)["claims"] if done.returncode in (0, 1) else []
    return (done.returncode, {c["id"]: c["state"] for c in claims}, {c["id"]: " ".join(c["details"]) for c in claims}, done.stderr)


def test_no_place_to_unpack_breaks_no_clip(site, tmp_path):
    path = packing.write(site.package.files, tmp_path / "p.zip", True)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(CLIP) // 2, len(CLIP) // 2))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    for folder, how in ((tmp_path / "missing", {}), ("/proc", {}), (tmp_path, {"preexec_fn": limit, "stdin": subprocess.DEVNULL})):
        status, states, details, words = verify_there(path, "--key", site.key, env={**os.environ, "TMPDIR": str(folder)}, **how)
        assert status == 0, (folder, details, words)
        assert states["files"] == states["clip"] == states["export"] == "holds"
        assert states["signed-video"] == "weak" and "not looked at" in details["signed-video"] and "TMPDIR" in details["signed-video"]


def test_a_clip_of_another_size_is_told_and_not_unpacked(site, tmp_path):
    files = {**site.package.files, "clip/clip.mp4": bytes(50_000_000)}
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    trace = ["strace", "-f", "-qq", "-e", "trace=openat,write,ftruncate", "-o", tmp_path / "calls"] if shutil.which("strace") else []
    done = command(*trace, GATEHOUSE, "evidence", "verify", "--key", site.key, path)
    assert done.returncode == 1 and f"has 50000000 bytes, the manifest says {len(CLIP)}" in done.stdout
    if trace:
        calls = (tmp_path / "calls").read_text()
        scratch = re.search(r"O_TMPFILE.*= (\d+)$", calls, re.M)[1]
        assert not re.search(rf"(write|ftruncate)\({scratch},", calls)
    assert {"files", "clip", "export"} <= set(site.broken(files))


def test_a_disk_that_fails_gives_no_verdict(site, tmp_path):
    script = 'touch "$1" && mount --bind "/proc/$$/mem" "$1" && exec "$2" evidence verify "$3"'
    if subprocess.run(["unshare", "-rm", "true"], check=False).returncode != 0:
        pytest.skip("no namespaces")
    empty = packing.Package(site.ledger, b"", signed_video="unread").seal().stamp(site.authority)
    for name in empty.files:
        path = packing.write(empty.files, tmp_path / "p")
        done = command("unshare", "-rm", "sh", "-c", script, "-", path / name, GATEHOUSE, path)
        if name in ("README.txt", "index.html"):
            assert done.returncode == 1 and "has 0 bytes" in done.stdout  # another size is told without reading
        else:
            assert done.returncode == 2 and "BROKEN" not in done.stdout, (name, done.stdout)


@pytest.mark.skipif(shutil.which("strace") is None or SANITIZED, reason="needs strace and seccomp")
def test_where_seccomp_cannot_be_loaded_that_is_told_and_there_is_a_verdict(site, tmp_path):
    path = packing.write(site.package.files, tmp_path / "p")
    done = command("strace", "-f", "-qq", "-e", "inject=seccomp:error=ENOSYS", "-o", "/dev/null", GATEHOUSE, "evidence", "verify", "--key", site.key, path)
    assert done.returncode == 0 and "system calls can't be refused here" in done.stderr, done.stderr


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("zipped", [False, True])
def test_no_byte_of_a_package_is_read_before_the_verifier_is_shut_in(site, tmp_path, zipped):
    path = packing.write(site.package.files, tmp_path / ("p.zip" if zipped else "p"), zipped)
    outside = tmp_path / "outside"
    shutil.copy("/usr/share/zoneinfo/Asia/Tokyo", outside)
    done = subprocess.run(["strace", "-f", "-qq", "-o", tmp_path / "calls", GATEHOUSE, "evidence", "verify", "--key", site.key, "--tsa-roots",
                           site.roots, path], env={**os.environ, "TZ": f":{outside}"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    calls = [line.split(maxsplit=1)[1] for line in (tmp_path / "calls").read_text().splitlines()]
    first = next(i for i, call in enumerate(calls) if call.startswith("openat") and str(path) in call and "O_PATH" not in call)
    walls = [i for i, call in enumerate(calls) if re.match(r"landlock_restrict_self\(.*= 0$", call)]
    walls += [i for i, call in enumerate(calls) if re.match(r"seccomp\(SECCOMP_SET_MODE_FILTER.*(= 0|unfinished \.\.\.>)$", call)]
    assert len(walls) == (1 if SANITIZED else 2) and max(walls) < first
    ahead = [call for call in calls if "fadvise64" in call]
    assert ahead and not [call for call in ahead if "EPERM" in call], "it can't ask to be read ahead"
    # The C library looks for the time zone late, and can't any more.
    assert [call for call in calls if str(outside) in call and "EACCES" in call], "a file outside was opened"
    assert SANITIZED or not [call for call in calls[first:] if call.startswith(("socket", "clone", "connect", "execve"))]


def test_all_threads_of_a_verifier_are_shut_in_while_a_clip_is_read(site, tmp_path):
    clip = tmp_path / "large.mp4"
    with clip.open("wb") as file:
        file.truncate(64 << 30)
    path = packing.write(packing.Package(site.ledger, CLIP, inside=False, signed_video="present").seal().files, tmp_path / "p")
    with Running([GATEHOUSE, "evidence", "verify", "--clip", clip, path], stdout=subprocess.DEVNULL) as verifier:
        until = time.monotonic() + 20
        found = []
        while time.monotonic() < until and not any(str(clip) in name for name in found):
            found = subprocess.run(["readlink", *map(str, pathlib.Path(f"/proc/{verifier.pid}/fd").iterdir())], capture_output=True,
                                   text=True, check=False).stdout.splitlines()
        threads = [(t / "status").read_text() for t in pathlib.Path(f"/proc/{verifier.pid}/task").iterdir()]
        verifier.kill()
    assert len(threads) == 2
    for status in threads:
        assert "NoNewPrivs:\t1" in status and (SANITIZED or "Seccomp:\t2" in status)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_clip_s_pictures_are_looked_at_once_each(site, tmp_path):
    clip = tmp_path / "clip.mp4"
    bench_evidence.make_clip(clip, 64, signing.sei("h264", signing.message(5, signing.payload("onvif"))))
    pictures, blocks = 64 * 1024 * 1024 // bench_evidence.PICTURE, clip.stat().st_size // (256 * 1024)
    package = packing.Package(site.ledger, clip.read_bytes(), inside=False, signed_video="present").seal()
    path = packing.write(package.files, tmp_path / "p")
    done = command("strace", "-f", "-qq", "-e", "trace=pread64", "-o", tmp_path / "calls", GATEHOUSE, "evidence", "verify", "--clip", clip, path)
    assert done.returncode == 0 and f"through {pictures} pictures" in done.stdout, done.stdout
    calls = len(re.findall(r"pread64\(", (tmp_path / "calls").read_text()))
    assert calls < pictures + blocks + 100


@pytest.mark.parametrize("zipped", [False, True])
def test_an_answer_of_anybody_is_not_kept_for_good(site, tmp_path, zipped):
    stranger = tsa.Authority(tmp_path / "stranger", "Stranger")
    package = packing.Package(site.ledger, CLIP, signed_video="present").seal().stamp(site.authority, answer=False)
    path = packing.write(package.files, tmp_path / "p", zipped)

    def stamp(server, *options):
        return command(GATEHOUSE, "evidence", "stamp", "--tsa", server.url, *options, path)

    with tsa.Server(stranger) as bad, tsa.Server(site.authority) as good:
        # Whom to believe is known: a stranger's answer is not kept.
        done = stamp(bad, "--tsa-roots", site.roots)
        assert done.returncode == 1 and "no authority that is believed" in done.stdout, done
        assert packing.verify(path, "--tsa-roots", site.roots)[1]["time-stamp"] == "weak"
        # It is not: what is right in itself is kept, and asked for again once it is known.
        assert stamp(bad).returncode == 0
        assert packing.verify(path, "--tsa-roots", site.roots)[1]["time-stamp"] == "broken"
        assert stamp(bad, "--tsa-roots", site.roots).returncode == 1
        assert stamp(good, "--tsa-roots", site.roots).returncode == 0
    assert packing.verify(path, "--tsa-roots", site.roots)[1]["time-stamp"] == "holds"
    assert command(GATEHOUSE, "evidence", "stamp", "--tsa-roots", tmp_path / "none.pem", path).returncode == 2


def test_the_package_s_own_certificate_says_whose_answer_is_kept(site, tmp_path):
    stranger = tsa.Authority(tmp_path / "stranger", "Stranger")
    package = packing.Package(site.ledger, CLIP, signed_video="present").seal().stamp(site.authority, answer=False)
    package.files["time/1.pem"] = site.roots.read_bytes()
    path = packing.write(package.files, tmp_path / "p")
    with tsa.Server(stranger) as bad, tsa.Server(site.authority) as good:
        assert command(GATEHOUSE, "evidence", "stamp", "--tsa", bad.url, path).returncode == 1
        assert not (path / "time/1.tsr").exists()
        assert command(GATEHOUSE, "evidence", "stamp", "--tsa", good.url, path).returncode == 0
    assert packing.verify(path, "--tsa-roots", site.roots)[1]["time-stamp"] == "holds"


def test_only_a_request_over_this_manifest_leaves(site, tmp_path):
    package = packing.Package(site.ledger, CLIP, signed_video="present").seal().stamp(site.authority, answer=False)
    right = package.files["time/1.tsq"]
    other = site.authority.request(hashlib.sha256(b"another manifest").hexdigest())
    digest = packing.sha256(package.files["manifest.json"])
    wide = tsa.run("ts", "-query", "-digest", digest, "-sha256", "-cert", "-tspolicy", "1.2.3." + ".".join(["4294967295"] * 60))
    with tsa.Server(site.authority) as server:
        for data in (b"secret of this machine", b"", other, wide, right + b"\0", right[:-1], b"0\x80" + right[2:] + b"\0\0"):
            path = packing.write({**package.files, "time/1.tsq": data}, tmp_path / "p")
            done = command(GATEHOUSE, "evidence", "stamp", "--tsa", server.url, path)
            assert done.returncode == 1 and "not sent" in done.stdout, (data[:20], done)
        assert not server.asked
        path = packing.write(package.files, tmp_path / "p")
        proxy = {**os.environ, "http_proxy": "http://127.0.0.1:9", "all_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        assert command(GATEHOUSE, "evidence", "stamp", "--tsa", server.url, path, env=proxy).returncode == 0
        assert len(server.asked) == 1


def test_more_strange_files_than_are_named_are_counted(site, tmp_path):
    path = packing.write(site.package.files, tmp_path / "p")
    for number in range(20):
        (path / f"a b {number}").write_text("x", encoding="utf-8")
    assert "and 4 more" in packing.verify(path, "--key", site.key)[2]["files"]
