"""gatehouse ledger append: events of scripts, through a real keeper, and what comes back."""
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import GATEHOUSE, Running, command, entries

NOTE = ["--action", "system.note", "--site", "harbour", "--outcome", "ok", "--user", "anna"]
HOSTILE = "a\r\n|=\\\"]\ufeff\u200b\u202e=1+1"


def line(**more):
    """One event as a script writes it."""
    return json.dumps({"action": "footage.live", "site": "s", "outcome": "ok",
                       "actor": {"user": "u", "ip": "192.0.2.1"}, "target": {"cameras": ["gate"]}, **more}) + "\n"


@pytest.fixture()
def ledger(tmp_path):
    """A fresh ledger."""
    folder = tmp_path / "ledger"
    done = command(GATEHOUSE, "ledger", "init", "--ledger", folder, "--origin", "example.org/test")
    assert done.returncode == 0, done.stderr
    return folder


def append(ledger, *args, **more):
    """Runs the command on that ledger."""
    return command(GATEHOUSE, "ledger", "append", "--ledger", ledger, *args, **more)


def test_an_event_of_options_is_recorded_as_it_was_said(ledger):
    done = append(ledger, *NOTE, "--reason", HOSTILE, "--ip", "::1", "--detail", '{"b": 1, "a": [true]}')
    assert done.returncode == 0, done.stderr
    index = int(done.stdout)
    event = entries(ledger)[index]
    assert event["reason"] == HOSTILE
    assert event["actor"] == {"ip": "::1", "user": "anna"}
    assert event["detail"] == {"a": [True], "b": 1}
    assert event["writer"]["uid"] == os.getuid()
    assert event["v"] == 1 and event["time"].endswith("Z")


def test_hostile_text_stays_one_record(ledger):
    text = "".join(line(actor={"user": HOSTILE, "ip": "::1"}, target={"cameras": [HOSTILE]}, reason=HOSTILE) for _ in range(3))
    done = append(ledger, "--json", "-", input=text)
    assert done.returncode == 0, done.stderr
    found = [e for e in entries(ledger) if e["action"] == "footage.live"]
    assert len(found) == 3
    for event in found:
        assert event["actor"]["user"] == event["reason"] == event["target"]["cameras"][0] == HOSTILE


def test_bytes_that_are_not_text_are_kept(ledger):
    done = append(ledger, *NOTE[:-1], b"caf\xe9".decode("utf-8", "surrogateescape"), "--reason", "r")
    assert done.returncode == 0, done.stderr
    assert entries(ledger)[int(done.stdout)]["actor"]["user"] == "base64:Y2Fm6Q=="


def test_what_is_missing_is_named_and_nothing_is_recorded(ledger):
    for args, words in (
            (NOTE, "reason is missing or empty; needed by system.note"),
            (["--action", "sytem.note"], "did you mean system.note?"),
            (["--action", "system.stop", "--site", "s", "--outcome", "ok"], "is for the ledger itself to say"),
            ([*NOTE, "--reason", "  "], "reason must be text in which something can be seen"),
            ([*NOTE, "--reason", "x" * 70000], "does not fit into 65375 bytes")):
        done = append(ledger, *args)
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stdout == ""
    assert append(ledger, *NOTE, "--detail", "[]").returncode == 64
    assert not [e for e in entries(ledger) if e["action"] == "system.note"]


def test_a_dry_run_records_nothing_and_needs_no_ledger(tmp_path):
    done = append(tmp_path / "none", "--dry-run", *NOTE, "--reason", "r")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["reason"] == "r"
    assert not (tmp_path / "none").exists()


def test_thousands_of_lines_are_recorded_in_their_order(ledger):
    text = "".join(line(actor={"user": f"u{i}", "ip": "::1"}) for i in range(3000))
    done = append(ledger, "--json", "-", "--json-output", input=text)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(answer) for answer in done.stdout.splitlines()]
    assert [answer["line"] for answer in answers] == list(range(1, 3001))
    stored = entries(ledger)
    for answer in answers:
        assert stored[answer["index"]]["actor"]["user"] == f"u{answer['line'] - 1}"


def test_a_wrong_line_ends_it_with_its_number_and_the_count(ledger):
    done = append(ledger, "--json", "-", input=line() + line() + line(outcome="fine") + line())
    assert done.returncode == 2
    assert "line 3: outcome must be ok, refused, failed or unknown" in done.stderr
    assert "2 events are recorded" in done.stderr
    assert len([e for e in entries(ledger) if e["action"] == "footage.live"]) == 2


def test_options_stand_in_for_what_lines_do_not_say(ledger):
    text = json.dumps({"action": "auth.login", "actor": {"user": "anna"}}) + "\n"
    done = append(ledger, "--json", "-", "--site", "harbour", "--outcome", "ok", "--ip", "::1", input=text)
    assert done.returncode == 0, done.stderr
    event = entries(ledger)[int(done.stdout)]
    assert event["actor"] == {"ip": "::1", "user": "anna"} and event["site"] == "harbour"


def test_an_interrupt_leaves_whole_lines_and_says_how_many(ledger):
    with Running([GATEHOUSE, "ledger", "append", "--ledger", ledger, "--json", "-"], stdin=subprocess.PIPE,
                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        running.stdin.write(line() + line() + line()[:20])
        running.stdin.flush()
        for _ in range(2):
            assert running.stdout.readline().strip().isdigit()
        running.send_signal(signal.SIGINT)
        time.sleep(0.1)
        _, errors = running.communicate(timeout=30)
    assert running.returncode == 2
    assert "2 events are recorded" in errors
    assert len([e for e in entries(ledger) if e["action"] == "footage.live"]) == 2


def test_without_a_ledger_it_says_how_to_make_one(tmp_path):
    done = append(tmp_path / "none", *NOTE, "--reason", "r")
    assert done.returncode == 2
    assert "gatehouse ledger init" in done.stderr
