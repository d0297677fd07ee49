"""The servers that bench_gateway.py compares: one upstream, and four proxies in front of it."""
import json
import os
import pathlib
import queue
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time

NAMES = ("bare", "auth in place", "auth asked", "haproxy", "gatehouse")
#: Segments of a recording: after the first request the view is open, and nothing new is to be recorded.
SMALL = "/vod/front/start/1763900000/end/1763900600/seg-1-v1.m4s"
LARGE = "/vod/front/start/1763900000/end/1763900600/seg-2-v1.m4s"
CPUS = sorted(os.sched_getaffinity(0))
PROXY_CPUS = CPUS[-1:]
LOAD_CPUS = CPUS[:-1] or CPUS

UPSTREAM = """
worker_processes 1; daemon off; pid {folder}/upstream.pid; error_log {folder}/upstream.err;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000; sendfile on; tcp_nopush on; default_type text/plain; {temp}
  server {{ listen 127.0.0.1:{upstream}; root {folder}/files;
    open_file_cache max=8;
    location /vod/ {{ try_files $uri {small} =404; }} }}
}}
"""

#: What a proxy that does nothing would have, and nothing else: the same in all that are nginx.
PROXY = """
{load}
worker_processes 1; worker_rlimit_nofile 8192; daemon off; pid "{folder}/{name}.pid"; error_log "{folder}/{name}.err";
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000; {temp}
  upstream vms {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
  upstream streams {{ server 127.0.0.1:{streams}; }}
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; ssl_protocols TLSv1.3;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host localhost;
  {http}
  server {{ listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl; server_name localhost 127.0.0.1;
    {server}
    location / {{ {location} proxy_pass http://vms; }}
    location = /api/front {{ proxy_buffering off; proxy_pass http://streams; }}
    location /live/ {{ proxy_pass http://streams; proxy_read_timeout 600s; {upgrade} }} }}
}}
"""

UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
OUR_UPGRADE = "proxy_set_header Upgrade $gatehouse_upgrade; proxy_set_header Connection $gatehouse_connection;"

# auth_request as fast as it can be, a static 200 of the same process, and as it is used: asking a server.
AUTH_IN_PLACE = "location = /auth { internal; return 200; }"
AUTH_ASKED = """location = /auth {{ internal; proxy_pass http://vms/auth; proxy_pass_request_body off;
      proxy_set_header Content-Length ""; proxy_set_header Connection ""; }}"""

HAPROXY = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
  http-reuse always
  retry-on conn-failure empty-response
  retries 3
frontend in
  bind 127.0.0.1:{plain}
  bind 127.0.0.1:{tls} ssl crt {folder}/both.pem ssl-min-ver TLSv1.3
  default_backend vms
backend vms
  server vms 127.0.0.1:{upstream} maxconn 4096
"""


def free_port():
    """A port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(cpus, command):
    return ["taskset", "-c", ",".join(map(str, cpus)), *map(str, command)] if len(CPUS) > 1 else list(map(str, command))


def until_open(place, seconds=10):
    """Waits until somebody listens at a port of the loopback, or at a unix socket."""
    is_port = isinstance(place, int)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket(socket.AF_INET if is_port else socket.AF_UNIX) as probe:
            if probe.connect_ex(("127.0.0.1", place) if is_port else str(place)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens at {place}")


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Site:
    """All servers, up while the block runs."""

    def __init__(self, build, folder):
        self.build, self.folder, self.running = build, pathlib.Path(folder), []
        self.ports = {name: (free_port(), free_port()) for name in NAMES}
        self.proxies = {}
        self.upstream, self.streams = free_port(), free_port()
        self.secret = secrets.token_urlsafe(32)
        self.cookie = f"__Host-gatehouse={self.secret}; gatehouse={self.secret}"  # with TLS; without, on loopback

    def url(self, name, tls, path):
        plain, secure = self.ports[name]
        return f"https://127.0.0.1:{secure}{path}" if tls else f"http://127.0.0.1:{plain}{path}"

    def start(self, cpus, command, port):
        process = subprocess.Popen(pinned(cpus, command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.running.append(process)
        until_open(port)
        return process

    def seconds_of(self, name):
        """Processor time that a proxy and its workers have used."""
        ticks = 0
        for pid in [self.proxies[name].pid, *children(self.proxies[name].pid)]:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def nginx(self, name, text, cpus, port):
        file = self.folder / f"{name.replace(' ', '-')}.conf"
        file.write_text(text)
        return self.start(cpus, ["nginx", "-c", file], port)

    def temp(self, name):
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        return " ".join(f"{kind}_temp_path {self.folder}/{name.replace(' ', '-')}-{kind};" for kind in kinds)

    def proxy(self, name, load="", http="", server="", location="", upgrade=UPGRADE):
        plain, tls = self.ports[name]
        self.proxies[name] = self.nginx(name, PROXY.format(folder=self.folder, name=name, upstream=self.upstream, streams=self.streams, plain=plain,
                                      tls=tls, upgrade=upgrade, temp=self.temp(name), load=load, http=http, server=server, location=location),
                   PROXY_CPUS, plain)

    def __enter__(self):
        os.chmod(self.folder, 0o755)  # as root nginx's workers are somebody else
        files = self.folder / "files"
        files.mkdir()
        for path, size in ((SMALL, 4096), (LARGE, 1024 * 1024)):
            file = files / path[1:]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(os.urandom(size // 2).hex().encode())
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"], check=True, capture_output=True)
        (self.folder / "both.pem").write_bytes((self.folder / "cert.pem").read_bytes() + (self.folder / "key.pem").read_bytes())
        (files / "auth").write_bytes(b"")
        self.nginx("upstream", UPSTREAM.format(folder=self.folder, small=SMALL, upstream=self.upstream, temp=self.temp("upstream")),
                   LOAD_CPUS, self.upstream)
        self.start(LOAD_CPUS, [sys.executable, pathlib.Path(__file__).with_name("gateway_upstream.py"), self.streams], self.streams)
        self.proxy("bare")
        self.proxy("auth in place", server=AUTH_IN_PLACE, location="auth_request /auth;")
        self.proxy("auth asked", server=AUTH_ASKED.format(), location="auth_request /auth;")
        plain, tls = self.ports["haproxy"]
        (self.folder / "haproxy.cfg").write_text(HAPROXY.format(folder=self.folder, plain=plain, tls=tls, upstream=self.upstream))
        self.proxies["haproxy"] = self.start(PROXY_CPUS, ["haproxy", "-db", "-f", self.folder / "haproxy.cfg"], plain)
        self.gatehouse()
        return self

    def gatehouse(self):
        """The module with a ledger, and a board that a helper of the tests keeps."""
        program = self.build / "gatehouse"
        subprocess.run([program, "ledger", "init", "--ledger", self.folder / "ledger"], check=True, capture_output=True)
        self.start(LOAD_CPUS, [program, "keeper", "--ledger", self.folder / "ledger"], self.folder / "ledger/keeper.sock")
        run = self.folder / "run"
        run.mkdir()
        self.board = subprocess.Popen([self.build / "test/gate-board"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running.append(self.board)
        self.answers = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()
        self.tell(run=str(run))
        self.look()
        self.tell(roles={"viewer": [{"permits": ["browse", "live", "snapshot", "playback"]}]},
                  users={"anna": {"roles": ["viewer"], "administrator": False}})
        self.sessions(self.secret)
        self.tell(beats=True)
        for file in (self.folder, run, *run.iterdir()):
            os.chmod(file, 0o777 if file.is_dir() else 0o666)  # as root nginx's workers are somebody else
        module = self.build / "nginx/ngx_http_gatehouse_module.so"
        ledger = f'gatehouse_run "{run}"; gatehouse_ledger "{self.folder}/ledger/keeper.sock"; gatehouse_site bench;'
        self.proxy("gatehouse", load=f'load_module "{module}"; user root;' if os.getuid() == 0 else f'load_module "{module}";',
                   http=ledger, server="gatehouse frigate frigate;", upgrade=OUR_UPGRADE)

    def sessions(self, *cookies):
        """The log-ins of the one user there is; all others end."""
        self.tell(sessions=[{"cookie": cookie, "user": "anna", "expires": 36000} for cookie in cookies])

    def look(self):
        """As the broker does: it has looked at the VMS just now."""
        self.tell(vms=[{"name": "frigate", "cameras": {"front": "Front door"}, "aliases": {}, "headers": {}, "zone": 0,
                        "has_session": True, "is_stale": False}])

    def listen(self):
        """Takes what gate-board says: its answers, and events of views, which would fill the pipe."""
        for line in self.board.stdout:
            if not line.startswith("{"):
                self.answers.put(line.strip())
        self.answers.put("ended")

    def tell(self, **line):
        self.board.stdin.write(json.dumps(line) + "\n")
        self.board.stdin.flush()
        said = self.answers.get(timeout=10)
        if said != "ok":
            raise SystemExit(f"gate-board: {said}")

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
