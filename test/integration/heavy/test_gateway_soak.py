"""Two hundred viewers who come and go for half a minute: every view has its end, and nothing grows."""
import os
import pathlib
import random
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from footage import Footage, Viewer, until, views  # noqa: E402
from gateway import MODULE, Gateway, Visitor  # noqa: E402

pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="this build has no module")
VIEWERS, SECONDS, SESSIONS = 200, 30, 5


def workers(gateway):
    pid = gateway.children()["nginx"]
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def holds(pids):
    """Descriptors and resident KiB of these processes."""
    descriptors = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
    memory = sum(int(line.split()[1]) for pid in pids for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                 if line.startswith("VmRSS"))
    return descriptors, memory


def come_and_go(gateway, sessions, seconds, chance):
    """Viewers of all sessions and cameras; how many there were."""
    chosen = lambda: chance.choice(["/api/cam{}", "/live/jsmpeg/cam{}"]).format(chance.randrange(40))  # noqa: E731
    watching = [Viewer(gateway, chance.choice(sessions), chosen()) for _ in range(VIEWERS)]
    came, end = VIEWERS, time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(5):
            place = chance.randrange(VIEWERS)
            watching[place].leave()
            watching[place] = Viewer(gateway, chance.choice(sessions), chosen())
            came += 1
        time.sleep(0.1)
    assert until(lambda: sum(viewer.is_watching for viewer in watching) > VIEWERS * 0.95, 10)
    for viewer in watching:
        viewer.leave()
    return came


def test_viewers_who_come_and_go_leave_no_view_descriptor_or_memory_behind(tmp_path):
    vms = Footage(pause=0.2)
    chance = random.Random(5)
    with Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}", "--plain") as gateway:
        gateway.serve()
        anna = gateway.administrator()
        sessions = [anna.browser.session]
        for _ in range(SESSIONS - 1):
            browser = Visitor(gateway)
            browser.log_in(anna)
            sessions.append(browser.session)
        pids = [*workers(gateway), gateway.children()["doorman"], gateway.children()["keeper"]]
        come_and_go(gateway, sessions, 5, chance)
        until(lambda: all(view["end"] for view in views(gateway).values()), 40, 1)
        before = holds(pids)
        came = come_and_go(gateway, sessions, SECONDS, chance)
        until(lambda: all(view["end"] for view in views(gateway).values()), 40, 1)
        time.sleep(2)
        after, found = holds(pids), views(gateway)
        assert came > VIEWERS * 2 and len(found) > 200
        assert {(len(view["begin"]), len(view["end"])) for view in found.values()} == {(1, 1)}
        assert after[0] <= before[0] + 4 and after[1] <= before[1] + 8192, (before, after)
        assert [*workers(gateway), gateway.children()["doorman"], gateway.children()["keeper"]] == pids
        assert gateway.end() == 0
    vms.close()
