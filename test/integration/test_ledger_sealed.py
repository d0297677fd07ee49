"""A ledger whose personal fields are sealed: who did what is for those who have the keys, and can be erased."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from conftest import GATEHOUSE, command
from keeping import OK, Keeper, Wire, init

ERASE = 5
NAMES = ["anna", "benedict", "carla \"the\" guard", "Δημήτρης"]


def gatehouse(*words, **more):
    return command(GATEHOUSE, *words, **more)


def event(user, number, action="footage.live"):
    return {"action": action, "site": "harbour", "outcome": "ok", "id": f"event-{number:04}",
            "actor": {"user": user, "ip": f"192.0.2.{number % 250}", "session": f"s-{number}"},
            "target": {"cameras": ["front"], "vms": "zm"}, "reason": "case 4711"}


@pytest.fixture(name="ledger")
def fixture_ledger(tmp_path):
    folder = tmp_path / "ledger"
    init(folder, "--sealed")
    lines = "\n".join(json.dumps(event(NAMES[i % len(NAMES)], i)) for i in range(40))
    done = subprocess.run([GATEHOUSE, "ledger", "append", "--ledger", folder, "--json", "-"], input=lines, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def found(folder, *options):
    done = gatehouse("ledger", "search", "--ledger", folder, "--format", "json", "--action", "footage.*", *options)
    return [json.loads(line) for line in done.stdout.splitlines()]


def everything(folder):
    """Every byte that lies there, names of files too."""
    return b"".join(str(path).encode() + path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_name_address_or_session_lies_in_the_ledger_or_its_index(ledger):
    assert found(ledger, "--user", "anna")
    there = everything(ledger)
    for name in NAMES:
        assert name.encode() not in there and json.dumps(name).encode() not in there
    assert b"192.0.2." not in there and b'"s-1' not in there and b"case 4711" in there


@pytest.mark.parametrize("name", NAMES)
def test_who_has_the_keys_finds_a_person_and_reads_all_fields(ledger, name):
    rows = found(ledger, "--user", name)
    assert len(rows) == 10
    for row in rows:
        number = int(row["event"]["id"].split("-")[1])
        assert row["opened"] == {"actor.user": name, "actor.ip": f"192.0.2.{number}", "actor.session": f"s-{number}"}
        assert row["event"]["actor"]["user"].startswith("sealed:")


@pytest.mark.parametrize("options, count", [(("--ip", "192.0.2.7"), 1), (("--ip", "192.0.2.0/29"), 8), (("--session", "s-12"), 1),
                                            (("--text", "carla"), 10), (("--camera", "front"), 40)])
def test_every_other_question_is_answered_too(ledger, options, count):
    assert len(found(ledger, *options)) == count


def test_who_watched_counts_persons_by_name(ledger):
    done = gatehouse("ledger", "search", "--ledger", ledger, "--watched", "--camera", "front")
    assert all(name.split('"')[0].strip() in done.stdout for name in NAMES)


def test_a_copy_without_the_keys_shows_marks_and_counts_persons(ledger, tmp_path):
    copy = tmp_path / "copy"
    assert gatehouse("ledger", "backup", "--ledger", ledger, copy).returncode == 0
    rows = found(copy)
    assert len(rows) == 40 and not any("opened" in row for row in rows)
    marks = {row["event"]["actor"]["user"].split(":")[1] for row in rows}
    assert len(marks) == len(NAMES)
    done = gatehouse("ledger", "search", "--ledger", copy, "--user", "sealed:" + marks.pop(), "--format", "json")
    assert len(done.stdout.splitlines()) == 10


@pytest.mark.parametrize("options", [("--user", "anna"), ("--ip", "192.0.2.7"), ("--session", "s-12"), ("--text", "anna")])
def test_without_the_keys_nothing_found_is_not_said_to_be_nothing(ledger, tmp_path, options):
    copy = tmp_path / "copy"
    assert gatehouse("ledger", "backup", "--ledger", ledger, copy).returncode == 0
    done = gatehouse("ledger", "search", "--ledger", copy, *options)
    assert done.returncode == 2 and "keys are not at hand" in done.stderr and done.stdout == ""
    done = gatehouse("ledger", "search", "--ledger", copy, "--keys", f"{ledger}-keys", *options)
    assert done.returncode == 0 and done.stdout and "keys are not" not in done.stderr, done.stderr


def test_the_keys_that_are_named_open_names_in_a_report_too(ledger, tmp_path):
    keys = tmp_path / "elsewhere"
    pathlib.Path(f"{ledger}-keys").rename(keys)
    options = ("--ledger", ledger, "--keys", keys, "--from", "yesterday", "--to", "now", "--format", "json", "--output", tmp_path / "r")
    done = gatehouse("ledger", "report", *options)
    assert done.returncode == 0, done.stderr
    said = json.loads(next((tmp_path / "r").rglob("*.json")).read_text())
    assert set(NAMES) <= {row["name"] for row in said["users"]}


def erase(folder, *options):
    return gatehouse("ledger", "erase", "--ledger", folder, "--reason", "request of 3 May", *options)


def test_one_person_is_erased_the_others_are_not_and_the_log_verifies(ledger):
    key = (ledger / "log" / "log.vkey")
    before = (ledger / "log" / "checkpoint").read_text()
    (ledger.parent / "kept").write_text(before)
    assert len(found(ledger, "--user", "benedict")) == 10
    done = erase(ledger, "--user", "anna")
    assert done.returncode == 0 and "1 key is destroyed" in done.stdout, done.stderr
    assert found(ledger, "--user", "anna") == []
    assert len(found(ledger, "--user", "benedict")) == 10 and len(found(ledger)) == 40
    done = gatehouse("ledger", "verify", "--key", key, "--from-checkpoint", ledger.parent / "kept", ledger)
    assert done.returncode == 0 and "VERIFIED" in done.stdout, done.stdout + done.stderr


def test_who_is_erased_or_was_never_there_can_not_be_erased(ledger):
    assert erase(ledger, "--user", "anna").returncode == 0
    for name in ("anna", "nobody-ever"):
        again = erase(ledger, "--user", name)
        assert again.returncode == 2 and "erased already" in again.stderr


def test_the_erasing_is_an_event_that_names_nobody(ledger):
    assert erase(ledger, "--user", "anna").returncode == 0
    done = gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.erase", "--format", "json")
    said, keepers = [json.loads(line)["event"] for line in done.stdout.splitlines()]
    assert said["reason"] == "request of 3 May" and len(said["detail"]["subject"]) == 1
    assert keepers["detail"]["by"] == "keeper" and keepers["detail"]["count"] == 1
    assert keepers["detail"]["subject"] == said["detail"]["subject"] and keepers["actor"]["user"] == "keeper"
    assert "anna" not in done.stdout


def a_year_older(ledger):
    """Makes all keys those of the last year; gives how many."""
    year, subjects = time.gmtime().tm_year, pathlib.Path(f"{ledger}-keys") / "subjects"
    text = subjects.read_bytes()
    subjects.write_bytes(text.replace(b"\n%d " % year, b"\n%d " % (year - 1)))
    return text.count(b"\n%d " % year)


@pytest.mark.parametrize("year", [time.gmtime().tm_year + 1, 2099, 9999])
def test_the_keeper_itself_erases_no_year_that_is_not_over(ledger, year):
    before = (pathlib.Path(f"{ledger}-keys") / "subjects").read_bytes()
    with Keeper(ledger) as keeper:
        with Wire(keeper.socket) as wire:
            wire.ask(ERASE, b"y%d" % year)
            _, status, _, words = wire.answer()
        assert status != OK and f"{time.gmtime().tm_year} is the latest" in words
        keeper.end()
    assert (pathlib.Path(f"{ledger}-keys") / "subjects").read_bytes() == before
    assert gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.erase", "--format", "json").stdout == ""


@pytest.mark.parametrize("what, detail", [(b"uanna", {"count": 1}), (b"y%d" % time.gmtime().tm_year, {"years_before": str(time.gmtime().tm_year)})])
def test_who_asks_the_keeper_alone_can_not_erase_without_an_event(ledger, what, detail):
    if what[:1] == b"y":
        a_year_older(ledger)
    with Keeper(ledger) as keeper:
        with Wire(keeper.socket) as wire:
            wire.ask(ERASE, what)
            assert wire.answer()[1] == OK
            wire.ask(ERASE, b"unobody-ever")
            assert wire.answer()[1:3] == (OK, 0)
        keeper.end()
    done = gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.erase", "--format", "json")
    said = [json.loads(line)["event"]["detail"] for line in done.stdout.splitlines()]
    assert len(said) == 1 and said[0]["by"] == "keeper" and said[0]["asked_by_pid"] == os.getpid(), done.stdout
    assert said[0] == {**said[0], **detail} and said[0]["count"] >= 1 and ("subject" in said[0]) == (what[:1] == b"u")


def test_a_keeper_that_starts_finishes_what_a_power_cut_left_half_erased(ledger):
    keys = pathlib.Path(f"{ledger}-keys") / "subjects"
    whole = keys.read_bytes()
    at = whole.rindex(b" ") + 20
    keys.write_bytes(whole[:at] + b"--" + whole[at + 2:])
    with Keeper(ledger) as keeper:
        keeper.end()
    assert keys.read_bytes()[:len(whole)] == whole[:whole.rindex(b" ") - 16] + b"-" * 16 + b" " + b"-" * 44 + b"\n"


def test_what_an_erased_person_does_later_is_under_another_mark(ledger):
    with Keeper(ledger):
        assert erase(ledger, "--user", "anna").returncode == 0
        line = json.dumps(event("anna", 99))
        done = subprocess.run([GATEHOUSE, "ledger", "append", "--ledger", ledger, "--json", "-"], input=line, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    rows = found(ledger, "--user", "anna")
    assert [row["event"]["id"] for row in rows] == ["event-0099"]


def test_years_gone_by_are_erased_together(ledger):
    year = time.gmtime().tm_year
    subjects = ledger.parent / f"{ledger.name}-keys" / "subjects"
    keys = a_year_older(ledger)
    done = erase(ledger, "--years-before", str(year))
    assert done.returncode == 0, done.stderr
    assert keys > 1 and done.stdout.startswith(f"{keys} keys are destroyed"), done.stdout
    assert subjects.read_bytes().count(b"\n%d ----" % (year - 1)) == keys
    assert not any("opened" in row for row in found(ledger, "--user", "anna"))
    assert erase(ledger, "--years-before", "26").returncode == 64


@pytest.mark.parametrize("year", ["next", "2200", "9999"])
def test_a_year_that_is_not_over_is_not_erased_with_those_gone_by(ledger, year):
    year = str(time.gmtime().tm_year + 1) if year == "next" else year
    before = (ledger.parent / f"{ledger.name}-keys" / "subjects").read_bytes()
    done = erase(ledger, "--years-before", year)
    assert done.returncode == 64 and year in done.stderr and str(time.gmtime().tm_year) in done.stderr
    assert (ledger.parent / f"{ledger.name}-keys" / "subjects").read_bytes() == before
    assert erase(ledger, "--years-before", str(time.gmtime().tm_year)).returncode == 0
    assert any("opened" in row for row in found(ledger))


def test_reading_leaves_no_name_of_who_was_looked_for(ledger):
    assert found(ledger, "--user", "anna", "--ip", "192.0.2.4")
    done = gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.read", "--format", "json")
    reads = [json.loads(line)["event"]["detail"]["query"] for line in done.stdout.splitlines()]
    asked = [query for query in reads if "user" in query]
    assert asked and all(query["user"].startswith("sealed:") and query["ip"].startswith("sealed:") for query in asked)


def test_a_producer_can_not_pretend_that_something_is_sealed(ledger):
    line = json.dumps(event("sealed:2026-0123456789abcdef:AAAA", 7))
    done = subprocess.run([GATEHOUSE, "ledger", "append", "--ledger", ledger, "--json", "-"], input=line, text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0 and "actor.user" in done.stderr


SEALED = "sealed:2026-0123456789abcdef:" + 64 * "0" + ":" + 88 * "A"


@pytest.mark.parametrize("sealed", [(), ("--sealed",)])
@pytest.mark.parametrize("action, detail", [("auth.ban", {"net": SEALED}), ("auth.logout", {"by_session": SEALED}), ("ledger.read", {"query": {"user": SEALED}}),
                                            ("ledger.read", {"query": {"text": ["a", SEALED]}}), ("auth.ban", {"x": [{"y": "sealed:"}]})])
def test_the_keeper_takes_nothing_that_looks_sealed_in_a_detail(tmp_path, sealed, action, detail):
    folder = tmp_path / "ledger"
    init(folder, *sealed)
    said = {**event("anna", 1, action), "detail": detail}
    with Keeper(folder) as keeper:
        with Wire(keeper.socket) as wire:
            status, _, words = wire.append(said)
            assert status != OK and 'detail has a text that begins with "sealed:"' in words, words
            mark = {"by": "sealed:2026-0123456789abcdef", "of": "he said \"sealed: no\""}
            assert wire.append({**said, "detail": mark})[0] == OK, "a mark opens nothing"
        keeper.end()


@pytest.mark.parametrize("options, path", [(("--user", SEALED), "user"), (("--session", SEALED), "session"), (("--text", "sealed:x"), "text")])
def test_who_looks_for_a_sealed_text_leaves_no_sealed_text(tmp_path, options, path):
    folder = tmp_path / "ledger"
    init(folder)
    append(folder, event("anna", 1))
    assert gatehouse("ledger", "search", "--ledger", folder, *options, "--format", "json").returncode == 0
    reads = [json.loads(line)["event"]["detail"]["query"] for line in gatehouse(
        "ledger", "search", "--ledger", folder, "--action", "ledger.read", "--format", "json").stdout.splitlines()]
    encoded = "base64:" + base64.b64encode(options[1].encode()).decode()
    assert reads[0][path] == ([encoded] if path == "text" else encoded)


@pytest.mark.parametrize("wrong", ["folder", "shut", "full"])
def test_sealing_that_fails_leaves_the_ledger_as_it_was(tmp_path, wrong):
    """A mistyped --keys; keys that may not be written; room for the ledger's word and not for the keys."""
    folder = tmp_path / "ledger"
    init(folder)
    for word in (None, b"gatehouse sealing 1: none\n"):
        options = ("ledger", "init", "--ledger", folder, "--sealed")
        if wrong == "folder":
            done = gatehouse(*options, "--keys", tmp_path / "keyz")
            assert "keyz" in done.stderr
        elif wrong == "full":
            done = subprocess.run(["prlimit", "--fsize=40", GATEHOUSE, *options], capture_output=True, text=True, check=False, restore_signals=False)
            assert "subjects" in done.stderr and not (pathlib.Path(f"{folder}-keys") / "subjects").exists(), done.stderr
        else:
            (tmp_path / "shut").mkdir(exist_ok=True)
            (tmp_path / "shut").chmod(0o500)
            as_anybody = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
            done = command(*as_anybody, GATEHOUSE, *options, "--keys", tmp_path / "shut")
            assert "subjects" in done.stderr, done.stderr
        assert done.returncode == 2
        kept = folder / "sealing"
        assert (kept.read_bytes() if kept.exists() else None) == word
        append(folder, event("anna", 1 if word is None else 2))
    assert len(found(folder, "--user", "anna")) == 2


def test_a_ledger_that_is_there_is_sealed_from_its_next_start_on(tmp_path):
    folder = tmp_path / "ledger"
    init(folder)
    for sealed in (False, True):
        if sealed:
            done = gatehouse("ledger", "init", "--ledger", folder, "--sealed")
            assert done.returncode == 0 and "next start" in done.stderr, done.stderr
        line = json.dumps(event("anna", 10 + sealed))
        assert subprocess.run([GATEHOUSE, "ledger", "append", "--ledger", folder, "--json", "-"], input=line, text=True,
                              capture_output=True, check=False).returncode == 0
    rows = found(folder, "--user", "anna")
    assert ["opened" in row for row in rows] == [False, True]
    assert gatehouse("ledger", "init", "--ledger", folder, "--sealed").returncode != 0


def test_without_sealing_nothing_can_be_erased_and_that_is_said(tmp_path):
    folder = tmp_path / "ledger"
    init(folder)
    done = erase(folder, "--user", "anna")
    assert done.returncode != 0 and "not sealed" in done.stderr
    assert not os.path.exists(pathlib.Path(str(folder) + "-keys") / "subjects")


def test_a_damaged_file_of_keys_is_told_and_nothing_is_recorded_unsealed(ledger):
    keys = pathlib.Path(str(ledger) + "-keys") / "subjects"
    bytes_ = bytearray(keys.read_bytes())
    bytes_[70] ^= 0xFF
    keys.write_bytes(bytes_)
    done = gatehouse("ledger", "append", "--ledger", ledger, "--action", "footage.live", "--site", "s", "--outcome", "ok",
                     "--user", "zoe-the-night-guard", "--ip", "192.0.2.1", "--camera", "front")
    assert done.returncode != 0 and "subjects" in done.stderr
    assert b"zoe-the-night-guard" not in everything(ledger)


def test_a_sealed_ledger_whose_keys_are_missing_records_nothing(ledger, tmp_path):
    keys = pathlib.Path(str(ledger) + "-keys") / "subjects"
    keys.rename(tmp_path / "kept")
    words = ("ledger", "append", "--ledger", ledger, "--action", "footage.live", "--site", "s", "--outcome", "ok",
             "--user", "zoe-the-night-guard", "--ip", "192.0.2.1", "--camera", "front")
    done = gatehouse(*words)
    assert done.returncode != 0 and "subjects" in done.stderr and "its copy" in done.stderr
    assert b"zoe-the-night-guard" not in everything(ledger)
    (tmp_path / "kept").rename(keys)
    assert gatehouse(*words).returncode == 0
    assert len(found(ledger, "--user", "zoe-the-night-guard")) == 1


def test_names_are_read_from_inside_the_ledger_too(ledger):
    done = gatehouse("ledger", "search", "--ledger", ".", "--format", "json", "--user", "anna", cwd=ledger)
    assert len(done.stdout.splitlines()) == 10, done.stderr


def test_words_that_were_looked_for_are_not_left_in_the_event(ledger):
    assert found(ledger, "--text", "carla")
    done = gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.read", "--format", "json")
    assert '"text":["sealed:' in done.stdout
    assert all("carla" not in json.dumps(json.loads(line)["event"]) for line in done.stdout.splitlines())


def append(folder, *events):
    done = subprocess.run([GATEHOUSE, "ledger", "append", "--ledger", folder, "--json", "-"], input="\n".join(map(json.dumps, events)),
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def with_details():
    """Events whose details are sealed, with what the owner must be able to read."""
    ban = {"action": "auth.ban", "site": "harbour", "outcome": "ok", "id": "ban-00001", "actor": {"ip": "203.0.113.8"},
           "detail": {"net": "203.0.113.7/32"}, "reason": "too many"}
    out = {**event("anna", 50, "auth.logout"), "detail": {"by_session": "s-other"}}
    return [(ban, "detail.net", "203.0.113.7/32"), (out, "detail.by_session", "s-other")]


@pytest.mark.parametrize("row", [0, 1])
def test_the_owner_reads_sealed_details_and_finds_events_by_them(ledger, row):
    said, path, text = with_details()[row]
    append(ledger, said)
    assert text.encode() not in everything(ledger)
    options = ("ledger", "search", "--ledger", ledger, "--action", said["action"])
    for more in ((), ("--text", text)):
        lines = gatehouse(*options, *more, "--format", "json").stdout.splitlines()
        assert [json.loads(line)["opened"][path] for line in lines] == [text]
    shown = gatehouse(*options).stdout
    assert f"{path.removeprefix('detail.')}: " in shown and text in shown
    asked = gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.read", "--format", "json").stdout.splitlines()
    assert len(asked) >= 3, "who opened it is in the ledger"


def test_the_owner_reads_what_was_searched_for(ledger):
    assert found(ledger, "--user", "anna", "--ip", "192.0.2.4", "--text", "4711")
    lines = gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.read", "--format", "json").stdout.splitlines()
    opened = [json.loads(line)["opened"] for line in lines]
    assert any(o.get("detail.query.user") == "anna" and o["detail.query.ip"] == "192.0.2.4/32" and o["detail.query.text"] == ["4711"] for o in opened), opened


def test_without_the_keys_details_stay_sealed(ledger, tmp_path):
    append(ledger, with_details()[0][0])
    copy = tmp_path / "copy"
    assert gatehouse("ledger", "backup", "--ledger", ledger, copy).returncode == 0
    for form in ((), ("--format", "json")):
        done = gatehouse("ledger", "search", "--ledger", copy, "--action", "auth.ban", *form)
        assert done.stdout and "203.0.113.7" not in done.stdout and "opened" not in done.stdout


REFUSED = ("footage.live", "--site", "s", "--outcome", "ok", "--user", "zoe-the-night-guard", "--ip", "192.0.2.1", "--camera", "front")


def refuses_to_be_unsealed(folder):
    done = gatehouse("ledger", "append", "--ledger", folder, "--action", *REFUSED)
    return done.returncode != 0 and "its copy" in done.stderr and b"zoe-the-night-guard" not in everything(folder)


def test_a_ledger_that_says_that_it_is_sealed_is_believed_before_its_first_event(tmp_path):
    folder = tmp_path / "ledger"
    init(folder, "--sealed")
    (pathlib.Path(f"{folder}-keys") / "subjects").unlink()
    assert refuses_to_be_unsealed(folder)


@pytest.mark.parametrize("word", [None, b"gatehouse sealing 1: no", b""])
def test_without_its_word_all_entries_of_a_ledger_are_asked(ledger, word):
    """Sealed events, then more unsealed ones than any tail that could be looked at."""
    keys, kept = pathlib.Path(f"{ledger}-keys") / "subjects", ledger / "sealing"
    assert kept.read_text() == "gatehouse sealing 1: sealed\n"
    secret = keys.read_bytes()
    keys.unlink()
    kept.write_text("gatehouse sealing 1: none\n")
    append(ledger, *[event("zed", n) | {"action": "system.note"} for n in range(100, 400)])
    if word is None:
        kept.unlink()
    else:
        kept.write_bytes(word)
    assert refuses_to_be_unsealed(ledger)
    assert kept.read_text() == "gatehouse sealing 1: sealed\n"
    keys.write_bytes(secret)
    assert gatehouse("ledger", "append", "--ledger", ledger, "--action", *REFUSED).returncode == 0


def test_a_ledger_that_is_not_sealed_says_so_and_goes_on(tmp_path):
    folder = tmp_path / "ledger"
    init(folder)
    append(folder, event("anna", 1))
    assert (folder / "sealing").read_text() == "gatehouse sealing 1: none\n"
    append(folder, event("anna", 2))


@pytest.mark.parametrize("is_sealed", [False, True])
def test_an_old_bundle_that_cannot_be_read_keeps_nobody_from_recording_and_the_next_is_asked(tmp_path, is_sealed):
    folder = tmp_path / "ledger"
    init(folder, *["--sealed"] * is_sealed)
    append(folder, *[event("anna", n) for n in range(300)])
    for words in (("backup", "--ledger", folder, tmp_path / "copy"), ("restore", "--ledger", folder, "--reason", "test", tmp_path / "copy")):
        if words[0] == "restore":  # whose journal begins with the last bundle: an old one is in the log alone
            shutil.rmtree(folder)
        assert gatehouse("ledger", *words).returncode == 0
    (folder / "sealing").unlink(missing_ok=True)
    if is_sealed:
        (pathlib.Path(f"{folder}-keys") / "subjects").unlink()
    first = folder / "log/tile/entries/000"
    first.chmod(0o644)
    first.write_bytes(first.read_bytes()[:100])
    if is_sealed:
        assert refuses_to_be_unsealed(folder)
    else:
        with Keeper(folder) as keeper:
            assert gatehouse("ledger", "append", "--ledger", folder, "--action", *REFUSED).returncode == 0
            said = keeper.end()[1]
        assert "tile/entries/000" in said and "whether this ledger was sealed is not known" in said
    assert (folder / "sealing").exists() == is_sealed
