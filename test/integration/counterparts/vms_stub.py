"""The APIs of ZoneMinder and Frigate as far as the broker asks them, and what a hostile one would say instead."""
import http.server
import json
import ssl
import subprocess
import threading
import time
import urllib.parse


class Stub:
    """A VMS on a free port of 127.0.0.1. `routes`: path without query → function(request) → (status, headers, body)."""

    scheme = "http"

    def __init__(self, port=0):
        self.routes, self.seen, self.lock = {}, [], threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Looks up the route."""

            protocol_version = "HTTP/1.1"

            def answer(self):
                """One request."""
                path, _, query = self.path.partition("?")
                length = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(length).decode()
                self.query = urllib.parse.parse_qs(query)
                with outer.lock:
                    outer.seen.append((self.command, self.path, dict(self.headers), self.body))
                    route = outer.routes.get(path) or outer.routes.get("*")
                status, headers, body = route(self) if route else (404, {}, "{}")
                body = body if isinstance(body, bytes) else body.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            do_GET = do_POST = answer

            def log_message(self, *_):
                """Silent."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def paths(self):
        """What was asked, without queries."""
        with self.lock:
            return [path.partition("?")[0] for _, path, _, _ in self.seen]

    def use_tls(self, folder):
        """From now on https with a certificate of its own, as Frigate has one."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/O=FRIGATE DEFAULT CERT/CN=*", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https"

    def close(self):
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()


def reply(value, status=200, **headers):
    """An answer as JSON, or text as it is."""
    return status, headers, value if isinstance(value, (str, bytes)) else json.dumps(value)


class ZoneMinder(Stub):
    """1.36 with its log-in on or off (user admin)."""

    password = "pass word&\"+"

    def __init__(self, login=False):
        super().__init__()
        self.login, self.token, self.session, self.logins = login, None, None, 0
        for path, make in {
            "/zm/api/host/login.json": self.api_login, "/zm/index.php": self.page,
            "/zm/api/host/getVersion.json": self.guard({"version": "1.36.33", "apiversion": "2.0"}),
            "/zm/api/host/getTimeZone.json": self.guard({"tz": "Europe/Berlin"}),
            "/zm/api/monitors.json": self.guard({"monitors": [
                {"Monitor": {"Id": "1", "Name": "Front door"}}, {"Monitor": {"Id": 2, "Name": "Yard\n\x1b"}}]}),
            "/zm/api/groups.json": self.guard({"groups": [
                {"Group": {"Id": "1", "ParentId": None}, "Monitor": [{"Id": "1"}]},
                {"Group": {"Id": "2", "ParentId": "1"}, "Monitor": [{"Id": "2"}]}]}),
            "/zm/api/events/17.json": self.guard({"event": {"Event": {
                "Id": "17", "MonitorId": "1", "StartDateTime": "2026-07-01 12:00:00",
                "EndDateTime": "2026-07-01 12:10:00"}}}),
            "/zm/api/events/18.json": self.guard({"event": {"Event": {
                "Id": "18", "MonitorId": "2", "StartDateTime": "2026-01-01 12:00:00", "EndDateTime": None}}}),
            "/zm/api/frames/5.json": self.guard({"frame": {"Frame": {"Id": "5", "EventId": "17"}}}),
        }.items():
            self.routes[path] = make

    def guard(self, value):
        """A route that wants the token while the log-in is on."""
        def route(request):
            if self.login and request.query.get("token") != [self.token]:
                return reply({"success": False}, 401)
            return reply(value)
        return route

    def api_login(self, request):
        """HostController: login."""
        form = urllib.parse.parse_qs(request.body)
        if not self.login:
            return reply({"version": "1.36.33"})
        if form.get("user") != ["admin"] or form.get("pass") != [self.password]:
            return reply({"success": False}, 401)
        self.logins += 1
        self.token = f"head.body{self.logins}.tail"
        return reply({"access_token": self.token, "access_token_expires": 7200})

    def page(self, request):
        """index.php: the log-in page, the log-in, an empty page."""
        cookie = request.headers.get("Cookie", "")
        if request.command == "POST":
            form = urllib.parse.parse_qs(request.body)
            if form.get("password") != [self.password] or "ZMSESSID=before" not in cookie \
                    or form.get("__csrf_magic") != ["key:abc,1"]:
                return reply('<form id="loginForm">', 200)
            self.session = f"session{self.logins}"
            return reply("<title>ZM - Logging In</title>", 200, **{"Set-Cookie": f"ZMSESSID={self.session}; path=/"})
        if request.query.get("view") == ["login"]:
            return reply('<script>var csrfMagicToken = "key:abc,1";</script><form id="loginForm">', 200,
                         **{"Set-Cookie": "ZMSESSID=before; path=/; HttpOnly"})
        if cookie == f"ZMSESSID={self.session}":
            return reply("<html></html>")
        return reply("", 302, Location="/zm/index.php?view=login")


class Frigate(Stub):
    """0.17 with its log-in (user admin), or with proxy headers and a secret."""

    password, secret = "long \"enough\\ password", "proxy-secret-of-32-characters-xy"

    def __init__(self, proxied=False, port=0):
        super().__init__(port)
        self.proxied, self.cookie, self.logins = proxied, None, 0
        self.routes["/api/login"] = self.login
        for path, value in {
            "/api/version": "0.17.2-abcdef0",
            "/api/config": {"cameras": {
                "front": {"friendly_name": "Front door", "live": {"streams": {"Main": "front", "Sub": "front_sub"}},
                          "ffmpeg": {"inputs": [{"path": "rtsp://127.0.0.1:8554/front_rec"},
                                                {"path": "rtsp://u:p@10.0.0.9:554/x"}]}},
                "yard": {"live": {"streams": {"Main": "yard_hd", "Wrong": "front_sub"}}, "ffmpeg": {"inputs": []}}},
                "camera_groups": {"outside": {"cameras": ["front", "yard"]}}},
            "/api/events/1763900000.123-abc123": {
                "camera": "front", "start_time": 1763900000.123, "end_time": 1763900010.5},
            "/api/events/1763900001.5-def456": {"camera": "yard", "start_time": 1763900001.5, "end_time": None},
            "/api/review/1763900000.5-abc999": {"camera": "yard", "start_time": 1763900000.5, "end_time": 1763900020},
            "/api/exports": [{"id": "front_a1b2c3", "camera": "front", "date": 1763900000,
                              "video_path": "/media/frigate/exports/front_20251123_1-2_a1b2c3.mp4"}],
        }.items():
            self.routes[path] = self.guard(value)

    def guard(self, value):
        """A route that wants cookie or secret."""
        def route(request):
            held = request.headers.get("X-Proxy-Secret") == self.secret and request.headers.get("X-Forwarded-User") \
                if self.proxied else self.cookie and request.headers.get("Cookie") == f"frigate_token={self.cookie}"
            return reply(value) if held else reply("", 401)
        return route

    def login(self, request):
        """POST /api/login."""
        form = json.loads(request.body)
        if self.proxied or form != {"user": "admin", "password": self.password}:
            return reply({"message": "Login failed"}, 401)
        self.logins += 1
        self.cookie = f"head.body{self.logins}.tail"
        return reply("", 200, **{"Set-Cookie": f"frigate_token={self.cookie}; HttpOnly; Path=/"})


def slow(seconds):
    """A route that keeps its asker waiting."""
    def route(_request):
        time.sleep(seconds)
        return reply({})
    return route
