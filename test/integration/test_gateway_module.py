"""The gateway's module in Debian's nginx: what it lets through, what it refuses, and that nothing slips past."""
import contextlib
import json
import signal
import socket
import subprocess
import time

import pytest

from conftest import command
from gate_rig import ANNA, BERT, CARL, EVE, MODULE, VIDEO, Rig, session_name
from keeping import Keeper

pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="this build has no module")
PLAYBACK = "/vod/{}/start/{}/end/1700000600/index.m3u8"


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    """One gateway for the tests that leave it as it was."""
    made = Rig(tmp_path_factory.mktemp("gate"))
    yield made
    made.end()


@pytest.fixture
def own(tmp_path):
    """A gateway of one's own, to break things."""
    made = Rig(tmp_path / "gate")
    yield made
    made.end()


def fresh(camera="front", at=[1700000000]):
    """A playback that nobody has asked for yet."""
    at[0] += 1
    return PLAYBACK.format(camera, at[0])


def header(answer, name):
    """Values of a header."""
    return [value for key, value in answer[1] if key.lower() == name]


# Sessions

def test_page_without_session_goes_to_the_login_with_its_own_address(rig):
    status, headers, _ = rig.get("/review?camera=front", None, "Accept: text/html,*/*")
    assert status == 302
    assert dict(headers)["Location"] == "/gatehouse/login?return=%2Freview%3Fcamera%3Dfront"


def test_call_without_session_is_401_and_reaches_nobody(rig):
    before = len(rig.upstream.seen)
    status, headers, body = rig.get("/api/config")
    assert (status, json.loads(body)) == (401, {"error": "login"})
    assert dict(headers)["Cache-Control"] == "no-store"
    assert len(rig.upstream.seen) == before


def test_page_with_session_comes_from_the_vms(rig):
    status, _, body = rig.get("/", CARL)
    assert (status, body) == (200, b"<html>page</html>")


@pytest.mark.parametrize("cookie", [
    "Cookie: gatehouse=" + "X" * 43, "Cookie: gatehouse=" + ANNA[:-1], "Cookie: Gatehouse=" + ANNA,
    "Cookie: __Host-gatehouse=" + ANNA, "Cookie: xgatehouse=" + ANNA, 'Cookie: gatehouse="' + ANNA + '"',
    "Cookie: gatehouse =" + ANNA, "Authorization: Bearer " + ANNA])
def test_only_the_exact_cookie_counts(rig, cookie):
    assert rig.get("/", None, cookie)[0] == 401


@pytest.mark.parametrize("headers", [
    (f"Cookie: gatehouse={ANNA}; gatehouse={BERT}",), (f"Cookie: gatehouse={BERT}", f"Cookie: gatehouse={ANNA}"),
    (f"Cookie: gatehouse={ANNA}; gatehouse={ANNA}",)])
def test_session_cookie_that_comes_twice_is_refused(rig, headers):
    assert rig.get("/", None, *headers)[0] == 400


def test_ended_session_is_refused_at_the_next_request(own):
    assert own.get("/", CARL)[0] == 200
    own.sessions(carl=None)
    assert own.get("/", CARL)[0] == 401


def test_banned_address_is_refused_with_a_session_and_told_once(own):
    own.say(bans={"127.0.0.1/32": 60})
    assert [own.get("/", ANNA)[0] for _ in range(5)] == [403] * 5
    told = own.wait_events(lambda e: e.get("reason") == "the address is banned")
    assert told[0]["actor"]["ip"] == "127.0.0.1"
    time.sleep(0.3)
    assert len(own.events()) <= 1 + own.workers, "each worker tells it once"
    own.say(bans={"127.0.0.1/32": 0})
    assert own.get("/", ANNA)[0] == 200


# Addresses

@pytest.mark.parametrize("target", [
    "/vod/front/..%2fback/x.m3u8", "/vod/%2e%2e/api/config", "/api/..;/config", "/api/config;x=1", "/api\\config",
    "/api/%5cconfig", "/api/\xe9", "/api/%zz", "/api/%00", "/api/%0d%0aX:1", "/api/config#/../x", "/api/%2Fconfig"])
def test_address_that_can_be_read_two_ways_is_400(rig, target):
    before = len(rig.upstream.seen)
    assert rig.get(target, ANNA)[0] == 400
    assert rig.get(target)[0] == 400
    assert len(rig.upstream.seen) == before


@pytest.mark.parametrize("target, sent", [
    ("//api///config", "/api/config"), ("/api/%63onfig", "/api/config"), ("/api/config?a=%2f..%2f&b=//", None)])
def test_vms_gets_the_address_that_was_judged(rig, target, sent):
    assert rig.get(target, ANNA)[0] == 200
    assert rig.upstream.last()[0] == f"GET {sent or target} HTTP/1.1"


def test_absolute_form_of_another_host_is_refused(rig):
    assert rig.ask("GET http://other.example/api/config HTTP/1.1", ANNA)[0] in (400, 421)
    assert rig.ask("GET http://gate.example/api/config HTTP/1.1", ANNA)[0] == 200
    assert rig.upstream.last()[0] == "GET /api/config HTTP/1.1"


def test_another_host_is_misdirected(rig):
    got = rig.raw(f"GET / HTTP/1.1\r\nHost: evil.example\r\nCookie: gatehouse={ANNA}\r\nConnection: close\r\n\r\n".encode())
    assert got.startswith(b"HTTP/1.1 421 ")


def test_long_address_and_many_headers_are_bounded(rig):
    assert rig.get("/api/config?" + "a" * 30000, ANNA)[0] in (400, 414)
    assert rig.get("/?" + "&".join(f"a{i}=1" for i in range(10000)), ANNA)[0] in (400, 414)
    assert rig.get("/", ANNA, *[f"X-{i}: {'y' * 40}" for i in range(1000)])[0] == 400


# What the VMS gets and what comes back

def test_identity_headers_of_a_client_never_reach_the_vms(rig):
    spellings = ["Remote-User", "REMOTE-USER", "remote_user", "Remote_User", "X-Forwarded-User", "X-Remote-User",
                 "X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Proxy-Secret",
                 "Authorization", "X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "Accept-Encoding", "TE"]
    sent = [f"{name}: root" for name in spellings] + ["Remote-User: \troot "]
    assert rig.get("/api/config", BERT, "Remote-User : root")[0] == 400
    assert rig.get("/api/config", BERT, *sent)[0] == 200
    headers = rig.upstream.last()[1]
    assert [value for name, value in headers if name == "remote-user"] == ["bert"]
    assert [value for name, value in headers if name == "x-proxy-secret"] == ["sesame"]
    assert not [pair for pair in headers if "root" in pair[1]]
    assert {name for name, _ in headers} <= {"host", "connection", "x-proxy-secret", "remote-user", "remote-role", "cookie"}


def test_brokered_session_is_neither_taken_from_nor_given_to_the_browser(rig):
    status, headers, _ = rig.get("/api/config", None, f"Cookie: theme=dark; gatehouse={ANNA}; frigate_token=mine; lang=de")
    assert status == 200
    assert ("cookie", "theme=dark; lang=de; frigate_token=brokered") in rig.upstream.last()[1]
    assert [value for name, value in headers if name == "Set-Cookie"] == ["theme=dark; Path=/"]


def test_footage_is_not_to_be_stored_by_the_browser(rig):
    assert header(rig.get(fresh(), ANNA), "cache-control") == ["no-store"]


def test_a_page_of_the_vms_is_asked_for_again_so_that_who_is_out_sees_the_log_in(rig):
    assert header(rig.get("/api/config", ANNA), "cache-control") == ["no-cache"]


def test_body_reaches_the_vms_whole_also_when_it_is_chunked(rig):
    body = json.dumps({"name": "x" * 40000}).encode()
    assert rig.get("/api/config/set", ANNA, "Content-Type: application/json", method="PUT", body=body)[0] == 200
    assert rig.upstream.last()[2] == body
    chunked = b"PUT /api/config/set HTTP/1.1\r\nHost: gate.example\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" \
        b"Content-Type: application/json\r\nCookie: gatehouse=" + ANNA.encode() + b"\r\n\r\n"
    for at in range(0, len(body), 1000):
        piece = body[at:at + 1000]
        chunked += f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    assert rig.raw(chunked + b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert rig.upstream.last()[2] == body


def test_body_over_the_bound_is_413(rig):
    head = f"POST /api/config/set HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={ANNA}\r\nConnection: close\r\n"
    assert rig.raw(f"{head}Content-Length: 1048577\r\n\r\n".encode()).startswith(b"HTTP/1.1 413 ")
    pieces = b"".join(b"10000\r\n" + b"x" * 65536 + b"\r\n" for _ in range(20))
    assert rig.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + pieces + b"0\r\n\r\n").startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("headers", [
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 5\r\nContent-Length: 6",
    "Transfer-Encoding: chunked, identity", "Transfer-Encoding: xchunked"])
def test_two_lengths_of_a_body_are_no_request(rig, headers):
    got = rig.raw(f"POST /api/config/set HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={ANNA}\r\n{headers}\r\n"
                  "Connection: close\r\n\r\n0\r\n\r\n".encode())
    assert got.split(b" ", 2)[1] in (b"400", b"501")


def test_h2c_and_a_websocket_with_a_body_go_nowhere(rig):
    assert rig.get("/api/config", ANNA, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")[0] == 200
    assert not [name for name, _ in rig.upstream.last()[1] if name in ("upgrade", "http2-settings")]
    before = len(rig.upstream.seen)
    assert rig.ask("GET /ws HTTP/1.1", ANNA, ("Upgrade: websocket", "Content-Length: 4"), b"")[0] == 400
    assert len(rig.upstream.seen) == before


# Permits

def test_camera_outside_the_role_is_refused_and_told_once(rig):
    since = len(rig.events())
    for _ in range(4):
        assert rig.get("/vod/back/start/1600000000/end/1600000600/index.m3u8", BERT)[0] == 403
    told = rig.wait_events(lambda e: e["outcome"] == "refused" and e["actor"].get("user") == "bert", since)
    time.sleep(0.3)
    told = [e for e in rig.events(since) if e["outcome"] == "refused" and e["actor"].get("user") == "bert"]
    assert len(told) <= 2, "one for each worker at most"
    assert told[0]["action"] == "footage.playback" and told[0]["target"]["cameras"] == ["Back yard"]


def test_alias_of_a_stream_is_its_camera(rig):
    since = len(rig.events())
    assert rig.get("/api/go2rtc/api/frame.jpeg?src=front_hd", BERT)[0] == 200
    told = rig.wait_events(lambda e: e["action"] == "footage.snapshot", since)
    assert told[-1]["target"]["cameras"] == ["Front door"]
    assert rig.get("/api/go2rtc/api/frame.jpeg?src=back", BERT)[0] == 403
    assert rig.get("/api/go2rtc/api/frame.jpeg?src=nobody_knows", BERT)[0] == 403


def test_camera_of_an_event_is_asked_of_the_broker(rig):
    rig.broker.known["event 1700000000.123456-abcdef"] = {
        "cameras": ["front"], "from": 1700000000000, "to": 1700000060000}
    rig.broker.known["event 1700000000.123456-fedcba"] = {"cameras": ["back"], "from": 1700000000000, "to": 1700000060000}
    since = len(rig.events())
    assert rig.get("/api/events/1700000000.123456-abcdef/preview.gif", BERT)[0] == 200
    told = rig.wait_events(lambda e: e["action"] == "footage.playback", since)
    assert told[-1]["target"]["cameras"] == ["Front door"]
    assert told[-1]["target"]["from"] == "2023-11-14T22:13:20.000Z"
    assert rig.get("/api/events/1700000000.123456-fedcba/preview.gif", BERT)[0] == 403
    assert rig.get("/api/events/1700000000.123456-000000/preview.gif", BERT)[0] == 403


def test_export_needs_a_step_up_with_a_reason(rig):
    clip = "/api/front/start/1700000000/end/1700000600/clip.mp4"
    status, _, body = rig.get(clip, CARL)
    assert (status, json.loads(body)) == (403, {"error": "step-up"})
    status, headers, _ = rig.get(clip, CARL, "Accept: text/html")
    assert (status, dict(headers)["Location"].split("=")[0]) == (302, "/gatehouse/step-up?return")
    since = len(rig.events())
    assert rig.get(clip, ANNA)[0] == 200
    told = rig.wait_events(lambda e: e["action"] == "footage.export" and e["outcome"] == "ok", since)
    assert told[0]["reason"] == "theft of a bicycle"


def test_change_is_an_event_before_the_vms_hears_of_it(rig):
    since = len(rig.events())
    assert rig.get("/api/config/set?cameras.front.enabled=0", CARL, method="PUT")[0] == 200
    told = rig.wait_events(lambda e: e["action"] == "config.change", since)
    assert told[0]["actor"]["user"] == "carl" and told[0]["detail"]["access"] == "configure"
    assert rig.get("/api/config/set?cameras.front.enabled=0", BERT, method="PUT")[0] == 403


def test_change_that_no_row_explains_needs_the_right_to_configure(rig):
    assert rig.get("/api/some/new/thing", BERT, method="POST", body=b"x")[0] == 403


# Events and views

def test_event_is_durable_before_the_first_byte(own):
    """A keeper that does not answer holds the footage; the event is there when it comes."""
    own.keeper.process.send_signal(signal.SIGSTOP)
    target = fresh()
    before = len(own.upstream.seen)
    with socket.create_connection(("127.0.0.1", own.port), timeout=10) as peer:
        peer.sendall(f"GET {target} HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={ANNA}\r\nConnection: close\r\n\r\n".encode())
        peer.settimeout(0.7)
        with pytest.raises(TimeoutError):
            peer.recv(1)
        assert len(own.upstream.seen) == before
        assert own.get("/api/config", ANNA)[0] == 200, "what needs no event goes on meanwhile"
        own.keeper.process.send_signal(signal.SIGCONT)
        peer.settimeout(10)
        assert peer.recv(12) == b"HTTP/1.1 200"
    assert own.wait_events(lambda e: e["target"].get("object") == target if "target" in e else False)


def test_keeper_that_never_answers_is_503_in_time(own):
    own.keeper.process.send_signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        assert own.get(fresh(), ANNA)[0] == 503
        assert 4 < time.monotonic() - begun < 8
    finally:
        own.keeper.process.send_signal(signal.SIGCONT)


def test_client_that_goes_away_while_its_event_is_written_leaves_the_worker_well(own):
    own.keeper.process.send_signal(signal.SIGSTOP)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", own.port)) as peer:
            peer.sendall(f"GET {fresh()} HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={ANNA}\r\n\r\n".encode())
    time.sleep(0.3)
    pids = own.worker_pids()
    own.keeper.process.send_signal(signal.SIGCONT)
    assert own.get(fresh(), ANNA)[0] == 200
    assert own.worker_pids() == pids


def test_segments_of_one_view_are_one_event(rig):
    since = len(rig.events())
    for number in range(6):
        assert rig.get(f"/vod/front/start/1650000000/end/1650000600/seg-{number}.ts", ANNA)[0] == 200
    rig.wait_events(lambda e: e["action"] == "footage.playback", since)
    time.sleep(0.3)
    begun = [e for e in rig.events(since) if e["action"] == "footage.playback" and e["detail"].get("phase") == "begin"]
    assert len(begun) == 1
    assert begun[0]["actor"]["session"] == session_name(ANNA)


# Fail closed

def test_killed_keeper_means_no_footage_until_it_is_back(own):
    own.keeper.end(signal.SIGKILL)
    before = len(own.upstream.seen)
    assert own.get(fresh(), ANNA)[0] == 503
    assert len(own.upstream.seen) == before
    time.sleep(3.5)
    assert own.get("/api/config", ANNA)[0] == 503, "not even what is open goes on without a ledger"
    own.keeper = Keeper(own.ledger)
    until = time.monotonic() + 5
    while time.monotonic() < until and own.get(fresh(), ANNA)[0] != 200:
        time.sleep(0.1)
    assert own.get(fresh(), ANNA)[0] == 200


def test_stale_board_lets_nobody_in(own):
    own.say(beats=False)
    time.sleep(3.3)
    assert own.get("/api/config", ANNA)[0] == 503
    assert own.get("/", ANNA, "Accept: text/html")[0] == 503
    own.say(beats=True)
    assert own.get("/api/config", ANNA)[0] == 200


def test_without_a_fresh_broker_nobody_gets_in(own):
    usual = {"name": "frigate", "cameras": {"front": "Front door", "back": "Back yard"}}
    own.say(vms=[{**usual, "is_stale": True}])
    assert own.get("/api/config", ANNA)[0] == 503
    own.say(vms=[{**usual, "has_session": False}])
    assert own.get("/api/config", ANNA)[0] == 503
    assert own.get("/api/config")[0] == 401, "how the VMS is, only who is somebody learns"
    own.say(vms=[usual])
    assert own.get("/api/config", ANNA)[0] == 200


def test_broker_that_is_gone_leaves_events_of_the_vms_closed(own):
    own.broker.listener.close()
    (own.run / "broker.sock").unlink()
    assert own.get("/api/events/1700000001.123456-abcdef/preview.gif", BERT)[0] in (403, 503)


# Nothing slips past

@pytest.mark.parametrize("extra", [
    'location /api/version { return 200 "secret"; }', 'location /api/version { return 302 http://other.example/; }',
    "location /api/version { rewrite ^ /api/config break; proxy_pass http://127.0.0.1:%d; }",
    "location /api/version { proxy_pass http://127.0.0.1:%d/api/config; }",
    "location /api/version { proxy_pass http://127.0.0.1:%d; proxy_method DELETE; }",
    "location /api/version { set $to 127.0.0.1:%d; proxy_pass http://$to/api/config; }",
    "location /api/version { try_files /nothing @x; } location @x { proxy_pass http://127.0.0.1:%d; }",
    "location /api/version { auth_request /sub; proxy_pass http://127.0.0.1:%d; } location = /sub { return 204; }",
    "location /api/version { satisfy all; fastcgi_pass 127.0.0.1:%d; }"])
def test_configuration_that_would_slip_past_is_refused_at_the_request(own, extra):
    own.reload(own.servers(extra % own.upstream.port if "%d" in extra else extra))
    before = len(own.upstream.seen)
    status, _, body = own.get("/api/version")
    assert status >= 400 or (status, body) == (302, b""), "without a session"
    assert b"secret" not in body
    status, _, body = own.get("/api/version", ANNA)
    if "auth_request" not in extra:
        assert status in (403, 500)
    assert b"secret" not in body and status != 302
    lines = [line for line, _, _ in own.upstream.seen[before:]]
    assert all(line == "GET /api/version HTTP/1.1" for line in lines), lines


def test_redirect_inside_nginx_that_the_vms_asks_for_is_refused(own):
    own.reload(own.servers("location /inside/ { internal; return 200 secret; }"))
    answer = own.get("/inside/x", ANNA)
    assert answer[0] in (403, 404) and b"secret" not in answer[2]


@pytest.mark.parametrize("change, words", [
    (("gatehouse frigate frigate;", "gatehouse frigate frigatte;"), "knows no VMS"),
    (("gatehouse frigate frigate;", "gatehouse frigate frigate besides;"), "unknown word"),
    (("proxy_buffering off;", "satisfy any;"), "satisfy any"),
    (("proxy_buffering off;", "client_max_body_size 2g;"), "client_max_body_size")])
def test_mistake_in_the_configuration_is_told_with_a_way_out(rig, change, words):
    status, said = rig.check(rig.servers().replace(*change))
    assert status != 0 and words in said


def test_guarded_server_without_a_run_folder_does_not_start(rig):
    path = rig.write(rig.servers())
    path.write_text(path.read_text().replace(f"gatehouse_run {rig.run};", ""))
    done = command("nginx", "-t", "-c", path)
    rig.write(rig.servers())
    assert done.returncode != 0 and "gatehouse_run" in done.stderr


# nginx itself

def test_reload_does_not_drop_a_running_stream(own):
    with socket.create_connection(("127.0.0.1", own.port), timeout=10) as peer:
        peer.sendall(f"GET /api/go2rtc/api/stream.mjpeg?src=front HTTP/1.1\r\nHost: gate.example\r\nCookie: gatehouse={ANNA}\r\n\r\n".encode())
        assert peer.recv(12) == b"HTTP/1.1 200"
        own.reload(own.servers())
        got = 0
        until = time.monotonic() + 2
        while time.monotonic() < until:
            piece = peer.recv(65536)
            assert piece, own.log()[-2000:]
            got += len(piece)
        assert got > 1000
    assert own.get("/api/config", ANNA)[0] == 200


def test_http2_and_tls_with_the_cookie_of_its_own_name(rig):
    def curl(*more):
        return command("curl", "-sk", "--http2", "--resolve", f"gate.example:{rig.tls_port}:127.0.0.1", "-o", "/dev/null",
                       "-w", "%{http_version} %{http_code} %{size_download}", *more).stdout
    base = f"https://gate.example:{rig.tls_port}"
    assert curl(base + "/api/config").startswith("2 401 ")
    assert curl("-b", f"gatehouse={ANNA}", base + "/api/config").startswith("2 401 ")
    assert curl("-b", f"__Host-gatehouse={ANNA}", base + "/api/config").startswith("2 200 ")
    assert curl("-b", f"__Host-gatehouse={ANNA}", base + fresh()) == f"2 200 {len(VIDEO)}"
    assert curl("-b", f"__Host-gatehouse={ANNA}", "-X", "PUT", "-d", "@" + __file__,
                base + "/api/config/set").startswith("2 200 ")
    assert curl("--path-as-is", "-b", f"__Host-gatehouse={ANNA}", base + "/vod/..%2fx").startswith("2 400 ")


def test_worker_that_dies_is_replaced_and_decides_as_before(own):
    for pid in own.worker_pids():
        with contextlib.suppress(OSError):
            subprocess.run(["kill", "-9", str(pid)], check=False)
    until = time.monotonic() + 10
    status = 0
    while time.monotonic() < until and status != 200:
        with contextlib.suppress(OSError):
            status = own.get(fresh(), ANNA)[0]
        time.sleep(0.05)
    assert status == 200


def test_forwarded_addresses_count_only_from_a_trusted_proxy(tmp_path):
    made = Rig(tmp_path / "gate", http="gatehouse_trust 127.0.0.0/8;")
    try:
        made.say(bans={"192.0.2.7/32": 60})
        assert made.get("/api/config", ANNA, "X-Forwarded-For: 192.0.2.7")[0] == 403
        assert made.get("/api/config", ANNA, "X-Forwarded-For: 192.0.2.7, 198.51.100.1")[0] == 200
        assert made.get("/api/config", ANNA, "X-Forwarded-For: 198.51.100.1, 192.0.2.7, 127.0.0.2")[0] == 403
        for garbage in ("1.2.3.4, , 127.0.0.1", "%", "::ffff:", "unknown", "1.2.3.4:80"):
            assert made.get("/api/config", ANNA, f"X-Forwarded-For: {garbage}")[0] == 400, garbage
    finally:
        made.end()


def test_forwarded_addresses_of_anybody_else_are_ignored(rig):
    assert rig.get("/api/config", ANNA, "X-Forwarded-For: 127.0.0.1, %, unknown")[0] == 200


def test_break_glass_goes_on_without_a_ledger_and_is_kept_apart(own):
    own.keeper.end(signal.SIGKILL)
    assert own.get(fresh(), ANNA)[0] == 503
    target = fresh()
    status = own.get(target, EVE)[0]
    assert status == 200, own.log()[-2000:]
    kept = [json.loads(line) for line in (own.run / "emergency.jsonl").read_text().splitlines()]
    assert kept[-1]["target"]["object"] == target and kept[-1]["detail"]["emergency"] is True
    assert kept[-1]["reason"] == "the ledger is down"


