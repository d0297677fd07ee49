"""Attacks on a running gateway: requests and answers that two programs could cut in two ways. doc/attacks.md has the numbers."""
import os
import signal
import ssl
import time

import pytest

from attacking import HELLO, MARK, page

h2_connection, h2_events, websocket = pytest.importorskip("h2.connection"), pytest.importorskip("h2.events"), pytest.importorskip("websocket")
MP4 = b"\0\0\0\x18ftypisom" + b"m" * 3000
INNER = b"GET /assets/smuggled.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
TE, CL = "Transfer-Encoding: chunked", "Content-Length: {}"


@pytest.mark.parametrize("headers,body", [
    ([TE, "Content-Length: 4"], CHUNKS + INNER), (["Content-Length: 4", TE], CHUNKS + INNER), (["Content-Length: 5", "Content-Length: 6"], b"hello" + INNER),
    (["Content-Length: 5", "Content-Length: 5"], b"hello" + INNER), (["Content-Length: 5, 5"], b"hello" + INNER), (["Content-Length: +5"], b"hello" + INNER),
    (["Content-Length: -1"], INNER), (["Content-Length: 0x5"], b"hello" + INNER), (["Content-Length: 5 5"], b"hello" + INNER), (["Content-Length: "], INNER),
    (["Content-Length: 99999999999999999999"], INNER), (["Content_Length: 5", TE + ", identity"], CHUNKS + INNER),
    (["Transfer-Encoding: chunked, identity"], CHUNKS + INNER), (["Transfer-Encoding: identity, chunked"], CHUNKS + INNER),
    (["Transfer-Encoding: chunked\t"], CHUNKS + INNER), (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], CHUNKS + INNER),
    (["Transfer-Encoding: xchunked"], CHUNKS + INNER), (["Transfer-Encoding: \x0bchunked"], CHUNKS + INNER), (["Transfer-Encoding: chunked;a=b"], CHUNKS + INNER),
    (["Transfer-Encoding : chunked"], CHUNKS + INNER), (["X: y\nTransfer-Encoding: chunked", "Content-Length: 4"], CHUNKS + INNER),
    (["X: y\rTransfer-Encoding: chunked", "Content-Length: 4"], CHUNKS + INNER), ([" Transfer-Encoding: chunked", "Content-Length: 4"], CHUNKS + INNER),
    ([TE], b"5;\x00\r\nhello\r\n0\r\n\r\n" + INNER), ([TE], b"-5\r\nhello\r\n0\r\n\r\n" + INNER), ([TE], b"0x5\r\nhello\r\n0\r\n\r\n" + INNER),
    ([TE], b"ffffffffffffffff5\r\nhello\r\n0\r\n\r\n" + INNER), ([TE], b"5\r\nhelloX0\r\n\r\n" + INNER), ([TE], b"5 \nhello\n0\n\n" + INNER)])
def test_a_body_with_two_ends_hides_no_request(house, headers, body):
    """Refused, or cut at one place: nothing behind it is answered with this session, and the VMS sees no second one."""
    mark = len(house.vms.heard)
    answer = house.ask("POST /api/login HTTP/1.1", *headers, "Content-Type: application/json", who="ada", body=body)
    assert answer.statuses()[:1] in ([], [400], [411], [413], [501], [401], [404], [200])
    assert len(answer.statuses()) <= 1
    for one in house.vms.since(mark):
        assert b"smuggled" not in one.head and b"smuggled" not in one.body
        assert not one.all("Transfer-Encoding") and one.all("Content-Length") in ([], [str(len(one.body))])


def test_trailers_and_expectations_change_nothing(house):
    mark = len(house.vms.heard)
    body = b"2\r\n{}\r\n0\r\nX-Forwarded-User: root\r\nCookie: a=b\r\n\r\n"
    answer = house.ask("PUT /api/config/set HTTP/1.1", TE, "Content-Type: application/json", "Trailer: X-Forwarded-User", "Expect: 100-continue", who="ada", body=body)
    assert answer.statuses()[-1] == 200
    one, = house.vms.since(mark)
    assert one.body == b"{}" and one.all("X-Forwarded-User") == ["ada"] and not one.all("Cookie") + one.all("Expect") + one.all("Trailer")
    assert house.ask("PUT /api/config/set HTTP/1.1", "Expect: 200-surprise", who="ada", body=b"{}").statuses() in ([200], [417])


def silent_page(peer, heard):
    """Answers a page where a switch of protocols was asked for; notes what came meanwhile."""
    peer.settimeout(0.5)
    try:
        heard.behind = peer.recv(4096)
    except TimeoutError:
        heard.behind = b""
    peer.sendall(HELLO)


UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]


def test_nothing_passes_before_the_vms_has_taken_the_socket(house):
    """And when it does not take it, what was sent behind the request is no request either."""
    mark = len(house.vms.heard)
    house.vms.says["/live/jsmpeg/front"] = silent_page
    answer = house.raw(("\r\n".join(["GET /live/jsmpeg/front HTTP/1.1", f"Host: localhost:{house.port}", house.cookie("ada"), *UPGRADE])
                        + "\r\n\r\n").encode() + INNER, timeout=3)
    del house.vms.says["/live/jsmpeg/front"]
    assert MARK not in answer.data
    assert [getattr(one, "behind", b"") for one in house.vms.since(mark)] == [b""]


@pytest.mark.parametrize("headers,body", [([*UPGRADE, "Content-Length: 5"], b"hello"), ([*UPGRADE, TE], CHUNKS)])
def test_a_socket_with_a_body_is_no_socket(house, headers, body):
    mark = len(house.vms.heard)
    assert house.ask("GET /live/jsmpeg/front HTTP/1.1", *headers, who="ada", body=body, close=False).statuses() == [400]
    assert not house.vms.since(mark)


@pytest.mark.parametrize("upgrade", ["h2c", "h2c, websocket", "websocket, h2c", "TLS/1.0", "HTTP/2.0", "websocket/x"])
def test_only_a_websocket_is_handed_on(house, upgrade):
    mark = len(house.vms.heard)
    answer = house.ask("GET / HTTP/1.1", f"Upgrade: {upgrade}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__", who="ada", close=False,
                       source="127.7.0.1")
    assert 101 not in answer.statuses()
    for one in house.vms.since(mark):
        assert not one.all("Upgrade") and not one.all("HTTP2-Settings") and "upgrade" not in " ".join(one.all("Connection")).lower()


@pytest.mark.parametrize("path", ["/assets/socket.js", "/", "/api/config", "/unheard/of"])
def test_a_socket_that_no_rule_explains_is_refused_before_the_vms_hears_of_it(house, path):
    mark = len(house.vms.heard)
    answer = house.ask(f"GET {path} HTTP/1.1", *UPGRADE, who="ada", close=False)
    assert answer.status == 403 and not house.vms.since(mark)


def test_a_refused_socket_is_told_as_media_that_no_rule_explains(house):
    house.ask("GET /assets/told.js HTTP/1.1", *UPGRADE, who="ada", close=False)
    assert house.refused(0, "an upgrade that no rule explains")["action"] == "footage.unclassified"


def test_sockets_are_asked_of_roles_and_not_compressed(house):
    """permessage-deflate would hide what a message says."""
    for target in ("/live/jsmpeg/back", "/live/mse/api/ws?src=back", "/live/mse/api/ws?src=front&src=back"):
        assert house.ask(f"GET {target} HTTP/1.1", *UPGRADE, who="bert", close=False).status in (400, 403), target
    mark = len(house.vms.heard)
    trust = {"cert_reqs": ssl.CERT_NONE}
    live = websocket.create_connection(f"wss://127.0.0.1:{house.port}/live/jsmpeg/front", timeout=10, sslopt=trust, host=f"localhost:{house.port}",
                                       origin=house.base, header=[house.cookie("bert"), "Sec-WebSocket-Extensions: permessage-deflate"])
    assert live.recv()
    live.shutdown()
    assert not house.vms.since(mark)[0].all("Sec-WebSocket-Extensions")


@pytest.mark.parametrize("target", ["/api/x%0d%0aX-Forwarded-User:%20root", "/api/x%0aGET%20/smuggled", "/api/x%0d", "/api/x\rX: y", "/api/x\x00"])
def test_no_end_of_line_gets_into_the_request_line(house, target):
    mark = len(house.vms.heard)
    assert house.get(target, "ada").status in (0, 400)
    assert not house.vms.since(mark)


def test_a_query_with_encoded_ends_of_lines_stays_encoded(house):
    mark = len(house.vms.heard)
    house.get("/api/events?x=%0d%0aX-Forwarded-User:%20root", "ada")
    one, = house.vms.since(mark)
    assert one.target == "/api/events?x=%0d%0aX-Forwarded-User:%20root" and one.all("X-Forwarded-User") == ["ada"]


@pytest.mark.parametrize("value", ["a\rX-Forwarded-User: root", "a\nX-Forwarded-User: root", "a\x00b", "a\r\n X-Forwarded-User: root", "a\r\n\tb"])
def test_no_end_of_line_in_a_header_makes_another(house, value):
    mark = len(house.vms.heard)
    house.get("/assets/x.js", "bert", f"Accept: {value}")
    for one in house.vms.since(mark):
        assert "root" not in "".join(one.all("X-Forwarded-User"))
        assert b"\x00" not in one.head and not any(b"\r" in line or b"\n" in line for line in one.head.split(b"\r\n"))


# What a hostile or broken VMS may answer, and the statuses that the browser may then see.
HOSTILE = {
    "early-hints": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + page(MP4, kind="video/mp4"),
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + page(MP4, kind="video/mp4"),
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + MP4,
    "no-status": b"HTTP/1.1 099 None\r\nContent-Length: 5\r\n\r\nhello",
    "odd-status": b"HTTP/1.1 999 None\r\nContent-Length: 5\r\n\r\nhello",
    "headless": b"just bytes", "headless-but-for-browsers": b"HTTP/1.1  200 OK\r\nSet-Cookie: __Host-gatehouse=x; Path=/; Secure\r\n\r\n" + MP4,
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello" + page(MP4, kind="video/mp4"),
    "length-and-chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "two-codings": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "strange-coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "long-header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200000 + b"\r\n\r\n", "many-headers": b"HTTP/1.1 200 OK\r\n" + b"X: aaaaaaaaaaaaaaa\r\n" * 10000 + b"\r\n",
    "split-header": b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=c\r\nContent-Length: 5\r\n\r\nhello",
    "null-in-header": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 5\r\n\r\nhello",
    "broken-chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n\x1f\x8b\x08aaaaaa",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_that_can_be_cut_in_two_ways_does_not_leave(house, name):
    """Nor is the connection used again: nobody else gets what the VMS says next."""
    path = f"/assets/hostile-{name}.js"
    house.vms.says[path], house.vms.says["/assets/next.js"] = HOSTILE[name], HELLO

    def slowly(peer, heard):
        peer.sendall(HOSTILE[name])
        peer.settimeout(2)
        heard.behind = b""
        try:
            heard.behind = peer.recv(4096)
        except (TimeoutError, ConnectionError):
            pass
    house.vms.says[path] = slowly
    mark = len(house.vms.heard)
    answer = house.get(path, "ada")
    assert answer.status in (403, 502) or name == "broken-chunks" and answer.status == 0
    assert len(answer.statuses()) <= 1 and b"ftyp" not in answer.data and not answer.all("Set-Cookie")
    assert house.get("/assets/next.js", "bert").body == b"hello"
    first, second = house.vms.since(mark)
    assert first.connection != second.connection and not getattr(first, "behind", b"")


@pytest.mark.parametrize("says", [page(b"hello") + page(b"stolen"), b"HTTP/1.1 204 No Content\r\n\r\n" + page(b"stolen"),
                                  b"HTTP/1.1 304 Not Modified\r\n\r\n" + page(b"stolen"), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + page(b"stolen")])
def test_more_than_one_answer_is_given_to_nobody(house, says):
    """A body with a wrong length shifts all answers behind it: the connection is closed."""
    house.vms.says["/assets/twice.js"], house.vms.says["/assets/next.js"] = says, HELLO
    mark = len(house.vms.heard)
    assert b"stolen" not in house.get("/assets/twice.js", "ada").data
    assert house.get("/assets/next.js", "bert").body == b"hello"
    first, second = house.vms.since(mark)
    assert first.connection != second.connection


def test_an_answer_that_nobody_asked_for_waits_for_nobody(house):
    """It comes on an idle connection that would have been used again."""
    def late(peer, _):
        peer.sendall(HELLO)
        time.sleep(0.2)
        try:
            peer.sendall(page(b"stolen"))
            peer.recv(100)
        except OSError:
            pass
    house.vms.says["/assets/late.js"], house.vms.says["/assets/next.js"] = late, HELLO
    assert house.get("/assets/late.js", "ada").body == b"hello"
    time.sleep(0.4)
    for _ in range(4):
        assert house.get("/assets/next.js", "bert").body == b"hello"


def h2_ask(house, headers, body=None, who="ada"):
    """One request over HTTP/2, its header list as it is: the events that came back."""
    with house.tls(alpn=["h2"], timeout=5) as peer:
        assert peer.selected_alpn_protocol() == "h2"
        state = h2_connection.H2Connection(h2_connection.H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False))
        state.initiate_connection()
        cookie = [("cookie", house.cookie(who).split(": ", 1)[1])] if who else []
        state.send_headers(1, headers + cookie, end_stream=body is None)
        if body is not None:
            state.send_data(1, body, end_stream=True)
        peer.sendall(state.data_to_send())
        found = []
        while not any(isinstance(one, (h2_events.StreamEnded, h2_events.StreamReset, h2_events.ConnectionTerminated)) for one in found):
            data = peer.recv(65536)
            if not data:
                break
            found += state.receive_data(data)
            if not any(isinstance(one, h2_events.ConnectionTerminated) for one in found):
                peer.sendall(state.data_to_send())
        return found


def h2_status(found):
    """Of the answer; 0: there was none."""
    for one in found:
        if isinstance(one, h2_events.ResponseReceived):
            return int(dict(one.headers)[b":status"])
    return 0


def pseudo(house, path, method="GET", *more):
    return [(":method", method), (":scheme", "https"), (":authority", f"localhost:{house.port}"), (":path", path), *more]


def test_http2_is_judged_the_same(house):
    assert h2_status(h2_ask(house, pseudo(house, "/api/front/latest.jpg"))) == 200
    assert h2_status(h2_ask(house, pseudo(house, "/api/back/latest.jpg"), who="bert")) == 403
    assert h2_status(h2_ask(house, pseudo(house, "/api/back/latest.jpg"), who=None)) == 401


@pytest.mark.parametrize("headers,body", [
    ([("transfer-encoding", "chunked")], b"0\r\n\r\n" + INNER), ([("content-length", "3")], b"hello" + INNER), ([("connection", "upgrade"), ("upgrade", "h2c")], None),
    ([("x-a", "b\r\nX-Forwarded-User: root")], None), ([("x-a\r\nx-forwarded-user", "root")], None), ([("host", "other.example")], None),
    ([(":path", "/api/back/latest.jpg")], None), ([("X-Forwarded-User", "root")], None), ([("remote-user", "root"), ("remote_user", "root")], None),
    ([(":protocol", "websocket")], None), ([("te", "trailers, chunked")], None)])
def test_http2_says_nothing_that_http1_could_not(house, headers, body):
    mark = len(house.vms.heard)
    status = h2_status(h2_ask(house, pseudo(house, "/assets/h2.js", "POST" if body else "GET", *headers), body))
    for one in house.vms.since(mark):
        assert one.target == "/assets/h2.js" and b"smuggled" not in one.head and b"root" not in one.head and not one.all("Transfer-Encoding")
        assert not one.all("Upgrade") and one.all("Host") == [f"localhost:{house.port}"]
    assert status in (0, 200, 400, 404, 405, 421)


@pytest.mark.parametrize("path", ["/api/front/../back/latest.jpg", "/api/x%0d%0ay", "api/config", "*", "", "/api/%2e%2e/x", "https://other.example/x", "/a b HTTP/1.1"])
def test_http2_paths_are_paths(house, path):
    mark = len(house.vms.heard)
    assert h2_status(h2_ask(house, pseudo(house, path))) in (0, 400)
    assert not house.vms.since(mark)


def test_a_worker_that_dies_leaves_an_end_with_a_cause_of_every_stream(house):
    since = len(house.log())
    live = websocket.create_connection(f"wss://127.0.0.1:{house.port}/live/jsmpeg/back", timeout=10, sslopt={"cert_reqs": ssl.CERT_NONE},
                                       host=f"localhost:{house.port}", origin=house.base, header=[house.cookie("ada")])
    assert live.recv()
    assert house.get("/vod/front/start/1763900000/end/1763900012/seg-1-v1.m4s", "ada").status == 200
    begun = house.wait_event(lambda e: e.get("target", {}).get("object") == "/live/jsmpeg/back" and e["outcome"] == "ok" and e.get("detail", {}).get("phase") == "begin", since)
    time.sleep(1.5)
    for worker in house.workers():
        os.kill(int(worker), signal.SIGKILL)
    ended = house.wait_event(lambda e: e.get("detail", {}).get("view") == begun["detail"]["view"] and e["detail"]["phase"] == "end", since, 15)
    assert ended["detail"]["cause"] == "worker ended" and ended["bytes"] > 0
    with pytest.raises((websocket.WebSocketException, OSError)):
        for _ in range(1000):
            live.recv()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if house.get("/api/front/latest.jpg", "ada").status == 200:
                break
        except OSError:
            time.sleep(0.1)
    assert house.get("/api/front/latest.jpg", "ada").status == 200
