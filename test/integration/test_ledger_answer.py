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


def shown(opening, text):
    """What an opening shows of a sealed text, by the document alone: its SHA-256 is the text's; None otherwise."""
    head, path, salt, said = opening.split(b"\n", 3)
    assert head == b"gatehouse opening 1" and path == b"actor.user" and len(salt) == 64
    return said.decode() if hashlib.sha256(opening).hexdigest() == text.split(":")[2] else None


def test_who_is_disclosed_is_shown_by_an_opening_in_each_entry_of_theirs_and_nobody_else(sealed, tmp_path):
    out = tmp_path / "out"
    append(sealed[0], [event(NAMES[1], 6)])
    done = answer(sealed[0], out, "--disclose", NAMES[1])
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "answer.json").read_text())
    page = (out / "answer.html").read_text()
    assert NAMES[1] in page and NAMES[0] not in page and ".opening" in page and "only the word" not in page
    assert "key of each name" not in page
    opens = {entry["index"]: entry["opens"] for entry in told["entries"] if "opens" in entry}
    assert len(opens) == 2 and {path.stem for path in out.rglob("*.opening")} == {str(index) for index in opens}
    found = []
    for index, one in opens.items():
        assert set(one) == {"path", "opening"} and one["path"] == "actor.user" and one["opening"] in page
        opening = (out / "entries" / f"{index}.opening").read_bytes()
        assert one["opening"].encode() == opening
        for entry in told["entries"]:
            actor = json.loads((out / "entries" / f"{entry['index']}.json").read_text())["actor"]
            found += [(index, entry["index"], part, shown(opening, actor[part]))
                      for part in ("user", "ip", "session") if shown(opening, actor[part])]
    assert found == [(index, index, "user", NAMES[1]) for index in opens]
    assert told["names_without_opening"] == 0
    assert NAMES[0].encode() not in everything(out)


def open_sealed(text, key):
    """What a key opens; None: nothing."""
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    raw = base64.b64decode(text.split(":")[3])
    nonce, box = raw[:24], raw[24:]
    out, length = ctypes.create_string_buffer(len(box)), ctypes.c_ulonglong()
    bad = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, ctypes.byref(length), None, box, ctypes.c_ulonglong(len(box)), None, ctypes.c_ulonglong(0), nonce, key)
    return None if bad else out.raw[:length.value]


def test_an_opening_holds_no_key(sealed, tmp_path):
    out = tmp_path / "out"
    assert answer(sealed[0], out, "--disclose", NAMES[1]).returncode == 0
    entry = next(entry for entry in json.loads((out / "answer.json").read_text())["entries"] if "opens" in entry)
    assert "key" not in entry["opens"]
    salt = bytes.fromhex(entry["opens"]["opening"].split("\n")[2])
    user = json.loads((out / "entries" / f"{entry['index']}.json").read_text())["actor"]["user"]
    assert open_sealed(user, salt) is None


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


DAY = "2026-05-02T"


def of_view(number, phase, begin=None, end=None, name=NAMES[0], action="footage.playback"):
    """The event of that number, of view-0001; times of the recording as hh:mm."""
    one = recording(name, number, action, begin and f"{DAY}{begin}:00.000Z", end and f"{DAY}{end}:00.000Z")
    one["detail"] = {"view": "view-0001", "phase": phase, **({} if phase == "begin" else {"duration_ms": number})}
    return one


def asked(tmp_path, events, begin, end):
    """What is told of a recording time (hh:mm) when these events are all there is; and the page."""
    folder, out = tmp_path / "ledger", tmp_path / "out"
    init(folder, "--sealed")
    append(folder, events)
    done = gatehouse("ledger", "answer", "--ledger", folder, "--camera", "front", "--from", f"{DAY}{begin}Z", "--to", f"{DAY}{end}Z",
                     "--out", out, "--reason", "request of 3 May")
    assert done.returncode == 0, done.stderr
    return json.loads((out / "answer.json").read_text()), (out / "answer.html").read_text()


def test_what_was_really_seen_decides_and_not_what_was_asked_for(tmp_path):
    told, page = asked(tmp_path, [of_view(1, "begin", "14:00", "15:00"), of_view(2, "end", "14:00", "14:05")], "14:30", "14:40")
    assert not told["persons"] and not told["entries"] and told["recordings_of_unknown_time"] == 0
    assert "Nobody viewed a recording of that time" in page and "not recorded" not in page


def test_a_view_of_that_time_is_given_out_with_all_its_events(tmp_path):
    told, page = asked(tmp_path, [of_view(1, "begin", "14:00", "14:10"), of_view(2, "goes-on", "14:00", "14:20"),
                                  of_view(3, "end", "14:00", "14:50")], "14:30", "14:40")
    assert [person["of_that_time"]["views"] for person in told["persons"]] == [1] and len(told["entries"]) == 3
    assert told["persons"][0]["of_that_time"]["end_not_recorded"] == 0 and told["recordings_of_unknown_time"] == 0
    assert "person 1" in page and "not recorded" not in page


def test_a_view_of_that_time_without_an_end_is_told_so(tmp_path):
    told, page = asked(tmp_path, [of_view(1, "begin", "14:00", "15:00")], "14:30", "14:40")
    assert told["persons"][0]["of_that_time"]["end_not_recorded"] == 1 and len(told["entries"]) == 1
    assert "views whose end is not recorded" in page


@pytest.mark.parametrize("events, count", [
    ([of_view(1, "begin", "13:00")], 1),  # with one end of the time alone
    ([of_view(1, "begin", "13:00"), of_view(2, "end", "13:00")], 1),
    ([of_view(1, "begin", None, "14:35")], 1),
    ([of_view(1, "begin", "14:40")], 0),
    ([of_view(1, "begin", None, "14:30")], 0),
    ([of_view(1, "begin", "13:00"), of_view(2, "end", "13:00", "13:10")], 0),
    ([of_view(1, "begin"), of_view(2, "goes-on"), of_view(3, "goes-on"), of_view(4, "end")], 1),  # each view once
    ([of_view(1, "begin"), of_view(2, "goes-on"), of_view(3, "goes-on")], 1),
    ([of_view(1, "begin"), of_view(2, "goes-on", "13:00", "13:10"), of_view(3, "end", "13:00", "13:20")], 0),
    ([of_view(1, "begin"), of_view(2, "goes-on", "13:00", "13:10")], 0),
    ([of_view(1, "begin", "14:00", "15:00"), of_view(2, "goes-on", "14:00", "14:05")], 1),  # cut off on its way there
    ([of_view(1, "begin"), of_view(2, "begin", name="dora"), of_view(3, "end")], 2),  # of two people: two views
    ([event(NAMES[0], 1, "footage.playback"), event(NAMES[0], 2, "footage.playback")], 2),
])
def test_views_that_may_have_been_of_that_time_are_counted_once_and_nobody_is_listed_for_them(tmp_path, events, count):
    told, page = asked(tmp_path, events, "14:30", "14:40")
    assert not told["persons"] and not told["entries"] and told["recordings_of_unknown_time"] == count
    assert ("Nobody viewed a recording of that time." in page) == (count == 0)
    assert ("No view of a recording of that time is recorded." in page and "can't be told" in page) == (count != 0)


def test_the_end_of_a_view_says_the_time_that_its_beginning_did_not_know(tmp_path):
    told, _ = asked(tmp_path, [of_view(1, "begin", "13:00"), of_view(2, "end", "13:00", "14:35")], "14:30", "14:40")
    assert len(told["persons"]) == 1 and len(told["entries"]) == 2 and told["recordings_of_unknown_time"] == 0


def test_a_still_of_a_moment_is_of_that_moment(tmp_path):
    told, _ = asked(tmp_path, [recording(NAMES[0], 1, "footage.snapshot", f"{DAY}14:35:00.000Z", None),
                               recording(NAMES[1], 2, "footage.snapshot", f"{DAY}14:00:00.000Z", None)], "14:30", "14:40")
    assert [person["role"] for person in told["persons"]] == ["guard"] and told["persons"][0]["of_that_time"]["snapshots"] == 1
    assert told["recordings_of_unknown_time"] == 0


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
