"""Pruning: what the policy no longer keeps goes, what is proven stays proven, and nothing is missing in silence."""
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import GATEHOUSE, SOURCE, command
from keeping import Keeper, init
from siem_rig import Forwarder, indexes, until

sys.path.insert(0, str(SOURCE / "test" / "second_verifier"))
import note  # noqa: E402  pylint: disable=wrong-import-position
import verify as second  # noqa: E402  pylint: disable=wrong-import-position

COUNT = 17000  # with entry 0, which is the keeper's own; of fewer than 16,384 the journal holds all
LINES = "\n".join(json.dumps({
    "action": "footage.live", "site": "harbour", "outcome": "ok", "id": f"event-{i:06}",
    "actor": {"user": f"user-{i % 5}", "ip": "192.0.2.1", "session": "s-1"},
    "target": {"cameras": [f"camera-{i % 3}"], "vms": "zm"}}) for i in range(COUNT))


def gatehouse(*words):
    return command(GATEHOUSE, *words)


def append(folder, lines):
    done = subprocess.run([GATEHOUSE, "ledger", "append", "--ledger", folder, "--json", "-"], input=lines, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(name="full", scope="module")
def fixture_full(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prune") / "ledger"
    key = init(folder)
    append(folder, LINES)
    return folder, key


@pytest.fixture(name="ledger")
def fixture_ledger(full, tmp_path):
    folder = tmp_path / "ledger"
    shutil.copytree(full[0], folder, ignore=shutil.ignore_patterns("*.sock"))
    shutil.copytree(str(full[0]) + "-keys", str(folder) + "-keys")
    return folder


def prune(folder, *options, reason="policy, chapter 4"):
    return gatehouse("ledger", "prune", "--ledger", folder, "--reason", reason, *options)


def bundle(folder, number):
    return pathlib.Path(folder) / "log" / "tile" / "entries" / f"{number:03}"


def verify(folder, key):
    done = gatehouse("ledger", "verify", "--key", key, folder)
    return done.returncode, done.stdout


def found(folder, *options):
    done = gatehouse("ledger", "search", "--ledger", folder, "--format", "json", "--action", "footage.*", *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_entries_below_the_minimum_go_the_log_verifies_and_says_so(ledger, full):
    done = prune(ledger, "--minimum", "1100")
    assert done.returncode == 0 and "entries below 1024" in done.stdout, done.stderr
    assert not any(bundle(ledger, i).exists() for i in range(4)) and bundle(ledger, 4).exists()
    status, said = verify(ledger, full[1])
    assert status == 0 and "entries below 1024 are pruned by policy (event #" in said, said
    assert "their contents are not there" in " ".join(said.split())
    done = gatehouse("ledger", "verify", "--json", "--key", full[1], ledger)
    told = json.loads(done.stdout)
    assert told["retention"]["minimum"] == 1024 and told["retention"]["missing"] == 1024
    assert not any(b"event-000100" in path.read_bytes() for path in (ledger / "log").rglob("*") if path.is_file())


def test_it_is_an_event_before_anything_goes(ledger):
    assert prune(ledger, "--before", "now").returncode == 0
    done = gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.prune", "--format", "json")
    said = json.loads(done.stdout)
    file = (ledger / "log" / "retention").read_text().splitlines()
    assert said["event"]["reason"] == "policy, chapter 4" and said["event"]["detail"]["policy"].startswith("recorded before 20")
    assert file == ["gatehouse retention", f"minimum {said['event']['detail']['minimum']}", f"event {said['index']}",
                    f"policy {said['event']['detail']['policy']}"]


def test_missing_entries_that_no_event_states_are_missing(ledger, full):
    bundle(ledger, 1).unlink()
    assert verify(ledger, full[1])[0] == 1
    event = json.loads(gatehouse("ledger", "search", "--ledger", full[0], "--format", "json", "--limit", "1", "--reverse",
                                 "--action", "footage.*").stdout)["index"]
    (ledger / "log" / "retention").write_text(f"gatehouse retention\nminimum 512\nevent {event}\npolicy keep 3y\n")
    status, said = verify(ledger, full[1])
    assert status == 1 and "does not say so" in said, said
    done = gatehouse("ledger", "search", "--ledger", ledger)
    assert done.returncode != 0 and "does not say so" in done.stderr


def test_a_larger_minimum_than_the_event_states_is_not_believed(ledger, full):
    assert prune(ledger, "--minimum", "512").returncode == 0
    file = ledger / "log" / "retention"
    file.write_text(file.read_text().replace("minimum 512", "minimum 1024"))
    assert verify(ledger, full[1])[0] == 1
    file.write_text(file.read_text().replace("minimum 1024", "minimum 512"))
    assert verify(ledger, full[1])[0] == 0
    file.unlink()
    assert verify(ledger, full[1])[0] == 1


@pytest.mark.parametrize("damage", ["above", "tile", "tile gone"])
def test_what_must_be_there_is_still_checked(ledger, full, damage):
    assert prune(ledger, "--minimum", "512").returncode == 0
    tile = ledger / "log" / "tile" / "0" / "001"
    if damage == "above":
        bundle(ledger, 2).unlink()
    elif damage == "tile":
        bytes_ = bytearray(tile.read_bytes())
        bytes_[40] ^= 1
        tile.write_bytes(bytes_)
    else:
        tile.unlink()
    status, said = verify(ledger, full[1])
    assert status == 1 and ("tile/entries/002" if damage == "above" else "tile/0/001") in said, said


def test_search_finds_what_is_left_with_and_without_index_and_says_what_is_not(ledger):
    before, _ = found(ledger, "--user", "user-1")
    assert prune(ledger, "--minimum", "512").returncode == 0
    for options in ((), (), ("--index", "/dev/null/none")):
        rows, said = found(ledger, "--user", "user-1", *options)
        assert rows == [row for row in before if row["index"] >= 512]
        assert "512 events before 20" in said and "pruned by policy" in said
    assert b"event-000100" not in (ledger / "index.db").read_bytes()
    done = gatehouse("ledger", "index", "--ledger", ledger, "--rebuild")
    assert done.returncode == 0 and len(found(ledger, "--user", "user-1")[0]) == len(rows)


def test_proofs_made_before_stay_valid_and_new_ones_can_be_made(ledger, full, tmp_path):
    def proof(number):
        return gatehouse("ledger", "prove", "--ledger", ledger, "--output", tmp_path / f"{number}.proof", "--entry",
                         tmp_path / f"{number}.json", str(number))

    def check(number):
        return gatehouse("ledger", "verify-proof", "--key", full[1], "--entry", tmp_path / f"{number}.json",
                         tmp_path / f"{number}.proof").returncode
    assert proof(7).returncode == 0, proof(7).stderr
    assert prune(ledger, "--minimum", "512").returncode == 0
    assert check(7) == 0
    assert proof(600).returncode == 0 and check(600) == 0
    done = proof(8)
    assert done.returncode != 0 and "pruned by policy" in done.stderr


def test_the_keeper_goes_on_and_the_log_continues_what_it_was(ledger, full, tmp_path):
    (tmp_path / "kept").write_text((ledger / "log" / "checkpoint").read_text())
    with Keeper(ledger) as keeper:
        assert prune(ledger, "--minimum", "512").returncode == 0
        append(ledger, LINES.split("\n")[0].replace("event-", "later-"))
        keeper.end()
    with Keeper(ledger):
        append(ledger, LINES.split("\n")[0].replace("event-", "still-"))
    assert len(found(ledger)[0]) == COUNT - 511 + 2
    done = gatehouse("ledger", "verify", "--key", full[1], "--from-checkpoint", tmp_path / "kept", ledger)
    assert done.returncode == 0, done.stdout


def test_copies_are_pruned_with_the_ledger_and_can_be_restored(ledger, full, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    assert gatehouse("ledger", "backup", "--ledger", ledger, old).returncode == 0
    assert prune(ledger, "--minimum", "512").returncode == 0
    for copy in (old, new):
        done = gatehouse("ledger", "backup", "--ledger", ledger, copy)
        assert done.returncode == 0, done.stderr
        status, said = verify(copy, full[1])
        assert status == 0 and "pruned by policy" in said
        assert not (copy / "tile" / "entries" / "001").exists() and (copy / "tile" / "entries" / "002").exists()
    back = tmp_path / "back"
    shutil.copytree(str(ledger) + "-keys", str(back) + "-keys")
    done = gatehouse("ledger", "restore", "--ledger", back, "--reason", "the disk died", new)
    assert done.returncode == 0, done.stderr
    assert verify(back, full[1])[0] == 0 and len(found(back)[0]) == COUNT - 511
    assert prune(back, "--minimum", "1024").returncode == 0 and verify(back, full[1])[0] == 0


def test_a_run_that_was_cut_short_is_finished_by_the_next(ledger, full):
    kept = {i: bundle(ledger, i).read_bytes() for i in range(2)}
    assert prune(ledger, "--minimum", "512").returncode == 0
    statement = (ledger / "log" / "retention").read_bytes()
    # Before the first file went, before the second, and before the statement was written.
    for left, stated in ((2, True), (1, True), (2, False)):
        for i in range(2):
            if i >= 2 - left:
                bundle(ledger, i).write_bytes(kept[i])
        if not stated:
            (ledger / "log" / "retention").unlink()
        assert verify(ledger, full[1])[0] == 0
        if stated:
            assert all(row["index"] >= 512 for row in found(ledger)[0])
        done = prune(ledger, "--minimum", "512")
        assert done.returncode == 0 and ("left over" in done.stdout) == stated, done.stdout
        assert not bundle(ledger, 0).exists() and not bundle(ledger, 1).exists()
    assert (ledger / "log" / "retention").read_bytes() != statement
    assert verify(ledger, full[1])[0] == 0


def test_a_run_that_was_cut_short_leaves_no_word_of_what_goes_in_the_index(ledger):
    assert found(ledger, "--user", "user-1")[0] and (ledger / "index.db").exists()
    kept = bundle(ledger, 1).read_bytes()
    bundle(ledger, 1).unlink()
    (bundle(ledger, 1) / "stays").mkdir(parents=True)  # can't be removed
    assert prune(ledger, "--minimum", "512").returncode != 0
    assert not bundle(ledger, 0).exists() and not (ledger / "index.db").exists()
    (bundle(ledger, 1) / "stays").rmdir()
    bundle(ledger, 1).rmdir()
    bundle(ledger, 1).write_bytes(kept)
    assert min(row["index"] for row in found(ledger)[0]) == 512
    done = prune(ledger, "--minimum", "512")
    assert done.returncode == 0 and "left over" in done.stdout and not bundle(ledger, 1).exists()


def test_a_key_that_was_handed_over_is_followed_through_what_is_pruned(ledger, full):
    done = gatehouse("ledger", "key", "rotate", "--ledger", ledger)
    assert done.returncode == 0, done.stderr
    append(ledger, LINES.replace("event-", "more-"))
    assert prune(ledger, "--before", "now").returncode == 0
    done = prune(ledger, "--before", "now", "--dry-run")
    minimum = int((ledger / "log" / "retention").read_text().splitlines()[1].split()[1])
    assert minimum < COUNT or bundle(ledger, COUNT // 256).exists()
    status, said = verify(ledger, full[1])
    assert status == 0 and "hand-over" in said, said


def test_a_dry_run_changes_and_records_nothing(ledger):
    before = (ledger / "log" / "checkpoint").read_bytes()
    done = prune(ledger, "--minimum", "512", "--dry-run")
    assert done.returncode == 0 and "2 files of entries" in done.stdout and "would go" in done.stdout
    assert (ledger / "log" / "checkpoint").read_bytes() == before and bundle(ledger, 0).exists()
    assert not (ledger / "log" / "retention").exists()


def test_an_answer_over_what_is_pruned_does_not_say_that_nobody_viewed_it(ledger, tmp_path):
    assert prune(ledger, "--minimum", "512").returncode == 0
    done = gatehouse("ledger", "answer", "--ledger", ledger, "--camera", "roof", "--from", "-1d", "--to", "now", "--out",
                     tmp_path / "out", "--reason", "request")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "answer.html").read_text()
    assert "No view is recorded in what is kept of it." in page and "Nobody viewed it" not in page


@pytest.mark.parametrize("options, words", [((), "say one of"), (("--minimum", "5", "--keep", "3y"), "say one of"),
                                            (("--keep", "3"), "--keep 3"), (("--keep", "0y"), "--keep 0y"),
                                            (("--before", "soon"), "--before soon"), (("--before", "2999-01-01"), "yet to come"),
                                            (("--minimum", "-1"), "--minimum -1")])
def test_what_can_not_be_meant_is_refused(ledger, options, words):
    done = prune(ledger, *options)
    assert done.returncode == 64 and words in done.stderr, done.stderr


def test_what_is_in_the_journal_still_or_newer_than_the_policy_keeps_stays(ledger, tmp_path):
    append(ledger, "\n".join(LINES.replace("event-", "later-").split("\n")[:600]))
    done = prune(ledger, "--minimum", str(COUNT + 512))
    assert done.returncode != 0 and "in its journal still" in done.stderr
    done = prune(ledger, "--keep", "3y")
    assert done.returncode == 0 and "nothing to prune" in done.stdout
    copy = tmp_path / "copy"
    assert gatehouse("ledger", "backup", "--ledger", ledger, copy).returncode == 0
    done = prune(copy, "--before", "now")
    assert done.returncode != 0 and "copy of a log" in done.stderr


def put_cursor(siem, name, origin, count, more=""):
    (siem.parent / "siem" / f"{name}.cursor").write_text(
        f"gatehouse-siem-cursor 1\norigin {origin}\nnext {count}\ndelivered {count}\nmoved 1\n{more}")


@pytest.fixture(name="siem")
def fixture_siem(ledger, tmp_path):
    """A siem.yaml beside the ledger; one destination has all, one some, one nothing of it, one wants none."""
    folder = tmp_path / "gateway"
    (folder / "siem").mkdir(parents=True)
    rows = "".join(f"  - {{name: {name}, type: file, path: out.log{more}}}\n" for name, more in (
        ("all", ""), ("some", ""), ("none", ""), ("new", ", from: now")))
    (folder / "siem.yaml").write_text(f"ledger: {ledger}\ndestinations:\n{rows}")
    origin = (ledger / "log" / "checkpoint").read_text().splitlines()[0]
    for name, count in (("all", 5000), ("some", 700)):
        put_cursor(folder / "siem.yaml", name, origin, count)
    return folder / "siem.yaml"


def prune_events(ledger):
    done = gatehouse("ledger", "search", "--ledger", ledger, "--action", "ledger.prune", "--format", "json")
    return [json.loads(line)["event"] for line in done.stdout.splitlines()]


def test_what_a_siem_has_not_got_is_not_pruned(ledger, siem):
    for options in ((), ("--dry-run",)):
        done = prune(ledger, "--minimum", "1100", "--siem", siem, *options)
        said = done.stdout + done.stderr
        assert done.returncode == 2 and "--unsent" in done.stderr and "gatehouse siem status" in done.stderr, said
        assert "some has not got 324 of these entries, from entry 700 on\n" in said
        assert "none has not got 1024 of these entries, from entry 0 on\n" in said
        assert not any(f"{name} has" in said for name in ("all", "new"))
        assert bundle(ledger, 0).exists() and not (ledger / "log" / "retention").exists() and prune_events(ledger) == []
    (siem.parent / "siem" / "none.cursor").write_text((siem.parent / "siem" / "all.cursor").read_text())
    assert prune(ledger, "--minimum", "700", "--siem", siem).returncode == 0


def test_the_siem_of_the_gateways_folder_is_asked_without_being_named(ledger, siem, monkeypatch):
    monkeypatch.setenv("GATEHOUSE_GATEWAY", str(siem.parent))
    assert prune(ledger, "--minimum", "1100").returncode == 2 and bundle(ledger, 0).exists()
    siem.write_text(siem.read_text().replace(str(ledger), "nowhere"))  # cursors tell, whatever the settings say
    put_cursor(siem, "all", "example.org/other", 3)
    done = prune(ledger, "--minimum", "1100")
    assert done.returncode == 2 and "some has not got" in done.stderr and "none has" not in done.stderr


def test_what_is_pruned_though_a_siem_has_not_got_it_is_in_the_event(ledger, siem, full):
    done = prune(ledger, "--minimum", "1100", "--siem", siem, "--unsent")
    assert done.returncode == 0 and "some has not got 324" in done.stdout, done.stderr
    assert prune_events(ledger)[0]["detail"]["unsent"] == {"some": 324, "none": 1024}
    assert not bundle(ledger, 0).exists() and verify(ledger, full[1])[0] == 0


OTHER = "leaf " + 64 * "0" + "\n"


@pytest.mark.parametrize("origin, count, leaf, words", [("example.org/other", 5000, "", "the cursor counts in the log example.org/other"),
                                                        (None, 17500, "", "the cursor is behind 17500"),
                                                        (None, 5000, OTHER, "entry 4999 is another")])
def test_a_cursor_of_another_history_does_not_say_that_all_was_sent(ledger, siem, origin, count, leaf, words):
    """It comes first of all; what the others lack is told and recorded all the same."""
    put_cursor(siem, "all", origin or (ledger / "log" / "checkpoint").read_text().splitlines()[0], count, leaf)
    done = prune(ledger, "--minimum", "1100", "--siem", siem)
    assert done.returncode == 2 and words in done.stderr and "--unsent" in done.stderr and "some has not got 324" in done.stderr
    assert bundle(ledger, 0).exists() and prune_events(ledger) == []
    done = prune(ledger, "--minimum", "1100", "--siem", siem, "--unsent")
    assert done.returncode == 0 and words in done.stderr and "some has not got 324" in done.stdout
    assert prune_events(ledger)[0]["detail"]["unsent"] == {"all": None, "some": 324, "none": 1024}


@pytest.mark.parametrize("damage", ["yaml", "cursor"])
def test_nothing_is_pruned_while_nobody_knows_what_the_siem_has(ledger, siem, damage):
    if damage == "yaml":
        siem.write_text("destinations: 7\n")
    else:
        (siem.parent / "siem" / "all.cursor").write_text("gatehouse-siem-cursor 7\n")
    done = prune(ledger, "--minimum", "1100", "--siem", siem)
    assert done.returncode == 2 and "what the SIEM has got is not known" in done.stderr and "--unsent" in done.stderr
    assert ("siem.yaml:1" if damage == "yaml" else "all.cursor") in done.stderr
    assert bundle(ledger, 0).exists() and prune_events(ledger) == []
    done = prune(ledger, "--minimum", "1100", "--siem", siem, "--unsent")
    assert done.returncode == 0 and "what the SIEM has got is not known" in done.stderr
    assert prune_events(ledger)[0]["detail"]["unsent"] == (
        "unknown" if damage == "yaml" else {"all": None, "some": 324, "none": 1024})


def test_what_was_pruned_before_it_was_sent_is_told_by_status_and_stays_told(ledger, siem, monkeypatch):
    """While it is to come, when the forwarder has passed it, and when it began anew."""
    forwarder = Forwarder(siem.parent, [{"name": "some", "type": "file", "path": "out.log", "format": "rfc5424",
                                         "flush_seconds": 1}], ledger=str(ledger))
    assert prune(ledger, "--minimum", "1100", "--siem", siem, "--unsent").returncode == 0
    monkeypatch.setenv("GATEHOUSE_GATEWAY", str(siem.parent))

    def row():
        done = gatehouse("siem", "status", "--json", "--config", siem)
        return done.returncode, json.loads(done.stdout)["destinations"][0]

    def told():
        said = [gatehouse("siem", "status", "--config", siem), gatehouse("status", "--ledger", ledger)]
        return all("324 were pruned before they were delivered" in done.stdout for done in said)

    status, before = row()
    assert status == 1 and before["pruned"] == before["pruned_since_start"] == 324 and told()
    with forwarder:
        until(lambda: row()[1]["state"] == "caught up")
        status, passed = row()
        assert status == 1 and passed["pruned"] == passed["pruned_since_start"] == 324 and told()
        forwarder.kill()
        forwarder.start()
        until(lambda: row()[1]["state"] == "caught up")
        status, after = row()
        assert status == 0 and (after["pruned"], after["pruned_since_start"]) == (324, 0) and told()
    first = (siem.parent / "out.log").read_bytes().splitlines()[0]
    assert indexes([first]) == [1024]


def both(folder, key):
    """What both verifiers say of a log, on which they must agree: the first bad index, and the kinds."""
    done = gatehouse("ledger", "verify", "--json", "--key", key, folder)
    said = json.loads(done.stdout)
    faults, head = second.verify_log(folder, note.Key(key))
    kinds = ({f["kind"] for f in said["findings"]}, {f["kind"] for f in faults})
    assert said["verified"] == (not faults) == (done.returncode == 0), (said["findings"], faults)
    assert second.first_index(said["findings"]) == second.first_index(faults), (said["findings"], faults)
    return second.first_index(faults), kinds[1], getattr(head, "pruned", None)


@pytest.fixture(name="pruned", scope="module")
def fixture_pruned(full, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pruned") / "ledger"
    shutil.copytree(full[0], folder, ignore=shutil.ignore_patterns("*.sock"))
    shutil.copytree(str(full[0]) + "-keys", str(folder) + "-keys")
    assert prune(folder, "--minimum", "1024").returncode == 0
    return folder, full[0]


@pytest.fixture(name="copied")
def fixture_copied(pruned, tmp_path):
    shutil.copytree(pruned[0] / "log", tmp_path / "copied" / "log")
    return tmp_path / "copied"


def test_the_second_verifier_verifies_a_pruned_log_and_says_what_is_gone(pruned, full):
    index, kinds, told = both(pruned[0], full[1])
    assert index is None and not kinds
    assert told[:2] == (1024, 1024) and told[3].startswith("minimum 1024")
    done = subprocess.run([sys.executable, SOURCE / "test" / "second_verifier" / "verify.py", "log", "--key", full[1], pruned[0]],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "1024 of them are not there" in done.stdout and "pruned by policy" in done.stdout


def test_a_bundle_that_could_be_gone_and_is_there_is_checked_by_both(copied, pruned, full):
    bundle(copied, 1).write_bytes(bundle(pruned[1], 1).read_bytes())
    assert both(copied, full[1])[2][:2] == (768, 1024)
    data = bytearray(bundle(copied, 1).read_bytes())
    data[60] ^= 1
    bundle(copied, 1).write_bytes(data)
    index, kinds, _ = both(copied, full[1])
    assert index == 256 and kinds


def swap(before, after):
    def change(log):
        file = log / "retention"
        assert before in file.read_text()
        file.write_text(file.read_text().replace(before, after))
    return change


def flip(name):
    def change(log):
        data = bytearray((log / name).read_bytes())
        data[40] ^= 1
        (log / name).write_bytes(data)
    return change


def link(log):
    (log / "retention").rename(log / "elsewhere")
    (log / "retention").symlink_to("elsewhere")


@pytest.mark.parametrize("wrong, kind", [
    (lambda log: (log / "retention").unlink(), "missing"),
    (lambda log: (log / "tile/entries/004").unlink(), "missing"),
    (lambda log: (log / "tile/0/001").unlink(), "damaged"),
    (flip("tile/0/001"), "damaged"),
    (swap("minimum 1024", "minimum 1280"), "not-stated"),
    (swap("minimum 1024", "minimum 512"), "not-stated"),
    (swap("policy minimum", "policy Minimum"), "not-stated"),
    (swap("event 17", "event 16"), "not-stated"),
    (swap("event 17", "event 999917"), "not-stated"),
    (swap("minimum 1024", "minimum 1000"), "unreadable"),
    (swap("minimum 1024", "minimum 01024"), "unreadable"),
    (swap("gatehouse", "Gatehouse"), "unreadable"),
    (lambda log: (log / "retention").write_bytes((log / "retention").read_bytes() + b"\n"), "unreadable"),
    (link, "unreadable"),
])
def test_both_verifiers_refuse_a_log_that_is_wrongly_pruned(copied, full, wrong, kind):
    wrong(copied / "log")
    _, kinds, _ = both(copied, full[1])
    assert kind in kinds, kinds


@pytest.mark.parametrize("options", [("--before", "now"), ("--before", "now", "--dry-run")])
def test_that_a_policy_can_not_be_met_yet_is_said_at_once_with_the_reason(ledger, options):
    append(ledger, "\n".join(LINES.replace("event-", "later-").split("\n")[:600]))
    done = prune(ledger, *options)
    assert done.returncode == 0 and "the policy is not met" in done.stderr and "recovers from after" in done.stderr
    minimum = int(done.stdout.split("below ")[1].split()[0])
    left = int(done.stderr.split("not met: ")[1].split()[0])
    assert COUNT + 600 <= minimum + left <= COUNT + 610, (minimum, left)
    assert "can't be pruned" in gatehouse("ledger", "prune", "--help").stdout


def test_a_small_ledger_is_told_that_nothing_of_it_can_go_yet(tmp_path):
    folder = tmp_path / "small"
    init(folder)
    append(folder, "\n".join(LINES.split("\n")[:600]))
    done = prune(folder, "--before", "now")
    assert "nothing to prune" in done.stdout and "the policy is not met: 60" in done.stderr


def test_of_a_policy_that_is_met_nothing_is_said(ledger):
    done = prune(ledger, "--keep", "3y")
    assert done.returncode == 0 and "not met" not in done.stderr
