"""What gatehouse assess writes into a ledger, and that it does not begin where it can't."""
import json
import os

import pytest

from conftest import GATEHOUSE, SOURCE, command, entries

CONFIG = SOURCE / "test" / "config"


@pytest.fixture()
def ledger(tmp_path):
    """A fresh ledger."""
    folder = tmp_path / "ledger"
    done = command(GATEHOUSE, "ledger", "init", "--ledger", folder, "--origin", "example.org/test")
    assert done.returncode == 0, done.stderr
    return folder


def assess(tmp_path, *args, **environment):
    """Judges one configuration file: nothing is sent to any network."""
    config = tmp_path / "frigate.yml"
    config.write_text("mqtt:\n  enabled: false\ncameras: {}\n")
    return command(GATEHOUSE, "assess", "--config", f"frigate:{config}", "--output", tmp_path / "out", "--store",
                   tmp_path / "store.db", "--fail-on", "never", *args,
                   env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), **environment})


def report(tmp_path):
    """The report as text, for what must be in it."""
    return (tmp_path / "out" / "report.json").read_text()


def test_a_run_is_recorded_with_who_ran_it(tmp_path, ledger):
    done = assess(tmp_path, "--ledger", ledger)
    assert done.returncode in (0, 2), done.stderr
    runs = [e for e in entries(ledger) if e["action"] == "assess.run"]
    assert [e["detail"]["phase"] for e in runs] == ["begin", "end"]
    assert runs[0]["writer"]["uid"] == os.getuid() and runs[0]["actor"]["user"]
    assert f"gatehouse ledger verify {ledger}" in done.stdout


def test_a_ledger_at_the_usual_place_is_used(tmp_path):
    usual = tmp_path / "state" / "gatehouse" / "ledger"
    assert command(GATEHOUSE, "ledger", "init", "--ledger", usual, "--origin", "example.org/test").returncode == 0
    assess(tmp_path)
    assert [e for e in entries(usual) if e["action"] == "assess.run"]


def test_without_one_nothing_is_missing(tmp_path):
    done = assess(tmp_path)
    assert "ledger" not in done.stdout + done.stderr
    assert (tmp_path / "out" / "report.json").exists()


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_ledger_that_is_named_and_missing_stops_the_run(tmp_path, how):
    none = tmp_path / "none"
    done = assess(tmp_path, "--ledger", none) if how == "option" else assess(tmp_path, GATEHOUSE_LEDGER=str(none))
    assert done.returncode == 2
    assert "does not begin" in done.stderr and "--ledger none" in done.stderr
    assert not (tmp_path / "out" / "report.json").exists()


def test_a_ledger_without_its_key_stops_the_run_unless_told_otherwise(tmp_path, ledger):
    (tmp_path / "ledger-keys" / "ledger.key").unlink()
    done = assess(tmp_path, "--ledger", ledger)
    assert done.returncode == 2 and "does not begin" in done.stderr
    assert not (tmp_path / "out" / "report.json").exists()
    done = assess(tmp_path, "--ledger", "none", GATEHOUSE_LEDGER=str(ledger))
    assert (tmp_path / "out" / "report.json").exists(), done.stderr


def test_a_ledger_that_was_changed_is_told(tmp_path, ledger):
    note = json.dumps({"action": "system.note", "site": "s", "outcome": "ok", "reason": "r", "actor": {"user": "u"}})
    assert command(GATEHOUSE, "ledger", "append", "--ledger", ledger, "--json", "-", input=300 * (note + "\n")).returncode == 0
    assess(tmp_path, "--ledger", ledger)
    assert "ledger-broken" not in report(tmp_path)
    bundle = ledger / "log" / "tile" / "entries" / "000"
    data = bytearray(bundle.read_bytes())
    data[40] ^= 1
    bundle.chmod(0o644)
    bundle.write_bytes(data)
    done = assess(tmp_path, "--ledger", ledger)
    assert "ledger-broken" in report(tmp_path), done.stdout + done.stderr
    assert "does not verify" in done.stdout
