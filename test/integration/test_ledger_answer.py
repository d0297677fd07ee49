"""Who viewed a camera, for the person who was filmed: told without names, and provable where names are sealed."""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import resource
import signal
import subprocess
import time

import pytest

from conftest import GATEHOUSE, command
from keeping import Keeper, init

NAMES = ["anna-the-guard", "ben-the-admin"]


def gatehouse(*words):
    return command(GATEHOUSE, *words)


def event(user, number, action="footage.live", camera="front", **more):
    return {"action": action, "site": "harbour", "outcome": "ok", "id": f"event-{number:04}",
            "actor": {"user": user, "ip": f"192.0.2.{number}", "session": f"session-{number}",
                      "role": "guard" if user == NAMES[0] else "admin"},
            "target": {"cameras": [camera], "vms": "zm"}, **more}


EVENTS = [event(NAMES[0], 1, detail={"phase": "begin", "view": "view-0001"}),
          event(NAMES[0], 2, detail={"phase": "end", "view": "view-0001", "duration_ms": 1}),
          event(NAMES[1], 3, "footage.export", reason="case 4711"), event(NAMES[1], 4, camera="back"), event("carla-of-back", 5, camera="back")]


def append(folder, events):
    done = subprocess.run([GATEHOUSE, "ledger", "append", "--ledger", folder, "--json", "-"], text=True,
                          input="\n".join(map(json.dumps, events)), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def make(tmp_path, *options):
    folder = tmp_path / "ledger"
    key = init(folder, *options)
    append(folder, EVENTS)
    return folder, key


@pytest.fixture(name="sealed")
def fixture_sealed(tmp_path):
    return make(tmp_path, "--sealed")


def answer(folder, out, *options, camera="front", start="-1h", reason="request of 3 May"):
    return gatehouse("ledger", "answer", "--ledger", folder, "--camera", camera, "--from", start, "--to", "now", "--out", out,
                     "--reason", reason, *options)


def everything(out):
    return b"".join(path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file())


def test_people_are_numbers_and_roles_and_no_name_is_in_the_folder(sealed, tmp_path):
    out = tmp_path / "out"
    done = answer(sealed[0], out)
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "answer.json").read_text())
    people = {person["role"]: person for person in told["persons"]}
    assert set(people) == {"guard", "admin"} and people["guard"]["live"] and people["admin"]["exports"] == 1
    assert people["guard"]["exports"] == 0 and people["guard"]["views"] == 1
    page = (out / "answer.html").read_text()
    assert "person 1" in page and "person 2" in page and "guard" in page
    there = everything(out)
    for name in [*NAMES, "carla", "192.0.2.", "session-"]:
        assert name.encode() not in there


def test_every_entry_given_out_verifies_with_its_proof_and_a_changed_one_does_not(sealed, tmp_path):
    out = tmp_path / "out"
    done = answer(sealed[0], out)
    assert done.returncode == 0
    told = json.loads((out / "answer.json").read_text())
    assert "1 of the entries say a reason" in done.stderr
    assert len(told["entries"]) == 3 and told["entries_not_given_out"] == 0
    for entry in told["entries"]:
        files = out / "entries" / f"{entry['index']}.json", out / "entries" / f"{entry['index']}.tlog-proof"
        check = ("ledger", "verify-proof", "--key", sealed[1], "--entry", *files)
        assert gatehouse(*check).returncode == 0 and "opens" not in entry
        files[0].write_text(files[0].read_text().replace("front", "fromt"))
        assert gatehouse(*check).returncode != 0


def open_sealed(text, key, path):
    """By the document alone: the entry's own key is BLAKE2b of nonce and path under the subject's; the text is padded."""
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    digest, blob = text.split(":")[2:]
    raw = base64.b64decode(blob)
    nonce, box = raw[:24], raw[24:]
    out, length = ctypes.create_string_buffer(len(box)), ctypes.c_ulonglong()
    bad = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, ctypes.byref(length), None, box, ctypes.c_ulonglong(len(box)), None, ctypes.c_ulonglong(0), nonce, key)
    if bad:
        return None
    text, mark, zeros = out.raw[:length.value].rpartition(b"\x80")
    assert length.value % 64 == 0 and mark and len(zeros) < 64 and not zeros.strip(b"\0")
    salt = hashlib.blake2b(b"gatehouse salt of an opening", key=key, digest_size=32).hexdigest()
    opening = f"gatehouse opening 1\nactor.{path}\n{salt}\n".encode() + text
    assert hashlib.sha256(opening).hexdigest() == digest
    return text.decode()


def test_who_is_disclosed_can_be_opened_in_each_entry_of_theirs_and_nobody_else(sealed, tmp_path):
    out = tmp_path / "out"
    done = answer(sealed[0], out, "--disclose", NAMES[1])
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "answer.json").read_text())
    page = (out / "answer.html").read_text()
    assert NAMES[1] in page and NAMES[0] not in page
    keys = [entry for entry in told["entries"] if "opens" in entry]
    assert len(keys) == 1
    key = base64.b64decode(keys[0]["opens"]["key"])
    opened = []
    for entry in told["entries"]:
        actor = json.loads((out / "entries" / f"{entry['index']}.json").read_text())["actor"]
        opened += [name for name in (open_sealed(actor[part], key, part) for part in ("user", "ip", "session")) if name]
    assert opened == [NAMES[1]]
    assert len(key) == 32


def test_of_a_log_that_is_not_sealed_no_entry_is_given_out_and_the_page_says_why(tmp_path):
    folder, _ = make(tmp_path)
    out = tmp_path / "out"
    done = answer(folder, out)
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "answer.json").read_text())
    assert told["entries"] == [] and told["entries_not_given_out"] == 3 and not (out / "entries").exists()
    assert "not given out" in (out / "answer.html").read_text()
    assert not any(name.encode() in everything(out) for name in NAMES)


def test_that_an_answer_was_made_is_an_event_before_it_is_there(sealed, tmp_path):
    assert answer(sealed[0], tmp_path / "out").returncode == 0
    done = gatehouse("ledger", "search", "--ledger", sealed[0], "--action", "ledger.read", "--format", "json")
    said = [json.loads(line)["event"] for line in done.stdout.splitlines()]
    said = [one for one in said if one["detail"]["kind"] == "answer"]
    assert len(said) == 1 and said[0]["reason"] == "request of 3 May" and said[0]["detail"]["query"]["camera"] == "front"


def next_second():
    """The next whole second, once it is there."""
    second = int(time.time()) + 1
    time.sleep(max(0, second - time.time()) + 0.02)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def test_who_began_before_and_had_not_ended_has_role_kind_and_name_but_no_entry_is_given_out(tmp_path):
    folder, out = tmp_path / "ledger", tmp_path / "out"
    init(folder, "--sealed")
    append(folder, [event(NAMES[0], 1, "footage.playback", detail={"phase": "begin", "view": "view-0001"}),
                    event(NAMES[1], 2, detail={"phase": "begin", "view": "view-0002"}),
                    event(NAMES[1], 3, detail={"phase": "end", "view": "view-0002", "duration_ms": 1}),
                    event(NAMES[1], 4, "footage.playback", detail={"phase": "begin", "view": "view-0003"})])
    start = next_second()
    append(folder, [event(NAMES[1], 5, "footage.playback", detail={"phase": "end", "view": "view-0003", "duration_ms": 90_000})])
    done = answer(folder, out, "--disclose", NAMES[0], start=start)
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "answer.json").read_text())
    people = {person["role"]: person for person in told["persons"]}
    assert people["guard"]["recorded"] and people["guard"]["user"] == NAMES[0]
    assert people["admin"]["recorded"] and not people["admin"]["live"]  # that one had ended before
    assert len(told["entries"]) == 1
    done = answer(folder, tmp_path / "more", "--disclose", "carla-of-back", start=start)
    assert done.returncode != 0 and "did not view" in done.stderr


def test_people_are_numbered_by_when_they_came_and_not_by_their_names(tmp_path):
    folder, out = tmp_path / "ledger", tmp_path / "out"
    init(folder, "--sealed")
    with Keeper(folder):
        for number, name in enumerate(("zoe", "anna", "mona", "ben")):
            one = event(name, number + 1, "footage.snapshot")
            one["actor"]["role"] = f"role {number}"
            append(folder, [one])
            time.sleep(0.02)
    assert answer(folder, out).returncode == 0
    told = json.loads((out / "answer.json").read_text())
    assert [person["role"] for person in told["persons"]] == [f"role {number}" for number in range(4)]


def recording(name, number, action, begin, end):
    one = event(name, number, action, **({"reason": "case 4711"} if action == "footage.export" else {}))
    one["target"].update({key: value for key, value in (("from", begin), ("to", end)) if value})
    return one


def test_who_viewed_or_took_a_recording_of_that_time_later_is_in_the_answer(tmp_path):
    folder, out = tmp_path / "ledger", tmp_path / "out"
    key = init(folder, "--sealed")
    filmed = "2026-05-02T14:00:00.000Z", "2026-05-02T15:00:00.000Z"
    append(folder, [recording(NAMES[0], 1, "footage.playback", "2026-05-02T14:55:00.000Z", "2026-05-02T15:10:00.000Z"),
                    recording(NAMES[1], 2, "footage.export", *filmed),
                    recording("dora", 3, "footage.playback", "2026-05-02T13:00:00.000Z", "2026-05-02T14:00:00.000Z"),
                    recording("emil", 4, "footage.playback", "2026-05-02T15:00:00.000Z", "2026-05-02T16:00:00.000Z"),
                    event("fred", 5, "footage.playback")])
    done = gatehouse("ledger", "answer", "--ledger", folder, "--camera", "front", "--from", filmed[0], "--to", filmed[1],
                     "--out", out, "--reason", "request of 3 May", "--disclose", NAMES[1])
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "answer.json").read_text())
    people = {person["role"]: person for person in told["persons"]}
    assert [person["role"] for person in told["persons"]] == ["guard", "admin"]
    assert people["guard"]["of_that_time"]["views"] == 1 and people["guard"]["views"] == 0
    assert people["admin"]["of_that_time"]["exports"] == 1 and people["admin"]["user"] == NAMES[1]
    assert told["recordings_of_unknown_time"] == 1 and "1 views or exports" in done.stderr
    assert len(told["entries"]) == 2
    for entry in told["entries"]:
        files = out / "entries" / f"{entry['index']}.json", out / "entries" / f"{entry['index']}.tlog-proof"
        assert gatehouse("ledger", "verify-proof", "--key", key, "--entry", *files).returncode == 0
    page = (out / "answer.html").read_text()
    assert "person 2" in page and "person 3" not in page and "can't be told" in page and "Nobody viewed it" in page


def test_a_camera_that_no_event_names_is_told_with_the_nearest(sealed, tmp_path):
    done = answer(sealed[0], tmp_path / "out", camera="frnt")
    assert done.returncode == 0 and "did you mean front" in done.stderr


def test_nobody_is_said_to_be_nobody(sealed, tmp_path):
    out = tmp_path / "out"
    assert answer(sealed[0], out, camera="roof").returncode == 0
    assert "Nobody viewed it" in (out / "answer.html").read_text()


def test_markup_from_outside_stays_text(sealed, tmp_path):
    out = tmp_path / "out"
    assert answer(sealed[0], out, camera="<script>x", reason="<b>&").returncode == 0
    page = (out / "answer.html").read_text()
    assert "<script>x" not in page and "<b>&" not in page and "&lt;script" in page


@pytest.mark.parametrize("options, words", [(("--disclose", "nobody"), "did not view"), (("--disclose", "carla-of-back"), "did not view")])
def test_who_did_not_view_it_can_not_be_disclosed(sealed, tmp_path, options, words):
    done = answer(sealed[0], tmp_path / "out", *options)
    assert done.returncode != 0 and words in done.stderr and not (tmp_path / "out").exists()


def test_what_can_not_be_written_leaves_no_half_answer(sealed, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    with Keeper(sealed[0]):
        assert answer(sealed[0], tmp_path / "before").returncode == 0  # makes the index, too
        done = subprocess.run([GATEHOUSE, "ledger", "answer", "--ledger", sealed[0], "--camera", "front", "--from", "-1h", "--to", "now",
                               "--out", tmp_path / "out", "--reason", "x"], capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 2 and "answer.html" in done.stderr and not (tmp_path / "out").exists(), done.stderr


def test_a_folder_that_is_there_is_not_written_into(sealed, tmp_path):
    (tmp_path / "out").mkdir()
    done = answer(sealed[0], tmp_path / "out")
    assert done.returncode != 0 and "already" in done.stderr and not list((tmp_path / "out").iterdir())


def test_what_is_missing_or_upside_down_is_refused(sealed, tmp_path):
    assert answer(sealed[0], tmp_path / "out", start="soon").returncode == 64
    assert answer(sealed[0], tmp_path / "out", start="2999-01-01").returncode == 64
    assert gatehouse("ledger", "answer", "--ledger", sealed[0], "--camera", "front").returncode == 64
