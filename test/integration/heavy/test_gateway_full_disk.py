"""A gateway without its ledger, or with a full disk: no footage but in an emergency, and all as before when it is back."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from conftest import GATEHOUSE, command  # noqa: E402
from footage import Footage, Viewer, of_object, settled, until  # noqa: E402
from gateway import MODULE, Gateway, Visitor, events  # noqa: E402

pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="this build has no module")
mounts = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
LIVE = "/live/jsmpeg/cam{}"


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of that many MiB."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0755", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Takes all space that is left."""
    with (folder / "filling").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def crowd(ledger):
    """Events until the ledger takes no more."""
    line = json.dumps({"action": "footage.live", "outcome": "ok", "site": "s", "actor": {"user": "crowd", "ip": "192.0.2.9"}, "reason": "x" * 900,
                       "target": {"cameras": ["none"]}}) + "\n"
    done = subprocess.run([GATEHOUSE, "ledger", "append", "--ledger", str(ledger), "--json", "-"], input=line * 40000,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no space left" in done.stderr, done.stderr


def status_of(gateway, session, path):
    """Of one look at a stream."""
    viewer = Viewer(gateway, session, path)
    until(lambda: viewer.bytes or viewer.ended)
    viewer.leave()
    return viewer.status, viewer.body


@mounts
def test_a_full_ledger_stops_footage_lets_administrators_in_and_heals(tmp_path):
    vms = Footage()
    with small_disk(tmp_path / "disk", 256) as disk:
        made = command(GATEHOUSE, "ledger", "init", "--ledger", disk / "ledger")
        assert made.returncode == 0, made.stderr
        with Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}", "--plain", "--ledger", disk / "ledger") as gateway:
            gateway.serve()
            anna = gateway.administrator()
            running = Viewer(gateway, anna.browser.session, LIVE.format(0))
            assert until(lambda: running.bytes)
            fill(disk)
            crowd(disk / "ledger")

            begin = time.monotonic()
            status, body = status_of(gateway, anna.browser.session, LIVE.format(1))
            assert status == 503 and b"\xff\xd8" not in body
            assert gateway.visitor().get("/gatehouse/unavailable").status == 503
            others = [Viewer(gateway, anna.browser.session, LIVE.format(i)) for i in range(2, 10)]  # each worker learns of it by itself
            assert until(lambda: all(viewer.ended for viewer in others)) and not any(viewer.status == 101 for viewer in others)
            assert until(lambda: running.ended, 25) and 8 < time.monotonic() - begin < 18

            late = Visitor(gateway)
            late.log_in(anna)
            assert status_of(gateway, late.session, LIVE.format(1))[0] == 503
            page = late.get("/gatehouse/step-up?return=/")
            answer = late.post("/gatehouse/step-up", page, kind="recovery", code=anna.codes.pop(), reason="fire in the hall", emergency="yes")
            assert answer.status == 303, answer.body
            status, body = status_of(gateway, late.session, LIVE.format(1))
            assert status == 101 and body
            kept = [json.loads(line) for line in (gateway.folder / "run" / "emergency.jsonl").read_text().splitlines()] \
                if (gateway.folder / "run" / "emergency.jsonl").exists() else []
            taken = gateway.folder / "run" / "emergency-taken.jsonl"
            kept += [json.loads(line) for line in taken.read_text().splitlines()] if taken.exists() else []
            assert [line["reason"] for line in kept if line["action"] == "footage.live"] == ["fire in the hall"]

            (disk / "filling").unlink()
            seen = []
            assert until(lambda: seen.append(status_of(gateway, anna.browser.session, LIVE.format(1))[0]) or seen[-1] == 101, 30, 1), \
                (seen, "\n".join(gateway.said[-12:]))
            found = settled(gateway)
            everything = events(gateway)
            for line in kept:
                assert len([event for event in everything if event["id"] == line["id"]]) == 1, line
            assert all(event["detail"]["emergency"] for event in everything if event["id"] in {line["id"] for line in kept})
            ends = [view["end"][0] for view in found.values()]
            mine = next(end for end in ends if end["target"]["object"] == LIVE.format(0))
            assert mine["bytes"] >= running.bytes and mine["detail"]["cause"] == "the ledger's disk is full", mine
            assert len([end for end in ends if end.get("reason") == "fire in the hall"]) == 1
            assert until(lambda: not list((gateway.folder / "run").glob("emergency*")), 5)
            assert {event["detail"]["phase"] for event in everything if event["action"] == "system.full"} == {"begin", "end"}
            assert gateway.end() == 0
        verified = command(GATEHOUSE, "ledger", "verify", disk / "ledger")
        assert verified.returncode == 0, verified.stdout + verified.stderr
    vms.close()


@mounts
def test_a_full_disk_of_the_gateway_keeps_sessions_and_lets_an_administrator_in(tmp_path):
    vms = Footage()
    with small_disk(tmp_path / "disk", 96) as disk:
        made = command(GATEHOUSE, "ledger", "init", "--ledger", tmp_path / "ledger")
        assert made.returncode == 0, made.stderr
        with Gateway(disk / "g", f"http://127.0.0.1:{vms.port}", "--plain", "--ledger", tmp_path / "ledger") as gateway:
            gateway.serve()
            anna = gateway.administrator()
            running = Viewer(gateway, anna.browser.session, LIVE.format(0))
            assert until(lambda: running.bytes)
            fill(disk)
            before = running.bytes
            late = Visitor(gateway)
            late.log_in(anna)
            assert status_of(gateway, late.session, LIVE.format(1))[0] == 101, events(gateway)[-1]
            assert running.bytes > before
            os.kill(gateway.children()["doorman"], 9)  # a new board has no room: nobody gets in until it has
            assert until(lambda: status_of(gateway, late.session, LIVE.format(1))[0] == 503 and running.ended, 25, 1)
            (disk / "filling").unlink()
            assert until(lambda: status_of(gateway, late.session, LIVE.format(1))[0] == 101, 60, 1), "\n".join(gateway.said[-20:])
            running.leave()
            settled(gateway)
            assert gateway.end() == 0
    vms.close()


def test_a_keeper_that_stays_away_ends_running_views_and_its_return_heals(tmp_path):
    vms = Footage()
    with Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}", "--plain") as gateway:
        gateway.serve()
        session = gateway.administrator().browser.session
        viewers = {LIVE.format(i): Viewer(gateway, session, LIVE.format(i)) for i in range(3)}
        assert until(lambda: all(viewer.bytes for viewer in viewers.values()))
        gateway.ledger.rename(tmp_path / "elsewhere")
        os.kill(gateway.children()["keeper"], 9)
        begin = time.monotonic()
        assert until(lambda: all(viewer.ended for viewer in viewers.values()), 25) and 8 < time.monotonic() - begin < 18
        assert status_of(gateway, session, LIVE.format(5))[0] == 503
        (tmp_path / "elsewhere").rename(gateway.ledger)
        assert until(lambda: status_of(gateway, session, LIVE.format(5))[0] == 101, 40, 1)
        found = settled(gateway)
        for path, viewer in viewers.items():
            end = of_object(found, path)["end"][0]
            assert end["detail"]["cause"] == "doorman or ledger are gone" and end["bytes"] >= viewer.bytes, end
        assert gateway.end() == 0
    vms.close()


def test_a_browser_that_takes_nothing_is_let_go(tmp_path):
    vms = Footage()
    path = "/api/go2rtc/api/stream.mp4?src=cam1"
    with Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}", "--plain") as gateway:
        gateway.serve()
        session = gateway.administrator().browser.session
        slow, other = Viewer(gateway, session, path, pause=3600), Viewer(gateway, session, LIVE.format(2))
        assert until(lambda: slow.bytes and other.bytes)
        begin = time.monotonic()
        ended = until(lambda: [event for event in events(gateway) if event["action"] == "footage.live"
                               and event["detail"].get("cause") == "the browser took next to nothing"], 100, 2)
        assert ended and ended[0]["target"]["cameras"] == ["cam1"] and 25 < time.monotonic() - begin
        assert other.is_watching
        other.leave()
        assert gateway.end() == 0
    vms.close()
