"""nginx with the module before a stand-in for Frigate: what its web client does, and the events that this makes."""
import contextlib
import json
import pathlib
import subprocess
import sys
import time

import pytest

from gate_rig import ANNA, BERT, MODULE, Rig

websocket = pytest.importorskip("websocket")
pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="this build has no module")
PROGRAM = pathlib.Path(__file__).resolve().parent / "counterparts/frigate/frigate.py"
EVENT = "1763900000.123456-abcdef"
EXPORTED = "front_20251123_121320-20251123_122320_ab12cd.mp4"


class StandIn:
    """The program, in the place of the rig's own upstream."""

    def __init__(self, folder):
        self.folder, self.stop = folder, self
        self.process = subprocess.Popen([sys.executable, PROGRAM, folder], stdout=subprocess.PIPE, text=True)
        self.said = json.loads(self.process.stdout.readline())
        self.port = self.said["port"]

    def set(self):
        """The rig's end."""

    def shutdown(self):
        """The rig's end."""
        self.process.terminate()
        assert self.process.wait(10) == 0

    def server_close(self):
        """The rig's end."""

    def frames(self):
        """Messages that reached it."""
        return [json.loads(line)["text"] for line in (self.folder / "frames.jsonl").read_text().splitlines()]


class FrigateRig(Rig):
    """The rig, with a Frigate."""

    def start_board(self):
        self.upstream = StandIn(self.folder / "frigate")
        super().start_board()
        self.say(vms=[{"name": "frigate", "cameras": {"front": "Front door", "back": "Back yard", "front-door": "Door"},
                       "aliases": {"front_sub": "front", "back_sub": "back"},
                       "headers": {"X-Proxy-Secret": self.upstream.said["secret"], "X-Forwarded-User": "{user}",
                                   "X-Forwarded-Groups": "admin"}}])
        times = {"cameras": ["front"], "from": 1763900000123, "to": 1763900012500}
        self.broker.known = {f"event {EVENT}": times, f"review {EVENT}": times, f"exported {EXPORTED}": times,
                             f"export {EXPORTED}": times}

    def socket(self, target, cookie):
        """A WebSocket of the browser."""
        return websocket.create_connection(f"ws://127.0.0.1:{self.port}{target}", timeout=10, host="gate.example",
                                           origin="http://gate.example",
                                           header=[f"Cookie: gatehouse={cookie}"])


@pytest.fixture
def rig(tmp_path):
    """One for each test: its ledger is compared whole."""
    made = FrigateRig(tmp_path / "gate")
    yield made
    made.end()


# What the web client asks for (test/unit/frigate_requests.def has its sources), and the event that begins: None, or action and cameras.
FLOW = [
    ("GET", "/", None),
    ("GET", "/assets/index-0a1b2c3d.js", None),
    ("GET", "/api/profile", None),
    ("GET", "/api/config", None),
    ("GET", "/api/review?limit=10", None),
    ("GET", "/api/front/latest.webp?cache=1&height=360", ("footage.snapshot", ["Front door"])),
    ("GET", "/api/front/latest.webp?cache=2&height=360", None),
    ("GET", "/api/back/latest.webp?cache=1&height=360", ("footage.snapshot", ["Back yard"])),
    ("GET", f"/clips/review/thumb-front-door-{EVENT}.webp", ("footage.snapshot", ["front-door"])),
    ("GET", f"/api/review/{EVENT}/preview?format=mp4", ("footage.playback", ["Front door"])),
    ("GET", "/vod/front/start/1763900000/end/1763900012/master.m3u8", ("footage.playback", ["Front door"])),
    ("GET", "/vod/front/start/1763900000/end/1763900012/index-v1.m3u8", None),
    ("GET", "/vod/front/start/1763900000/end/1763900012/init-v1.mp4", None),
    ("GET", "/vod/front/start/1763900000/end/1763900012/seg-1-v1.m4s", None),
    ("GET", "/vod/front/start/1763900000/end/1763900012/seg-2-v1.m4s", None),
    ("GET", f"/api/events/{EVENT}/snapshot.jpg", ("footage.snapshot", ["Front door"])),
    ("POST", "/api/export/front/start/1763900000/end/1763900010", ("footage.export", ["Front door"])),
    ("GET", "/api/exports", None),
    ("GET", f"/exports/{EXPORTED}", ("footage.export", ["Front door"])),
    ("GET", f"/api/events/{EVENT}/clip.mp4", ("footage.export", ["Front door"])),
    ("PUT", "/api/config/set?cameras.front.record.enabled=False", ("config.change", [])),
    ("GET", "/api/config/raw", ("config.change", [])),
    ("GET", "/api/users", ("user.change", [])),
    ("POST", "/api/users", ("user.change", [])),
]


def begun(rig, since=0):
    """Action and cameras of each event that is no end and no heartbeat of a view."""
    return [(event["action"], event.get("target", {}).get("cameras", [])) for event in rig.events(since)
            if event.get("detail", {}).get("phase", "begin") == "begin" and not event["action"].startswith("system.")]


def settled(rig, since, count):
    """The same when there are so many, and no more came after them."""
    until = time.monotonic() + 8
    while time.monotonic() < until and len(begun(rig, since)) < count:
        time.sleep(0.05)
    time.sleep(1.2)  # the ledger's files show an event within a second
    return begun(rig, since)


def test_the_web_client_makes_exactly_these_events(rig):
    since = len(rig.events())
    for method, target, _ in FLOW:
        body = json.dumps({"username": "paul", "password": "x", "role": "viewer"}).encode() if method != "GET" else b""
        status, _, got = rig.get(target, ANNA, "Origin: http://gate.example", "Content-Type: application/json", method=method, body=body)
        assert status in (200, 201), (target, status, got[:200])
    expected = [event for _, _, event in FLOW if event]
    assert settled(rig, since, len(expected)) == expected


def test_a_role_of_one_camera_sees_no_other_by_any_name(rig):
    for target in ["/api/front/latest.jpg", "/vod/front/start/1763900000/end/1763900012/master.m3u8", f"/api/events/{EVENT}/snapshot.jpg"]:
        assert rig.get(target, BERT)[0] == 200, target
    for target in ["/api/back/latest.jpg", "/vod/back/start/1763900000/end/1763900012/master.m3u8", "/api/birdseye/latest.jpg",
                   f"/clips/back-{EVENT}.jpg", f"/clips/front-door-{EVENT}.jpg", "/clips/previews/back/1763899200.0-1763902800.0.mp4",
                   "/api/front/start/1763900000/end/1763900010/clip.mp4", "/api/unheard/latest.jpg", "/api/events",
                   "/api/go2rtc/api/stream.mp4?src=back", "/api/config/raw"]:
        assert rig.get(target, BERT)[0] in (403, 404), target
    for target in ["/live/mse/api/ws?src=back_sub", "/live/mse/api/ws?src=rtsp%3A%2F%2F10.0.0.9%2Flive", "/live/jsmpeg/back",
                   "/live/jsmpeg/birdseye", "/live/webrtc/api/ws?src=front"]:
        with pytest.raises(websocket.WebSocketBadStatusException):
            rig.socket(target, BERT)


def test_live_video_is_one_event_and_webrtc_does_not_get_past_it(rig):
    since = len(rig.events())
    live = rig.socket("/live/mse/api/ws?src=front_sub", ANNA)
    live.send('{"type":"mse","value":""}')
    assert '"mse"' in live.recv()
    assert live.recv()[4:8] == b"ftyp"
    assert settled(rig, since, 1) == [("footage.live", ["Front door"])]
    with contextlib.suppress(websocket.WebSocketException, OSError):
        live.send('{"type":"webrtc/offer","value":"v=0"}')
        for _ in range(100):
            live.recv()
    assert not [text for text in rig.upstream.frames() if "webrtc" in text]


def test_recording_switched_off_by_a_message_is_told_and_a_strange_one_goes_nowhere(rig):
    since = len(rig.events())
    told = rig.socket("/ws", ANNA)
    told.send('{"topic":"onConnect","message":"","retain":false}')
    assert "camera_activity" in told.recv()
    told.send_binary(b'{"topic":"front/recordings/set","payload":"OFF"}')
    assert json.loads(told.recv())["payload"] == "OFF"
    assert settled(rig, since, 1) == [("config.change", ["Front door"])]
    with contextlib.suppress(websocket.WebSocketException, OSError):
        told.send('{"topic":"frigate/anything","payload":"x"}')
        told.recv()
    assert rig.wait_events(lambda event: event["outcome"] == "refused", since)
    assert not [text for text in rig.upstream.frames() if "anything" in text]


def test_media_that_no_row_explains_is_refused(rig):
    since = len(rig.events())
    assert rig.get("/api/front/not/json", ANNA)[0] == 404
    status, _, body = rig.get("/api/front/not/known", ANNA)
    assert status in (403, 502) and b"ftyp" not in body
    told = rig.wait_events(lambda event: event["action"] == "footage.unclassified", since)
    assert [(event["outcome"], event["target"]["object"]) for event in told] == [("refused", "/api/front/not/known")]
