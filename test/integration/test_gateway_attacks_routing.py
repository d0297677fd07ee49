"""Attacks on a running gateway: addresses that two programs could read in two ways. doc/attacks.md has the numbers."""
import pytest

from attacking import page

FRONT, BACK = "/api/front/latest.jpg", "/api/back/latest.jpg"


def sent(house, mark):
    """Request lines that reached the VMS since then."""
    return [one.line for one in house.vms.since(mark)]


@pytest.mark.parametrize("target,canonical", [
    ("//api//front/latest.jpg", FRONT), ("/api///front//latest.jpg", FRONT), ("/api/%66ront/latest.jpg", FRONT),
    ("/api/front/latest.jpg?a=1&a=2&b=%2e%2e%2f", FRONT + "?a=1&a=2&b=%2e%2e%2f"), ("/api/front/latest.jpg?", FRONT + "?"),
    ("/api/front/latest%2Ejpg", FRONT), ("/assets/%7Ea%41.js?x=/../y", "/assets/~aA.js?x=/../y"), ("/assets/%c3%a4.js", "/assets/%C3%A4.js"),
])
def test_what_the_vms_gets_is_what_was_judged(house, target, canonical):
    mark = len(house.vms.heard)
    assert house.get(target).status in (200, 404)
    assert sent(house, mark) == [f"GET {canonical} HTTP/1.1"]


@pytest.mark.parametrize("target", ["//api//back//latest.jpg", "/api/%62ack/latest.jpg", "/api/bac%6b/latest.jpg", "/api/back/latest%2ejpg"])
def test_other_spellings_of_a_camera_are_the_same_camera(house, target):
    mark = len(house.vms.heard)
    assert house.get(target, "bert").status == 403
    assert not sent(house, mark)
    assert house.refused(0, user="bert")["target"]["cameras"] == ["Camera back"]


TWO_WAYS = ["/api/front/..%2fback/latest.jpg", "/api/front/%2e%2e/back/latest.jpg", "/api/front/..;/back/latest.jpg", "/api/front;x=1/latest.jpg",
            "/api/front/../back/latest.jpg", "/./api/front/latest.jpg", "/api/front%2flatest.jpg", "/api/front%5clatest.jpg",
            "/api/front\\latest.jpg", "/api/front/latest.jpg#/x", "/public/%23/../x", "/api/%zz/latest.jpg", "/api/%2/latest.jpg",
            "/api/%", "/api/\xe4/latest.jpg", "/api/%c0%ae%c0%ae/latest.jpg", "/api/%252e%252e/latest.jpg", "/api/%ff/latest.jpg",
            "/api/front%00/latest.jpg", "/api/front%0d%0aX-Forwarded-User:%20root", "/api/front%09/latest.jpg", "/api/front/latest.jpg\x01"]


@pytest.mark.parametrize("target", TWO_WAYS)
def test_an_address_that_can_be_read_in_two_ways_is_400_before_anything_else(house, target):
    """With a session and without one."""
    mark, source = len(house.vms.heard), f"127.5.0.{1 + TWO_WAYS.index(target)}"
    assert house.get(target, "ada", source=source).status == 400
    assert house.get(target, None, source=source).status == 400
    assert not sent(house, mark)


def test_each_of_these_addresses_made_an_event(house):
    since = len(house.log())
    for i, target in enumerate(TWO_WAYS):
        house.get(target, "ada", source=f"127.5.2.{1 + i}")
    for i in range(len(TWO_WAYS)):
        assert house.refused(since, ip=f"127.5.2.{1 + i}")["outcome"] == "refused"


@pytest.mark.parametrize("query", ["x=/assets/index.js", "/login", ".js", "x=%2Fassets%2Fa.js", "camera=front&src=front", "../front/latest.jpg"])
def test_a_query_makes_no_path_another(house, query):
    mark = len(house.vms.heard)
    assert house.get(f"{BACK}?{query}", "bert").status == 403
    assert house.get(f"{BACK}?{query}", None).status == 401
    assert not sent(house, mark)


@pytest.mark.parametrize("target", ["http://other.example/api/config", "http://other.example:80/", "https://127.0.0.1/x", "ftp://localhost/x",
                                    "http://localhost@other.example/", "http://localhost.other.example/", "//other.example/x"])
def test_a_target_of_another_host_goes_nowhere_else(house, target):
    mark = len(house.vms.heard)
    status = house.ask(f"GET {target} HTTP/1.1", who="ada").status
    found = sent(house, mark)
    assert status in (400, 421) and not found or found == ["GET /other.example/x HTTP/1.1"]


def test_an_absolute_target_of_our_own_is_sent_as_a_path(house):
    mark = len(house.vms.heard)
    assert house.ask(f"GET https://localhost:{house.port}{FRONT} HTTP/1.1", who="ada").status == 200
    assert sent(house, mark) == [f"GET {FRONT} HTTP/1.1"]


def test_another_name_and_no_name_get_nothing(house):
    mark = len(house.vms.heard)
    for host in ("127.0.0.1", "other.example", "localhost.", "localhost:1\r\nHost: other.example", ""):
        answer = house.ask(f"GET {FRONT} HTTP/1.1", f"Host: {host}", who="ada", host=False)
        assert answer.status in (200, 400, 421), host
        assert answer.status != 200 or host == "localhost.", host
    assert house.ask(f"GET {FRONT} HTTP/1.0", who="ada", host=False).status == 421
    assert house.ask(f"GET {FRONT} HTTP/1.1", who="ada", host=False).status == 400
    assert all("latest.jpg" in one.target and one.all("Host") == [f"localhost:{house.port}"] for one in house.vms.since(mark))


@pytest.mark.parametrize("target", [
    "/api/go2rtc/api/stream.mp4?src=front&src=back", "/api/go2rtc/api/stream.mp4?src=back&src=front", "/api/go2rtc/api/stream.mp4?src=front&s%72c=back",
    "/api/events?cameras=front,back&cameras=front", "/api/review?cameras=back", "/vod/back/start/1763900000/end/1763900012/master.m3u8?camera=front",
    "/api/front/latest.jpg/../../back/latest.jpg"])
def test_every_camera_of_a_request_is_asked_not_the_first(house, target):
    mark = len(house.vms.heard)
    assert house.get(target, "bert").status in (400, 403)
    assert not sent(house, mark)


def test_a_method_in_a_header_or_body_changes_none(house):
    mark = len(house.vms.heard)
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method", "X_HTTP_METHOD_OVERRIDE"):
        assert house.get(FRONT, "bert", f"{name}: DELETE").status == 200
    for one in house.vms.since(mark):
        assert one.method == "GET" and not any("method" in name.lower() for name, _ in one.headers)
    mark = len(house.vms.heard)
    kind = "Content-Type: application/x-www-form-urlencoded"
    for body in (b"_method=GET", b"_method=DELETE"):
        assert house.ask("POST /api/config/set HTTP/1.1", kind, who="bert", body=body).status == 403
    assert not sent(house, mark)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "get", "GET\x00", "FOO BAR"])
def test_methods_that_are_none_reach_nobody(house, method):
    mark = len(house.vms.heard)
    assert house.ask(f"{method} / HTTP/1.1", who="ada", source="127.5.1.7").status in (0, 400, 405)
    assert not sent(house, mark)
    assert house.refused(0, "nginx refused", ip="127.5.1.7")


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "PROPFIND", "QUERY"])
def test_any_method_but_reading_is_a_change_that_needs_its_right(house, method):
    mark = len(house.vms.heard)
    assert house.ask(f"{method} /api/{method}/x HTTP/1.1", who="bert").status == 403
    assert not sent(house, mark)


def test_a_change_that_is_refused_is_told_as_a_change(house):
    since = len(house.log())
    house.ask("DELETE /api/events/all HTTP/1.1", who="bert")
    assert house.wait_event(lambda e: e["outcome"] == "refused" and e["action"] == "config.change" and e["actor"]["user"] == "bert", since)


def test_head_of_footage_is_asked_like_the_footage(house):
    mark = len(house.vms.heard)
    assert house.ask(f"HEAD {BACK} HTTP/1.1", who="bert").status == 403
    assert house.ask(f"HEAD {BACK} HTTP/1.1").status == 401
    assert not sent(house, mark)
    assert house.ask(f"HEAD {FRONT} HTTP/1.1", who="bert").body == b""


def test_long_addresses_and_many_headers_are_bounded(house):
    before, mark, since = house.workers(), len(house.vms.heard), len(house.log())
    assert house.get("/api/" + "a" * 30000, source="127.5.1.1").status in (0, 414)
    assert house.get("/api/events?" + "&".join(f"p{i}=1" for i in range(1500)), source="127.5.1.2").status in (400, 414)
    assert house.get("/api/events?" + "&".join(f"p{i}=1" for i in range(10000)), source="127.5.1.3").status in (0, 400, 414)  # 0: reset, as not all was read
    assert house.get("/", "ada", *(f"X-{i}: {'y' * 90}" for i in range(1000)), source="127.5.1.4").status in (0, 400, 431)
    assert house.get("/", "ada", "X-Long: " + "y" * 40000, source="127.5.1.5").status in (400, 431)
    assert not sent(house, mark) and house.workers() == before
    for i in range(1, 6):
        assert house.refused(since, ip=f"127.5.1.{i}")
    assert house.get("/", "ada", *(f"X-{i}: y" for i in range(300))).status == 200
    assert not any(name.startswith("X-9") for name, _ in house.vms.since(mark)[-1].headers)


@pytest.mark.parametrize("target", ["/gatehouse/../api/config", "/gatehouse%2f..%2fapi/config", "/gatehouse/%2e%2e/api/config", "/gatehouse/..%2fapi/config",
                                    "/gatehouse;/../api/config", "/gatehouse/login/../../api/config", "/gatehouse\\..\\api", "/gatehouse/..;/api",
                                    "/api/../gatehouse/login", "//gatehouse/login", "/gatehouse//login", "/gatehouse/x", "/gatehouse/login%00"])
def test_the_prefix_of_our_pages_opens_no_way_to_the_vms_nor_back(house, target):
    mark = len(house.vms.heard)
    assert house.get(target, None).status in (400, 404)
    assert house.get(target).status in (400, 404)
    assert not sent(house, mark)


@pytest.mark.parametrize("target", ["/Gatehouse/login", "/GATEHOUSE/", "/gatehousex", "/gatehouse.html"])
def test_what_only_looks_like_our_pages_is_the_vms_and_guarded(house, target):
    mark = len(house.vms.heard)
    assert house.get(target, None).status == 401
    assert not sent(house, mark)


def test_requests_of_two_people_on_one_connection_are_judged_each(house):
    """Pipelined: a session is the request's, never the connection's."""
    mark = len(house.vms.heard)
    line = "GET {} HTTP/1.1\r\nHost: localhost:%d\r\n{}\r\n" % house.port
    requests = [line.format(BACK, house.cookie("ada") + "\r\n"), line.format(BACK, house.cookie("bert") + "\r\n"), line.format(BACK, ""),
                line.format(FRONT, house.cookie("bert") + "\r\nConnection: close\r\n")]
    assert house.raw("".join(requests).encode()).statuses() == [200, 403, 401, 200]
    assert [one.all("X-Forwarded-User") for one in house.vms.since(mark)] == [["ada"], ["bert"]]


def test_ranges_of_an_unexplained_answer_carry_no_footage(house):
    parts = b"--x\r\nContent-Type: video/mp4\r\n\r\n\0\0\0\x18ftypisom" + b"m" * 2000 + b"\r\n--x--"
    house.vms.says["/assets/parts.js"] = page(parts, kind="multipart/byteranges; boundary=x", status="206 Partial Content")
    since = len(house.log())
    answer = house.get("/assets/parts.js", "ada", "Range: bytes=0-1,0-1,5-9", "If-Range: x")
    assert answer.status == 403 and b"ftyp" not in answer.data
    assert house.refused(since, "media by its first bytes", user="ada")["action"] == "footage.unclassified"


@pytest.mark.parametrize("ranges", ["bytes=0-1,5-6,0-1", "bytes=" + ",".join(["0-"] * 500), "bytes=-1", "bytes=5-1", "octets=0-1"])
def test_a_range_of_an_export_needs_what_the_export_needs(house, ranges):
    mark = len(house.vms.heard)
    assert house.get(f"/exports/{house.export}", "bert", f"Range: {ranges}").status == 403
    assert house.get(f"/exports/{house.export}", "ada", f"Range: {ranges}").status == 403  # no step-up
    assert not sent(house, mark)
