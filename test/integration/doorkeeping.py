"""A doorman with its ledger for tests, and a browser that is as simple as can be."""
import base64
import hashlib
import hmac
import html
import http.client
import json
import os
import re
import socket
import struct
import subprocess
import time
import urllib.parse

from conftest import BUILD, GATEHOUSE, command
from keeping import Keeper, init

ACCOUNT = BUILD / "test" / "gate-account"
PASSWORD = "plum garden seven trombones"
SETTINGS = """site: Test site
host: localhost
plain: yes
{more}vms:
  - type: zoneminder
    upstream: http://127.0.0.1:9
    listen: 127.0.0.1:{port}
"""
PORT = 18443
ORIGIN = f"http://localhost:{PORT}"


def totp(secret, shift=0, at=None):
    """The one-time code of a base32 secret (RFC 6238); of now only when it will still be so when it is read."""
    if at is None and time.time() % 30 > 25:
        time.sleep(30.05 - time.time() % 30)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = int((time.time() if at is None else at) // 30) + shift
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[19] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        folder = os.open(self.path.parent, os.O_PATH)  # an address holds 107 bytes
        try:
            self.sock.connect(f"/proc/self/fd/{folder}/{self.path.name}")
        finally:
            os.close(folder)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.location = headers.get("Location")
        self.trouble = (re.findall(r'id="trouble">(.*?)</p>', body) or [""])[0]

    def fields(self, action):
        """The hidden fields of the form with that action, or of the script's form with that base."""
        for form in re.findall(r"<form.*?</form>", self.body, re.S):
            if f'action="{action}"' in form or f'data-base="{action}"' in form:
                return {name: html.unescape(value) for name, value in
                        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)}
        raise AssertionError(f"no form {action} in {self.body}")


class Browser:
    """Keeps cookies; sends what nginx would."""

    counter = 0
    origin = ORIGIN
    cookie = "gatehouse"

    def __init__(self, doorman, address=None):
        self.doorman = doorman
        self.cookies = {}
        Browser.counter += 1
        self.address = address or f"198.18.{Browser.counter // 250}.{1 + Browser.counter % 250}"

    def connection(self):
        """A way to the pages."""
        return Connection(self.doorman.socket)

    def ask(self, method, path, fields=None, headers=None, cookies=None):
        body = urllib.parse.urlencode(fields) if fields is not None else None
        sent = {"X-Gatehouse-Address": self.address, "User-Agent": "Test browser"}
        jar = self.cookies if cookies is None else cookies
        if jar:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            sent["Origin"] = self.origin
        sent.update(headers or {})
        connection = self.connection()
        sent = {name: value for name, value in sent.items() if value is not None}
        try:
            connection.request(method, path, body, sent)
            got = connection.getresponse()
            answer = Answer(got.status, got.headers, got.read().decode())
        finally:
            connection.close()
        if cookies is None:
            for line in got.headers.get_all("Set-Cookie") or []:
                name, value = line.split(";")[0].split("=", 1)
                if value:
                    self.cookies[name] = value
                else:
                    self.cookies.pop(name, None)
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, page, action=None, headers=None, **fields):
        """Sends the form of a page."""
        return self.ask("POST", path, {**page.fields(action or path), **fields}, headers)

    @property
    def session(self):
        return self.cookies.get(self.cookie)

    def password(self, user, password=PASSWORD, to="/"):
        page = self.get("/gatehouse/login?return=" + urllib.parse.quote(to, safe=""))
        return self.post("/gatehouse/login", page, user=user, password=password)

    def second(self, code, kind="totp", page=None):
        page = page or self.get("/gatehouse/login/second")
        fields = {**page.fields("/gatehouse/login/second"), "kind": kind, "code": code}
        return self.ask("POST", "/gatehouse/login/second", fields)

    def log_in(self, person, to="/"):
        """By password and a recovery code, of which there are ten."""
        answer = self.password(person.name, to=to)
        assert answer.status == 303
        answer = self.second(person.codes.pop(), "recovery", self.get(answer.location))
        assert answer.status == 303, answer.body
        assert self.session
        return answer


class Person:
    """An account that was set up by its owner."""

    def __init__(self, doorman, name, *more):
        self.name = name
        self.token = doorman.account("add", name, *more)
        self.enrol(Browser(doorman))
        self.browser = Browser(doorman)

    def enrol(self, browser):
        """Password, one-time codes, recovery codes."""
        page = browser.get("/gatehouse/enrol")
        assert browser.post("/gatehouse/enrol", page, link=self.token).location == "/gatehouse/enrol/steps"
        page = browser.get("/gatehouse/enrol/steps")
        assert browser.post("/gatehouse/enrol/password", page, password=PASSWORD, again=PASSWORD).status == 303
        page = browser.post("/gatehouse/enrol/totp", browser.get("/gatehouse/enrol/steps"))
        self.secret = re.search(r'class="key">(\w+)<', page.body).group(1)
        assert 'src="data:image/svg+xml;base64,' in page.body
        code = totp(self.secret, -1)
        assert browser.post("/gatehouse/enrol/totp/code", page, code=code).location == "/gatehouse/enrol/steps"
        page = browser.get("/gatehouse/enrol/steps")
        self.codes = re.findall(r"<li><code>([A-Z0-9-]+)</code>", page.body)
        assert len(self.codes) == 10
        assert browser.post("/gatehouse/enrol/finish", page, kept="yes").location == "/gatehouse/login"


class Doorman:
    """A running doorman, with or without a keeper."""

    def __init__(self, folder, more="", port=PORT):
        self.folder = folder
        self.ledger = folder / "ledger"
        self.socket = folder / "run" / "doorman.sock"
        (folder / "run").mkdir(parents=True)
        (folder / "gateway.yaml").write_text(SETTINGS.format(more=more, port=port))
        init(self.ledger)
        self.keeper = Keeper(self.ledger)
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([str(GATEHOUSE), "doorman", "--gateway", str(self.folder)],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            try:
                Browser(self).get("/gatehouse/login")
                return
            except OSError:
                time.sleep(0.02)
        self.process.kill()
        raise AssertionError("no doorman: " + self.process.communicate()[0])

    def stop(self):
        self.process.terminate()
        said = self.process.communicate(timeout=20)[0]
        return self.process.returncode, said

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def account(self, *what):
        done = subprocess.run([str(ACCOUNT), str(self.folder), *what], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def board(self, cookie):
        return self.account("session", cookie or "-")

    def events(self, action=None, **actor):
        """What the ledger has, oldest first; by members of the actor."""
        time.sleep(0.05)
        deadline = time.monotonic() + 10
        while True:
            done = command(GATEHOUSE, "ledger", "search", "--ledger", self.ledger, "--format", "json")
            rows = [row.get("event", row) for row in map(json.loads, done.stdout.splitlines())]
            found = [row for row in rows if action in (None, row["action"]) and all(
                row.get("actor", {}).get(name) == value for name, value in actor.items())]
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def append(self, path):
        done = command(GATEHOUSE, "ledger", "append", "--ledger", self.ledger, "--json", path)
        assert done.returncode == 0, done.stderr

    def start_keeper(self):
        self.keeper = Keeper(self.ledger)

    def end(self):
        if self.process.poll() is None:
            self.kill()
        self.keeper.__exit__()
