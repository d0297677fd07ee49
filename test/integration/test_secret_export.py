"""A sealed password is shown to a person at a terminal, after the ledger has it, and never else."""

import os
import pathlib
import pty
import subprocess
import time

import pytest

from doorkeeping import PASSWORD, Doorman, Person, totp

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


def at_terminal(env, args, *typed, questions=(b"Type its name",)):
    """Runs it on a terminal, types a line at each question; (exit status, what was shown)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(GATEHOUSE, [GATEHOUSE, *args], env)
    shown, sent, until = b"", 0, time.monotonic() + 30
    while time.monotonic() < until:
        try:
            got = os.read(fd, 4096)
        except OSError:
            break
        if not got:
            break
        shown += got
        if sent < len(typed) and questions[sent] in shown:
            os.write(fd, typed[sent].encode() + b"\n")
            sent += 1
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


ASKED = (b"Password of the administrator", b"One-time code")


class House:
    """A machine with a gateway, of whose people one is an administrator; and what it knows."""

    def __init__(self, folder, env):
        self.doorman = Doorman(folder)
        self.env, self.folder = env, folder
        self.ada, self.bert = Person(self.doorman, "ada"), Person(self.doorman, "bert")
        self.user("admin", "ada", "yes")

    def user(self, *args):
        done = subprocess.run([GATEHOUSE, "user", *args, "--gateway", self.folder], env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def ask(self, name, *typed):
        more = ["--gateway", str(self.folder), "--ledger", str(self.folder / "ledger")]
        return at_terminal(self.env, [*ASK, *more, *(["--administrator", name] if name else [])], *typed, questions=ASKED)

    def shows(self):
        return self.doorman.events("secret.show")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """With one sealed password."""
    folder = tmp_path_factory.mktemp("house")
    env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_STATE_HOME": str(folder / "state")}
    subprocess.run([GATEHOUSE, "secret", "set", "gate"], input=b"Zebra-Kettle-93\n", env=env, check=True)
    house = House(folder / "g", env)
    yield house
    house.doorman.end()


def test_administrator_with_both_factors_is_shown_it_and_the_ledger_has_who(house):
    status, shown = house.ask("ada", PASSWORD, totp(house.ada.secret))
    assert status == 0 and "Zebra-Kettle-93" in shown, shown
    assert PASSWORD not in shown and totp(house.ada.secret) not in shown
    (event,) = house.shows()
    assert "second factor of ada" in str(event) and "the VMS is gone" in str(event) and "Zebra" not in str(event)


def test_a_code_counts_once_and_a_recovery_code_does_too(house):
    code = house.ada.codes.pop()
    assert house.ask("ada", PASSWORD, code)[0] == 0
    status, shown = house.ask("ada", PASSWORD, code)
    assert status != 0 and "Zebra" not in shown


@pytest.mark.parametrize("name, password, code", [
    ("ada", "wrong garden seven trombones", None),
    ("ada", PASSWORD, "000000"),
    ("bert", PASSWORD, None),
    ("nobody", PASSWORD, "123456"),
])
def test_who_lacks_one_of_both_or_is_no_administrator_is_shown_nothing(house, name, password, code):
    person = house.bert if name == "bert" else house.ada
    before = len(house.shows())
    status, shown = house.ask(name, password, code or person.codes.pop())
    assert status != 0 and "Zebra" not in shown and "nothing is shown" in shown, shown
    assert len(house.shows()) == before


def test_where_there_is_a_gateway_its_name_typed_is_not_enough(house):
    status, shown = house.ask(None, "gate", "gate")
    assert status != 0 and "Zebra" not in shown and "--administrator" in shown


def test_disabled_administrator_is_shown_nothing(house):
    house.user("admin", "bert", "yes")
    house.user("disable", "ada")
    status, shown = house.ask("ada", PASSWORD, house.ada.codes.pop())
    assert status != 0 and "Zebra" not in shown and "nothing is shown" in shown
