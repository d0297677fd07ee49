"""A gateway for tests: made by `gateway init`, run by `serve`, in front of a VMS that is only played."""
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

from conftest import BUILD, GATEHOUSE, command
from doorkeeping import Browser, Person

MODULE = BUILD / "nginx" / "ngx_http_gatehouse_module.so"
PATIENCE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PlayedVms:
    """A web server that asks for the gateway's proof, or not, and has one page; enough where a VMS must only be there."""

    def __init__(self, asks=True):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = b"<html>a VMS</html>"
                self.send_response(200 if self.headers.get("X-Proxy-Secret") or not asks else 401)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Gateway:
    """A gateway's folder, and its processes while serve() runs."""

    def __init__(self, folder, upstream, *options, vms="frigate"):
        self.folder = pathlib.Path(folder)
        self.ledger = pathlib.Path(options[options.index("--ledger") + 1]) if "--ledger" in options else self.folder / "ledger"
        self.port = free_port()
        self.is_plain = "--plain" in options
        self.base = f"http{'' if self.is_plain else 's'}://localhost:{self.port}"
        self.process = None
        self.said = []
        self.made = command(
            GATEHOUSE, "gateway", "init", "--gateway", self.folder, "--vms", vms, "--upstream", upstream,
            "--host", "localhost", "--listen", f"127.0.0.1:{self.port}", "--administrator", "root-of-all", *options)
        assert self.made.returncode == 0, self.made.stderr
        self.link = re.search(r"^https?://\S+/gatehouse/enrol#\S+$", self.made.stdout, re.M)[0]

    def run(self, *args, **more):
        """A command on this gateway."""
        return command(GATEHOUSE, *args, "--gateway", self.folder, **more)

    def serve(self, *options, inside=()):
        self.said = []
        self.process = subprocess.Popen(
            [*inside, GATEHOUSE, "serve", "--gateway", self.folder, *options], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._listen, args=(self.process.stdout, self.said), daemon=True).start()
        self.wait_for("The gateway is up")
        return self

    @staticmethod
    def _listen(stream, said):
        for line in stream:
            said.append(line.rstrip())

    def wait_for(self, words, since=0):
        """Waits until serve says so; returns how many lines it has said."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for i, line in enumerate(self.said[since:], since):
                if words in line:
                    return i + 1
            assert self.process.poll() is None or any(words in line for line in self.said[since:]), \
                "\n".join(self.said)
            time.sleep(0.02)
        raise AssertionError(f"never said {words!r}:\n" + "\n".join(self.said))

    def end(self, number=signal.SIGTERM):
        """Ends serve; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def children(self):
        """Names of its direct children to their process ids."""
        found = {}
        for pid in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                found["nginx" if "nginx" in words[0] else words[1]] = int(pid)
        return found

    def all_processes(self):
        """Everything that runs for it, workers of nginx too."""
        mark = str(self.folder)
        found = set()
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if mark in (entry / "cmdline").read_text() or os.readlink(entry / "cwd") == f"{mark}/run":
                        found.add(int(entry.name))
        return found

    def visitor(self):
        """A browser that is as simple as can be."""
        return Visitor(self)

    def administrator(self):
        """The first administrator, enrolled by the link of init and logged in; once for each gateway."""
        return Resident(self, "root-of-all", self.link)

    def resident(self, name, *roles):
        """A new account with these roles, enrolled and logged in."""
        made = self.run("user", "add", name)
        assert made.returncode == 0, made.stderr
        for role in roles:
            given = self.run("role", "give", name, role)
            assert given.returncode == 0, given.stderr
        return Resident(self, name, made.stdout.splitlines()[0])

    def role(self, name, *rules):
        """A new role; rules as `role allow` takes them, each a tuple."""
        assert self.run("role", "add", name).returncode == 0
        for rule in rules:
            done = self.run("role", "allow", name, *rule)
            assert done.returncode == 0, done.stderr

    def fetch(self, path, headers=None, timeout=10):
        """Status, headers and body of a GET over TLS, by the gateway's own authority."""
        trust = ssl.create_default_context(cafile=self.folder / "authority" / "ca.crt")
        with socket.create_connection(("127.0.0.1", self.port), timeout) as plain, \
                trust.wrap_socket(plain, server_hostname="localhost") as tls:
            lines = [f"GET {path} HTTP/1.1", f"Host: localhost:{self.port}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
            tls.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            data = b""
            while piece := tls.recv(65536):
                data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in rest if ": " in line), body

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Visitor(Browser):
    """Comes over TCP, as people do, with TLS unless the gateway has none; wants no redirect followed."""

    def __init__(self, gateway):
        super().__init__(gateway, "192.0.2.1")  # which nginx must not believe
        self.gateway = gateway
        self.origin = gateway.base
        self.cookie = "gatehouse" if gateway.is_plain else "__Host-gatehouse"

    def connection(self):
        if self.gateway.is_plain:
            return http.client.HTTPConnection("localhost", self.gateway.port, timeout=30)
        trust = ssl.create_default_context(cafile=self.gateway.folder / "authority" / "ca.crt")
        return http.client.HTTPSConnection("localhost", self.gateway.port, timeout=30, context=trust)

    def fetch(self, path, method="GET", body=None, headers=None):
        """Status, headers and bytes of a request of the VMS, with this session."""
        connection = self.connection()
        sent = {"Origin": self.origin} if method != "GET" else {}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body, {**sent, **(headers or {})})
            got = connection.getresponse()
            return got.status, got.headers, got.read()
        finally:
            connection.close()

    def step_up(self, secret_code, reason="the police asked for it", to="/"):
        """Confirms with a recovery code."""
        page = self.get("/gatehouse/step-up?return=" + to)
        return self.post("/gatehouse/step-up", page, kind="recovery", code=secret_code, reason=reason)


class Resident(Person):
    """A person with an account of a running gateway: name, secret (TOTP), codes (recovery), browser (a Visitor)."""

    def __init__(self, gateway, name, link):
        self.name = name
        self.gateway = gateway
        self.token = link.strip().partition("#")[2]
        self.enrol(Visitor(gateway))
        self.browser = Visitor(gateway)
        self.browser.log_in(self)


def events(gateway):
    """The ledger's events, as a search prints them."""
    done = command(GATEHOUSE, "ledger", "search", "--ledger", gateway.ledger, "--format", "json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["event"] for line in done.stdout.splitlines()]
