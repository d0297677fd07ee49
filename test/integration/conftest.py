"""What the tests of the whole program share: one assessed demo site, and a way to run in it."""
import atexit
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GATEHOUSE_BUILD", SOURCE / "build"))
GATEHOUSE = BUILD / "gatehouse"
LAB = BUILD / "lab" / "gatehouse-lab"
SANITIZED = GATEHOUSE.exists() and b"__asan_init" in GATEHOUSE.read_bytes()  # that needs more system calls than seccomp leaves

KEPT = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "gatehouse-counterparts"

# Passwords, runs and plans of whoever runs the tests are his own: each process of tests has a home of its own.
HOME = tempfile.mkdtemp(prefix="gatehouse-home-")
os.environ.update(XDG_STATE_HOME=f"{HOME}/state", XDG_DATA_HOME=f"{HOME}/data", XDG_CACHE_HOME=f"{HOME}/cache")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)


class Running(subprocess.Popen):
    """A program that ends with its test: when that fails in the middle, nobody waits for the program."""

    def __exit__(self, kind, value, traceback):
        if kind is not None and self.poll() is None:
            self.kill()
        super().__exit__(kind, value, traceback)


class Run:
    """One finished command: status, what it printed, and the report if it wrote one."""

    def __init__(self, done, output, stats=None):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr
        self.folder = output
        report = output / "report.json" if output else None
        self.report = json.loads(report.read_text()) if report and report.exists() else None
        self.stats = json.loads(stats.read_text()) if stats and stats.exists() else None

    def device(self, address):
        """The device with that address."""
        found = [d for d in self.report["devices"] if address in d["addresses"]]
        assert found, f"{address} is not among {[d['addresses'] for d in self.report['devices']]}"
        return found[0]

    def control(self, name):
        """The control with that id."""
        return next(c for c in self.report["controls"] if c["id"] == name)

    def finding(self, name):
        """The finding "CONTROL/RULE", or None."""
        for control in self.report["controls"]:
            for finding in control["findings"]:
                if finding["id"] == name:
                    return finding
        return None

    def places(self, name):
        """Addresses of the devices under a finding."""
        finding = self.finding(name)
        return sorted(p["address"] for p in finding["places"]) if finding else []


def command(*args, timeout=120, **more):
    """Runs a command to its end, output as text."""
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=timeout, check=False, **more)


def wait_for(what, seconds=60):
    """Waits until it is true, and gives it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if got := what():
            return got
        time.sleep(0.1)
    raise AssertionError("it did not come")


def in_lab(site, folder, *args, timeout=240, lab_options=()):
    """Assesses a played site from inside it; more arguments go to gatehouse assess."""
    output, stats = folder / "out", folder / "stats.json"
    done = command(
        LAB, "--site", SOURCE / "lab" / site, "--stats", stats, *lab_options, "--",
        GATEHOUSE, "assess", "--store", folder / "store.db", "--output", output, *args, timeout=timeout)
    return Run(done, output, stats)


def entries(ledger):
    """Every event of a ledger, read from its files as anyone could (C2SP tlog-tiles)."""
    found, bundles = [], {}
    folder = ledger / "log" / "tile" / "entries"
    for path in folder.rglob("*"):
        if path.is_file():
            index = str(path.relative_to(folder)).split(".p/", maxsplit=1)[0]
            if index not in bundles or path.stat().st_size > bundles[index].stat().st_size:
                bundles[index] = path
    for index in sorted(bundles):
        data = bundles[index].read_bytes()
        while data:
            size = int.from_bytes(data[:2], "big")
            found.append(json.loads(data[2:2 + size]))
            data = data[2 + size:]
    return found


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The demo site, assessed once."""
    return in_lab("demo.yaml", tmp_path_factory.mktemp("demo"), "--site", SOURCE / "lab" / "demo-site.yaml")


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """A gateway for attacks, with people, in front of a VMS that tells what it got."""
    attacking = pytest.importorskip("attacking")
    if not attacking.MODULE.exists():
        pytest.skip("this build has no module")
    made = attacking.start(tmp_path_factory.mktemp("attacked") / "house")
    yield made
    made.__exit__()
