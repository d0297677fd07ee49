"""Attacks on a running gateway: log-in, second factor, session. Through nginx and TLS, as a stranger would. doc/attacks.md has the numbers."""
import concurrent.futures
import re
import ssl
import time

import pytest

from attacking import Guest
from doorkeeping import PASSWORD, totp

websocket = pytest.importorskip("websocket")
WRONG = "a password that is wrong"
FRONT = "/api/front/latest.jpg"
PLACES = iter(f"127.{20 + i // 200}.0.{1 + i % 200}" for i in range(2000))


def guest(house):
    """A browser at an address that nobody had before."""
    return Guest(house, next(PLACES))


@pytest.fixture(scope="module")
def names():
    """Of accounts, each used once."""
    return iter(f"person{i}" for i in range(100))


@pytest.fixture
def person(house, names):
    """An account of its own, that is logged in."""
    return house.resident_at(next(names), next(PLACES), "porch")


def status(house, cookie):
    """Of footage with that session."""
    return house.ask(f"GET {FRONT} HTTP/1.1", f"Cookie: __Host-gatehouse={cookie}").status


def test_the_session_is_another_after_each_elevation(house, person):
    browser = guest(house)
    browser.get("/gatehouse/login")
    planted = browser.cookies["__Host-gatehouse-pre"]
    browser.password(person.name)
    half = browser.cookies["__Host-gatehouse-pre"]
    assert half != planted
    assert browser.second(person.codes.pop(), "recovery").status == 303
    first = browser.session
    assert status(house, first) == 200 and status(house, planted) == status(house, half) == 401
    answer = browser.step_up(person.codes.pop())
    assert answer.status == 303 and browser.session != first
    assert status(house, first) == 401 and status(house, browser.session) == 200


def test_a_planted_session_is_not_taken_over(house, person):
    """Fixation: what an attacker put there before opens nothing after."""
    browser = guest(house)
    browser.cookies["__Host-gatehouse"] = "A" * 43
    browser.log_in(person)
    assert browser.session != "A" * 43 and status(house, "A" * 43) == 401


def test_nobody_is_logged_in_or_out_from_elsewhere(house, person):
    """Nor is the session worth anything after its owner left."""
    browser, session = person.browser, person.browser.session
    entry = guest(house)
    fields = {**entry.get("/gatehouse/login").fields("/gatehouse/login"), "user": person.name, "password": PASSWORD}
    for headers in ({"Origin": "https://evil.example"}, {"Origin": None, "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert entry.ask("POST", "/gatehouse/login", fields, headers).status == 403
        assert browser.ask("POST", "/gatehouse/logout", {"token": "A" * 43}, headers).status == 403
    page = browser.get("/gatehouse/logout")
    assert status(house, session) == 200
    assert browser.post("/gatehouse/logout", page).status == 303
    assert status(house, session) == 401
    assert house.wait_event(lambda e: e["action"] == "auth.logout" and e["actor"].get("user") == person.name)


def test_a_code_is_taken_once(house, person):
    code = totp(person.secret)
    first, second = guest(house), guest(house)
    first.password(person.name)
    assert first.second(code).status == 303
    second.password(person.name)
    assert second.second(code).status == 403
    assert house.refused(0, user=person.name)["action"] == "auth.fail"


def test_of_fifty_at_once_with_one_code_one_gets_in(house, person):
    browsers = [guest(house) for _ in range(4)]  # a fifth attempt is over the account's limit anyway
    pages = []
    for browser in browsers:
        assert browser.password(person.name).status == 303
        pages.append(browser.get("/gatehouse/login/second"))
    code = totp(person.secret)
    jobs = [(browser, page) for browser, page in zip(browsers, pages) for _ in range(13)][:50]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda job: job[0].second(code, page=job[1]), jobs))
    cookies = [line for answer in answers for line in answer.headers.get_all("Set-Cookie") or [] if re.match(r"__Host-gatehouse=\S{43};", line)]
    assert len(cookies) == 1


@pytest.mark.parametrize("shift", [-20, -3, -2, 2, 3, 20])
def test_codes_of_other_times_open_nothing(house, person, shift):
    browser = guest(house)
    browser.password(person.name)
    assert browser.second(totp(person.secret, shift)).status == 403 and not browser.session


def test_the_password_again_does_not_give_new_tries_of_the_code(house, person):
    """And a half-finished log-in ends with the lock-out."""
    for _ in range(5):
        browser = guest(house)
        assert browser.password(person.name).status == 303
        assert browser.second("000000").status == 403
    last = guest(house)
    if last.password(person.name).status == 303 and last.get("/gatehouse/login/second").status == 200:
        last.second(totp(person.secret))
    assert not last.session
    assert browser.get("/gatehouse/login/second").location == "/gatehouse/login"


def test_factors_are_not_changed_without_a_step_up(house, person):
    browser = person.browser
    token = browser.get("/gatehouse/sessions").fields("/gatehouse/sessions")["token"]
    for path in ("totp", "recovery", "password", "passkey/remove", "passkey-options", "totp/code"):
        answer = browser.ask("POST", "/gatehouse/factors/" + path, {"token": token})
        assert answer.status == 303 and answer.location.startswith("/gatehouse/step-up"), path


def test_tries_of_a_step_up_are_counted(house, person):
    browser = person.browser
    page = browser.get("/gatehouse/step-up")
    answers = [browser.post("/gatehouse/step-up", page, kind="totp", code="000000", reason="a good reason") for _ in range(7)]
    assert {answer.status for answer in answers} <= {303, 403, 429}
    browser.post("/gatehouse/step-up", page, kind="totp", code=totp(person.secret), reason="a good reason")
    assert house.ask(f"GET /exports/{house.export} HTTP/1.1", f"Cookie: __Host-gatehouse={browser.session}").status in (401, 403)


def test_a_wrong_password_and_a_right_code_get_nowhere(house, person):
    browser = guest(house)
    fields = browser.get("/gatehouse/login").fields("/gatehouse/login")
    both = {**fields, "user": person.name, "password": WRONG, "code": totp(person.secret), "kind": "totp"}
    assert browser.ask("POST", "/gatehouse/login", both).status == 403 and not browser.session
    assert browser.ask("POST", "/gatehouse/login/second", {**both, "password": PASSWORD}).location == "/gatehouse/login" and not browser.session


def test_a_factor_that_there_is_not_counts_as_a_try(house, person):
    """Under whatever name codes are tried: after the limit of an account not even the right one opens."""
    for kind in ("", "email", "sms", "totp,recovery", "__proto__"):
        browser = guest(house)
        assert browser.password(person.name).status == 303
        assert browser.second("000000", kind).status in (400, 403, 422)
    last = guest(house)
    if last.password(person.name).status == 303 and last.get("/gatehouse/login/second").status == 200:
        last.second(totp(person.secret))
    assert not last.session
    assert house.refused(0, user=person.name)["action"] == "auth.fail"


def test_a_recovery_code_works_once_and_none_of_an_older_set(house, person):
    code = person.codes.pop()
    first, again = guest(house), guest(house)
    first.password(person.name)
    assert first.second(code, "recovery").status == 303
    again.password(person.name)
    assert again.second(code, "recovery").status == 403
    first.step_up(person.codes.pop())
    made = first.post("/gatehouse/factors/recovery", first.get("/gatehouse/factors"))
    fresh = re.findall(r"<li><code>([A-Z0-9-]+)</code>", made.body)
    assert len(fresh) == 10
    older = guest(house)
    older.password(person.name)
    assert older.second(person.codes[0], "recovery").status == 403 and not older.session
    assert older.second(fresh[0], "recovery").status == 303


def test_enrolment_is_reached_by_no_password_and_no_code(house, person):
    browser = guest(house)
    for path in ("/gatehouse/enrol/steps", "/gatehouse/login/second"):
        assert browser.get(path).location == "/gatehouse/login"
    browser.password(person.name)
    fields = browser.get("/gatehouse/login/second").fields("/gatehouse/login/second")
    for path in ("password", "totp", "totp/code", "finish", "passkey-options"):
        answer = browser.ask("POST", "/gatehouse/enrol/" + path, {**fields, "password": WRONG, "again": WRONG})
        assert answer.status in (303, 400, 403, 404) and not browser.session, path
    used = guest(house)
    assert used.post("/gatehouse/enrol", used.get("/gatehouse/enrol"), link=person.token).status == 403


def test_who_has_an_account_is_not_told(house, person):
    """The same words for a wrong password and for nobody; test_gateway_doorman.py compares the times of many."""
    known, unknown = guest(house).password(person.name, WRONG), guest(house).password("nobody-at-all", WRONG)
    same = [re.sub(r'value="[^"]*"', "", answer.body) for answer in (known, unknown)]
    assert known.status == unknown.status == 403 and same[0].replace(person.name, "") == same[1].replace("nobody-at-all", "")


def test_too_many_sessions_end_the_oldest_and_all_are_ended_from_another(house, person):
    browsers = [person.browser]
    for _ in range(8):
        browser = guest(house)
        browser.log_in(person)
        browsers.append(browser)
    assert status(house, browsers[0].session) == 401
    page = browsers[-1].get("/gatehouse/sessions")
    assert page.body.count("<dt>Address</dt>") == 8 and browsers[-1].source in page.body
    begun = time.monotonic()
    browsers[-1].post("/gatehouse/sessions", page, end="others")
    while [status(house, browser.session) for browser in browsers[1:]] != [401] * 7 + [200]:
        assert time.monotonic() - begun < 2
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("name", ["gatehouse", "__Secure-gatehouse", "__Host-gatehouse-pre", "session"])
def test_the_session_counts_in_its_own_cookie_only(house, name):
    assert house.get(FRONT, None, f"Cookie: {name}={house.people['ada'].browser.session}").status == 401


def test_the_cookie_is_of_this_host_for_its_own_pages_over_tls(house, person):
    browser = guest(house)
    browser.password(person.name)
    lines = browser.second(person.codes.pop(), "recovery").headers.get_all("Set-Cookie")
    line, = [line for line in lines if line.startswith("__Host-gatehouse=")]
    assert line.split("; ")[1:] == ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"]


def test_no_session_over_plain_http(house):
    """The port speaks TLS; a session that comes in the clear is not taken."""
    import socket
    with socket.create_connection(("127.0.0.1", house.port), 5) as peer:
        peer.sendall(f"GET {FRONT} HTTP/1.1\r\nHost: localhost:{house.port}\r\n{house.cookie('ada')}\r\n\r\n".encode())
        assert peer.recv(100).startswith(b"HTTP/1.1 400 ")


@pytest.mark.skip(reason="OpenID Connect comes with the other VMSes: there is no relying party yet to be lied to (forged, misdirected and expired tokens)")
def test_tokens_of_another_issuer_are_refused():
    """Its place."""


@pytest.mark.skip(reason="OpenID Connect comes with the other VMSes: there is no relying party yet to be lied to (an e-mail address as identity)")
def test_an_email_address_is_no_identity():
    """Its place."""


def test_a_role_that_is_taken_away_ends_the_live_stream_within_two_seconds(house, person):
    live = websocket.create_connection(f"wss://127.0.0.1:{house.port}/live/jsmpeg/front", timeout=10, sslopt={"cert_reqs": ssl.CERT_NONE},
                                       host=f"localhost:{house.port}", origin=house.base, header=[f"Cookie: __Host-gatehouse={person.browser.session}"])
    assert live.recv()
    begun = time.monotonic()
    assert house.run("role", "take", person.name, "porch").returncode == 0
    with pytest.raises((websocket.WebSocketException, OSError)):
        while time.monotonic() - begun < 5:
            live.recv()
    assert time.monotonic() - begun < 2
    assert status(house, person.browser.session) == 403
