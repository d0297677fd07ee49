"""A keeper and its ledger for tests: started, spoken to frame by frame, killed, read from its files alone."""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

from conftest import BUILD, GATEHOUSE, command

LOAD = BUILD / "test" / "bench" / "ledger_load"
APPEND, PUBLISH, STATE, ROTATE, DONE, REPORT = 1, 2, 3, 4, 16, 17
OK, BAD, FULL, ENDING = range(4)
ALL = 0xFFFFFFFF


def init(folder, *options, inside=()):
    """Makes a ledger; returns its public key."""
    done = command(*inside, GATEHOUSE, "ledger", "init", "--ledger", folder, "--origin", "example.org/test", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Keeper:
    """A running keeper."""

    def __init__(self, folder, *options, env=None, inside=(), seen=None):
        """inside: a command that enters a namespace, from where folder is seen as that; seen: and from here."""
        self.folder = pathlib.Path(seen or folder)
        self.socket = self.folder / "keeper.sock"
        self.process = subprocess.Popen(
            [*inside, str(GATEHOUSE), "keeper", "--ledger", str(folder), *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(env or {})})
        until = time.monotonic() + 30
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), Wire(self.socket) as wire:
                wire.state()
                return
            time.sleep(0.02)
        self.process.kill()
        raise AssertionError("no keeper: " + self.process.communicate()[0])

    def end(self, number=signal.SIGTERM):
        """Ends it; returns its status and what it said."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=60)[0]
        return self.process.returncode, said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class Wire:
    """One connection, frame by frame."""

    def __init__(self, path, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        here = os.getcwd()
        os.chdir(pathlib.Path(path).parent)  # an address holds 107 bytes, folders of tests have more
        try:
            self.socket.connect(pathlib.Path(path).name)
        except OSError:
            self.socket.close()
            raise
        finally:
            os.chdir(here)
        self.bytes = b""
        self.token = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, kind, payload=b""):
        self.token += 1
        self.socket.sendall(struct.pack(">IBI", 5 + len(payload), kind, self.token) + payload)
        return self.token

    def frame(self):
        """The next frame: (kind, token, payload), or None at the end."""
        while True:
            if len(self.bytes) >= 4:
                size = 4 + struct.unpack(">I", self.bytes[:4])[0]
                if len(self.bytes) >= size:
                    frame, self.bytes = self.bytes[:size], self.bytes[size:]
                    kind, token = struct.unpack(">BI", frame[4:9])
                    return kind, token, frame[9:]
            more = self.socket.recv(65536)
            if not more:
                return None
            self.bytes += more

    def answer(self):
        """The next DONE: (token, status, index, words), or None at the end."""
        frame = self.frame()
        if frame is None:
            return None
        kind, token, payload = frame
        assert kind == DONE
        status, index = struct.unpack(">BQ", payload[:9])
        return token, status, index, payload[9:].decode()

    def append(self, event):
        """Sends an event, waits: (status, index, words)."""
        self.ask(APPEND, event if isinstance(event, bytes) else canonical(event))
        return self.answer()[1:]

    def state(self):
        self.ask(STATE)
        kind, _, payload = self.frame()
        assert kind == REPORT
        return json.loads(payload)

    def publish(self, index):
        self.ask(PUBLISH, struct.pack(">Q", index))
        return self.answer()[1:]


def canonical(event):
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def live(name="ev-00000001", **more):
    return {"action": "footage.live", "actor": {"ip": "192.0.2.7", "user": "anna"}, "id": name, "outcome": "ok",
            "site": "shop", "target": {"cameras": ["gate"]}, **more}


def login(name="ev-login-01"):
    return {"action": "auth.login", "actor": {"ip": "192.0.2.7", "user": "anna"}, "id": name, "outcome": "ok",
            "site": "shop"}


def tile_name(index):
    text = f"{index:03d}" if index < 1000 else None
    if text:
        return text
    groups = []
    while index or not groups:
        groups.insert(0, f"{index % 1000:03d}")
        index //= 1000
    return "/".join("x" + g for g in groups[:-1]) + "/" + groups[-1]


def checkpoint(folder):
    """Size and root of the published checkpoint; its signature is for others to check."""
    lines = (pathlib.Path(folder) / "log" / "checkpoint").read_text().split("\n")
    return int(lines[1]), base64.b64decode(lines[2])


def entries(folder):
    """Every entry that the checkpoint covers, from the static files alone."""
    size, _ = checkpoint(folder)
    found, tiles = [], pathlib.Path(folder) / "log" / "tile" / "entries"
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        path = tiles / tile_name(index)
        data = (path if path.exists() else pathlib.Path(f"{path}.p/{width}")).read_bytes()
        at = 0
        for _ in range(width):
            length = struct.unpack(">H", data[at:at + 2])[0]
            found.append(data[at + 2:at + 2 + length])
            at += 2 + length
    return found


def root(leaves):
    """RFC 6962's root of entries."""
    stack = []
    for i, entry in enumerate(leaves):
        stack.append(hashlib.sha256(b"\0" + entry).digest())
        while i & 1:
            right = stack.pop()
            stack.append(hashlib.sha256(b"\1" + stack.pop() + right).digest())
            i >>= 1
    while len(stack) > 1:
        right = stack.pop()
        stack.append(hashlib.sha256(b"\1" + stack.pop() + right).digest())
    return stack[0] if stack else hashlib.sha256(b"").digest()


def check_all(folder, acks):
    """Every acknowledged event is where the answer said, and the root is that of the entries; returns them."""
    found = entries(folder)
    assert root(found) == checkpoint(folder)[1]
    lost = []
    for line in acks:
        index, name = line.split()
        if int(index) >= len(found) or f'"id":"{name}"'.encode() not in found[int(index)]:
            lost.append(line)
    assert not lost, f"{len(lost)} of {len(acks)} acknowledged events are lost, such as {lost[:3]}"
    return [json.loads(entry) for entry in found]
