"""A VMS that streams, with Frigate's addresses, and browsers that take what it streams; for tests of faults."""
import asyncio
import base64
import collections
import contextlib
import hashlib
import json
import re
import socket
import struct
import threading
import time

from gateway import events

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"
PART = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(JPEG), JPEG)
FILE = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(256)) * 4096
SEGMENT = b"\0\0\0\x18styp" + bytes(range(256)) * 256
HOUR = "start/1763900000/end/1763903600"


class Footage:
    """Answers every question as a Frigate would; MJPEG, WebSockets and files go on for as long as somebody takes them."""

    def __init__(self, cameras=40, pause=0.1):
        self.cameras = [f"cam{i}" for i in range(cameras)]
        self.pause, self.loop, self.port = pause, asyncio.new_event_loop(), 0
        is_up = threading.Event()
        threading.Thread(target=self.run, args=(is_up,), daemon=True).start()
        assert is_up.wait(10)

    def run(self, is_up):
        async def begin():
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024)
            self.port = server.sockets[0].getsockname()[1]
            is_up.set()
        self.loop.create_task(begin())
        self.loop.run_forever()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                size = re.search(r"(?im)^content-length: *(\d+)", head)
                await reader.readexactly(int(size[1]) if size else 0)
                await self.answer(head.split()[1].split("?")[0], head, writer)
                await writer.drain()
        writer.close()

    async def answer(self, path, head, writer):
        camera = path.removeprefix("/api/")
        if "/live/jsmpeg/" in path:
            await self.socket(head, writer)
        elif camera in self.cameras:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\nConnection: close\r\n\r\n")
            while True:
                writer.write(PART)
                await writer.drain()
                await asyncio.sleep(self.pause)
        elif path.endswith("stream.mp4"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nConnection: close\r\n\r\n")
            while True:
                writer.write(FILE)
                await writer.drain()
                await asyncio.sleep(self.pause)
        elif path.endswith(".mp4"):
            await self.file(writer)
        else:
            kind, body = self.small(path)
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    async def file(self, writer):
        """A megabyte, in two seconds."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n" % len(FILE))
        for at in range(0, len(FILE), 52430):
            writer.write(FILE[at:at + 52430])
            await writer.drain()
            await asyncio.sleep(self.pause)

    async def socket(self, head, writer):
        key = re.search(r"(?im)^sec-websocket-key: *(\S+)", head)[1] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        while True:
            writer.write(b"\x82\x7e" + struct.pack(">H", len(JPEG)) + JPEG)
            await writer.drain()
            await asyncio.sleep(self.pause)

    def small(self, path):
        if path.endswith(".jpg"):
            return "image/jpeg", JPEG
        if path.endswith(".m4s"):
            return "video/iso.segment", SEGMENT
        if path.endswith(".m3u8"):
            return "application/vnd.apple.mpegurl", b"#EXTM3U\n#EXTINF:10,\nseg-1-v1.m4s\n"
        if path == "/api/version":
            return "text/plain", b"0.17.2"
        if path == "/api/config":
            cameras = {name: {"name": name, "enabled": True, "live": {"streams": {"Main": name}}} for name in self.cameras}
            return "application/json", json.dumps({"version": "0.17", "cameras": cameras, "go2rtc": {"streams": {}}}).encode()
        if path == "/api/profile":
            return "application/json", b'{"username": "admin", "role": "admin"}'
        return "text/html", b"<html>a page</html>"


class Viewer:
    """One request on its own connection, read in a thread: status, body bytes so far, when it began and ended."""

    def __init__(self, gateway, session, path, pause=0):
        self.status, self.bytes, self.first, self.ended = 0, 0, None, None
        self.body = b""
        self.pause = pause
        upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" if "jsmpeg" in path else "Connection: close\r\n"
        self.peer = socket.socket()
        self.peer.settimeout(20)
        if pause:  # so that what is not read is soon not taken
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.peer.connect(("127.0.0.1", gateway.port))
        self.peer.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{gateway.port}\r\nOrigin: {gateway.base}\r\n{upgrade}"
                          f"Cookie: gatehouse={session}\r\n\r\n".encode())
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        head = b""
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in head:
                piece = self.peer.recv(1)
                if not piece:
                    break
                head += piece
            self.status = int(head.split()[1]) if head else -1
            self.peer.settimeout(20 if self.status in (101, 200) else 0.2)  # a refused socket's connection stays for other requests
            while piece := self.peer.recv(65536):
                self.first = self.first or time.time()
                self.bytes += len(piece)
                if len(self.body) < 4096:
                    self.body += piece
                time.sleep(self.pause)
        self.status = self.status or -1
        self.ended = time.time()

    def leave(self):
        with contextlib.suppress(OSError):
            self.peer.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.peer.close()

    @property
    def is_watching(self):
        return self.status in (101, 200) and self.ended is None and self.bytes > 0


def until(holds, seconds=20, pause=0.05):
    """Waits until it holds; what it said last."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(pause)
    return found


def views(gateway):
    """detail.view to the events of that view, each by its phase; what was delivered twice (one id) counts once."""
    found, seen = collections.defaultdict(lambda: {"begin": [], "goes-on": [], "end": []}), set()
    for event in events(gateway):
        if "view" in event.get("detail", {}) and event["id"] not in seen:
            seen.add(event["id"])
            found[event["detail"]["view"]][event["detail"]["phase"]].append(event)
    return found


UNSURE = {"the ledger went before it began", "worker ended", "gateway ended"}


def settled(gateway, seconds=40):
    """
    The same, as soon as no view is open any more: each has one begin and one end. Only where nobody could know whether the begin was
    recorded there may be an end alone, and then nothing left.
    """
    until(lambda: all(len(view["end"]) == 1 for view in views(gateway).values()), seconds, 0.5)
    found = views(gateway)
    for name, view in found.items():
        assert len(view["end"]) == 1 and len(view["begin"]) <= 1, (name, view)
        end = view["end"][0]
        assert view["begin"] or (end["bytes"] == 0 and end["detail"]["cause"] in UNSURE), (name, view)
    return found


def of_object(found, path):
    """The newest view with this object."""
    mine = [view for view in found.values() if view["end"][0]["target"]["object"] == path]
    assert mine, path
    return max(mine, key=lambda view: view["end"][0]["detail"]["begun"])
