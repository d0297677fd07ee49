"""A sealed password is shown to a person at a terminal, after the ledger has it, and never else."""

import os
import pathlib
import pty
import subprocess
import time

import pytest

BUILD = pathlib.Path(os.environ.get("GATEHOUSE_BUILD", pathlib.Path(__file__).parents[2] / "build"))
GATEHOUSE = str(BUILD / "gatehouse")
ASK = ["secret", "export", "--break-glass", "--reason", "the VMS is gone", "gate"]


@pytest.fixture
def home(tmp_path):
    """An environment of its own, with one sealed password."""
    env = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data"),
           "XDG_STATE_HOME": str(tmp_path / "state")}
    for name in ("GATEHOUSE_LEDGER", "GATEHOUSE_GATEWAY"):
        env.pop(name, None)
    subprocess.run([GATEHOUSE, "secret", "set", "gate"], input=b"Zebra-Kettle-93\n", env=env, check=True)
    return env


def at_terminal(env, args, typed):
    """Runs it on a terminal, types one line at its question; (exit status, what was shown)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(GATEHOUSE, [GATEHOUSE, *args], env)
    shown, sent, until = b"", False, time.monotonic() + 30
    while time.monotonic() < until:
        try:
            got = os.read(fd, 4096)
        except OSError:
            break
        if not got:
            break
        shown += got
        if not sent and b"Type its name" in shown:
            os.write(fd, typed.encode() + b"\n")
            sent = True
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    return status, shown.decode()


def init_ledger(env):
    subprocess.run([GATEHOUSE, "ledger", "init"], env=env, check=True, stdout=subprocess.DEVNULL)


def test_shows_it_at_a_terminal_after_the_ledger_has_the_event(home):
    init_ledger(home)
    status, shown = at_terminal(home, ASK, "gate")
    assert status == 0, shown
    assert "Zebra-Kettle-93" in shown
    found = subprocess.run([GATEHOUSE, "ledger", "search", "--format", "json"], env=home, capture_output=True, text=True)
    assert "secret.show" in found.stdout and "the VMS is gone" in found.stdout
    assert "Zebra" not in found.stdout


def test_shows_nothing_when_the_name_is_not_typed(home):
    init_ledger(home)
    status, shown = at_terminal(home, ASK, "yes")
    assert status != 0 and "Zebra" not in shown and "not its name" in shown


def test_shows_nothing_without_a_ledger(home):
    status, shown = at_terminal(home, ASK, "gate")
    assert status != 0 and "Zebra" not in shown


def test_makes_a_file_of_the_owners_alone_and_never_overwrites_one(home, tmp_path):
    init_ledger(home)
    path = tmp_path / "shown"
    status, shown = at_terminal(home, [*ASK, "--output", str(path)], "gate")
    assert status == 0 and "Zebra" not in shown
    assert path.read_text() == "Zebra-Kettle-93\n" and path.stat().st_mode & 0o777 == 0o600
    status, _ = at_terminal(home, [*ASK, "--output", str(path)], "gate")
    assert status != 0


@pytest.mark.parametrize("args, words", [
    (["secret", "export", "gate"], "--break-glass"),
    (["secret", "export", "--break-glass", "gate"], "--reason"),
    (["secret", "export", "--break-glass", "--reason", "short", "gate"], "--reason"),
    (["secret", "export", "--break-glass", "--reason", "the VMS is gone"], "NAME"),
    (ASK, "terminal only"),
])
def test_refuses_a_pipe_and_an_order_that_says_too_little(home, args, words):
    done = subprocess.run([GATEHOUSE, *args], env=home, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode != 0 and words in done.stderr and "Zebra" not in done.stdout
