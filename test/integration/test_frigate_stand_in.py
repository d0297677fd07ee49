"""The stand-in for Frigate behaves as the published Frigate does where the gateway's tests rely on it."""

import json
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

websocket = pytest.importorskip("websocket")
PROGRAM = pathlib.Path(__file__).resolve().parent / "counterparts/frigate/frigate.py"


class StandIn:
    def __init__(self, folder, auth):
        self.folder = folder
        self.process = subprocess.Popen([sys.executable, PROGRAM, folder, "--auth", auth], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.said = json.loads(line)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(10) == 0

    def headers(self):
        return {"X-Proxy-Secret": self.said["secret"], "X-Forwarded-User": "anna", "X-Forwarded-Groups": "viewer"}

    def get(self, path, headers=None, port="port", data=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.said[port]}{path}", data=data, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


@pytest.fixture(scope="module", params=["proxy", "login"])
def frigate(request, tmp_path_factory):
    stand_in = StandIn(tmp_path_factory.mktemp("frigate"), request.param)
    yield stand_in
    stand_in.stop()


def allowed(frigate):
    """Headers by which it lets somebody in."""
    if frigate.said["auth"] == "proxy":
        return frigate.headers()
    body = json.dumps({"user": "admin", "password": frigate.said["password"]}).encode()
    status, headers, _ = frigate.get("/api/login", {"Content-Type": "application/json"}, data=body)
    assert status == 200
    return {"Cookie": headers["Set-Cookie"].split(";")[0]}


@pytest.mark.parametrize("path", ["/api/version", "/api/config", "/vod/front/start/1/end/2/master.m3u8", "/recordings/", "/exports/",
                                  "/clips/", "/api/front/latest.jpg", "/api/front"])
def test_refuses_who_is_not_logged_in(frigate, path):
    assert frigate.get(path)[0] == 401
    assert frigate.get(path, {"X-Forwarded-User": "admin", "X-Forwarded-Groups": "admin", "Remote-User": "admin"})[0] == 401
    assert frigate.get(path, {"X-Proxy-Secret": "wrong", "Cookie": "frigate_token=wrong"})[0] == 401


def test_the_open_port_knows_no_log_in(frigate):
    status, _, body = frigate.get("/api/profile", port="open_port")
    assert status == 200 and json.loads(body)["username"] == "anonymous" and json.loads(body)["role"] == "admin"


def test_pages_need_no_log_in(frigate):
    status, _, body = frigate.get("/review")
    assert status == 200 and b"<title>Frigate</title>" in body


def test_plays_recordings_as_hls(frigate):
    headers = allowed(frigate)
    base = "/vod/front/start/1763900000/end/1763900012/"
    assert frigate.get(base + "master.m3u8", headers)[2].startswith(b"#EXTM3U")
    playlist = frigate.get(base + "index-v1.m3u8", headers)[2].decode()
    parts = [line for line in playlist.splitlines() if line.endswith(".m4s")]
    assert len(parts) == 6
    assert frigate.get(base + parts[0], headers)[2][4:8] in (b"styp", b"moof", b"sidx")
    assert frigate.get("/vod/unheard/start/1/end/2/master.m3u8", headers)[0] == 404


@pytest.mark.parametrize("path, kind, begin", [
    ("/api/front/latest.jpg", "image/jpeg", b"\xff\xd8"), ("/api/front/start/1/end/2/clip.mp4", "video/mp4", None),
    ("/api/events/1763900000.123456-abcdef/clip.mp4", "video/mp4", None),
    ("/clips/review/thumb-front-door-1763900000.123456-abcdef.webp", "image/webp", b"RIFF"),
    ("/recordings/2025-11-23/12/front/13.20.mp4", "video/mp4", None), ("/api/front/not/known", "application/octet-stream", None)])
def test_hands_out_real_media(frigate, path, kind, begin):
    status, headers, body = frigate.get(path, allowed(frigate))
    assert (status, headers["Content-Type"]) == (200, kind) and len(body) > 100
    assert body.startswith(begin) if begin else body[4:8] == b"ftyp"


def test_streams_mjpeg(frigate):
    request = urllib.request.Request(f"http://127.0.0.1:{frigate.said['port']}/api/front?fps=20", headers=allowed(frigate))
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("multipart/x-mixed-replace")
        assert answer.read(20000).count(b"Content-Type: image/jpeg") > 1


def test_makes_exports_that_can_be_fetched(frigate):
    headers = allowed(frigate)
    made = json.loads(frigate.get("/api/export/front/start/1763900000/end/1763900010", headers, data=b"{}")[2])
    row = next(row for row in json.loads(frigate.get("/api/exports", headers)[2]) if row["id"] == made["export_id"])
    assert row["video_path"].endswith(f"front_20251123_121320-20251123_121330_{made['export_id'].split('_')[1]}.mp4")
    assert frigate.get(row["video_path"].replace("/media/frigate", ""), headers)[2][4:8] == b"ftyp"


def test_recording_is_switched_by_one_message(frigate):
    headers = allowed(frigate)
    with_ws = websocket.create_connection(f"ws://127.0.0.1:{frigate.said['port']}/ws", header=headers, timeout=10)
    with_ws.send('{"topic":"front/recordings/set","payload":"OFF"}')
    assert json.loads(with_ws.recv())["payload"] == "OFF"
    with_ws.close()
    assert json.loads(frigate.get("/api/config", headers)[2])["cameras"]["front"]["record"]["enabled"] is False
    assert "recordings/set" in (frigate.folder / "frames.jsonl").read_text()


@pytest.mark.parametrize("path, first", [("/live/mse/api/ws?src=front", '{"type":"mse","value":""}'), ("/live/jsmpeg/front", None)])
def test_live_video_over_websocket(frigate, path, first):
    live = websocket.create_connection(f"ws://127.0.0.1:{frigate.said['port']}{path}", header=allowed(frigate), timeout=10)
    if first:
        live.send(first)
        assert '"mse"' in live.recv()
    assert len(live.recv()) > 500
    live.close()
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(f"ws://127.0.0.1:{frigate.said['port']}{path}", timeout=10)
