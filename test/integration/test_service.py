"""The service unit of the keeper: systemd understands it, and it forbids nothing that the keeper needs."""
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, GATEHOUSE, Running, command
from keeping import OK, Wire, init, live

UNIT = BUILD / "data" / "gatehouse-keeper.service"
SERVE = BUILD / "data" / "gatehouse-serve.service"
OVERDUE = BUILD / "data" / "gatehouse-fix-overdue@.service"
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


@needs_systemd
@pytest.mark.parametrize("shipped", [UNIT, SERVE, OVERDUE], ids=["keeper", "serve", "fix-overdue"])
def test_systemd_has_nothing_to_say_against_it(tmp_path, shipped):
    unit = tmp_path / shipped.name
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={GATEHOUSE}", shipped.read_text(), flags=re.M))
    done = command("systemd-analyze", "verify", "--man=no", unit)
    assert done.returncode == 0 and str(unit) not in done.stderr, done.stderr


@needs_systemd
def test_it_leaves_little_to_whoever_takes_over_the_keeper(tmp_path):
    unit = shutil.copy(UNIT, tmp_path)
    done = command("systemd-analyze", "security", "--offline=yes", "--threshold=20", unit)
    if "unrecognized option" in done.stderr:
        pytest.skip("an older systemd")
    assert done.returncode == 0, done.stdout[-2000:]


def allowed_calls():
    words = re.search(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.M)[1].split()
    calls, groups = set(), [w for w in words if w.startswith("@")]
    calls.update(w for w in words if not w.startswith("@"))
    while groups:
        done = command("systemd-analyze", "syscall-filter", groups.pop())
        lines = [line.strip() for line in done.stdout.splitlines()[1:]]
        groups.extend(line for line in lines if line.startswith("@"))
        calls.update(line for line in lines if line and not line.startswith(("@", "#")))
    return calls


@needs_systemd
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_every_system_call_of_the_keeper_is_in_its_filter(tmp_path):
    init(tmp_path / "l")
    trace = tmp_path / "trace"
    with Running(["strace", "-f", "-o", trace, GATEHOUSE, "keeper", "--ledger", tmp_path / "l"],
                 stderr=subprocess.DEVNULL) as program:
        for _ in range(500):
            if (tmp_path / "l" / "keeper.sock").exists():
                break
            try:
                program.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
        with Wire(tmp_path / "l" / "keeper.sock") as wire:
            assert wire.append(live())[0] == OK
            assert wire.publish(1)[0] == OK
            pid = wire.state()["pid"]
        assert command("kill", str(pid)).returncode == 0
        program.wait()
    used = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.M)) - {"execve"}
    assert {"openat", "fdatasync", "landlock_restrict_self"} <= used
    assert not used - allowed_calls()


def test_a_key_that_systemd_hands_over_by_an_acl_is_taken(tmp_path):
    """0440 and root's: what a credential looks like to a service of another user."""
    key = tmp_path / "credentials" / "ledger.key"
    init(tmp_path / "l")
    key.parent.mkdir()
    shutil.move(tmp_path / "l-keys" / "ledger.key", key)
    key.chmod(0o440)
    if key.stat().st_uid != 0:
        pytest.skip("needs root")
    done = command("env", f"CREDENTIALS_DIRECTORY={key.parent}", GATEHOUSE, "ledger", "status", "--ledger", tmp_path / "l", "--json")
    assert done.returncode in (0, 1) and '"origin"' in done.stdout, done.stderr
