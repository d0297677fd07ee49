"""What answers of a VMS tell: log-ins, streams that walk on, archives; and the net that only records."""
import contextlib
import json
import socket
import ssl
import time

import pytest

from gate_rig import ANNA, BERT, MODULE, Answers, Rig, session_name
from test_gateway_stream import JPEG, Footage, Socket, frame, wait_ended

pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="needs nginx and the module")

FROM = 1763900000000
PLAY = "/zm/cgi-bin/nph-zms?mode=jpeg&source=event&event=17&replay=all&connkey=123456"
STATUS = "/zm/index.php?view=request&request=stream&connkey=123456&command=99"
EXPORT = "/zm/index.php?view=request&request=event&action=export&eids[]=17&exportFormat=zip"
ARCHIVE = "/zm/index.php?view=archive&type=zip&connkey=7&file=zmExport_7.zip"


class Minder(Answers):
    """A ZoneMinder of three answers."""

    def answer(self):
        """By what the query says."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "nph-zms" in self.path:
            self.stream()
        elif "request=stream" in self.path:
            self.say("application/json", json.dumps(
                {"result": "Ok", "status": {"event": self.server.event, "progress": 12.5}}).encode())
        elif "action=export" in self.path:
            self.say("application/json", json.dumps({"result": "Ok", "exportFile": "?" + ARCHIVE.split("?")[1]}).encode())
        elif "view=archive" in self.path:
            self.say("application/zip", b"PK\3\4" + b"z" * 1000)
        elif b"action=login" in body:
            self.say("text/html", b"<form id=loginForm>" if b"wrong" in body else b"view=postlogin")
        else:
            self.say("text/html", b"<html>page</html>")

    do_GET = do_POST = answer

    def say(self, kind, body):
        """One answer."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class MinderRig(Rig):
    """The same with ZoneMinder behind."""

    def servers(self, extra=""):
        return super().servers(extra).replace("gatehouse frigate frigate", "gatehouse zm zoneminder")

    def start_nginx(self):
        self.say(vms=[{"name": "zm", "cameras": {"1": "Gate", "2": "Yard"}}])
        every = ["browse", "live", "snapshot", "playback", "export"]
        self.say(roles={"all": [{"vms": "zm", "permits": every}],
                        "gate": [{"vms": "zm", "permits": ["browse"]},
                                 {"vms": "zm", "permits": ["live", "playback", "export"], "cameras": ["1"]}]},
                 users={"anna": {"roles": ["all"]}, "bert": {"roles": ["gate"]}, "carl": {"roles": []},
                        "eve": {"roles": []}})
        self.sessions(bert={"elevated": 600, "reason": "a broken fence"})
        self.broker.known = {"event 17": {"cameras": ["1"], "from": FROM, "to": FROM + 60000},
                             "event 18": {"cameras": ["2"], "from": FROM + 100000, "to": FROM + 160000}}
        self.upstream.RequestHandlerClass = Minder
        self.upstream.event = "17"
        super().start_nginx()


@pytest.fixture(scope="module", name="minder")
def fixture_minder(tmp_path_factory):
    """One for all tests of ZoneMinder's answers."""
    rig = MinderRig(tmp_path_factory.mktemp("minder"))
    yield rig
    print(rig.log()[-4000:])
    rig.end()


@pytest.fixture(scope="module", name="recording")
def fixture_recording(tmp_path_factory):
    """A gateway whose net only records."""
    rig = Rig(tmp_path_factory.mktemp("record"), http="gatehouse_net record;")
    rig.upstream.RequestHandlerClass = Footage
    rig.upstream.mode, rig.upstream.frames = "whole", []
    yield rig
    print(rig.log()[-4000:])
    rig.end()


@contextlib.contextmanager
def playing(rig, cookie):
    """A recording that plays."""
    with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as peer:
        peer.sendall(f"GET {PLAY} HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={cookie}\r\n\r\n".encode())
        got = b""
        while b"--frame" not in got:
            piece = peer.recv(4096)
            assert piece, got
            got += piece
        yield peer


def test_log_in_at_the_vms_is_told_by_its_answer(minder):
    since = len(minder.events())
    for word, action in (("right", "auth.login"), ("wrong", "auth.fail")):
        status, _, _ = minder.get("/zm/index.php", ANNA, "Content-Type: application/x-www-form-urlencoded", method="POST",
                                  body=f"action=login&view=login&username=root&password={word}".encode())
        assert status == 200
        wanted = "ok" if word == "right" else "failed"
        assert minder.wait_events(lambda event: event["action"] == action and event["outcome"] == wanted, since)


def test_position_of_a_stream_becomes_the_time_really_watched(minder):
    seen, minder.upstream.event = len(minder.ended), "17"
    with playing(minder, ANNA):
        assert minder.get(STATUS, ANNA)[0] == 200
    name = session_name(ANNA)
    wait_ended(minder, seen, lambda view: view["kind"] == "playback" and view["session"] == name, 25)
    event = [event for event in minder.ended[seen:] if event["actor"]["session"] == name][0]
    assert event["target"]["from"] .startswith("2025-11-23T12:13:32.") and event["target"]["cameras"] == ["Gate"]


def test_stream_that_walks_on_is_an_access_of_its_own(minder):
    since, minder.upstream.event = len(minder.events()), "18"
    with playing(minder, ANNA) as peer:
        status, _, body = minder.get(STATUS, ANNA)
        assert status == 200 and b'"18"' in body
        found = minder.wait_events(lambda event: event["action"] == "footage.playback"
                                   and event.get("target", {}).get("object") == "event 18", since)
        assert found and found[0]["detail"]["phase"] == "begin" and found[0]["target"]["cameras"] == ["Yard"]
        assert peer.recv(4096)


def test_stream_that_walks_on_to_what_is_not_allowed_ends(minder):
    since, minder.upstream.event = len(minder.events()), "18"
    with playing(minder, BERT) as peer:
        assert minder.get(STATUS, BERT)[0] == 200
        begin = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while peer.recv(65536):
                assert time.monotonic() - begin < 2
    found = minder.wait_events(lambda event: event["outcome"] == "refused" and event.get("actor", {}).get("user") == "bert", since)
    assert found and found[0]["action"] == "footage.playback" and found[0]["target"]["object"] == "event 18"


def test_archive_has_the_cameras_that_were_put_into_it(minder):
    since = len(minder.events())
    assert minder.get(ARCHIVE, BERT)[0] != 200  # nobody prepared it
    assert minder.get(EXPORT, ANNA)[0] == 200
    status, _, body = minder.get(ARCHIVE, ANNA)
    assert status == 200 and body.startswith(b"PK")
    found = minder.wait_events(lambda event: event.get("target", {}).get("object") == "archive zmExport_7.zip"
                               and event["outcome"] == "ok", since)
    assert found and found[0]["action"] == "footage.export" and found[0]["target"]["cameras"] == ["Gate"]
    assert minder.get(ARCHIVE, BERT)[0] != 200  # another's session


def test_net_that_records_lets_footage_leave_after_its_event(recording):
    since = len(recording.events())
    for path in ("/odd/jpeg", "/odd/html"):
        status, _, body = recording.get(path, ANNA)
        assert (status, body) == (200, JPEG)
        found = recording.wait_events(lambda event: event.get("target", {}).get("object") == path, since)
        assert found and found[0]["action"] == "footage.unclassified" and found[0]["outcome"] == "ok"


def test_net_that_records_refuses_when_there_is_no_ledger(recording):
    recording.keeper.process.send_signal(19)  # stopped: it takes no event
    try:
        with pytest.raises((TimeoutError, AssertionError)):
            assert not recording.raw(f"GET /odd/jpeg HTTP/1.1\r\nHost: gate.example\r\nConnection: close\r\n"
                                     f"Cookie: gatehouse={ANNA}\r\n\r\n".encode(), timeout=1)
            raise TimeoutError
    finally:
        recording.keeper.process.send_signal(18)
    time.sleep(0.5)


def test_frames_over_tls_are_judged_too(recording):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = recording.port
    recording.port = recording.tls_port
    original = socket.create_connection
    socket.create_connection = lambda *args, **more: context.wrap_socket(original(*args, **more))
    try:
        ws = Socket(recording, "/ws", f"x; __Host-gatehouse={BERT}")
        assert ws.status == 101
        ws.send('{"topic": "onConnect", "payload": ""}')
        until = time.monotonic() + 5
        while not recording.upstream.frames and time.monotonic() < until:
            time.sleep(0.05)
        assert recording.upstream.frames == [frame('{"topic": "onConnect", "payload": ""}')]
        ws.send('{"topic": "restart", "payload": ""}')
        assert ws.lasts(3) is not None
        assert len(recording.upstream.frames) == 1
    finally:
        socket.create_connection = original
        recording.port = plain
