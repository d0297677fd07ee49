"""npm's camera.ui behind the gateway: its recordings are open to anyone who reaches it, its own log-in is people's second one."""
import json
import shutil
import socket
import subprocess
import time
import types

import pytest
from gateway import MODULE, Gateway, events
from network import Network
from test_cameraui import ADDRESS, program, pytestmark as needs_cameraui  # noqa: F401 (a fixture)

pytestmark = [*needs_cameraui, pytest.mark.skipif(not MODULE.exists() or shutil.which("ffmpeg") is None, reason="needs ffmpeg and nginx's module")]
RECORDING = "front-0123456789-1763900000_m_CUI.mp4"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module", name="gate")
def gate_of(tmp_path_factory, program):  # noqa: F811
    """A recording of camera.ui, a gateway, and people: `viewer` may not play back, `player` may."""
    folder = tmp_path_factory.mktemp("cameraui")
    (folder / "storage" / "recordings").mkdir(parents=True)
    (folder / "storage" / "config.json").write_text(json.dumps({"port": 8081, "options": {"videoProcessor": "/usr/bin/ffmpeg"}, "cameras": []}))
    recording = folder / "storage" / "recordings" / RECORDING
    made = subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=duration=1:size=160x90", recording],
                          capture_output=True, text=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    net = Network(folder)
    try:
        net.host("me", "192.168.61.99/24")
        net.host("ui", ADDRESS + "/24")
        net.start("ui", "node", program, "-S", folder / "storage", "-C", "--no-sudo", "--no-global", port=8081, cwd=folder)
        with net.inside("me"), Gateway(folder / "g", f"http://{ADDRESS}:8081", vms="cameraui") as gateway:
            gateway.serve()
            root = gateway.administrator()
            gateway.role("player", ("browse,live,playback",))
            yield types.SimpleNamespace(gateway=gateway, root=root, viewer=gateway.resident("vera", "viewer"),
                                        player=gateway.resident("paula", "player"), recording=recording, pages=program.parents[1] / "interface")
    finally:
        net.close()


def told(gate, action, outcome, user):
    """Events of that kind, once there is one."""
    until = time.monotonic() + 5
    while True:
        found = [event for event in events(gate.gateway) if event["action"] == action and event["outcome"] == outcome
                 and event.get("actor", {}).get("user") == user]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.3)


def test_a_recording_is_open_around_the_gateway_and_shut_behind_it(gate):
    with socket.create_connection((ADDRESS, 8081), 10) as direct:
        direct.sendall(f"GET /files/{RECORDING} HTTP/1.0\r\n\r\n".encode())
        assert b" 200 OK" in direct.recv(1000)
    for path in (f"/files/{RECORDING}", f"/FILES/{RECORDING}", f"//files/{RECORDING}", f"/files/%2e/{RECORDING}", "/", "/socket.io/?EIO=4&transport=polling"):
        status, _, data = gate.gateway.visitor().fetch(path)
        assert status in (400, 401) and b"ftyp" not in data, path


def test_a_role_without_playback_gets_no_recording(gate):
    for path in (f"/files/{RECORDING}", f"/FILES/{RECORDING}", f"/files/{RECORDING}?r=1", f"/Files/{RECORDING}"):
        status, _, data = gate.viewer.browser.fetch(path)
        assert status in (400, 403) and b"ftyp" not in data, path
    assert told(gate, "footage.playback", "refused", "vera")


def test_a_recording_that_is_played_is_told_with_its_bytes(gate):
    status, _, data = gate.player.browser.fetch(f"/files/{RECORDING}")
    assert status == 200 and data == gate.recording.read_bytes()
    until = time.monotonic() + 25
    while time.monotonic() < until:
        found = told(gate, "footage.playback", "ok", "paula")
        if found[-1]["detail"]["phase"] == "end":
            break
        time.sleep(1)
    assert [event["detail"]["phase"] for event in found] == ["begin", "end"]
    assert found[-1]["bytes"] == len(data) and found[-1]["target"]["from"].startswith("2025-11-23T12:13:20")


def test_people_log_in_to_it_themselves_and_its_api_works(gate):
    browser = gate.root.browser
    assert browser.fetch("/")[0] == 200 and browser.fetch("/api/config")[0] in (200, 401)
    status, _, data = browser.fetch("/api/auth/login", "POST", json.dumps({"username": "master", "password": "master"}), JSON)
    assert status == 201, data
    assert browser.fetch("/api/cameras")[0] == 401
    ticket = json.loads(data)["access_token"]
    assert browser.fetch("/api/cameras", headers={"Authorization": f"Bearer {ticket}"})[0] == 200
    assert gate.viewer.browser.fetch("/api/cameras", headers={"Authorization": f"Bearer {ticket}"})[0] == 403  # it tells passwords
    assert told(gate, "auth.login", "ok", "root-of-all")


def test_a_wrong_password_there_is_told(gate):
    wrong = json.dumps({"username": "master", "password": "guess"})
    assert gate.player.browser.fetch("/api/auth/login", "POST", wrong, JSON)[0] == 401
    assert told(gate, "auth.fail", "failed", "paula")


def test_its_socket_is_live_video_of_every_camera(gate):
    """Any stream can be joined in it, so a role for one camera may not open it, and who may is told."""
    gate.gateway.role("one", ("browse",), ("live,playback", "camera=front"))
    one = gate.gateway.resident("olga", "one")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    for path, headers in (("/socket.io/?EIO=4&transport=websocket", upgrade), ("/socket.io/?EIO=4&transport=polling", {})):
        assert one.browser.fetch(path, headers=headers)[0] == 403
    assert told(gate, "footage.live", "refused", "olga")
    status, _, data = gate.player.browser.fetch("/socket.io/?EIO=4&transport=polling")
    assert status == 200 and b"upgrades" in data
    assert told(gate, "footage.live", "ok", "paula")
    assert one.browser.fetch("/else", headers=upgrade)[0] == 403


def test_media_that_no_row_explains_is_refused(gate):
    """A sound of its pages, which no row names."""
    sound, = (gate.pages / "media").glob("*.mp3")
    status, _, data = gate.root.browser.fetch(f"/media/{sound.name}")
    assert status in (403, 502) and len(data) < 500
    assert told(gate, "footage.unclassified", "refused", "root-of-all")
