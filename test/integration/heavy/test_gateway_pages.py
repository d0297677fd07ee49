"""The gateway's pages in real Chromium, with a virtual authenticator: enrolment, log-in, step-up by passkey, axe."""
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading

import pytest

from doorkeeping import Connection, Doorman

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "gatehouse-counterparts" / "pages"
PACKAGES = ["playwright-core@1.49.1", "axe-core@4.10.2"]
pytestmark = pytest.mark.skipif(not all(map(shutil.which, ("npm", "node", "chromium"))), reason="needs node, npm and chromium")


class Front(http.server.BaseHTTPRequestHandler):
    """What nginx does for the pages: gives each request on, with the address."""

    protocol_version = "HTTP/1.1"

    def give(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        sent = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        sent["X-Gatehouse-Address"] = "198.51.100.7"
        connection = Connection(self.server.doorman.socket)
        if self.path.startswith("/gatehouse/"):
            connection.request(self.command, self.path, body, sent)
            got = connection.getresponse()
            status, headers, body = got.status, got.getheaders(), got.read()
        else:
            status, headers, body = 200, [("Content-Type", "text/html")], b"<h1>The VMS</h1>"
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "date", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    do_GET = do_POST = give

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def modules():
    """playwright-core and axe-core as npm has them; kept for the next run."""
    if not (CACHE / "node_modules" / "axe-core").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "install", *PACKAGES, "--ignore-scripts", "--no-audit", "--no-fund"], cwd=CACHE,
                              capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm could not install: {done.stderr[-200:]}")
    return CACHE / "node_modules"


@pytest.fixture(scope="module")
def told(tmp_path_factory, modules):
    """What the browser's script found."""
    folder = tmp_path_factory.mktemp("pages")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front, bind_and_activate=False)
    server.address_family = socket.AF_INET
    server.server_bind()
    server.server_activate()
    port = server.server_address[1]
    doorman = server.doorman = Doorman(folder / "gateway", port=port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    shots = pathlib.Path(os.environ.get("GATEHOUSE_SHOTS", folder / "shots"))
    shots.mkdir(exist_ok=True)
    try:
        token = doorman.account("add", "anna", "admin")
        done = subprocess.run(
            ["node", str(pathlib.Path(__file__).with_name("gateway_pages.mjs")), f"http://localhost:{port}", token, str(shots)],
            capture_output=True, text=True, timeout=240, check=False,
            env={**os.environ, "NODE_PATH": str(modules), "CHROMIUM": shutil.which("chromium")})
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        found["events"] = doorman.events("auth.login", user="anna")
        yield found
    finally:
        server.shutdown()
        doorman.end()


def test_an_account_is_set_up_with_a_passkey_and_gets_in_with_it_alone(told):
    assert told["codes"] == 10 and told["alone"].endswith("/zm/?a=1")
    assert told["events"][0]["actor"]["factor"] == "passkey"


def test_a_passkey_is_a_second_factor(told):
    assert told["second"] == "/"


def test_a_step_up_by_passkey_tells_its_reason(told):
    assert told["stepped"] == "/gatehouse/factors"
    assert any(event.get("reason") == "Police case 4711" for event in told["events"])


def test_the_links_secret_leaves_the_address_and_is_never_sent(told):
    assert told["address_after"] == "/gatehouse/enrol" and not told["secret_sent"]


def test_no_page_asks_anybody_else_or_breaks_its_own_policy(told):
    assert told["strangers"] == [] and told["complaints"] == []


def test_axe_finds_nothing_on_any_page_in_light_and_dark(told):
    assert told["axe"] == {}


def test_no_page_is_wider_than_a_phone(told):
    assert told["wide"] == []


def test_the_keyboard_alone_is_enough_to_log_in(told):
    assert told["keyboard"] == ["user", "password", "BUTTON"]


def test_without_javascript_everything_but_passkeys_works(told):
    assert told["plain"] == {"login": True, "passkey": False}
