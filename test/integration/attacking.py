"""A whole gateway for attacks: init, serve, people; before it a VMS that tells byte for byte what it got, and says whatever a test wants."""
import contextlib
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

from conftest import entries
from gateway import MODULE, Gateway, Resident, Visitor  # noqa: F401

STAND_IN = pathlib.Path(__file__).resolve().parent / "counterparts/frigate/frigate.py"
HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
PROXY = "127.3.0.1"  # whose word on addresses is taken
MARK = b"mark-of-the-vms"


def page(body=MARK, *headers, kind="text/html", status="200 OK"):
    """An ordinary answer of a VMS."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Heard:
    """One request as it came to the VMS: the connection's number, head, body, and what came behind it."""

    def __init__(self, connection, head, body):
        self.connection, self.head, self.body = connection, head, body
        self.line, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.target = self.line.split(" ")[:2]
        self.headers = [tuple(line.split(": ", 1)) for line in lines if line]

    def all(self, name):
        """Values of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Vms:
    """What stands before the stand-in: notes every request, answers by itself where `says` has the path, else hands on."""

    def __init__(self, port, secret):
        self.port_behind, self.secret_behind, self.secret = port, secret, None
        self.says, self.heard, self.count = {}, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                peer = self.listener.accept()[0]
                self.count += 1
                threading.Thread(target=self.serve, args=(peer, self.count), daemon=True).start()

    def serve(self, peer, number):
        data = b""
        with contextlib.suppress(OSError), peer:
            while True:
                while b"\r\n\r\n" not in data:
                    if not (piece := peer.recv(65536)):
                        return
                    data += piece
                head, _, data = data.partition(b"\r\n\r\n")
                size = re.search(rb"(?im)^content-length: *(\d+)", head)
                size = int(size[1]) if size else 0
                while len(data) < size:
                    if not (piece := peer.recv(65536)):
                        return
                    data += piece
                body, data = data[:size], data[size:]
                heard = Heard(number, head, body)
                self.heard.append(heard)
                says = self.says.get(heard.target.split("?")[0])
                if says is None:
                    self.hand_on(peer, head, body)
                    return
                if callable(says):
                    says(peer, heard)
                    return
                peer.sendall(says)

    def hand_on(self, peer, head, body):
        head = head.replace(self.secret.encode(), self.secret_behind.encode()) if self.secret else head
        if b"\nUpgrade:" not in head:
            head = re.sub(rb"\r\nConnection:[^\r]*", b"", head) + b"\r\nConnection: close"
        with socket.create_connection(("127.0.0.1", self.port_behind)) as behind:
            behind.sendall(head + b"\r\n\r\n" + body)
            threading.Thread(target=self.pump, args=(peer, behind), daemon=True).start()
            self.pump(behind, peer)

    @staticmethod
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    def since(self, mark):
        """Requests that browsers made, and not the broker, since then."""
        return [one for one in self.heard[mark:] if one.all("X-Real-IP")]


class Guest(Visitor):
    """A visitor that comes from an address of its own."""

    def __init__(self, house, source="127.0.0.1"):
        super().__init__(house)
        self.source = source

    def connection(self):
        trust = ssl.create_default_context(cafile=self.gateway.folder / "authority" / "ca.crt")
        return http.client.HTTPSConnection("localhost", self.gateway.port, timeout=30, context=trust, source_address=(self.source, 0))


class Answer:
    """What came back: the whole, and its first answer in parts."""

    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        self.line, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(self.line.split()[1]) if self.line.startswith("HTTP/") else 0
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines if ":" in line]

    def all(self, name):
        """Values of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def statuses(self):
        """Of every answer on the connection."""
        return [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3}) ", self.data)]


class House(Gateway):
    """A running gateway with people, the VMS behind it, and raw connections."""

    def __init__(self, folder, *options):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True)
        self.stand_in = subprocess.Popen([sys.executable, STAND_IN, folder / "frigate"], stdout=subprocess.PIPE, text=True)
        said = json.loads(self.stand_in.stdout.readline())
        self.vms = Vms(said["port"], said["secret"])
        self.event, self.export = said["event"], said["export"]
        super().__init__(folder / "g", f"http://127.0.0.1:{self.vms.port}", *options)
        self.vms.secret = re.search(r"auth_secret: (\S+)", self.made.stdout)[1]
        self.people = {}

    def resident_at(self, name, source, *roles, administrator=False):
        """A new account, enrolled and logged in from an address of its own."""
        made = self.run("user", "add", name)
        assert made.returncode == 0, made.stderr
        for role in roles:
            assert self.run("role", "give", name, role).returncode == 0
        if administrator:
            assert self.run("user", "admin", name, "yes").returncode == 0
        one = Resident.__new__(Resident)
        one.name, one.gateway, one.token = name, self, made.stdout.splitlines()[0].partition("#")[2]
        one.enrol(Guest(self, source))
        one.browser = Guest(self, source)
        one.browser.log_in(one)
        self.people[name] = one
        return one

    def cookie(self, name):
        """The Cookie header of somebody who is in."""
        return f"Cookie: __Host-gatehouse={self.people[name].browser.session}"

    def tls(self, source="127.0.0.1", alpn=None, timeout=10):
        """A connection."""
        trust = ssl.create_default_context(cafile=self.folder / "authority" / "ca.crt")
        if alpn:
            trust.set_alpn_protocols(alpn)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0))
        return trust.wrap_socket(plain, server_hostname="localhost")

    def raw(self, data, source="127.0.0.1", timeout=10):
        """Sends bytes; everything that comes until the other side closes, or is silent for that long."""
        got = b""
        with self.tls(source, timeout=timeout) as peer, contextlib.suppress(TimeoutError, ConnectionError, ssl.SSLError):
            with contextlib.suppress(ConnectionError, ssl.SSLError):  # what was answered before all was sent
                peer.sendall(data)
            while piece := peer.recv(65536):
                got += piece
        return Answer(got)

    def workers(self):
        """Process ids of nginx's workers."""
        master = self.children()["nginx"]
        return set(pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split())

    def ask(self, line, *headers, who=None, body=b"", source="127.0.0.1", close=True, host=True):
        """One request whose line and headers are sent as they are."""
        lines = [line] + ([f"Host: localhost:{self.port}"] if host else []) + (["Connection: close"] if close else [])
        lines += ([self.cookie(who)] if who else []) + list(headers)
        if body and not any(one.lower().startswith(("content-length", "transfer-encoding")) for one in headers):
            lines.append(f"Content-Length: {len(body)}")
        return self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body, source, 10 if close else 1)

    def get(self, target, who="ada", *headers, **more):
        """The usual one."""
        return self.ask(f"GET {target} HTTP/1.1", *headers, who=who, **more)

    def log(self):
        """Events so far."""
        return entries(self.folder / "ledger")

    def wait_event(self, wanted, since=0, seconds=8):
        """The first event from that place on for which wanted(event) holds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for event in self.log()[since:]:
                if wanted(event):
                    return event
            time.sleep(0.1)
        raise AssertionError(json.dumps(self.log()[since:], indent=1))

    def refused(self, since, reason=None, **actor):
        """Waits for the event of a refusal, whose reason has those words."""
        return self.wait_event(lambda e: e["outcome"] in ("refused", "failed") and (reason is None or reason in e.get("reason", "")) and all(
            e.get("actor", {}).get(name) == value for name, value in actor.items()), since)

    def __exit__(self, *_):
        super().__exit__()
        self.stand_in.terminate()
        self.stand_in.wait(10)
        self.vms.listener.close()


def start(folder):
    """The one that tests share: ada may all, bert sees the camera front."""
    house = House(folder)
    settings = house.folder / "gateway.yaml"
    settings.write_text(settings.read_text() + f"\ntrusted_proxies: [{PROXY}/32]\n")
    assert house.run("gateway", "configure").returncode == 0
    house.serve()
    house.role("watch", ("browse,live,snapshot,playback,export,ptz,configure",))
    house.role("porch", ("browse,live,snapshot,playback", "camera=front"))
    house.resident_at("ada", "127.1.0.1", "watch", administrator=True)
    house.resident_at("bert", "127.1.0.2", "porch")
    return house
