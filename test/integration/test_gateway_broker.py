"""The broker against stand-ins of ZoneMinder's and Frigate's APIs, friendly and hostile."""
import contextlib
import json
import signal
import socket
import subprocess
import time

import pytest
from conftest import BUILD, GATEHOUSE, SANITIZED
from counterparts import vms_stub

HELP = BUILD / "test" / "unit" / "upstream_help"


class Broker:
    """A broker on a folder of its own."""

    def __init__(self, folder, stub, kind, user=None, secrets=()):
        self.folder, self.kind = folder, kind
        (folder / "run").mkdir()
        user = f"    user: {user}\n" if user else ""
        (folder / "gateway.yaml").write_text(
            "site: test\nhost: localhost\nplain: yes\nvms:\n"
            f"  - type: {kind}\n    upstream: {stub.scheme}://127.0.0.1:{stub.port}\n    listen: 127.0.0.1:18443\n{user}")
        for name, value in secrets:
            subprocess.run([HELP, "seal", folder, name], input=value.encode(), check=True, capture_output=True)
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen([GATEHOUSE, "broker", "--gateway", folder], stderr=self.log)

    def said(self):
        """Its log."""
        return (self.folder / "log").read_text()

    def upstream(self):
        """What it published, or None."""
        done = subprocess.run([HELP, "show", self.folder / "run" / f"vms-{self.kind}"],
                              capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def until(self, is_so, seconds=10):
        """Waits for a publication of which that is so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.upstream()
            if found and is_so(found):
                return found
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)
        pytest.fail(f"not in {seconds} s: {self.upstream()}\n{self.said()}")

    def link(self):
        """A worker's connection."""
        worker = socket.socket(socket.AF_UNIX)
        worker.settimeout(8)
        worker.connect(str(self.folder / "run" / "broker.sock"))
        return worker

    def ask(self, name, text, vms=None):
        """One question and its answer."""
        with self.link() as worker:
            line = json.dumps({"id": 7, "vms": vms or self.kind, "name": name, "text": text})
            worker.sendall(line.encode() + b"\n")
            answer = json.loads(worker.makefile().readline())
        assert answer.pop("id") == 7
        return {key: value for key, value in answer.items() if value}

    def stop(self):
        """As serve does it."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0, self.said()
        self.log.close()


@contextlib.contextmanager
def running(tmp_path, stub, kind, **more):
    """A broker that is there until the end of the block."""
    broker = Broker(tmp_path, stub, kind, **more)
    try:
        yield broker
        broker.stop()
    finally:
        broker.process.kill()
        broker.process.wait()
        stub.close()


def test_zoneminder_without_log_in_needs_nothing(tmp_path):
    """Cameras, zone, events; nothing is added to requests."""
    with running(tmp_path, vms_stub.ZoneMinder(), "zoneminder") as broker:
        found = broker.until(lambda u: u["session"])
        assert found["reachable"] and found["version"] == "1.36.33" and found["trouble"] == ""
        assert found["cameras"]["1"] == "Front door" and "\n" not in found["cameras"]["2"]
        assert found["zone"] in (3600, 7200) and not found["headers"] and not found["token"]
        # 12:00 in Berlin's summer is 10:00 UTC, in its winter 11:00.
        assert broker.ask("event", "17") == {"cameras": ["1"], "from": 1782900000000, "to": 1782900600000}
        assert broker.ask("event", "18")["from"] == 1767265200000
        assert broker.ask("frame", "5")["cameras"] == ["1"]
        assert broker.ask("event", "99") == {"error": "missing"}
        assert broker.ask("event", "17/../../x") == {"error": "missing"}
        assert broker.ask("event", "17", vms="other") == {"error": "missing"}
        assert sorted(broker.ask("group", "1")["cameras"]) == ["1", "2"]
        assert broker.ask("group", "2")["cameras"] == ["2"]


def test_zoneminders_session_is_brokered_and_renewed(tmp_path):
    """Token for zms, cookie for pages; both come again when ZoneMinder forgets them."""
    stub = vms_stub.ZoneMinder(login=True)
    with running(tmp_path, stub, "zoneminder", user="admin",
                 secrets=[("vms/zoneminder", stub.password)]) as broker:
        found = broker.until(lambda u: u["session"])
        assert found["headers"] == {"Cookie": "ZMSESSID=session1"}
        assert found["token_path"] == "/zm/cgi-bin/" and found["token"] == "token=head.body1.tail"
        assert broker.ask("event", "17")["cameras"] == ["1"]
        stub.token = "forgotten"
        assert broker.ask("event", "18") == {"error": "unavailable"}
        broker.until(lambda u: u["token"] == "token=head.body2.tail")
        assert broker.ask("event", "18")["cameras"] == ["2"]
        assert stub.password not in broker.said() and "head.body" not in broker.said()


def test_a_refused_log_in_is_told_and_not_tried_over_and_over(tmp_path):
    """Words, no session, no header, no pounding."""
    stub = vms_stub.ZoneMinder(login=True)
    with running(tmp_path, stub, "zoneminder", user="admin", secrets=[("vms/zoneminder", "wrong")]) as broker:
        found = broker.until(lambda u: u["trouble"])
        assert "refused the log-in of admin" in found["trouble"] and not found["session"] and not found["headers"]
        time.sleep(3)
        assert stub.paths().count("/zm/api/host/login.json") == 1
        assert broker.ask("event", "17") == {"error": "unavailable"}


def test_zoneminder_with_a_log_in_but_no_user_in_the_settings_is_told(tmp_path):
    """The way out is in the words."""
    with running(tmp_path, vms_stub.ZoneMinder(login=True), "zoneminder") as broker:
        assert "name no user" in broker.until(lambda u: u["trouble"])["trouble"]


def test_frigate_by_its_log_in(tmp_path):
    """Cookie, cameras, aliases; an alias of two cameras is nobody's."""
    stub = vms_stub.Frigate()
    with running(tmp_path, stub, "frigate", user="admin", secrets=[("vms/frigate", stub.password)]) as broker:
        found = broker.until(lambda u: u["session"])
        assert found["headers"] == {"Cookie": "frigate_token=head.body1.tail"}
        assert found["version"] == "0.17.2-abcdef0"
        assert found["cameras"] == {"front": "Front door", "yard": "yard"}
        assert found["aliases"] == {"front_sub": "", "front_rec": "front", "yard_hd": "yard"}
        assert broker.ask("stream", "yard_hd") == {"cameras": ["yard"]}
        assert broker.ask("stream", "front_sub") == {"error": "missing"}
        assert broker.ask("stream", "birdseye")["all"] is True
        assert broker.ask("event", "1763900000.123-abc123") == {
            "cameras": ["front"], "from": 1763900000123, "to": 1763900010500}
        assert broker.ask("review", "1763900000.5-abc999")["cameras"] == ["yard"]
        assert broker.ask("exported", "front_20251123_1-2_a1b2c3.mp4")["cameras"] == ["front"]
        assert broker.ask("exported", "front_a1b2c3")["cameras"] == ["front"]
        assert broker.ask("exported", "other.mp4") == {"error": "missing"}
        assert broker.ask("group", "outside")["cameras"] == ["front", "yard"]
        assert broker.ask("event", "../config") == {"error": "missing"}
        assert "/api/config" in stub.paths() and "/api/events/../config" not in stub.paths()


@pytest.mark.parametrize("name", ["vms/frigate", "vms/frigate/secret"])
def test_frigate_by_its_proxy_headers(tmp_path, name):
    """The secret is in what is published, and in no log."""
    stub = vms_stub.Frigate(proxied=True)
    with running(tmp_path, stub, "frigate", secrets=[(name, stub.secret)]) as broker:
        found = broker.until(lambda u: u["session"])
        assert found["headers"] == {
            "X-Proxy-Secret": stub.secret, "X-Forwarded-User": "{user}", "X-Forwarded-Groups": "{role}"}
        assert stub.secret not in broker.said()


def test_frigate_with_its_own_certificate(tmp_path):
    """TLS 1.3 from inside the sandbox."""
    stub = vms_stub.Frigate(proxied=True)
    stub.use_tls(tmp_path)
    with running(tmp_path, stub, "frigate", secrets=[("vms/frigate", stub.secret)]) as broker:
        assert broker.until(lambda u: u["session"])["version"] == "0.17.2-abcdef0"
        assert broker.ask("event", "1763900000.123-abc123")["cameras"] == ["front"]


def test_refuses_frigates_port_without_log_in(tmp_path):
    """Port 5000 is not even looked at."""
    class Nobody:
        """No server: nothing may be asked."""
        port, scheme = 5000, "http"

    broker = Broker(tmp_path, Nobody(), "frigate")
    assert broker.process.wait(10) == 2
    assert "8971" in broker.said()


def test_answers_are_kept_and_open_events_only_for_a_moment(tmp_path):
    """One request for many questions; an open event is asked for again."""
    stub = vms_stub.ZoneMinder()
    with running(tmp_path, stub, "zoneminder") as broker:
        broker.until(lambda u: u["session"])
        for _ in range(20):
            broker.ask("event", "17")
            broker.ask("event", "18")
        assert stub.paths().count("/zm/api/events/17.json") == 1
        assert stub.paths().count("/zm/api/events/18.json") == 1
        time.sleep(5.2)
        broker.ask("event", "17")
        broker.ask("event", "18")
        assert stub.paths().count("/zm/api/events/17.json") == 1
        assert stub.paths().count("/zm/api/events/18.json") == 2


def test_many_questions_at_once_are_one_request_each(tmp_path):
    """Two hundred questions of one worker, answered by their numbers."""
    stub = vms_stub.ZoneMinder()
    with running(tmp_path, stub, "zoneminder") as broker:
        broker.until(lambda u: u["session"])
        with broker.link() as worker:
            lines = [json.dumps({"id": n, "vms": "zoneminder", "name": "event", "text": str(17 + n % 50)})
                     for n in range(200)]
            worker.sendall(("\n".join(lines) + "\n").encode())
            reader = worker.makefile()
            answers = {a["id"]: a for a in (json.loads(reader.readline()) for _ in range(200))}
        assert sorted(answers) == list(range(200))
        assert answers[0]["cameras"] == ["1"] and answers[2] == {"id": 2, "error": "missing"}
        assert stub.paths().count("/zm/api/events/17.json") == 1


def test_a_worker_that_breaks_the_lines_is_cut_off_alone(tmp_path):
    """Rubbish, a line without end, an unknown question: the link goes, the broker stays."""
    with running(tmp_path, vms_stub.ZoneMinder(), "zoneminder") as broker:
        broker.until(lambda u: u["session"])
        for bad in (b"rubbish\n", b"x" * 20000, b'{"id":1,"vms":"zoneminder","name":"bad","text":"1"}\n', b"\0\n"):
            with broker.link() as worker:
                try:
                    worker.sendall(bad)
                    assert worker.recv(100) == b""
                except (ConnectionResetError, BrokenPipeError):
                    pass
        assert broker.ask("event", "17")["cameras"] == ["1"]


HOSTILE = {
    "huge": lambda _: vms_stub.reply("[" + "1," * (3 << 20) + "1]"),
    "deep": lambda _: vms_stub.reply("[" * 500000),
    "wrong types": lambda _: vms_stub.reply({
        "version": ["x"], "monitors": {"a": 1}, "cameras": 7, "event": [], "frame": "x", "tz": 9, "groups": "no"}),
    "no JSON": lambda _: vms_stub.reply(b"\0\xff<html>"),
    "redirect": lambda r: vms_stub.reply("", 302, Location=f"http://127.0.0.1:{r.server.server_port}/elsewhere"),
    "error": lambda _: vms_stub.reply({"error": "x"}, 500),
    "control characters": lambda _: vms_stub.reply({
        "version": "1.36\r\nX: y", "access_token": "a b\r\nX: y", "monitors": [
            {"Monitor": {"Id": "1\n2", "Name": "x"}}, {"Monitor": {"Id": "x" * 500}}, 7, {"Monitor": None}]}),
}


@pytest.mark.parametrize("kind", ["zoneminder", "frigate"])
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_survives_what_a_hostile_vms_answers(tmp_path, kind, name):
    """It is told as trouble or left out, and questions get an answer."""
    stub = vms_stub.Stub()
    stub.routes["*"] = HOSTILE[name]
    secrets = [(f"vms/{kind}", "password of the gateway")]
    with running(tmp_path, stub, kind, user="admin", secrets=secrets) as broker:
        found = broker.until(lambda u: u["trouble"] or u["session"])
        assert all("\n" not in key and len(key) < 64 for key in found["cameras"])
        assert not any("\n" in value for value in found["headers"].values()) and "\r" not in found["token"]
        assert broker.ask("event", "17")["error"] in ("unavailable", "missing")
        assert "/elsewhere" not in stub.paths()


def test_a_slow_vms_is_given_up_and_found_again(tmp_path):
    """Questions end within their time; what was known stays."""
    stub = vms_stub.ZoneMinder()
    with running(tmp_path, stub, "zoneminder") as broker:
        broker.until(lambda u: u["session"])
        stub.routes["/zm/api/events/17.json"] = vms_stub.slow(7)
        begun = time.monotonic()
        assert broker.ask("event", "17") == {"error": "unavailable"}
        assert time.monotonic() - begun < 5
        stub.routes["/zm/api/host/getVersion.json"] = vms_stub.slow(20)
        found = broker.until(lambda u: not u["reachable"], 16)
        assert found["cameras"]["1"] == "Front door" and found["trouble"]


def test_a_vms_that_goes_is_unreachable_and_its_cameras_stay(tmp_path):
    """Nothing but the state changes."""
    stub = vms_stub.ZoneMinder()
    with running(tmp_path, stub, "zoneminder") as broker:
        broker.until(lambda u: u["session"])
        stub.close()
        found = broker.until(lambda u: not u["reachable"], 15)
        assert found["cameras"]["1"] == "Front door"
        assert broker.ask("event", "17") == {"error": "unavailable"}


@pytest.mark.skipif(SANITIZED, reason="the address sanitizer needs more system calls")
def test_it_is_shut_in(tmp_path):
    """A filter on its system calls, no new privileges, no second network address to talk to."""
    with running(tmp_path, vms_stub.ZoneMinder(), "zoneminder") as broker:
        broker.until(lambda u: u["session"])
        status = dict(line.split(":\t", 1) for line in open(f"/proc/{broker.process.pid}/status", encoding="ascii")
                      .read().splitlines() if ":\t" in line)
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"


def test_a_user_without_a_kept_password_is_an_error(tmp_path):
    """It says under which name it looked."""
    stub = vms_stub.ZoneMinder(login=True)
    broker = Broker(tmp_path, stub, "zoneminder", user="admin")
    assert broker.process.wait(10) == 2
    assert "vms/zoneminder" in broker.said()
    stub.close()
