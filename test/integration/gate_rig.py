"""nginx with the module, a keeper, a board and a small VMS stand-in, for tests of the module alone."""
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import threading
import time

from conftest import BUILD
from keeping import Keeper, entries, init

MODULE = BUILD / "nginx" / "ngx_http_gatehouse_module.so"
BOARD = BUILD / "test" / "gate-board"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
VIDEO = bytes(range(256)) * 256
ANNA, BERT, CARL, EVE = ("A" * 43, "B" * 43, "C" * 43, "E" * 43)


def free_port():
    """A port of this machine that nobody has just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Upstream(http.server.ThreadingHTTPServer):
    """Says yes to everything, as a VMS would, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.seen = []
        self.stop = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        """Where it listens."""
        return self.server_address[1]

    def last(self):
        """The last request: its line, its headers with names in lower case, its body."""
        return self.seen[-1]


class Answers(http.server.BaseHTTPRequestHandler):
    """One connection to the stand-in."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Keeps quiet."""

    def answer(self):
        """Any method."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        self.server.seen.append((self.requestline, headers, body))
        path = self.path.split("?")[0]
        if path.startswith("/live/") or "stream" in path:
            self.stream()
            return
        is_video = path.endswith((".mp4", ".ts", ".m3u8")) or path.startswith("/vod/")
        is_picture = path.endswith(".jpg")
        data = VIDEO if is_video else b"\xff\xd8\xff\xe0picture" if is_picture else b"<html>page</html>"
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4" if is_video else "image/jpeg" if is_picture else "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Set-Cookie", "frigate_token=secret; Path=/")
        self.send_header("Set-Cookie", "theme=dark; Path=/")
        self.send_header("Cache-Control", "max-age=60")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def stream(self):
        """A multipart stream without an end."""
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace;boundary=frame")
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.server.stop.wait(0.05):
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + b"x" * 500 + b"\r\n")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = answer


class Broker:
    """Answers the workers' questions from a table: {"event 17": {"cameras": [...], "from": .., "to": ..}}."""

    def __init__(self, path):
        self.known = {}
        self.asked = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        """Every worker has a connection of its own."""
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, peer):
        """Lines in, lines out."""
        with contextlib.suppress(OSError), peer, peer.makefile("rwb") as file:
            for line in file:
                question = json.loads(line)
                self.asked.append(question)
                found = self.known.get(f"{question['name']} {question['text']}", {"error": "missing"})
                file.write(json.dumps({"id": question["id"], **found}).encode() + b"\n")
                file.flush()


SERVER = """
  server {{
    listen 127.0.0.1:{port}{more};
    server_name gate.example;
    {tls}
    gatehouse frigate frigate;
    location /gatehouse/ {{ gatehouse_pages; proxy_pass http://127.0.0.1:{pages}; proxy_set_header X-Gatehouse-Address $gatehouse_address; }}
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $gatehouse_upgrade;
      proxy_set_header Connection $gatehouse_connection;
      proxy_buffering off;
    }}
    {extra}
  }}
"""

CONFIG = """
{user}load_module {module};
daemon off; worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/error.log info;
worker_shutdown_timeout 20s;
events {{ worker_connections 512; }}
http {{
  access_log off; absolute_redirect off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_body_buffer_size 16k;
  gatehouse_run {folder}/run; gatehouse_ledger {ledger}; gatehouse_site "Test site";
  {http}
  {servers}
}}
"""


class Rig:
    """All of it, in a folder; each part can be taken away."""

    def __init__(self, folder, workers=2, http=""):
        self.folder = pathlib.Path(folder)
        self.run = self.folder / "run"
        self.run.mkdir(parents=True)
        self.ledger = self.folder / "ledger"
        init(self.ledger)
        self.keeper = Keeper(self.ledger)
        self.upstream = Upstream()
        self.pages = Upstream()
        self.broker = Broker(self.run / "broker.sock")
        self.port, self.tls_port = free_port(), free_port()
        self.workers, self.http = workers, http
        self.board = None
        self.told = queue.Queue()
        self.ended = []
        self.start_board()
        self.write(self.servers())
        self.nginx = None
        self.start_nginx()

    def start_board(self):
        """The doorman's and broker's part."""
        self.board = subprocess.Popen([str(BOARD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, args=(self.board.stdout,), daemon=True).start()
        self.say(run=str(self.run))
        self.say(vms=[{"name": "frigate", "cameras": {"front": "Front door", "back": "Back yard"},
                       "aliases": {"front_hd": "front"},
                       "headers": {"X-Proxy-Secret": "sesame", "Remote-User": "{user}", "Remote-Role": "{role}",
                                   "Cookie": "frigate_token=brokered"}}])
        every = ["browse", "live", "snapshot", "playback", "export", "ptz", "configure"]
        self.say(roles={"all": [{"vms": "frigate", "permits": every}],
                        "front": [{"vms": "frigate", "permits": ["browse"]},
                                  {"vms": "frigate", "permits": ["live", "snapshot", "playback"],
                                   "cameras": ["front"]}]},
                 users={"anna": {"roles": ["all"], "administrator": True}, "bert": {"roles": ["front"]},
                        "carl": {"roles": ["all"]}, "eve": {"roles": ["all"], "administrator": True}})
        self.sessions()

    def sessions(self, **changes):
        """The usual four, with changes: anna={"expires": 1}; None takes one away."""
        rows = {"anna": {"cookie": ANNA, "user": "anna", "elevated": 600, "reason": "theft of a bicycle"},
                "bert": {"cookie": BERT, "user": "bert"}, "carl": {"cookie": CARL, "user": "carl"},
                "eve": {"cookie": EVE, "user": "eve", "break_glass": True, "reason": "the ledger is down"}}
        for name, change in changes.items():
            rows[name] = None if change is None else {**rows[name], **change}
        self.say(sessions=[row for row in rows.values() if row])

    def listen(self, lines):
        """Sorts answers from ended views."""
        for line in lines:
            if line.startswith("{"):
                self.ended.append(json.loads(line))
            else:
                self.told.put(line.strip())

    def say(self, **line):
        """Tells gate-board and waits until it is done."""
        self.board.stdin.write(json.dumps(line) + "\n")
        self.board.stdin.flush()
        assert self.told.get(timeout=10) == "ok"

    def servers(self, extra=""):
        """The usual servers, with more directives."""
        plain = SERVER.format(port=self.port, more="", tls="", pages=self.pages.port, upstream=self.upstream.port,
                              extra=extra)
        cert, key = self.certificate()
        tls = SERVER.format(port=self.tls_port, more=" ssl http2", tls=f"ssl_certificate {cert}; ssl_certificate_key {key};",
                            pages=self.pages.port, upstream=self.upstream.port, extra=extra)
        return plain + tls

    def certificate(self):
        """A certificate of its own."""
        cert, key = self.folder / "cert.pem", self.folder / "key.pem"
        if not cert.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", str(key), "-out", str(cert), "-subj", "/CN=gate.example", "-days", "2"],
                           check=True, capture_output=True)
        return cert, key

    def write(self, servers, http=None):
        """nginx.conf; returns its path."""
        path = self.folder / "nginx.conf"
        path.write_text(CONFIG.format(user="user root;\n" if os.geteuid() == 0 else "", module=MODULE,
                                      workers=self.workers, folder=self.folder, ledger=self.ledger / "keeper.sock",
                                      http=self.http if http is None else http, servers=servers))
        return path

    def check(self, servers, http=None):
        """What nginx says to a configuration: status and words."""
        path = self.write(servers, http)
        done = subprocess.run([NGINX, "-t", "-c", str(path)], capture_output=True, text=True, check=False)
        self.write(self.servers())
        return done.returncode, done.stderr

    def start_nginx(self):
        """Starts it and waits until it decides."""
        self.nginx = subprocess.Popen([NGINX, "-c", str(self.folder / "nginx.conf")], stdout=subprocess.DEVNULL,
                                      stderr=(self.folder / "stderr").open("w"))
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if self.get("/", ANNA)[0] == 200:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "stderr").read_text() + self.log())

    def reload(self, servers):
        """A new configuration for running workers."""
        before = self.worker_pids()
        self.write(servers)
        self.nginx.send_signal(1)
        until = time.monotonic() + 10
        while time.monotonic() < until and before & self.accepting_pids():
            time.sleep(0.05)
        time.sleep(0.3)

    def worker_pids(self):
        """Processes of the master."""
        done = subprocess.run(["ps", "--ppid", str(self.nginx.pid), "-o", "pid="], capture_output=True, text=True, check=False)
        return {int(word) for word in done.stdout.split()}

    def accepting_pids(self):
        """Those that are not shutting down."""
        done = subprocess.run(["ps", "--ppid", str(self.nginx.pid), "-o", "pid=,args="], capture_output=True, text=True,
                              check=False)
        return {int(line.split()[0]) for line in done.stdout.splitlines() if "shutting down" not in line}

    def log(self):
        """nginx's error log."""
        path = self.folder / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def raw(self, request, timeout=10):
        """Sends bytes, returns what comes until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as peer:
            peer.sendall(request)
            got = b""
            with contextlib.suppress(TimeoutError, ConnectionError):
                while piece := peer.recv(65536):
                    got += piece
            return got

    def ask(self, line, cookie=None, headers=(), body=b""):
        """One request with a request line as it is: status, headers (lower case), body."""
        head = [line, "Host: gate.example", "Connection: close", *headers]
        if cookie:
            head.append(f"Cookie: gatehouse={cookie}")
        if body:
            head.append(f"Content-Length: {len(body)}")
        got = self.raw("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
        top, _, rest = got.partition(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1]) if lines[0] else 0
        return status, [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]], rest

    def get(self, target, cookie=None, *headers, method="GET", body=b""):
        """The usual request."""
        return self.ask(f"{method} {target} HTTP/1.1", cookie, headers, body)

    def events(self, since=0):
        """The ledger's events from that one on, the newest last."""
        return [json.loads(entry) for entry in entries(self.ledger)][since:]

    def wait_events(self, wanted, since=0, seconds=8):
        """Events for which wanted(event) holds, when there is one."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = [event for event in self.events(since) if wanted(event)]
            if found:
                return found
            time.sleep(0.05)
        return []

    def end(self):
        """Stops everything that was started."""
        for process in (self.nginx, self.board):
            if process and process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.keeper.__exit__()
        self.upstream.stop.set()
        for server in (self.upstream, self.pages):
            server.shutdown()
            server.server_close()
        self.broker.listener.close()
        assert "exited on signal 11" not in self.log() and "exited on signal 6" not in self.log(), self.log()[-2000:]


def session_name(cookie):
    """What gate-board calls the session of a cookie."""
    return "s-" + hashlib.sha256(cookie.encode()).hexdigest()[:8]
