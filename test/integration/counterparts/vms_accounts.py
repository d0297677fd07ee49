#!/usr/bin/python3
"""A VMS that keeps one camera's account: vms_accounts.py KIND CAMERA PASSWORD STATE [lies]; shapes of Shinobi's, Nx's and Milestone's documents."""
import http.server
import json
import pathlib
import sys
import urllib.parse

KIND, CAMERA, PASSWORD, STATE, *MORE = sys.argv[1:]
LIES = "lies" in MORE
OWNER = ("gatehouse", "vms secret/&")
STATE = pathlib.Path(STATE)


class Shinobi:
    """https://docs.shinobi.video/api: log-in, monitors, configureMonitor."""

    def post(self, path, body, _):
        if path == "/?json=true":
            body = json.loads(body)
            is_right = (body["mail"], body["pass"]) == OWNER
            return 200, {"ok": True, "$user": {"auth_token": "tok", "ke": "grp"}} if is_right else {"ok": False}
        if path == "/tok/configureMonitor/grp/gate":
            details = json.loads(json.loads(body)["data"]["details"])
            keep(urllib.parse.unquote(urllib.parse.urlsplit(details["auto_host"]).password))
            return 200, {"ok": True}
        return 404, {}

    def get(self, path, _):
        address = f"rtsp://admin:{urllib.parse.quote(password(), safe='')}@{CAMERA}:554/live"
        monitor = {"mid": "gate", "name": "Gate", "mode": "record", "status": "Recording", "host": CAMERA,
                   "details": json.dumps({"auto_host": address, "fps": "5"})}
        return (200, [monitor]) if path in ("/tok/monitor/grp", "/tok/monitor/grp/gate") else (404, {})


class Nx:
    """The server's REST API: sessions, devices; it shows stars for a password."""

    def post(self, path, body, _):
        body = json.loads(body)
        is_right = path == "/rest/v2/login/sessions" and (body["username"], body["password"]) == OWNER
        return (200, {"token": "vms-1"}) if is_right else (401, {"errorString": "Wrong password"})

    def patch(self, path, body, authorization):
        if path != "/rest/v2/devices/%7B1-2%7D" or authorization != "Bearer vms-1":
            return 401, {}
        account = json.loads(body)["credentials"]
        assert account["user"] == "admin"
        keep(account["password"])
        return 200, {}

    def get(self, path, authorization):
        device = {"id": "{1-2}", "name": "Gate", "url": f"http://{CAMERA}:80/onvif", "status": "Recording",
                  "credentials": {"user": "admin", "password": "******"}}
        known = {"/rest/v2/devices": [device], "/rest/v2/devices/%7B1-2%7D": device}
        return (200, known[path]) if path in known and authorization == "Bearer vms-1" else (401, {})


class Milestone:
    """The API Gateway: token of a basic user, hardware, the task ChangePasswordHardware."""

    def post(self, path, body, authorization):
        if path == "/API/IDP/connect/token":
            form = urllib.parse.parse_qs(body)
            is_right = (form["username"][0], form["password"][0]) == OWNER and form["grant_type"] == ["password"]
            return (200, {"access_token": "jwt"}) if is_right else (400, {"error": "invalid_grant"})
        if path == "/api/rest/v1/hardware/h1?task=ChangePasswordHardware" and authorization == "Bearer jwt":
            body = json.loads(body)
            assert body["updateRemoteHardware"] is False
            keep(body["password"])
            return 200, {"result": {"state": "Success"}}
        return 401, {}

    def get(self, path, authorization):
        hardware = {"id": "h1", "displayName": "Gate", "address": f"http://{CAMERA}/", "userName": "admin"}
        is_right = path == "/api/rest/v1/hardware" and authorization == "Bearer jwt"
        return (200, {"array": [hardware]}) if is_right else (401, {})


def password():
    return STATE.read_text()


def keep(new):
    if not LIES:
        STATE.write_text(new)


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands each request to the VMS."""

    def answer(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def do_GET(self):
        self.answer(*VMS.get(self.path, self.headers.get("Authorization")))

    def do_POST(self):
        self.answer(*VMS.post(self.path, self.body(), self.headers.get("Authorization")))

    def do_PATCH(self):
        self.answer(*VMS.patch(self.path, self.body(), self.headers.get("Authorization")))

    def log_message(self, *_):
        pass


VMS = {"shinobi": Shinobi, "nxwitness": Nx, "milestone": Milestone}[KIND]()
STATE.write_text(PASSWORD)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
