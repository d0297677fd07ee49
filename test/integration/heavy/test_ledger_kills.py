"""A real keeper under load, killed a thousand times at moments that chance picks; then every acknowledged event is counted."""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from conftest import GATEHOUSE, command
from keeping import LOAD, ROTATE, Keeper, Wire, checkpoint, entries, init, root

KILLS = int(os.environ.get("GATEHOUSE_KILLS", "1000"))


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    """In memory where there is such a place: what a kill leaves is the same, and it is over sooner."""
    place = pathlib.Path("/dev/shm")
    free = shutil.disk_usage(place).free if place.is_dir() else 0
    above = pathlib.Path(tempfile.mkdtemp(dir=place)) if free > 3 << 30 else tmp_path
    init(above / "l")
    yield above / "l"
    shutil.rmtree(above, ignore_errors=True)


class Round:
    """One life of the keeper."""

    def __init__(self, folder, acks):
        self.folder, self.acks, self.writer = folder, acks, None
        self.said = open(folder.parent / "said", "w+", encoding="utf-8")
        self.keeper = subprocess.Popen([GATEHOUSE, "keeper", "--ledger", folder], stdout=self.said, stderr=self.said)

    def is_ready(self):
        with contextlib.suppress(OSError), Wire(self.folder / "keeper.sock"):
            return True
        return False

    def load(self):
        """Waits until it has recovered, then writes with many."""
        until = time.monotonic() + 60
        while not self.is_ready():
            self.check_alive()
            assert time.monotonic() < until
            time.sleep(0.002)
        self.writer = subprocess.Popen([LOAD, self.folder / "keeper.sock", "2", "1", "30", self.acks],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def check_alive(self):
        if self.keeper.poll() is not None:
            self.said.seek(0)
            raise AssertionError(f"the keeper ended by itself: {self.said.read()}")

    def rotate(self):
        with contextlib.suppress(OSError), Wire(self.folder / "keeper.sock") as wire:
            wire.ask(ROTATE)
            time.sleep(random.uniform(0, 0.03))

    def kill(self):
        self.check_alive()
        self.keeper.send_signal(signal.SIGKILL)
        self.keeper.wait()
        if self.writer is not None:
            self.writer.wait()
        self.said.close()


def check(folder, acks):
    """A start that is left alone opens it, and nothing that was acknowledged is missing."""
    with Keeper(folder) as keeper:
        assert keeper.end()[0] == 0
    found = entries(folder)
    assert root(found) == checkpoint(folder)[1]
    lines = acks.read_text().splitlines()
    for line in lines:
        index, name = line.split()
        assert int(index) < len(found) and f'"id":"{name}"'.encode() in found[int(index)], f"{line} is lost"
    return lines, found


def test_killed_a_thousand_times_no_acknowledged_event_is_lost(folder, capsys):
    """Half of the kills hit the start and the recovery, half the load, some the replacement of the key."""
    acks = folder.parent / "acks"
    loaded = 0
    for number in range(1, KILLS + 1):
        life = Round(folder, acks)
        if number % 2:
            time.sleep(random.uniform(0, 0.08))
        else:
            life.load()
            time.sleep(random.uniform(0.005, 0.06))
            if number % 10 == 0:
                life.rotate()
            loaded += 1
        life.kill()
        if number % 250 == 0:
            check(folder, acks)
    lines, events = check(folder, acks)
    assert len(lines) >= 10 * loaded and len({line.split()[0] for line in lines}) == len(lines)
    done = command(GATEHOUSE, "ledger", "verify", folder)
    assert done.returncode == 0, done.stdout
    rotations = len(list((folder / "log" / "handover").iterdir()))
    with capsys.disabled():
        print(f"\n{KILLS} kills, {len(lines)} acknowledged events, all of {len(events)} read, {rotations} changes of the key")
