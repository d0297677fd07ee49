"""What tests of the forwarder share: certificates, receivers with all sorts of manners, a forwarder under a status."""
import contextlib
import http.server
import json
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

from conftest import BUILD, GATEHOUSE, command

MAKE_LOG = BUILD / "test" / "bench" / "make_log"
INDEX = re.compile(rb'index="(\d+)" ')


def until(true, seconds=20, step=0.02):
    """Waits until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(step)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def make_log(folder, count):
    """A log of so many events as a ledger's folder."""
    done = command(MAKE_LOG, folder, count, 1)
    assert done.returncode == 0, done.stderr


class Authority:
    """Certificates of one authority, in a folder."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.pem = folder / f"{name}.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                     "-keyout", folder / f"{name}.key", "-out", self.pem, "-subj", f"/CN={name}")

    def openssl(self, *args):
        done = command("openssl", *args)
        assert done.returncode == 0, done.stderr

    def make(self, host):
        """Certificate and key for a name."""
        stem = self.folder / f"{self.name}-{host}"
        files = [stem.with_name(stem.name + end) for end in (".crt", ".key", ".csr", ".ext")]
        crt, key, csr, ext = files
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                     "-out", csr, "-subj", f"/CN={host}")
        ext.write_text(f"subjectAltName=DNS:{host}\n")
        self.openssl("x509", "-req", "-in", csr, "-CA", self.pem, "-CAkey", self.folder / f"{self.name}.key",
                     "-CAcreateserial", "-out", crt, "-days", "30", "-extfile", ext)
        return crt, key


def server_context(crt, key, clients=None):
    """TLS of a receiver; clients: the authority of certificates that it demands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context


def frames(data):
    """Octet-counted messages; what is cut at the end is left out."""
    found = []
    while data:
        length, _, rest = data.partition(b" ")
        if not length.isdigit() or len(rest) < int(length):
            break
        found.append(rest[:int(length)])
        data = rest[int(length):]
    return found


def indexes(messages):
    """The index that each message has."""
    return [int(INDEX.search(message)[1]) for message in messages]


class Receiver:
    """Listens; manner(connection, receiver) is what it does with each connection, in a thread."""

    def __init__(self, manner, port=0, tls=None, room=0):
        self.manner, self.tls, self.got, self.connections = manner, tls, [], 0
        self.listener = socket.create_server(("127.0.0.1", port))
        if room:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                raw, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.serve, args=(raw,), daemon=True).start()

    def serve(self, raw):
        with contextlib.suppress(OSError, ssl.SSLError):
            one = self.tls.wrap_socket(raw, server_side=True) if self.tls else raw
            self.manner(one, self)
            one.close()

    def messages(self):
        return frames_of_all(self.got)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def frames_of_all(parts):
    return [message for part in parts for message in frames(part)]


def read_all(one):
    data = b""
    with contextlib.suppress(ssl.SSLEOFError):
        while more := one.recv(65536):
            data += more
    return data


def honest(one, receiver):
    """Reads to the end, keeps it, closes; over TLS with a good-bye."""
    receiver.got.append(read_all(one))
    if isinstance(one, ssl.SSLSocket):
        with contextlib.suppress(OSError, ssl.SSLError):
            one.unwrap()


def curt(one, receiver):
    """Reads to the end, keeps it, closes without a good-bye, as rsyslog with gtls does."""
    receiver.got.append(read_all(one))


def closing(_one, _receiver):
    """Closes at once."""


def resetting(one, _receiver):
    """Reads a little, then resets."""
    one.recv(1000)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def deaf(_one, _receiver):
    """Never reads, never closes."""
    time.sleep(3600)


def clinging(one, receiver):
    """Reads, but never closes."""
    receiver.got.append(read_all(one))
    time.sleep(3600)


def babbling(one, receiver):
    """Reads to the end and closes in order, then talks without an end."""
    receiver.got.append(read_all(one))
    plain = one.unwrap() if isinstance(one, ssl.SSLSocket) else one
    while True:
        plain.sendall(b"x" * 4096)


class Collector(http.server.ThreadingHTTPServer):
    """An HTTP receiver; judge(body) gives status and JSON for a request, keep tells what it takes."""

    def __init__(self, judge, port=0):
        outer = self
        self.judge, self.bodies, self.tokens = judge, [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.tokens.append(self.headers["Authorization"])
                status, answer = outer.judge(body)
                outer.bodies.append((status, body))
                text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", port), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Forwarder:
    """gatehouse siem run over a log and destinations given as YAML."""

    def __init__(self, folder, destinations, ledger="ledger", more=""):
        self.folder = folder
        self.config = folder / "siem.yaml"
        rows = "".join(f"  - {json.dumps(row)}\n" for row in destinations)
        self.config.write_text(f"ledger: {ledger}\nhost: gate.test\n{more}destinations:\n{rows}")
        self.process, self.said = None, folder / "forwarder.log"

    def start(self):
        with open(self.said, "a", encoding="utf-8") as said:
            self.process = subprocess.Popen([GATEHOUSE, "siem", "run", "--config", self.config], stdout=said,
                                            stderr=subprocess.STDOUT)
        return self

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def kill(self):
        self.end(signal.SIGKILL)

    def status(self):
        done = command(GATEHOUSE, "siem", "status", "--json", "--config", self.config)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def row(self, name):
        return next(row for row in self.status()["destinations"] if row["name"] == name)

    def cursor(self, name):
        path = self.folder / "siem" / f"{name}.cursor"
        return int(re.search(r"^next (\d+)$", path.read_text(), re.M)[1]) if path.exists() else 0

    def wait(self, name, count, seconds=60):
        """Until so many entries are done with."""
        until(lambda: self.cursor(name) >= count, seconds)

    def wait_for_trouble(self, name, words, seconds=30):
        until(lambda: words in self.row(name)["trouble"], seconds, 0.2)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def syslog(port, name="s", **more):
    return {"name": name, "type": "syslog", "address": f"127.0.0.1:{port}", "tls": "no", "flush_seconds": 1, **more}


def tls_syslog(port, authority, name="s", host="siem.test", **more):
    return {"name": name, "type": "syslog", "address": f"127.0.0.1:{port}", "server_name": host,
            "ca": str(authority.pem), "flush_seconds": 1, **more}


def once_each(found, count):
    """Every index is there, and apart from repeats they are in order."""
    first = list(dict.fromkeys(found))
    assert first == list(range(count)), f"{len(first)} of {count}, the first wrong one at " + str(
        next((i for i, value in enumerate(first) if i != value), len(first)))
    return len(found) - count
