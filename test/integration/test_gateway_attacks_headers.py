"""Attacks on a running gateway: headers by which somebody says who he is, or where he comes from. doc/attacks.md has the numbers."""
import re
import socket

import pytest

from attacking import PROXY, Guest, page

FRONT, BACK = "/api/front/latest.jpg", "/api/back/latest.jpg"
IDENTITY = ["Remote-User", "REMOTE-USER", "Remote_User", "remote_user", "Remote-User ", "X-Forwarded-User", "X_Forwarded_User", "X-Forwarded-Groups",
            "X-Forwarded-Role", "Remote-Groups", "Remote-Role", "X-Remote-User", "X-Auth-Request-User", "X-Authentik-Username", "X-Webauth-User",
            "X-Proxy-Secret", "Authorization", "Proxy-Authorization", "X-Api-Key", "X-Gatehouse-User", "X-Gatehouse-Address", "X-Server-Port",
            "Cf-Connecting-Ip", "True-Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "Via", "X-Original-Url", "X-Rewrite-Url", "X-Forwarded-Uri",
            "X-Forwarded-Method", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Accel-Internal", "X-Sendfile-Type"]
OURS = {"x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-user", "x-forwarded-groups", "x-proxy-secret", "host"}


@pytest.mark.parametrize("name", IDENTITY)
def test_nobody_says_by_a_header_who_he_is(house, name):
    """In any spelling, twice, with white space: the VMS gets our word only."""
    mark = len(house.vms.heard)
    answer = house.get(FRONT, "bert", f"{name}: root", f"{name}:\troot\t", f"{name.lower()}:root , admin")
    assert answer.status in (200, 400)
    for one in house.vms.since(mark):
        assert "root" not in one.head.decode("latin-1")
        assert {key.lower() for key, _ in one.headers} <= OURS
        assert one.all("X-Forwarded-User") == ["bert"] and one.all("X-Proxy-Secret") == [house.vms.secret]


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Uri"])
def test_without_a_trusted_proxy_no_word_on_the_way_counts(house, name):
    mark = len(house.vms.heard)
    source = f"127.6.0.{1 + len(name)}"
    for value in ("127.0.0.1", "203.0.113.9, 127.0.0.1", "for=127.0.0.1;host=evil.example", "evil.example", "/health", "http"):
        assert house.get(FRONT, "bert", f"{name}: {value}", source=source).status == 200
        assert house.get(BACK, "bert", f"{name}: {value}", source=source).status == 403
        assert house.get(FRONT, None, f"{name}: {value}", source=source).status == 401
    for one in house.vms.since(mark):
        assert one.all("X-Forwarded-For") == one.all("X-Real-IP") == [source]
        assert one.all("X-Forwarded-Proto") == ["https"] and one.all("X-Forwarded-Host") == [f"localhost:{house.port}"]
        assert not one.all("Forwarded") and not one.all("X-Forwarded-Uri")


def test_events_have_the_address_of_the_connection(house):
    since = len(house.log())
    house.get("/api/back/recordings", "bert", "X-Forwarded-For: 203.0.113.9", "X-Real-IP: 203.0.113.9", source="127.6.1.1")
    house.get("/api/back/grid.jpg", "bert", "X-Forwarded-For: 203.0.113.9", "X-Real-IP: 203.0.113.9", source="127.6.1.1")
    assert house.refused(since, ip="127.6.1.1")
    assert "203.0.113.9" not in str(house.log()[since:])


@pytest.mark.parametrize("value", ["203.0.113.7", "10.9.9.9, 203.0.113.7", "127.0.0.1, ::1, 203.0.113.7", "203.0.113.7, " + PROXY])
def test_a_trusted_proxy_names_the_one_nearest_to_it(house, value):
    """The leftmost word is anybody's."""
    mark = len(house.vms.heard)
    assert house.get(FRONT, "bert", f"X-Forwarded-For: {value}", source=PROXY).status == 200
    assert house.vms.since(mark)[-1].all("X-Forwarded-For") == ["203.0.113.7"]


@pytest.mark.parametrize("value", ["1.2.3.4, ", "1.2.3.4, , x", "%", "1.2.3.4, ::ffff:", "1.2.3.4:80", "unknown", "1.2.3.4, 999.1.1.1", "a" * 300, ","])
def test_garbage_from_a_trusted_proxy_lets_nobody_in(house, value):
    mark = len(house.vms.heard)
    assert house.get(FRONT, "ada", f"X-Forwarded-For: {value}", source=PROXY).status == 400
    assert not house.vms.since(mark)


def test_garbage_from_a_trusted_proxy_is_told(house):
    house.get(FRONT, "ada", "X-Forwarded-For: %", source=PROXY)
    assert house.refused(0, "a trusted proxy names no address")["actor"]["ip"] == PROXY


def test_no_link_cookie_or_code_is_made_of_a_header(house):
    answer = house.get("/x", None, "Accept: text/html", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "Forwarded: host=evil.example")
    assert answer.status == 302 and answer.all("Location") == ["/gatehouse/login?return=%2Fx"]
    for path in ("/gatehouse/login", "/gatehouse/enrol"):
        answer = house.get(path, None, "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "X-Forwarded-Prefix: /evil")
        assert answer.status == 200 and b"evil" not in answer.data
        for cookie in answer.all("Set-Cookie"):
            assert cookie.startswith("__Host-") and "; Secure" in cookie and "; HttpOnly" in cookie and "Domain" not in cookie
    made = house.run("user", "add", "issued")
    guest = Guest(house, "127.6.2.1")
    evil = {"X-Forwarded-Host": "evil.example", "Host": f"localhost:{house.port}"}
    entry = guest.get("/gatehouse/enrol")
    guest.post("/gatehouse/enrol", entry, headers=evil, link=made.stdout.splitlines()[0].partition("#")[2])
    words = "violet harbour thirteen kettles"
    guest.post("/gatehouse/enrol/password", guest.get("/gatehouse/enrol/steps"), headers=evil, password=words, again=words)
    shown = guest.post("/gatehouse/enrol/totp", guest.get("/gatehouse/enrol/steps"), headers=evil)
    assert re.search(r'class="key">\w+<', shown.body) and "evil" not in shown.body


@pytest.mark.parametrize("greeting", [
    b"PROXY TCP4 203.0.113.9 127.0.0.1 1 443\r\n", b"PROXY UNKNOWN\r\n", b"PROXY TCP4 " + b"1" * 200 + b"\r\n", b"PROXY TCP6 ::ffff:10.0.0.1 ::1 1 443\r\n",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12), b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + bytes(64)])
def test_the_proxy_protocol_is_not_spoken(house, greeting):
    """Whoever begins so is hung up on; nothing of it is taken for a request or an address."""
    mark = len(house.vms.heard)
    with socket.create_connection(("127.0.0.1", house.port), 5) as peer:
        peer.sendall(greeting + b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        got = b""
        try:
            while piece := peer.recv(4096):
                got += piece
        except ConnectionError:
            pass
    assert b" 200 " not in got and not house.vms.since(mark)


def test_the_secret_between_us_and_the_vms_stays_there(house):
    """Given back by the VMS under its name it does not leave; no log and no event has it."""
    house.vms.says["/assets/echo.js"] = page(b"x", f"X-Proxy-Secret: {house.vms.secret}", f"x-proxy-secret: {house.vms.secret}", "X-Forwarded-User: ada")
    assert house.vms.secret.encode() not in house.get("/assets/echo.js").data
    house.vms.says["/assets/rude.js"] = b"HTTP/1.1 200 OK\r\nX-Proxy-Secret " + house.vms.secret.encode() + b"\r\n\r\n"
    house.get("/assets/rude.js")
    assert house.vms.secret not in str(house.log()) and house.vms.secret not in "\n".join(house.said)


def test_cookies_of_ours_never_reach_the_vms(house):
    """In two lines, twice, in other cases, with white space, and very long."""
    mark, cookie = len(house.vms.heard), house.cookie("bert")
    assert house.get(FRONT, None, cookie + "; theme=dark; __Host-gatehouse-pre=PRE; gatehouse=OLD; __Host-Gatehouse=ODD; gatehouse-pre =x").status == 200
    assert house.get(FRONT, None, cookie, "Cookie: a=b; gatehouse-pre=PRE").status == 200
    assert house.get(FRONT, None, "Cookie: long=" + "x" * 8000, cookie).status == 200
    got = [one.all("Cookie") for one in house.vms.since(mark)]
    assert got == [["theme=dark"], ["a=b"], ["long=" + "x" * 8000]]


@pytest.mark.parametrize("headers", [["{0}; __Host-gatehouse=" + "A" * 43], ["{0}", "{0}"], ["{0}", "Cookie: __Host-gatehouse=x"],
                                     ["Cookie: __Host-gatehouse=x", "{0}"]])
def test_two_sessions_in_one_request_are_none(house, headers):
    """Somebody tossed a cookie in from elsewhere: which one counts is nobody's to choose."""
    mark = len(house.vms.heard)
    assert house.get(FRONT, None, *(one.format(house.cookie("ada")) for one in headers)).status == 400
    assert not house.vms.since(mark)


@pytest.mark.parametrize("text", ["gatehouse={}", "__Secure-gatehouse={}", "__host-gatehouse={}", "__Host-gatehouse={}x", "__Host-gatehouse={}=",
                                  '__Host-gatehouse="{}"', "__Host-gatehouse= {}", "__Host-gatehouse ={}", "x=1,__Host-gatehouse={}", "$Version=1, __Host-gatehouse={}"])
def test_only_the_exact_cookie_is_a_session(house, text):
    mark = len(house.vms.heard)
    session = house.people["ada"].browser.session
    assert house.get(FRONT, None, "Cookie: " + text.format(session)).status == 401
    assert not house.vms.since(mark)
