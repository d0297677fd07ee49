"""Attacks on a running gateway: a VMS that is taken over, and pages of other sites. It shares an origin with our pages. doc/attacks.md."""
import pytest

from attacking import MARK, Guest, page

BROWSER = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
PAGES = ["/gatehouse/", "/gatehouse/sessions", "/gatehouse/accesses", "/gatehouse/factors", "/gatehouse/step-up", "/gatehouse/logout", "/gatehouse/login"]


def fetched(**more):
    """Headers that a browser adds and a script can't change (Fetch metadata)."""
    said = {**BROWSER, **{name.replace("_", "-"): value for name, value in more.items()}}
    return [f"{name}: {value}" for name, value in said.items()]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("dest", ["empty", "iframe", "frame", "embed", "object", "script", "style", "image", "serviceworker", "worker", "fencedframe"])
def test_a_script_or_frame_of_the_vms_does_not_read_our_pages(house, path, dest):
    """So it has no token for our forms, and sees no codes."""
    answer = house.get(path, "ada", *fetched(Sec_Fetch_Dest=dest, Sec_Fetch_Mode="no-cors" if dest != "iframe" else "navigate"))
    assert answer.status == 403 and b"token" not in answer.data and b"ada" not in answer.body


def test_a_visit_in_a_window_sees_our_pages_and_no_window_of_the_vms_holds_it(house):
    """Cross-Origin-Opener-Policy parts it from its opener, as the VMS's own pages have none, whatever the VMS says."""
    answer = house.get("/gatehouse/sessions", "ada", *fetched(Sec_Fetch_Dest="document", Sec_Fetch_Mode="navigate"))
    assert answer.status == 200 and answer.all("Cross-Origin-Opener-Policy") == ["same-origin"]
    assert answer.all("X-Frame-Options") == ["DENY"] and "frame-ancestors 'none'" in answer.all("Content-Security-Policy")[0]
    house.vms.says["/assets/opener.js"] = page(MARK, "Cross-Origin-Opener-Policy: same-origin", "Cross-Origin-Opener-Policy: same-origin-allow-popups")
    assert not house.get("/assets/opener.js").all("Cross-Origin-Opener-Policy")


def test_reading_our_pages_by_a_script_is_told(house):
    since = len(house.log())
    house.get("/gatehouse/factors", "ada", *fetched(), source="127.8.0.1")
    assert house.refused(since, "a script or a frame", ip="127.8.0.1")["actor"]["user"] == "ada"


@pytest.mark.parametrize("path,fields", [("/gatehouse/sessions", {"end": "others"}), ("/gatehouse/logout", {}), ("/gatehouse/factors/recovery", {}),
                                         ("/gatehouse/factors/totp", {}), ("/gatehouse/step-up", {"kind": "totp", "code": "000000", "reason": "no reason"})])
def test_a_form_that_no_page_of_ours_made_does_nothing(house, path, fields):
    ada = house.people["ada"].browser
    for token in ("", "A" * 43, Guest(house, "127.8.0.2").get("/gatehouse/login").fields("/gatehouse/login")["token"]):
        answer = ada.ask("POST", path, {**fields, "token": token}, {name: value for name, value in BROWSER.items()})
        assert answer.status == 403 or answer.location.startswith("/gatehouse/step-up"), (token, answer.status)
    assert house.get("/api/front/latest.jpg").status == 200


def test_a_forged_form_is_told(house):
    since = len(house.log())
    Guest(house, "127.8.0.3").ask("POST", "/gatehouse/login", {"token": "A" * 43, "user": "ada", "password": "x"}, {"Origin": "https://evil.example"})
    assert house.refused(since, "no page of the gateway made", ip="127.8.0.3")


@pytest.mark.parametrize("path", ["/assets/worker.js", "/notifications-worker.js", "/sw.js", "/api/front/latest.jpg"])
def test_no_service_worker_of_the_vms_is_installed(house, path):
    """One with the scope / would be between every page and its person, ours too, for good."""
    mark = len(house.vms.heard)
    assert house.get(path, "ada", "Service-Worker: script", *fetched(Sec_Fetch_Dest="serviceworker", Sec_Fetch_Mode="same-origin")).status == 403
    assert not house.vms.since(mark)


def test_what_holds_for_a_whole_origin_is_not_the_vms_to_say(house):
    said = ["Service-Worker-Allowed: /", 'Clear-Site-Data: "cookies"', "Access-Control-Allow-Origin: https://evil.example",
            "Access-Control-Allow-Credentials: true", 'Alt-Svc: h3="evil.example:443"', "NEL: {}", "Report-To: {}", "Reporting-Endpoints: a=\"https://evil.example\"",
            "Strict-Transport-Security: max-age=0", "Public-Key-Pins: x", "Permissions-Policy: publickey-credentials-get=*", "Feature-Policy: x",
            "Set-Cookie2: a=b", "Speculation-Rules: \"/x\"", "X-Accel-Redirect: /gatehouse/sessions"]
    house.vms.says["/assets/wide.js"] = page(MARK, *said)
    answer = house.get("/assets/wide.js")
    assert answer.body == MARK
    for one in said:
        name, _, value = one.partition(": ")
        assert value not in answer.all(name), one
    assert answer.all("Strict-Transport-Security") == ["max-age=31536000"]
    assert answer.all("Permissions-Policy") == ["publickey-credentials-get=(), publickey-credentials-create=()"]


@pytest.mark.parametrize("line", [
    "__Host-gatehouse=x; Path=/; Secure", "\t__Host-gatehouse=x; Path=/; Secure", "__Host-gatehouse =x", "  __Host-gatehouse\t=x", "__host-gatehouse=x",
    "__Host-gatehouse-pre=x; Path=/; Secure", "gatehouse=x", "gatehouse-pre=x; Domain=localhost", "=__Host-gatehouse=x", "__Host-gatehouse", "; __Host-gatehouse=x",
    "=", "__Secure-gatehouse=x"])
def test_the_vms_sets_no_cookie_that_could_be_ours(house, line):
    """Browsers cut white space around names, and send a nameless cookie's value as if it were the whole (RFC 6265bis)."""
    house.vms.says["/assets/cookie.js"] = page(MARK, "Set-Cookie: theme=dark; Path=/", f"Set-Cookie: {line}")
    assert house.get("/assets/cookie.js").all("Set-Cookie") == ["theme=dark; Path=/"]


FOREIGN = [["Origin: https://evil.example"], ["Origin: null"], ["Origin: http://localhost:1"], ["Origin: https://localhost"], ["Sec-Fetch-Site: cross-site"],
           ["Sec-Fetch-Site: same-site"], ["Origin: https://localhost.evil.example"], ["Sec-Fetch-Site: nonsense"]]


@pytest.mark.parametrize("headers", FOREIGN)
def test_pages_of_other_sites_neither_change_nor_read_nor_watch(house, headers):
    """SameSite stops other sites; not another port or another name of the same one, which is what is tried here."""
    mark = len(house.vms.heard)
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    assert house.ask("POST /api/config/set HTTP/1.1", *headers, who="ada", body=b"{}").status == 403
    assert house.ask("GET /live/jsmpeg/front HTTP/1.1", *headers, *upgrade, who="ada", close=False).status == 403
    assert house.get("/api/front/latest.jpg", "ada", *headers).status == 403
    assert not house.vms.since(mark)


def test_a_link_of_another_site_shows_a_page_and_changes_nothing(house):
    link = ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
    assert house.get("/", "ada", *link).status == 200
    mark = len(house.vms.heard)
    assert house.get("/api/config/raw", "ada", *link).status == 403  # what it reads is told as a change: secrets
    assert house.get("/", "ada", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe").status == 403
    assert not house.vms.since(mark)


def test_two_origins_are_none(house):
    assert house.ask("POST /api/config/set HTTP/1.1", f"Origin: {house.base}", "Origin: https://evil.example", who="ada", body=b"{}").status == 400


@pytest.mark.parametrize("where,wanted", [("http://127.0.0.1:{vms}/x?y", "/x?y"), ("https://localhost:{gate}/x", "https://localhost:{gate}/x"), ("/x", "/x"),
                                          ("http://127.0.0.1:{vms}/", "/")])
def test_the_vms_sends_nobody_around_the_gateway(house, where, wanted):
    ports = {"vms": house.vms.port, "gate": house.port}
    house.vms.says["/assets/away.js"] = page(b"", f"Location: {where.format(**ports)}", status="302 Found")
    assert house.get("/assets/away.js").all("Location") == [wanted.format(**ports)]


def test_footage_and_our_pages_are_kept_by_no_cache(house):
    for path in ("/api/front/latest.jpg", "/gatehouse/sessions", "/gatehouse/login"):
        assert house.get(path, "ada").all("Cache-Control") == ["no-store"], path
    house.vms.says["/api/front/latest.webp"] = page(b"RIFF\0\0\0\0WEBP", "Cache-Control: public, max-age=31536000", "Expires: Thu, 31 Dec 2099 00:00:00 GMT",
                                                    kind="image/webp")
    answer = house.get("/api/front/latest.webp", "ada")
    del house.vms.says["/api/front/latest.webp"]
    assert answer.all("Cache-Control") == ["no-store"] and not answer.all("Expires")
    assert house.get("/api/front/latest.webp", None).status == 401
    assert house.get("/api/front/latest.jpg", None, "Accept: text/html").all("Cache-Control") == ["no-store"]
