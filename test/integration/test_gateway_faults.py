"""Parts of a running gateway killed in mid-stream: what was seen is in the ledger, once, and all heals by itself."""
import json
import os
import pathlib
import re
import signal
import time

import pytest

from conftest import GATEHOUSE, command
from doorkeeping import totp
from footage import HOUR, Footage, Viewer, of_object, settled, until, views
from gateway import MODULE, Gateway, Visitor, events

pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="this build has no module")
LOST = 70000  # bytes that a killed worker may have sent and not counted: 64 KiB of an answer, half a second of a socket


@pytest.fixture(scope="module", name="vms")
def played():
    """What streams."""
    made = Footage()
    yield made
    made.close()


@pytest.fixture(scope="module", name="running")
def served(tmp_path_factory, vms):
    """A gateway before it, with an administrator who has stepped up; the ledger is verified at the end."""
    with Gateway(tmp_path_factory.mktemp("faults") / "g", f"http://127.0.0.1:{vms.port}", "--plain") as made:
        with (made.folder / "gateway.yaml").open("a") as yaml:
            yaml.write("stepup_minutes: 60\n")
        made.serve()
        made.anna = made.administrator()
        made.anna.browser.step_up(made.anna.codes.pop())
        yield made
        assert made.end() == 0
        verified(made)
        assert not [line for line in made.said if "signal 11" in line or "signal 6" in line]


@pytest.fixture(name="gateway")
def healthy(running):
    """The same, healthy before each test and after it."""
    until(lambda: opens(running, running.anna.browser.session))
    running.viewers = []
    yield running
    leave(running.viewers)
    assert until(lambda: opens(running, running.anna.browser.session)), "\n".join(running.said[-20:])


def opens(gateway, session):
    """Whether footage comes; a socket, whose view ends when it closes."""
    viewer = Viewer(gateway, session, "/live/jsmpeg/cam39")
    until(lambda: viewer.bytes or viewer.ended)
    viewer.leave()
    return viewer.status == 101 and viewer.bytes > 0


def fetched(gateway, session, path):
    viewer = Viewer(gateway, session, path)
    viewer.thread.join(20)
    return viewer.status


def verified(gateway):
    done = command(GATEHOUSE, "ledger", "verify", gateway.folder / "ledger")
    assert done.returncode == 0, done.stdout + done.stderr


def kill(gateway, name, number=signal.SIGKILL):
    """Kills it and waits until serve has it back; seconds that this took."""
    since, begin = len(gateway.said), time.monotonic()
    os.kill(gateway.children()[name], number)
    gateway.wait_for(f"{name} is there again", since)
    return time.monotonic() - begin


def workers(gateway):
    pid = gateway.children()["nginx"]
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def watch(gateway, paths):
    """Viewers of these paths, all of them with footage by now."""
    viewers = {path: Viewer(gateway, gateway.anna.browser.session, path) for path in paths}
    gateway.viewers += viewers.values()
    assert until(lambda: all(viewer.bytes for viewer in viewers.values())), {p: v.status for p, v in viewers.items()}
    return viewers


def sockets(first, count):
    return [f"/live/jsmpeg/cam{i}" for i in range(first, first + count)]


def leave(viewers):
    for viewer in viewers.values() if isinstance(viewers, dict) else viewers:
        viewer.leave()


def test_a_killed_keeper_opens_nothing_and_running_views_outlive_a_short_absence(gateway):
    viewers = watch(gateway, sockets(0, 20))
    since = len(gateway.said)
    keeper = gateway.children()["keeper"]
    os.kill(keeper, signal.SIGSTOP)
    late = [Viewer(gateway, gateway.anna.browser.session, path) for path in sockets(20, 8)]
    time.sleep(0.3)
    assert not any(viewer.bytes or viewer.status for viewer in late)
    os.kill(keeper, signal.SIGKILL)
    assert until(lambda: all(viewer.ended for viewer in late))
    assert {viewer.status for viewer in late} == {503}
    gateway.wait_for("keeper is there again", since)
    before = {path: viewer.bytes for path, viewer in viewers.items()}
    assert until(lambda: all(viewer.bytes > before[path] for path, viewer in viewers.items()), 5)
    leave(viewers)
    found = settled(gateway)
    for path, viewer in viewers.items():
        view = of_object(found, path)
        assert view["end"][0]["bytes"] == viewer.bytes and view["end"][0]["detail"]["cause"], view


@pytest.mark.parametrize("whose", ["worker", "master"])
def test_a_killed_nginx_leaves_views_that_end_with_its_cause(gateway, whose):
    export, mjpeg, hls = f"/api/cam30/{HOUR}/clip.mp4", "/api/cam31", f"/vod/cam32/{HOUR}/seg-1-v1.m4s"
    more = [mjpeg, hls] if whose == "worker" else []  # their views end when nothing came for a while
    viewers = watch(gateway, [export, *more, *sockets(0, 6)])
    time.sleep(0.6)
    since = len(gateway.said)
    if whose == "worker":
        old = workers(gateway)
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        assert until(lambda: workers(gateway) and not set(old) & set(workers(gateway)))
    else:
        os.kill(gateway.children()["nginx"], signal.SIGKILL)
        gateway.wait_for("nginx is there again", since)
    assert until(lambda: all(viewer.ended for viewer in viewers.values()))
    found = settled(gateway)
    for path, viewer in viewers.items():
        end = of_object(found, path)["end"][0]
        assert viewer.bytes * 1.01 + LOST >= end["bytes"] >= viewer.bytes * 0.98 - LOST, (path, end, viewer.bytes)
        if path != hls:
            assert end["detail"]["cause"] in ("worker ended", "the VMS closed the connection"), end
    assert not of_object(found, export)["end"][0]["detail"].get("is_whole")


def test_a_killed_doorman_ends_no_view_and_forgets_none(gateway):
    gone, stays = sockets(0, 4), sockets(4, 4)
    viewers = watch(gateway, gone + stays)
    since = len(gateway.said)
    os.kill(gateway.children()["doorman"], signal.SIGKILL)
    for path in gone:
        viewers[path].leave()
    gateway.wait_for("doorman is there again", since)
    before = {path: viewers[path].bytes for path in stays}
    assert until(lambda: opens(gateway, gateway.anna.browser.session), 5)
    assert until(lambda: all(viewers[path].bytes > before[path] for path in stays), 5)
    assert until(lambda: all(len(view["end"]) == 1 for view in views(gateway).values()
                             if (view["begin"] + view["end"])[0]["target"]["object"] in gone))
    leave(viewers)
    found = settled(gateway)
    for path, viewer in viewers.items():
        assert of_object(found, path)["end"][0]["bytes"] == viewer.bytes
        assert of_object(found, path)["end"][0]["detail"]["cause"] == "the browser closed the connection"


def test_a_one_time_code_is_worth_nothing_after_the_doorman_was_killed(gateway):
    browser = Visitor(gateway)
    code = totp(gateway.anna.secret)
    way = browser.password(gateway.anna.name)
    assert browser.second(code, page=browser.get(way.location)).status == 303 and browser.session
    kill(gateway, "doorman")
    other = Visitor(gateway)
    way = other.password(gateway.anna.name)
    other.second(code, page=other.get(way.location))
    assert not other.session
    assert opens(gateway, browser.session)


def test_a_killed_broker_leaves_known_cameras_open(gateway):
    viewers = watch(gateway, sockets(0, 2))
    broker = gateway.children()["broker"]
    os.kill(broker, signal.SIGSTOP)
    assert fetched(gateway, gateway.anna.browser.session, "/api/events/1763900000.1-abc/snapshot.jpg") == 503
    assert opens(gateway, gateway.anna.browser.session)
    os.kill(broker, signal.SIGCONT)
    kill(gateway, "broker")
    assert all(viewer.is_watching for viewer in viewers.values())
    leave(viewers)
    settled(gateway)


def test_a_reload_drops_no_stream_and_a_lost_session_still_ends_it(gateway):
    bert = gateway.resident("bert", "viewer")
    export = f"/api/cam30/{HOUR}/clip.mp4"
    viewers = watch(gateway, [export, *sockets(0, 8)])
    mine = Viewer(gateway, bert.browser.session, "/live/jsmpeg/cam9")
    assert until(lambda: mine.bytes)
    old, since = workers(gateway), len(gateway.said)
    yaml = gateway.folder / "gateway.yaml"
    yaml.write_text(re.sub(r"(?m)^( *)(upstream:.*)$", r"\1\2\n\1webrtc: yes", yaml.read_text(), count=1))
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_for("the settings of now are taken; the doorman starts again", since)
    gateway.wait_for("doorman is there again", since)
    assert until(lambda: set(workers(gateway)) - set(old))
    before = {path: viewer.bytes for path, viewer in viewers.items()}
    assert until(lambda: all(viewer.bytes > before[path] for path, viewer in viewers.items() if path != export), 5)
    assert until(lambda: viewers[export].ended) and viewers[export].bytes == 1048600
    begin = time.monotonic()
    assert gateway.run("user", "disable", "bert").returncode == 0
    assert until(lambda: mine.ended, 4) and time.monotonic() - begin < 3
    leave(viewers)
    found = settled(gateway)
    assert of_object(found, "/live/jsmpeg/cam9")["end"][0]["detail"]["cause"] == "revoked"
    for path, viewer in viewers.items():
        assert of_object(found, path)["end"][0]["bytes"] == viewer.bytes
    assert of_object(found, export)["end"][0]["detail"]["is_whole"]


def test_a_killed_serve_leaves_nothing_and_the_next_one_ends_its_views(gateway):
    viewers = watch(gateway, sockets(0, 5))
    time.sleep(0.6)
    processes = gateway.all_processes()
    assert len(processes) >= 6
    gateway.process.kill()
    gateway.process.wait()
    assert until(lambda: not gateway.all_processes(), 15)
    assert all(viewer.ended for viewer in viewers.values())
    gateway.serve()
    found = settled(gateway)
    for path, viewer in viewers.items():
        end = of_object(found, path)["end"][0]
        assert end["detail"]["cause"] in ("gateway ended", "worker ended"), end
        assert abs(end["bytes"] - viewer.bytes) <= LOST
    assert opens(gateway, gateway.anna.browser.session)


def test_all_of_it_killed_at_once_forgets_nothing(gateway):
    viewers = watch(gateway, sockets(0, 5))
    time.sleep(0.6)
    everything = gateway.all_processes() - {gateway.process.pid}
    # Nobody sees another one die: all are stopped first, and the parent goes last, because the kernel
    # wakes a stopped group whose last parent outside it is gone.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in [*everything, gateway.process.pid]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
    gateway.process.wait()
    assert until(lambda: not gateway.all_processes(), 15)
    gateway.serve()
    found = settled(gateway)
    for path, viewer in viewers.items():
        end = of_object(found, path)["end"][0]
        assert end["detail"]["cause"] == "gateway ended" and abs(end["bytes"] - viewer.bytes) <= LOST, end
    assert json.dumps(events(gateway)).count('"system.start"') >= 2
