#!/usr/bin/python3
"""A stand-in for Frigate: frigate.py FOLDER [--auth login|proxy] [--cameras front,back].

It has the routes and the log-in of a Frigate 0.17 (its published nginx configuration and API), real video made by ffmpeg, and
nothing of its own mind. On standard output comes one line of JSON: its ports, its account, its secret. What it was asked and told is in
FOLDER/requests.jsonl and FOLDER/frames.jsonl. It ends with SIGTERM.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import pathlib
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
HOUR = 3600
SEGMENT = 2
LENGTH = 12  # seconds of the clip that every recording is made of
EVENT = "1763900000.123456-abcdef"
EVENT_START, EVENT_END = 1763900000.123456, 1763900012.5
EXPORT = "front_ab12cd"
EXPORT_FILE = "front_20251123_121320-20251123_122320_ab12cd.mp4"
RECORDING = "2025-11-23/12/front/13.20.mp4"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ffmpeg(*arguments, cwd=None):
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments], check=True, cwd=cwd)


def make_media(folder, cameras):
    """One short film: its parts, its pictures, and the files that nginx hands out by itself."""
    parts = folder / "parts"
    parts.mkdir(parents=True)
    film = ["-f", "lavfi", "-i", f"testsrc=size=320x180:rate=10:duration={LENGTH}", "-pix_fmt", "yuv420p", "-c:v", "libx264",
            "-preset", "ultrafast", "-g", str(10 * SEGMENT)]
    ffmpeg(*film, "clip.mp4", cwd=parts)
    ffmpeg("-i", "clip.mp4", "-c", "copy", "-f", "hls", "-hls_time", str(SEGMENT), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4",
           "-hls_fmp4_init_filename", "init-v1.mp4", "-hls_segment_filename", "seg-%d-v1.m4s", "-start_number", "1", "index.m3u8", cwd=parts)
    ffmpeg("-i", "clip.mp4", "-vf", "fps=1", "-q:v", "5", "frame-%d.jpg", cwd=parts)
    ffmpeg("-i", "frame-1.jpg", "frame.webp", cwd=parts)
    ffmpeg("-i", "clip.mp4", "-vf", "fps=2,scale=160:-1", "preview.gif", cwd=parts)
    ffmpeg("-i", "clip.mp4", "-c:v", "mpeg1video", "-b:v", "200k", "-f", "mpegts", "-r", "25", "live.ts", cwd=parts)
    clip, still, webp = ((parts / name).read_bytes() for name in ("clip.mp4", "frame-1.jpg", "frame.webp"))
    files = {f"recordings/{RECORDING}": clip, f"exports/{EXPORT_FILE}": clip, f"clips/export/{EXPORT}.webp": webp}
    for camera in cameras:
        files[f"clips/{camera}-{EVENT}.jpg"] = still
        files[f"clips/review/thumb-{camera}-{EVENT}.webp"] = webp
        files[f"clips/previews/{camera}/1763899200.0-1763902800.0.mp4"] = clip
        files[f"clips/thumbs/{camera}/{EVENT}.webp"] = webp
    for name, content in files.items():
        path = folder / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "media/stream").mkdir()
    web = folder / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text('<!doctype html><title>Frigate</title><script src="/assets/index-0a1b2c3d.js"></script><div id="root"></div>\n')
    (web / "login.html").write_text("<!doctype html><title>Frigate</title><form></form>\n")
    (web / "assets/index-0a1b2c3d.js").write_text("document.title = 'Frigate';\n")
    return parts


class Answer:
    def __init__(self, body=b"", status=200, kind="application/json", **headers):
        self.body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.status, self.kind, self.headers = status, kind, headers


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        parts = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(parts.path)
        self.query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))

    def json(self):
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            return {}


class Frigate:
    def __init__(self, folder, auth, cameras):
        self.folder, self.auth, self.cameras = folder, auth, cameras
        self.parts = make_media(folder, cameras)
        self.password, self.secret = secrets.token_hex(16), secrets.token_hex(16)
        self.users = {"admin": (self.password, "admin")}
        self.tokens = {}
        self.exports = [{"id": EXPORT, "camera": "front", "name": "Front", "date": EVENT_START, "in_progress": False,
                         "video_path": f"/media/frigate/exports/{EXPORT_FILE}", "thumb_path": f"/media/frigate/clips/export/{EXPORT}.webp"}]
        self.recording = {camera: True for camera in cameras}
        self.log = (folder / "requests.jsonl").open("a", buffering=1)
        self.frames = (folder / "frames.jsonl").open("a", buffering=1)

    # Who is it?

    def who(self, request):
        """The answer of /auth: 202 with user and role, or 401."""
        if request.headers.get("x-server-port") == "5000":
            return "anonymous", "admin"
        if self.auth == "proxy":
            if not secrets.compare_digest(request.headers.get("x-proxy-secret", ""), self.secret):
                return None
            return request.headers.get("x-forwarded-user", "viewer"), request.headers.get("x-forwarded-groups", "viewer")
        cookies = dict(part.strip().partition("=")[::2] for part in request.headers.get("cookie", "").split(";"))
        return self.tokens.get(cookies.get("frigate_token"))

    def check(self, request):
        who = self.who(request)
        return Answer("", 401) if who is None else Answer("", 202, **{"remote-user": who[0], "remote-role": who[1]})

    def log_in(self, request):
        said = request.json()
        known = self.users.get(said.get("user"))
        if request.method != "POST" or known is None or known[0] != said.get("password"):
            return Answer({"message": "Login failed"}, 401)
        token = secrets.token_urlsafe(24)
        self.tokens[token] = (said["user"], known[1])
        return Answer("", **{"Set-Cookie": f"frigate_token={token}; HttpOnly; Path=/; SameSite=lax"})

    def log_out(self, _):
        return Answer("", 303, Location="/login", **{"Set-Cookie": "frigate_token=; Max-Age=0; Path=/"})

    def profile(self, request):
        return Answer({"username": request.headers.get("remote-user"), "role": request.headers.get("remote-role"),
                       "allowed_cameras": self.cameras})

    # What there is

    def config(self, _):
        cameras = {name: {"name": name, "friendly_name": f"Camera {name}", "enabled": True,
                          "detect": {"width": 320, "height": 180}, "record": {"enabled": self.recording[name]},
                          "live": {"streams": {"Main": name, "Sub": f"{name}_sub"}},
                          "ffmpeg": {"inputs": [{"path": f"rtsp://127.0.0.1:8554/{name}", "roles": ["record"]}]}}
                   for name in self.cameras}
        return Answer({"version": "0.17", "cameras": cameras, "camera_groups": {}, "auth": {"enabled": self.auth == "login"},
                       "go2rtc": {"streams": {s: [] for name in self.cameras for s in (name, f"{name}_sub")}}})

    def event(self, request):
        found = request.path.rsplit("/", 1)[1]
        if found != EVENT:
            return Answer({"message": "not found"}, 404)
        return Answer({"id": EVENT, "camera": "front", "label": "car", "start_time": EVENT_START, "end_time": EVENT_END, "has_clip": True})

    def review(self, _):
        return Answer([{"id": EVENT, "camera": "front", "severity": "alert", "start_time": EVENT_START, "end_time": EVENT_END,
                        "thumb_path": f"/media/frigate/clips/review/thumb-front-{EVENT}.webp"}])

    def export(self, request):
        _, _, camera, _, start, _, end = request.path.split("/")
        made = f"{camera}_{secrets.token_hex(3)}"
        stamps = "-".join(time.strftime("%Y%m%d_%H%M%S", time.gmtime(float(when))) for when in (start, end))
        name = f"{camera}_{stamps}_{made.rsplit('_', 1)[1]}.mp4"
        (self.folder / "media/exports" / name).write_bytes(self.part("clip.mp4"))
        self.exports.append({"id": made, "camera": camera, "name": made, "date": float(start), "in_progress": False,
                             "video_path": f"/media/frigate/exports/{name}", "thumb_path": ""})
        return Answer({"success": True, "message": "Starting export of recording.", "export_id": made})

    def users_of(self, request):
        if request.method == "POST":
            said = request.json()
            self.users[said["username"]] = (said["password"], said.get("role", "viewer"))
            return Answer({"username": said["username"]}, 201)
        return Answer([{"username": name, "role": role} for name, (_, role) in self.users.items()])

    def part(self, name):
        return (self.parts / name).read_bytes()

    def picture(self, _):
        return Answer(self.part(f"frame-{int(time.time()) % LENGTH + 1}.jpg"), kind="image/jpeg")

    def webp(self, _):
        return Answer(self.part("frame.webp"), kind="image/webp")

    def clip(self, request):
        return Answer(self.part("clip.mp4"), kind="video/mp4", **{"Content-Disposition": "attachment; filename=clip.mp4"})

    def preview(self, request):
        return self.clip(request) if request.query.get("format") == "mp4" or request.path.endswith("mp4") else \
            Answer(self.part("preview.gif"), kind="image/gif")

    def vod(self, request):
        """What nginx-vod makes of recordings: a master, a playlist, parts of fragmented MP4."""
        name = request.path.rsplit("/", 1)[1]
        if name == "master.m3u8":
            return Answer("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=320x180\nindex-v1.m3u8\n", kind="application/vnd.apple.mpegurl")
        if name.endswith(".m3u8"):
            return Answer(self.part("index.m3u8"), kind="application/vnd.apple.mpegurl")
        if re.fullmatch(r"seg-\d+-v1\.m4s|init-v1\.mp4", name) and (self.parts / name).exists():
            return Answer(self.part(name), kind="video/mp4" if name.endswith("mp4") else "video/iso.segment")
        return Answer("", 404)

    def set_camera(self, _):
        return Answer({"success": True, "message": "Config successfully updated"})

    def nothing(self, _):
        return Answer({"success": True, "message": "ok"})

    def answer(self, request):
        for pattern, function in ROUTES:
            if re.fullmatch(pattern, request.path):
                found = re.match(r"/(?:api/)?(?:vod/(?:clip/)?|export/)?([A-Za-z0-9_-]+)/start/", request.path)
                if found and found[1] not in self.cameras:
                    return Answer({"detail": "Not Found"}, 404)
                return function(self, request)
        return Answer({"detail": "Not Found"}, 404)

    def mjpeg_camera(self, request):
        name = request.path.strip("/")
        return name if request.method == "GET" and name in self.cameras else None

    # What is sent on

    async def mjpeg(self, writer, request):
        pause = 1 / min(max(float(request.query.get("fps", 3)), 0.1), 30)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\nConnection: close\r\n\r\n")
        while True:
            picture = self.picture(request).body
            writer.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(picture), picture))
            await writer.drain()
            await asyncio.sleep(pause)

    async def told(self, socket_, request, text):
        """A message of a browser."""
        self.frames.write(json.dumps({"path": request.path, "user": request.headers.get("remote-user"), "text": text}) + "\n")
        try:
            said = json.loads(text)
        except ValueError:
            return
        if request.path.startswith("/live/mse") and said.get("type") == "mse":
            await socket_.send('{"type":"mse","value":"video/mp4; codecs=\\"avc1.42C00D\\""}')
            socket_.task = asyncio.create_task(self.send_parts(socket_))
        elif request.path == "/ws" and said.get("topic") == "onConnect":
            activity = {name: {"config": {"record": on, "detect": True}} for name, on in self.recording.items()}
            await socket_.send(json.dumps({"topic": "camera_activity", "payload": json.dumps(activity)}))
        elif request.path == "/ws" and str(said.get("topic")).endswith("/recordings/set"):
            camera = said["topic"].split("/")[0]
            self.recording[camera] = said.get("payload") == "ON"
            await socket_.send(json.dumps({"topic": f"{camera}/recordings/state", "payload": said.get("payload")}))

    async def send_parts(self, socket_):
        await socket_.send(self.part("init-v1.mp4"))
        while True:
            for number in range(1, LENGTH // SEGMENT + 1):
                await socket_.send(self.part(f"seg-{number}-v1.m4s"))
                await asyncio.sleep(0.5)

    async def send_jsmpeg(self, socket_):
        stream = self.part("live.ts")
        while True:
            for at in range(0, len(stream), 188 * 20):
                await socket_.send(stream[at:at + 188 * 20])
                await asyncio.sleep(0.2)


CAMERA = r"/[A-Za-z0-9_-]+"
RANGE = r"/start/[\d.]+/end/[\d.]+"
ID = r"/[\w.-]+"
ROUTES = [
    (r"/auth", Frigate.check),
    (r"/login", Frigate.log_in),
    (r"/logout", Frigate.log_out),
    (r"/auth/first_time_login", lambda *_: Answer({"admin_first_time_login": False})),
    (r"/", lambda *_: Answer("Frigate is running. Alive and healthy!", kind="text/plain")),
    (r"/version", lambda *_: Answer("0.17.2-a1b2c3d", kind="text/plain")),
    (r"/profile", Frigate.profile),
    (r"/config", Frigate.config),
    (r"/config/raw", lambda *_: Answer("cameras: {}\n", kind="text/plain")),
    (r"/stats", lambda *_: Answer({"service": {"uptime": 1}})),
    (r"/users", Frigate.users_of),
    (r"/events", lambda *_: Answer([{"id": EVENT, "camera": "front", "label": "car", "start_time": EVENT_START, "end_time": EVENT_END}])),
    (rf"/events{ID}", Frigate.event),
    (rf"/events{ID}/clip\.mp4", Frigate.clip),
    (rf"/events{ID}/snapshot\.jpg", Frigate.picture),
    (rf"/events{ID}/thumbnail\.jpg", Frigate.picture),
    (rf"/events{ID}/thumbnail\.webp", Frigate.webp),
    (rf"/events{ID}/preview\.gif", Frigate.preview),
    (r"/review", Frigate.review),
    (r"/review/summary|/recordings/summary|/timeline|/review/activity/motion", lambda *_: Answer({})),
    (rf"/review{ID}/preview", Frigate.preview),
    (rf"/review{ID}", lambda self, request: Answer(json.loads(self.review(request).body)[0])),
    (r"/reviews/viewed|/reviews/delete|/config/set|/config/save|/restart", Frigate.nothing),
    (rf"/preview{CAMERA}{RANGE}", lambda *_: Answer([])),
    (rf"/preview{ID}/thumbnail\.webp", Frigate.webp),
    (rf"/export{CAMERA}{RANGE}", Frigate.export),
    (r"/exports", lambda self, _: Answer(self.exports)),
    (rf"/vod(?:/clip)?{CAMERA}{RANGE}/[\w.-]+|/vod/event{ID}/[\w.-]+", Frigate.vod),
    (r"/go2rtc/streams", lambda self, _: Answer({s: {} for name in self.cameras for s in (name, f"{name}_sub")})),
    (r"/go2rtc/webrtc", lambda *_: Answer("v=0\r\n", kind="application/sdp")),
    (r"/api/go2rtc/api/stream\.mp4", Frigate.clip),
    (rf"{CAMERA}/latest\.jpg", Frigate.picture),
    (rf"{CAMERA}/latest\.webp", Frigate.webp),
    (rf"{CAMERA}/recordings", lambda *_: Answer([{"start_time": EVENT_START, "end_time": EVENT_END, "duration": LENGTH}])),
    (rf"{CAMERA}/recordings/[\d.]+/snapshot\.(?:jpg|png)", Frigate.picture),
    (rf"{CAMERA}{RANGE}/clip\.mp4", Frigate.clip),
    (rf"{CAMERA}{RANGE}/preview\.(?:gif|mp4)", Frigate.preview),
    (rf"{CAMERA}/ptz/info", lambda *_: Answer({"features": ["pt", "zoom"], "presets": []})),
    (r"/front/not/known", lambda self, _: Answer(self.part("clip.mp4"), kind="application/octet-stream")),  # media that no table explains
]


class WebSocket:
    """RFC 6455, the server's side, as far as a browser and a proxy need it."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.task = reader, writer, None

    async def send(self, message, opcode=None):
        opcode = opcode or (1 if isinstance(message, str) else 2)
        body = message.encode() if isinstance(message, str) else message
        size = bytes([len(body)]) if len(body) < 126 else b"\x7e" + struct.pack(">H", len(body)) if len(body) < 65536 else \
            b"\x7f" + struct.pack(">Q", len(body))
        self.writer.write(bytes([0x80 | opcode]) + size + body)
        await self.writer.drain()

    async def frame(self):
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        mask = await self.reader.readexactly(4) if second & 0x80 else b"\0\0\0\0"
        body = await self.reader.readexactly(min(size, 1 << 20))
        return bool(first & 0x80), first & 0x0F, bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))

    async def message(self):
        """The next text or binary message; None: closed."""
        whole = b""
        while True:
            is_last, opcode, body = await self.frame()
            if opcode == 8:
                await self.send(body, 8)
                return None
            if opcode == 9:
                await self.send(body, 10)
            elif opcode in (0, 1, 2):
                whole += body
                if is_last:
                    return whole.decode("utf-8", "replace")


async def read_request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {}
    for line in head[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)


def head_of(answer):
    lines = [f"HTTP/1.1 {answer.status} -", f"Content-Type: {answer.kind}", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def serve_api(frigate, reader, writer):
    while True:
        request = await read_request(reader)
        if request.path != "/auth":
            frigate.log.write(json.dumps({"method": request.method, "target": request.target, "headers": request.headers,
                                          "body": request.body.decode("utf-8", "replace")[:4096]}) + "\n")
        if frigate.mjpeg_camera(request):
            await frigate.mjpeg(writer, request)
        answer = frigate.answer(request)
        writer.write(head_of(answer) + (b"" if request.method == "HEAD" else answer.body))
        await writer.drain()


async def serve_live(frigate, reader, writer):
    request = await read_request(reader)
    key = request.headers.get("sec-websocket-key")
    is_camera = not request.path.startswith("/live/jsmpeg/") or request.path.rsplit("/", 1)[1] in [*frigate.cameras, "birdseye"]
    frigate.log.write(json.dumps({"method": "WS", "target": request.target, "headers": request.headers}) + "\n")
    if key is None or not is_camera:
        writer.write(head_of(Answer("", 404 if key else 400)))
        return
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    socket_ = WebSocket(reader, writer)
    if request.path.startswith("/live/jsmpeg/"):
        socket_.task = asyncio.create_task(frigate.send_jsmpeg(socket_))
    try:
        while (text := await socket_.message()) is not None:
            await frigate.told(socket_, request, text)
    finally:
        if socket_.task is not None:
            socket_.task.cancel()


def quietly(function, frigate):
    async def run(reader, writer):
        try:
            await function(frigate, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()
    return run


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--auth", choices=("login", "proxy"), default="proxy")
    parser.add_argument("--cameras", default="front,back,front-door")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = options.folder.resolve()
    frigate = Frigate(folder, options.auth, options.cameras.split(","))
    api = await asyncio.start_server(quietly(serve_api, frigate), "127.0.0.1", 0)
    live = await asyncio.start_server(quietly(serve_live, frigate), "127.0.0.1", 0)
    values = {"folder": folder, "open": free_port(), "asked": free_port(), "api": api.sockets[0].getsockname()[1],
              "live": live.sockets[0].getsockname()[1]}
    conf = re.sub(r"@(\w+)@", lambda found: str(values[found[1]]), (HERE / "nginx.conf").read_text())
    (folder / "nginx.conf").write_text(conf)
    nginx = await asyncio.create_subprocess_exec("/usr/sbin/nginx", "-e", str(folder / "nginx.log"), "-c", str(folder / "nginx.conf"))
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", values["asked"]), 1).close()
            break
        except OSError:
            await asyncio.sleep(0.05)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(json.dumps({"port": values["asked"], "open_port": values["open"], "auth": options.auth, "user": "admin",
                      "password": frigate.password, "secret": frigate.secret, "cameras": frigate.cameras, "event": EVENT,
                      "export": EXPORT_FILE, "recording": RECORDING}), flush=True)
    ended = asyncio.create_task(nginx.wait())
    await asyncio.wait([asyncio.create_task(stop.wait()), ended], return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():
        nginx.terminate()
        await ended
    return 0 if stop.is_set() else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
