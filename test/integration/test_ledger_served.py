"""The log as static files: a web server that knows nothing of it serves all that its format needs."""
import base64
import hashlib
import http.client
import http.server
import re
import shutil
import socket
import subprocess
import threading
import time
from functools import partial

import pytest

from conftest import BUILD, SOURCE, command

MAKE_LOG = BUILD / "test" / "bench" / "make_log"
SIZE = 70000  # the example of tlog-tiles: partial tiles on every level
PREFIX = "/harbour/"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """The folder log/ of a ledger."""
    folder = tmp_path_factory.mktemp("served") / "ledger"
    assert command(MAKE_LOG, folder, SIZE).returncode == 0
    return folder / "log"


def free_port():
    """A port of 127.0.0.1 that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def nginx(log):
    """The port of an nginx with the words of doc/ledger-format.md."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    document = (SOURCE / "doc" / "ledger-format.md").read_text(encoding="utf-8")
    words = re.search(r"```nginx\n(.*?)```", document, re.S)[1]
    folder, port = log.parent.parent, free_port()
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n"
                    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{ }}\nhttp {{ access_log off;\n{paths}server {{ listen 127.0.0.1:{port};\n"
        + words.replace("/var/lib/gatehouse/ledger/log", str(log)) + "} }\n")
    process = subprocess.Popen([NGINX, "-e", folder / "error.log", "-p", folder, "-c", folder / "nginx.conf"])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def python(log):
    """The port of Python's own web server."""
    root = log.parent.parent / "root"
    root.mkdir()
    (root / PREFIX.strip("/")).symlink_to(log)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        """Says nothing."""
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


class Reader:
    """Fetches below the prefix by one connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def get(self, name):
        """Status, headers, bytes."""
        self.connection.request("GET", PREFIX + name)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()


def number(index):
    """1234067 is x001/x234/067."""
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


def names(size):
    """Every file below tile/ that a log of that size needs."""
    found = set()
    for level, shift in [("entries", 0)] + [(level, 8 * level) for level in range(8)]:
        count = size >> shift
        found |= {f"tile/{level}/{number(i)}" for i in range(count // 256)}
        if count % 256:
            found.add(f"tile/{level}/{number(count // 256)}.p/{count % 256}")
    return found


def root(leaves):
    """RFC 6962: by pairs, a lone last one goes up as it is."""
    while len(leaves) > 1:
        above = [hashlib.sha256(b"\x01" + leaves[i] + leaves[i + 1]).digest() for i in range(0, len(leaves) - 1, 2)]
        leaves = above + leaves[len(above) * 2:]
    return leaves[0]


def entries(bundle):
    """Length and bytes, again and again."""
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        yield bundle[2:2 + length]
        bundle = bundle[2 + length:]


def test_folder_has_the_files_of_its_size_and_no_other(log):
    there = {str(path.relative_to(log)) for path in (log / "tile").rglob("*") if path.is_file()}
    assert there == names(SIZE)


@pytest.mark.parametrize("server", ["nginx", "python"])
def test_what_is_served_is_what_is_on_the_disk(server, log, request):
    reader = Reader(request.getfixturevalue(server))
    for name in sorted(names(SIZE)) + ["checkpoint", "log.vkey"]:
        status, _, body = reader.get(name)
        assert status == 200
        assert body == (log / name).read_bytes(), name
    assert reader.get("tile/0/274")[0] == 404


def test_root_over_served_entries_is_the_served_checkpoints(nginx):
    reader = Reader(nginx)
    size, head = reader.get("checkpoint")[2].decode().split("\n")[1:3]
    bundles = sorted((name for name in names(int(size)) if "entries" in name), key=lambda n: n.split(".")[0])
    leaves = [hashlib.sha256(b"\x00" + entry).digest() for name in bundles for entry in entries(reader.get(name)[2])]
    assert len(leaves) == SIZE
    assert root(leaves) == base64.b64decode(head)


def test_kinds_and_ages_are_those_of_the_format(nginx):
    reader = Reader(nginx)
    for name in ("checkpoint", "log.vkey"):
        headers = reader.get(name)[1]
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert headers["Cache-Control"] == "max-age=2"
    for name in ("tile/0/000", "tile/entries/273.p/112"):
        headers = reader.get(name)[1]
        assert headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in headers["Cache-Control"]
