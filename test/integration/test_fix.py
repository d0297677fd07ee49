"""gatehouse fix from outside: plans for a second person, and the guardian. Nothing is sent anywhere."""
import hashlib
import json
import os
import signal
import subprocess
import time

import jsonschema
import pytest

from conftest import GATEHOUSE, SOURCE

CONFIG = SOURCE / "test" / "config" / "frigate" / "default.yml"
ID = "20261122T201500Z-1a2b3c"

@pytest.fixture(name="home")
def make_home(tmp_path):
    """An environment whose state and data are in a folder of the test."""
    return dict(os.environ, XDG_STATE_HOME=str(tmp_path / "state"), XDG_DATA_HOME=str(tmp_path / "data"),
                GATEHOUSE_LEDGER="none", HOME=str(tmp_path))

def fix(home, *args, folder=None):
    """Runs it without a terminal."""
    return subprocess.run([str(GATEHOUSE), "fix", *map(str, args)], env=home, cwd=folder, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)

def write_begun_plan(home, title=None):
    """What a process leaves that dies between the plan's folder and its first step; TITLE for its devices."""
    folder = os.path.join(home["XDG_STATE_HOME"], "gatehouse", "fix", ID)
    os.makedirs(folder, mode=0o700)
    plan = json.loads((SOURCE / "test/fuzz/corpus/plan/one.json").read_text(encoding="utf-8"))
    plan["id"] = ID
    for target in plan["targets"] if title else ():
        target["title"] = title
    with open(os.path.join(folder, "plan.json"), "w", encoding="utf-8") as file:
        json.dump(plan, file)
    with open(os.path.join(folder, "order.json"), "w", encoding="utf-8") as file:
        json.dump({"allowed": ["127.0.0.1/32"], "excluded": [], "pace": 100, "ledger": "none"}, file)
    with open(os.path.join(folder, "journal.jsonl"), "w", encoding="utf-8"):
        pass
    return folder

def write_journal(folder, *entries):
    """Lines with their chain: SHA-256 over the chain before it and the line without it; the first is that of the plan's digest."""
    with open(os.path.join(folder, "plan.json"), encoding="utf-8") as file:
        canonical = json.dumps(json.load(file), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    chain = hashlib.sha256(hashlib.sha256(canonical.encode()).hexdigest().encode()).digest()
    with open(os.path.join(folder, "journal.jsonl"), "w", encoding="utf-8") as file:
        for entry in entries:
            rest = json.dumps({"at": "2026-11-22T20:15:00Z", **entry}, separators=(",", ":"))[1:]
            chain = hashlib.sha256(chain + b"{" + rest.encode()).digest()
            file.write(f'{{"chain":"{chain.hex()}",{rest}\n')

def start_guardian(home, folder, *seconds):
    """The guardian with a pipe as its parent would give it; the writing end, and the process."""
    reading, writing = os.pipe()
    process = subprocess.Popen(["sh", "-c", 'exec "$0" fix guard "$@" 3<&0', str(GATEHOUSE), ID, *map(str, seconds)],
                               env=home, cwd=folder, stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(reading)
    return writing, process

def state(home):
    """How the one plan stands."""
    return json.loads(fix(home, "status", "--json").stdout)[0]["state"]

def test_plan_out_has_the_digest_that_plan_in_prints(home, tmp_path):
    path = tmp_path / "plan.json"
    out = fix(home, "-q", "--config", CONFIG, "--plan-out", path)
    again = fix(home, "-q", "--config", CONFIG, "--plan-in", path)
    canonical = json.dumps(json.loads(path.read_text(encoding="utf-8")), sort_keys=True, ensure_ascii=False,
                           separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert digest in out.stdout and digest in again.stdout

def test_plan_of_another_site_is_refused(home, tmp_path):
    path = tmp_path / "plan.json"
    fix(home, "-q", "--config", CONFIG, "--plan-out", path)
    plan = json.loads(path.read_text(encoding="utf-8"))
    plan["site"] = "another"
    path.write_text(json.dumps(plan), encoding="utf-8")
    done = fix(home, "-q", "--config", CONFIG, "--plan-in", path, "--apply", "--yes")
    assert done.returncode == 2
    assert "another site" in done.stderr

def test_apply_without_terminal_wants_yes(home):
    done = fix(home, "--config", CONFIG, "--apply")
    assert done.returncode == 64
    assert "--yes" in done.stderr

def test_guardian_takes_back_when_the_other_process_dies(home, tmp_path):
    write_begun_plan(home)
    writing, process = start_guardian(home, tmp_path, 600, 0)
    time.sleep(0.3)
    assert process.poll() is None
    os.close(writing)
    assert process.wait(timeout=60) == 0
    assert state(home) == "rolled-back"

def test_guardian_takes_back_when_the_time_is_over(home, tmp_path):
    write_begun_plan(home)
    writing, process = start_guardian(home, tmp_path, 1, 0)
    # The guardian asks its parent to stop: that is this test.
    stopped = []
    before = signal.signal(signal.SIGTERM, lambda *_: stopped.append(True) or os.close(writing))
    try:
        assert process.wait(timeout=60) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped
    assert state(home) == "rolled-back"

def test_guardian_that_is_dismissed_does_nothing(home, tmp_path):
    write_begun_plan(home)
    writing, process = start_guardian(home, tmp_path, 600, 0)
    os.write(writing, b"d")
    os.close(writing)
    assert process.wait(timeout=60) == 0
    assert state(home) == "not begun"

def test_guardian_takes_all_back_when_nobody_confirms(home, tmp_path):
    write_begun_plan(home)
    writing, process = start_guardian(home, tmp_path, 600, 1)
    os.write(writing, b"c")
    os.close(writing)
    assert process.wait(timeout=60) == 0
    assert state(home) == "rolled-back"

LEFT = {"step": 1, "phase": "left", "logins": 0, "gap_ms": 0, "why": "to be done by hand"}

def test_plan_that_nobody_confirmed_before_a_power_cut_is_told_and_taken_back(home):
    folder = write_begun_plan(home)
    write_journal(folder, LEFT, {"confirm_by": 1})
    status = fix(home, "status")
    assert "NOT CONFIRMED IN TIME" in status.stdout and f"gatehouse fix rollback {ID}" in status.stdout
    told = fix(home, "-q", "--config", CONFIG)
    assert f"nobody confirmed the plan {ID}" in told.stderr and f"gatehouse fix rollback {ID}" in told.stderr
    done = fix(home, "overdue")
    assert done.returncode == 0 and "Taken back: 1" in done.stdout, done.stderr
    assert state(home) == "rolled-back"
    assert "Nothing was left behind" in fix(home, "overdue").stdout

def test_service_waits_until_the_time_for_a_confirmation_is_over(home):
    folder = write_begun_plan(home)
    write_journal(folder, LEFT, {"confirm_by": int((time.time() + 3) * 1000)})
    assert "Nothing was left behind" in fix(home, "overdue").stdout
    begun = time.monotonic()
    assert fix(home, "overdue", "--wait").returncode == 0
    assert time.monotonic() - begun > 1
    assert state(home) == "rolled-back"

def test_plan_that_was_being_taken_back_goes_on_so(home):
    folder = write_begun_plan(home)
    write_journal(folder, LEFT, {"end": "ended"}, {"turned": "back"})
    assert state(home) == "HALF TAKEN BACK"
    assert fix(home, "resume").returncode == 0
    assert state(home) == "rolled-back"

def test_plan_whose_way_back_is_stuck_has_not_ended(home):
    folder = write_begun_plan(home)
    steps = len(json.loads((SOURCE / "test/fuzz/corpus/plan/one.json").read_text(encoding="utf-8"))["steps"])
    stuck = [{**LEFT, "step": i + 1, "phase": "stuck" if i == 0 else "left"} for i in range(steps)]
    write_journal(folder, *stuck, {"end": "ended"}, {"turned": "back"})
    shown = fix(home, "status").stdout
    assert "TAKING BACK IS STUCK" in shown and f"gatehouse fix confirm {ID}" in shown and "ended" not in shown

def test_confirmed_plan_stays(home, tmp_path):
    write_begun_plan(home)
    writing, process = start_guardian(home, tmp_path, 600, 60)
    os.write(writing, b"c")
    os.close(writing)
    done = fix(home, "confirm", ID)
    assert done.returncode == 0, done.stderr
    assert process.wait(timeout=30) == 0
    assert state(home) == "confirmed"

def test_ended_plan_is_not_taken_up_again_but_by_rollback_once(home):
    write_begun_plan(home)
    assert fix(home, "confirm", ID).returncode == 0
    done = fix(home, "resume", ID)
    assert done.returncode == 2
    assert "has ended" in done.stderr and "rollback" in done.stderr
    assert fix(home, "rollback", ID).returncode == 0
    assert state(home) == "rolled-back"
    done = fix(home, "rollback", ID)
    assert done.returncode == 2
    assert "taken back already" in done.stderr


def test_proof_follows_its_schema_and_hostile_names_make_no_elements(home, tmp_path):
    write_begun_plan(home, "<img src=x onerror=alert(1)>")
    done = fix(home, "rollback", ID, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    schema = json.loads((SOURCE / "doc/schema/proof-1.json").read_text(encoding="utf-8"))
    proof = json.loads(done.stdout)
    jsonschema.validate(proof, schema, cls=jsonschema.Draft202012Validator)
    assert proof == json.loads((tmp_path / "gatehouse-report/fix.json").read_text(encoding="utf-8"))
    page = (tmp_path / "gatehouse-report/fix.html").read_text(encoding="utf-8")
    assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page
