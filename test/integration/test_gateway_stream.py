"""What goes on behind a decision: streams, sockets, exports, and answers that no rule explains."""
import base64
import contextlib
import hashlib
import os
import signal
import socket
import struct
import subprocess
import time

import pytest

from gate_rig import ANNA, BERT, MODULE, NGINX, Answers, Rig, session_name

pytestmark = pytest.mark.skipif(not MODULE.exists() or not os.path.exists(NGINX), reason="needs nginx and the module")

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 600
JPEG = b"\xff\xd8\xff\xe0" + b"j" * 600
MP4 = b"\0\0\0\x18ftypisom" + b"m" * 600
PART = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + b"x" * 500 + b"\r\n"
EXPORT = b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(1 << 15))  # 1 MiB
CLIP = "/api/front/start/1763900000/end/1763900060/clip.mp4"

# What the stand-in answers there: type, body, more headers.
ODD = {
    "/odd/jpeg": ("image/jpeg", JPEG, []),
    "/odd/html": ("text/html", JPEG, []),
    "/odd/octets": ("application/octet-stream", MP4, []),
    "/odd/nothing": (None, MP4, []),
    "/odd/parts": ("text/plain", PART * 3, []),
    "/odd/playlist": ("text/plain", b"#EXTM3U\n#EXT-X-VERSION:3\n", []),
    "/odd/gzip": ("text/html", b"\x1f\x8b\x08" + b"g" * 600, [("Content-Encoding", "gzip")]),
    "/odd/page": ("text/html", b"<html>" + b"page" * 5000, []),
    "/odd/short": ("text/plain", b"ok", []),
    "/odd/empty": ("text/plain", b"", []),
    "/images/logo.png": ("image/png", PNG, []),
    "/images/movie.png": ("image/png", MP4, []),
    "/images/movie.js": ("text/javascript", MP4, []),
    "/assets/index.js": ("text/javascript", b"let a;" * 500, []),
}


class Footage(Answers):
    """The stand-in with streams, sockets and odd answers."""

    def answer(self):
        path = self.path.split("?")[0]
        if self.headers.get("Upgrade"):
            self.socket()
        elif path in ODD:
            self.odd(*ODD[path])
        elif path == "/odd/drops":
            self.drops()
        elif path.endswith("clip.mp4"):
            self.clip()
        elif path == "/api/front":
            self.stream()
        else:
            super().answer()

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = answer

    def odd(self, kind, body, headers):
        """One answer as it stands."""
        self.send_response(200)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def drops(self):
        """A picture that comes byte by byte."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            for byte in b"data: 1\n\n":
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
            time.sleep(2)

    def clip(self):
        """A file, or a part of it; "slow": half of it, then nothing; "short": half of it, then the end."""
        first, last = 0, len(EXPORT)
        asked = self.headers.get("Range")
        if asked:
            first, last = (int(word) for word in asked.split("=")[1].split("-"))
            last += 1
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(last - first))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last - 1}/{len(EXPORT)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        with contextlib.suppress(OSError):
            if self.server.mode == "whole":
                self.wfile.write(EXPORT[first:last])
            else:
                self.wfile.write(EXPORT[: len(EXPORT) // 2])
                self.wfile.flush()
                if self.server.mode == "slow":
                    self.server.stop.wait(20)
                self.close_connection = True

    def socket(self):
        """Accepts and sends back what comes, raw; "/live/jsmpeg" sends by itself."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.wfile.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        self.connection.settimeout(0.05)
        with contextlib.suppress(ConnectionError):
            while not self.server.stop.is_set():
                if self.path.startswith("/live/jsmpeg"):
                    self.connection.sendall(b"\x82\x05video")
                try:
                    got = self.connection.recv(65536)
                except TimeoutError:
                    continue
                if not got:
                    break
                self.server.frames.append(got)
                self.connection.sendall(b"\x82\x02ok")
        self.close_connection = True


class Socket:
    """A browser's WebSocket, byte by byte."""

    def __init__(self, rig, target, cookie, behind=b""):
        self.peer = socket.create_connection(("127.0.0.1", rig.port), timeout=10)
        self.peer.sendall(f"GET {target} HTTP/1.1\r\nHost: gate.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Origin: http://gate.example\r\nSec-WebSocket-Version: 13\r\n"
                          f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                          f"Cookie: gatehouse={cookie}\r\n\r\n".encode() + behind)
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            piece = self.peer.recv(1)
            if not piece:
                break
            self.head += piece
        self.status = int(self.head.split()[1]) if self.head else 0

    def send(self, text, first=0x81):
        """One masked frame."""
        self.peer.sendall(frame(text, first))

    def lasts(self, seconds):
        """How long the other side keeps it open, in seconds; None: longer."""
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            self.peer.settimeout(max(0.01, seconds - (time.monotonic() - begin)))
            try:
                if not self.peer.recv(65536):
                    return time.monotonic() - begin
            except TimeoutError:
                return None
            except ConnectionError:
                return time.monotonic() - begin
        return None


def frame(text, first=0x81):
    """A masked frame."""
    data, mask = text.encode() if isinstance(text, str) else text, b"\x01\x02\x03\x04"
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
    return bytes([first]) + size + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


@pytest.fixture(scope="module", name="rig")
def fixture_rig(tmp_path_factory):
    """One for all tests of this file."""
    rig = Rig(tmp_path_factory.mktemp("stream"))
    rig.upstream.RequestHandlerClass = Footage
    rig.upstream.mode = "whole"
    rig.upstream.frames = []
    yield rig
    print(rig.log()[-4000:])
    rig.end()


def wait_ended(rig, seen, wanted, seconds=20):
    """What gate-board was told of a view that ended, after those seen before."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for event in rig.ended[seen:]:
            detail = event["detail"]
            view = {"kind": detail["access"], "bytes": event["bytes"], "cause": detail.get("cause"),
                    "digest": event.get("digest", "").removeprefix("sha256:"), "is_whole": detail.get("is_whole"),
                    "session": event["actor"]["session"]}
            if wanted(view):
                return view
        time.sleep(0.05)
    raise AssertionError(f"no such view ended: {rig.ended[seen:]}")


@pytest.mark.parametrize("path", ["jpeg", "html", "octets", "nothing", "parts", "playlist", "gzip"])
def test_media_that_no_rule_explains_does_not_leave(rig, path):
    since = len(rig.events())
    status, headers, body = rig.get(f"/odd/{path}?{path}", ANNA)
    assert status == 403
    assert b"jjjj" not in body and b"ftyp" not in body and b"image/jpeg" not in body and b"EXTM3U" not in body
    assert not any(name.lower() == "content-encoding" for name, _ in headers)
    found = rig.wait_events(lambda event: event["action"] == "footage.unclassified", since)
    assert found and found[0]["outcome"] == "refused" and found[0]["target"]["object"].startswith("/odd/")


def test_pages_and_drawings_of_the_program_pass_unchanged(rig):
    for path in ("/odd/page", "/odd/short", "/odd/empty", "/images/logo.png", "/assets/index.js"):
        status, headers, body = rig.get(path, ANNA)
        assert (status, body) == (200, ODD[path][1]), path
        assert ("content-type", ODD[path][0]) in [(name.lower(), value) for name, value in headers]


def test_video_under_the_name_of_a_drawing_does_not_leave(rig):
    for path in ("/images/movie.png", "/images/movie.js"):
        status, _, body = rig.get(path, ANNA)
        assert status == 403 and b"ftyp" not in body


def test_head_of_an_odd_answer_has_no_body_to_judge(rig):
    status, _, body = rig.get("/odd/page", ANNA, method="HEAD")
    assert status == 200 and body == b""


def test_few_bytes_are_not_held_for_long(rig):
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as peer:
        peer.sendall(f"GET /odd/drops HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={ANNA}\r\n\r\n".encode())
        got = b""
        while b"data: 1" not in got:
            got += peer.recv(4096)
    assert time.monotonic() - begin < 1.5


def test_export_is_hashed_as_it_leaves(rig):
    seen = len(rig.ended)
    status, _, body = rig.get(CLIP, ANNA)
    assert status == 200 and body == EXPORT
    view = wait_ended(rig, seen, lambda view: view["kind"] == "export")
    assert view["bytes"] == len(EXPORT)
    assert view["digest"] == hashlib.sha256(EXPORT).hexdigest() and view["is_whole"]


def test_part_of_an_export_is_hashed_as_a_part(rig):
    seen = len(rig.ended)
    status, _, body = rig.get(CLIP, ANNA, "Range: bytes=1000-299999")
    assert status == 206 and body == EXPORT[1000:300000]
    view = wait_ended(rig, seen, lambda view: view["kind"] == "export")
    assert view["bytes"] == 299000
    assert view["digest"] == hashlib.sha256(body).hexdigest() and not view["is_whole"]


@pytest.mark.parametrize("mode", ["short", "slow"])
def test_interrupted_export_says_what_left(rig, mode):
    seen = len(rig.ended)
    rig.upstream.mode = mode
    try:
        with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as peer:
            peer.sendall(f"GET {CLIP} HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={ANNA}\r\n\r\n".encode())
            got = b""
            with contextlib.suppress(ConnectionError):
                while piece := peer.recv(65536):
                    got += piece
                    if mode == "slow" and len(got.partition(b"\r\n\r\n")[2]) >= len(EXPORT) // 2:
                        break
    finally:
        rig.upstream.mode = "whole"
    body = got.partition(b"\r\n\r\n")[2]
    view = wait_ended(rig, seen, lambda view: view["kind"] == "export")
    assert view["cause"] == ("the browser closed the connection" if mode == "slow" else "the VMS closed the connection")
    assert view["bytes"] == len(body) == len(EXPORT) // 2 and not view["is_whole"]
    assert view["digest"] == hashlib.sha256(body).hexdigest()


def test_socket_passes_messages_unchanged_and_is_counted(rig):
    seen = len(rig.ended)
    ws = Socket(rig, "/live/jsmpeg/front", ANNA)
    assert ws.status == 101
    got = b""
    while len(got) < 70:
        got += ws.peer.recv(4096)
    assert got.startswith(b"\x82\x05video\x82\x05video")
    ws.peer.close()
    view = wait_ended(rig, seen, lambda view: view["kind"] == "live")
    assert view["bytes"] >= 70 and view["bytes"] % 7 == 0
    assert view["cause"] == "the browser closed the connection"


def test_frames_that_change_something_wait_for_their_event(rig):
    since, rig.upstream.frames = len(rig.events()), []
    ws = Socket(rig, "/ws", ANNA, behind=frame('{"topic": "onConnect", "payload": ""}'))
    assert ws.status == 101
    message = '{"topic": "front/recordings/set", "payload": "OFF"}'
    ws.send(message)
    assert rig.wait_events(lambda event: event["action"] == "config.change", since)
    until = time.monotonic() + 5
    while frame(message) not in b"".join(rig.upstream.frames) and time.monotonic() < until:
        time.sleep(0.05)
    assert b"".join(rig.upstream.frames) == frame('{"topic": "onConnect", "payload": ""}') + frame(message)
    ws.peer.close()


def test_frame_that_no_role_allows_ends_the_socket(rig):
    since, rig.upstream.frames = len(rig.events()), []
    ws = Socket(rig, "/ws", BERT)
    assert ws.status == 101
    ws.send('{"topic": "front/recordings/set", "payload": "OFF"}')
    assert ws.lasts(3) is not None
    assert rig.upstream.frames == []
    found = rig.wait_events(lambda event: event["action"] == "config.change", since)
    assert found and found[0]["outcome"] == "refused" and found[0]["actor"]["user"] == "bert"


@pytest.mark.parametrize("bad", [b"\xc1\x80\0\0\0\0", b"\x81\x01x", b"\x81\xff\0\0\0\0\0\1\0\1\0\0\0\0"])
def test_frame_that_breaks_the_rules_ends_the_socket(rig, bad):
    rig.upstream.frames = []
    ws = Socket(rig, "/ws", ANNA)
    ws.peer.sendall(bad + b"x" * 20)
    assert ws.lasts(3) is not None
    assert rig.upstream.frames == []


def test_offer_of_webrtc_inside_a_live_socket_is_refused(rig):
    rig.upstream.frames = []
    ws = Socket(rig, "/live/mse/api/ws?src=front", ANNA)
    assert ws.status == 101
    ws.send('{"type": "webrtc/offer", "value": "v=0"}')
    assert ws.lasts(3) is not None
    assert rig.upstream.frames == []


def test_end_of_a_session_ends_its_streams_within_two_seconds(rig):
    seen = len(rig.ended)
    ws = Socket(rig, "/live/jsmpeg/front", BERT)
    with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as mjpeg:
        mjpeg.sendall(f"GET /api/front HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={BERT}\r\n\r\n".encode())
        assert b"200 OK" in mjpeg.recv(4096)
        time.sleep(0.5)
        begin = time.monotonic()
        rig.sessions(bert=None)
        try:
            mjpeg.settimeout(3)
            with contextlib.suppress(ConnectionError):
                while mjpeg.recv(65536):
                    assert time.monotonic() - begin < 2
            assert time.monotonic() - begin < 2
            assert ws.lasts(2) is not None and time.monotonic() - begin < 2
        finally:
            rig.sessions()
    name = session_name(BERT)
    view = wait_ended(rig, seen, lambda view: view["session"] == name)
    assert view["cause"] == "revoked"


def test_segments_of_one_playback_are_one_view(rig):
    since = len(rig.events())
    for i in range(4):
        assert rig.get(f"/vod/front/start/1763900000/end/1763900060/seg-{i}.ts", ANNA)[0] == 200
    assert rig.get("/odd/jpeg", ANNA)[0] == 403
    assert rig.wait_events(lambda event: event.get("target", {}).get("object") == "/odd/jpeg", since)
    begun = [event for event in rig.events(since) if event["action"] == "footage.playback"]
    assert [event["detail"]["phase"] for event in begun] == ["begin"]


def http2(rig, target, cookie, out):
    """curl's HTTP/2 over TLS, running; it says version and status at its end."""
    return subprocess.Popen(["curl", "-sk", "--http2", "-o", str(out), "-w", "%{http_version} %{http_code}", "-H",
                             "Host: gate.example", "-H", f"Cookie: __Host-gatehouse={cookie}",
                             f"https://127.0.0.1:{rig.tls_port}{target}"], stdout=subprocess.PIPE, text=True)


def test_http2_is_counted_hashed_and_judged_alike(rig, tmp_path):
    seen = len(rig.ended)
    assert http2(rig, CLIP, ANNA, tmp_path / "clip").communicate(timeout=20)[0] == "2 200"
    assert (tmp_path / "clip").read_bytes() == EXPORT
    view = wait_ended(rig, seen, lambda view: view["kind"] == "export")
    assert view["bytes"] == len(EXPORT) and view["is_whole"]
    assert view["digest"] == hashlib.sha256(EXPORT).hexdigest()
    assert http2(rig, "/odd/html?h2", ANNA, tmp_path / "odd").communicate(timeout=20)[0] == "2 403"
    assert b"jjjj" not in (tmp_path / "odd").read_bytes()


def test_end_of_a_session_ends_its_http2_streams_too(rig, tmp_path):
    stream = http2(rig, "/api/front", BERT, tmp_path / "live")
    try:
        time.sleep(1)
        assert stream.poll() is None
        begin = time.monotonic()
        rig.sessions(bert=None)
        stream.communicate(timeout=2)
        assert time.monotonic() - begin < 2
    finally:
        stream.kill()
        rig.sessions()


USERS = {"anna": {"roles": ["all"], "administrator": True}, "bert": {"roles": ["front"]}, "carl": {"roles": ["all"]},
         "eve": {"roles": ["all"], "administrator": True}}


@pytest.mark.parametrize("change, back", [({"bans": {"127.0.0.1/32": 60}}, {"bans": {"127.0.0.1/32": 0}}),
                                          ({"users": {**USERS, "bert": {"roles": []}}}, {"users": USERS})])
def test_ban_and_lost_role_end_streams_too(rig, change, back):
    ws = Socket(rig, "/live/jsmpeg/front", BERT)
    assert ws.status == 101
    begin = time.monotonic()
    rig.say(**change)
    try:
        assert ws.lasts(2) is not None and time.monotonic() - begin < 2
    finally:
        rig.say(**back)
        time.sleep(0.5)


def test_worker_that_dies_in_mid_stream_leaves_an_end_with_a_cause(rig):
    seen = len(rig.ended)
    ws = Socket(rig, "/live/jsmpeg/front", ANNA)
    assert ws.status == 101
    assert ws.peer.recv(4096)
    for pid in rig.worker_pids():
        os.kill(pid, signal.SIGKILL)
    view = wait_ended(rig, seen, lambda view: view["kind"] == "live")
    assert view["cause"] == "worker ended"
    assert ws.lasts(3) is not None
