"""A new password handed over HTTP to what speaks the documented APIs of Shinobi, Nx Witness and Milestone."""
import contextlib
import subprocess

import pytest

from conftest import BUILD, SOURCE, command

TELL = BUILD / "test" / "consumer-tell"
STUB = SOURCE / "test/integration/counterparts/vms_accounts.py"
CAMERA, OLD, NEW = "10.20.0.7", "Altes-Wort.41", "Neues Wort/42:@&"


@contextlib.contextmanager
def running(tmp_path, kind, *more):
    """The VMS, its site file and the password that it has."""
    state = tmp_path / "state"
    vms = subprocess.Popen(["/usr/bin/python3", STUB, kind, CAMERA, OLD, state, *more], stdout=subprocess.PIPE, text=True)
    try:
        port = vms.stdout.readline().strip()
        secret = tmp_path / "secret"
        secret.write_text("vms secret/&")
        secret.chmod(0o600)
        site = tmp_path / "site.yaml"
        site.write_text(f"scope: [127.0.0.1, 10.20.0.0/24]\nconsumers:\n  - {{kind: {kind}, address: '127.0.0.1:{port}', user: gatehouse, "
                        f"password_file: {secret}}}\n")
        yield site, state, secret
    finally:
        vms.kill()
        vms.wait()
        vms.stdout.close()


def tell(site, *args):
    return command(TELL, site, CAMERA, *args, input=f"{OLD}\n{NEW}\n")


@pytest.mark.parametrize("kind, words", [("shinobi", "Shinobi (monitor gate (Gate); experimental)"),
                                         ("nxwitness", "Nx Witness (device {1-2} (Gate); experimental)"),
                                         ("milestone", "Milestone XProtect (hardware h1 (Gate); experimental)")])
def test_it_is_named_told_and_told_back(tmp_path, kind, words):
    with running(tmp_path, kind) as (site, state, _):
        assert tell(site, "users").stdout.splitlines() == [words, "-"]
        done = tell(site, "hand", "admin")
        assert done.returncode == 0, done.stdout + done.stderr
        assert state.read_text() == NEW and NEW not in done.stdout
        done = tell(site, "back", "admin")
        assert done.returncode == 0 and state.read_text() == OLD, done.stdout


@pytest.mark.parametrize("kind", ["shinobi", "nxwitness", "milestone"])
def test_another_account_of_the_camera_is_left_alone(tmp_path, kind):
    with running(tmp_path, kind) as (site, state, _):
        assert tell(site, "hand", "viewer").stdout == "done\n"
        assert state.read_text() == OLD


def test_one_that_says_yes_and_keeps_the_old_one_is_found_out(tmp_path):
    with running(tmp_path, "shinobi", "lies") as (site, _, _):
        done = tell(site, "hand", "admin")
        assert done.returncode == 1 and "still has the other password" in done.stdout


@pytest.mark.parametrize("kind", ["shinobi", "nxwitness", "milestone"])
def test_a_refused_log_in_is_an_unknown_of_the_plan(tmp_path, kind):
    with running(tmp_path, kind) as (site, state, secret):
        secret.write_text("wrong")
        assert "could not be read" in tell(site, "users").stdout.splitlines()[1]
        assert tell(site, "hand", "admin").returncode == 1
        assert state.read_text() == OLD
