"""The doorman over its own socket, without nginx: enrolment, log-in, step-up, sessions, refusals."""
import concurrent.futures
import contextlib
import json
import re
import statistics
import time

import pytest

from doorkeeping import PASSWORD, Browser, Connection, Doorman, Person, totp

WRONG = "surely not the password"


@pytest.fixture(scope="module")
def doorman(tmp_path_factory):
    found = Doorman(tmp_path_factory.mktemp("doorman") / "gateway")
    yield found
    found.end()


@pytest.fixture
def fresh(tmp_path):
    """One that a test may kill."""
    found = Doorman(tmp_path / "gateway")
    yield found
    found.end()


@pytest.fixture(scope="module")
def anna(doorman):
    return Person(doorman, "anna", "admin")


@pytest.fixture
def person(doorman, request):
    return Person(doorman, f"p{abs(hash(request.node.name)) % 10**9}")


def test_a_one_time_link_works_once(doorman, person):
    browser = Browser(doorman)
    answer = browser.post("/gatehouse/enrol", browser.get("/gatehouse/enrol"), link=person.token)
    assert answer.status == 403 and "does not work" in answer.trouble


def test_weak_and_differing_passwords_are_refused_at_enrolment(doorman):
    browser = Browser(doorman)
    token = doorman.account("add", "weak")
    browser.post("/gatehouse/enrol", browser.get("/gatehouse/enrol"), link=token)
    page = browser.get("/gatehouse/enrol/steps")
    for password, again in (("short", "short"), ("passwordpassword", "passwordpassword"), (PASSWORD, PASSWORD + "x")):
        answer = browser.post("/gatehouse/enrol/password", page, password=password, again=again)
        assert answer.status == 422 and answer.trouble
    # no second factor, no end of the set-up, no log-in
    answer = browser.ask("POST", "/gatehouse/enrol/finish",
                         {**page.fields("/gatehouse/enrol/password"), "kept": "yes"})
    assert answer.status == 422
    other = Browser(doorman)
    assert other.password("weak").status == 403


def test_a_log_in_with_totp_goes_where_it_was_wanted_and_is_on_the_board_at_once(doorman, person):
    browser = person.browser
    answer = browser.password(person.name, to="/zm/index.php?view=watch&mid=1")
    before = browser.cookies["gatehouse-pre"]
    page = browser.get(answer.location)
    answer = browser.second(totp(person.secret), page=page)
    begun = time.monotonic()
    assert answer.status == 303 and answer.location == "/zm/index.php?view=watch&mid=1"
    assert doorman.board(browser.session) == f"{person.name} totp plain ordinary"
    assert time.monotonic() - begun < 0.25
    assert browser.session != before and "gatehouse-pre" not in browser.cookies
    event = doorman.events("auth.login", user=person.name)[0]
    assert event["actor"]["factor"] == "totp" and event["actor"]["ip"] == browser.address
    assert event["actor"]["session"] not in browser.session


def test_a_code_is_taken_once_also_after_a_restart(fresh):
    person = Person(fresh, "berta")
    code = totp(person.secret)
    first = Browser(fresh)
    assert first.password("berta").status == 303
    assert first.second(code).status == 303
    again = Browser(fresh)
    assert again.password("berta").status == 303
    assert again.second(code).status == 403
    fresh.kill()
    fresh.start()
    after = Browser(fresh)
    assert after.password("berta").status == 303
    assert after.second(code).status == 403
    assert fresh.board(first.session).startswith("berta totp")  # a session outlives the doorman


def test_of_fifty_log_ins_with_one_code_exactly_one_succeeds(doorman, person):
    """Four are prepared: a fifth attempt of the account is over the limit anyway."""
    browsers = [Browser(doorman) for _ in range(4)]
    pages = []
    for browser in browsers:
        assert browser.password(person.name).status == 303
        pages.append(browser.get("/gatehouse/login/second"))
    code = totp(person.secret)
    jobs = [(browser, page) for browser, page in zip(browsers, pages) for _ in range(13)][:50]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda job: job[0].second(code, page=job[1]), jobs))
    assert sum(answer.headers.get("Set-Cookie", "").startswith("gatehouse=") for answer in answers) == 1


@pytest.mark.parametrize("shift", [-3, -2, 2, 3])
def test_codes_of_other_times_are_refused(doorman, shift):
    person = Person(doorman, f"shift{shift}".replace("-", "m"))
    browser = person.browser
    browser.password(person.name)
    assert browser.second(totp(person.secret, shift)).status == 403


def test_a_wrong_password_and_a_right_code_get_nowhere(doorman, person):
    browser = person.browser
    page = browser.get("/gatehouse/login")
    answer = browser.ask("POST", "/gatehouse/login", {
        **page.fields("/gatehouse/login"), "user": person.name, "password": WRONG, "code": totp(person.secret)})
    assert answer.status == 403 and not browser.session
    answer = browser.ask("POST", "/gatehouse/login/second", {
        **page.fields("/gatehouse/login"), "kind": "totp", "code": totp(person.secret)})
    assert answer.location == "/gatehouse/login" and not browser.session


def test_the_second_step_is_worth_nothing_without_the_first(doorman, person):
    for path in ("/gatehouse/login/second", "/gatehouse/enrol/steps"):
        assert person.browser.get(path).location == "/gatehouse/login"
    for path in ("/gatehouse/sessions", "/gatehouse/accesses", "/gatehouse/factors", "/gatehouse/step-up"):
        assert person.browser.get(path).location == "/gatehouse/login?return=" + path


def test_too_many_wrong_codes_end_the_half_finished_log_in(doorman, person):
    browser = person.browser
    browser.password(person.name)
    page = browser.get("/gatehouse/login/second")
    answers = [browser.second("000000", page=page) for _ in range(6)]
    assert answers[0].trouble.startswith("That code is not right")
    assert answers[-1].trouble == "" or "code is not right" not in answers[-1].trouble
    answer = browser.second(totp(person.secret), page=page)
    assert answer.location == "/gatehouse/login" and not browser.session
    # the password does not empty the count
    other = Browser(doorman)
    assert other.password(person.name).status == 303
    assert other.second(totp(person.secret)).status == 403 and not other.session


def test_a_recovery_code_works_once(doorman, person):
    code = person.codes[0]
    browser = Browser(doorman)
    browser.password(person.name)
    assert browser.second(code, "recovery").status == 303
    again = Browser(doorman)
    again.password(person.name)
    assert again.second(code, "recovery").status == 403


def test_refusals_tell_nobody_which_accounts_there_are(doorman):
    """Unknown, wrong, disabled, locked: the same words, and times that can't be told apart."""
    known = [Person(doorman, f"known{i}") for i in range(6)]
    disabled = Person(doorman, "disabled")
    doorman.account("disable", "disabled")
    for _ in range(6):
        Browser(doorman).password(known[0].name, WRONG)
    cases = {
        "unknown": lambda i: (f"nobody{i}", PASSWORD),
        "strange": lambda i: ("no such\r\nname <b>", PASSWORD),
        "wrong": lambda i: (known[1 + i % 5].name, WRONG),
        "disabled": lambda i: (disabled.name, PASSWORD),
        "locked": lambda i: (known[0].name, PASSWORD),
    }
    bodies, times = {}, {name: [] for name in cases}
    for i in range(20):
        for name, case in cases.items():
            browser = Browser(doorman)
            page = browser.get("/gatehouse/login")
            user, password = case(i)
            begun = time.perf_counter()
            answer = browser.post("/gatehouse/login", page, user=user, password=password)
            times[name].append(time.perf_counter() - begun)
            assert answer.status == 403 and "user" not in answer.trouble
            bodies[name] = re.sub(r'name="token" value="[^"]*"', "", answer.body)
            bodies[name] += str(sorted(key for key in answer.headers if key not in ("Date", "Content-Length")))
    assert len(set(bodies.values())) == 1
    # a busy machine makes single answers late, never early: the quick ones of each kind tell how much work is done
    quick = {name: statistics.mean(sorted(values)[:5]) for name, values in times.items()}
    assert max(quick.values()) < 1.5 * min(quick.values()), quick


def test_what_was_typed_is_in_the_ledger_clean_and_no_password_is(doorman):
    browser = Browser(doorman)
    browser.password("evil\r\n\x1b[31m", "a password that nobody may see")
    event = doorman.events("auth.fail", ip=browser.address)[0]
    assert event["actor"]["user"] == "evil  ?[31m" and event["outcome"] == "refused"
    assert "nobody may see" not in json.dumps(doorman.events("auth.fail"))


def test_forms_need_their_token_and_our_origin(doorman, person):
    browser = person.browser
    page = browser.get("/gatehouse/login")
    good = {**page.fields("/gatehouse/login"), "user": person.name, "password": PASSWORD}
    stranger = Browser(doorman).get("/gatehouse/login").fields("/gatehouse/login")["token"]
    assert browser.ask("POST", "/gatehouse/login", {**good, "token": stranger}).status == 403
    assert browser.ask("POST", "/gatehouse/login", {**good, "token": ""}).status == 403
    assert browser.ask("POST", "/gatehouse/login", good, cookies={}).status == 403
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "http://localhost:1"}, {"Origin": "null"},
                    {"Origin": None, "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                    {"Origin": "null", "Sec-Fetch-Site": "cross-site"}):
        assert browser.ask("POST", "/gatehouse/login", good, headers).status == 403, headers
    for headers in ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {"Origin": None}):
        assert browser.ask("POST", "/gatehouse/login", good, headers, cookies=dict(browser.cookies)).status == 303


def test_nobody_can_be_logged_out_from_another_page(doorman, person):
    browser = person.browser
    browser.log_in(person)
    page = browser.get("/gatehouse/logout")
    assert browser.ask("POST", "/gatehouse/logout", {"token": "x" * 43}).status == 403
    answer = browser.ask("POST", "/gatehouse/logout", page.fields("/gatehouse/logout"),
                         {"Origin": "https://evil.example"})
    assert answer.status == 403 and doorman.board(browser.session) != "none"
    cookie = browser.session
    assert browser.post("/gatehouse/logout", page).location == "/gatehouse/login"
    assert doorman.board(cookie) == "none" and not browser.session
    browser.cookies["gatehouse"] = cookie
    assert browser.get("/gatehouse/sessions").location.startswith("/gatehouse/login")
    assert doorman.events("auth.logout", user=person.name)[0]["reason"] == "logged out"


def test_a_cookie_that_somebody_planted_is_worth_nothing_after_the_log_in(doorman, person):
    browser = person.browser
    browser.get("/gatehouse/login")
    planted = browser.cookies["gatehouse-pre"]
    browser.cookies["gatehouse"] = "A" * 43
    browser.password(person.name)
    half = browser.cookies["gatehouse-pre"]
    assert half != planted
    thief = Browser(doorman)
    thief.cookies["gatehouse-pre"] = planted
    assert thief.get("/gatehouse/login/second").location == "/gatehouse/login"
    browser.second(person.codes.pop(), "recovery")
    assert browser.session not in (planted, half, "A" * 43)
    for cookie in (planted, half):
        thief.cookies = {"gatehouse": cookie}
        assert thief.get("/gatehouse/sessions").location.startswith("/gatehouse/login")


def test_a_step_up_needs_a_reason_and_makes_a_new_cookie(doorman, person):
    browser = person.browser
    browser.log_in(person)
    before = browser.session
    page = browser.get("/gatehouse/step-up?return=/zm/export")
    for reason in ("", "   ", "\t\n", "..", "a", "x" * 600):
        answer = browser.post("/gatehouse/step-up", page, reason=reason, code=totp(person.secret), kind="totp")
        assert answer.status == 422 and browser.session == before, reason
    answer = browser.post("/gatehouse/step-up", page, reason="Police case 4711", code="000000", kind="totp")
    assert answer.status == 403 and browser.session == before
    answer = browser.post("/gatehouse/step-up", page, reason=" Police case\r\n4711 ", code=totp(person.secret), kind="totp")
    assert answer.location == "/zm/export" and browser.session != before
    assert doorman.board(before) == "none"
    assert doorman.board(browser.session).startswith(f"{person.name} recovery elevated ordinary Police case")
    event = doorman.events("auth.login", user=person.name)[-1]
    assert event["detail"]["step_up"] and event["reason"].startswith("Police case")


@pytest.mark.parametrize("path", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/a/../../b",
                                  "javascript:alert(1)", "/\r\nSet-Cookie: x=y", "/gatehouse/logout"])
def test_ways_back_are_of_this_server_only(doorman, path):
    browser = Browser(doorman)
    page = browser.ask("GET", "/gatehouse/login?return=" + path.replace("\r", "%0d").replace("\n", "%0a").replace("\\", "%5c").replace(" ", "%20"))
    assert page.fields("/gatehouse/login")["return"] == "/"


def test_sessions_are_listed_and_ended(doorman, person):
    first, second, third = (Browser(doorman) for _ in range(3))
    for browser in (first, second, third):
        browser.log_in(person)
    page = first.get("/gatehouse/sessions")
    assert page.body.count("<dt>Address</dt>") == 3 and page.body.count("This session") == 1
    for browser in (first, second, third):
        assert browser.address in page.body and browser.session not in page.body
    rows = dict(re.findall(r"<dd>(198\.[0-9.]+)</dd>.*?name=\"end\" value=\"(\w+)\"", page.body, re.S))
    begun = time.monotonic()
    fields = page.fields("/gatehouse/sessions")
    assert first.ask("POST", "/gatehouse/sessions", {**fields, "end": rows[second.address]}).status == 303
    assert doorman.board(second.session) == "none" and time.monotonic() - begun < 2
    assert doorman.board(third.session) != "none"
    assert first.ask("POST", "/gatehouse/sessions", {**fields, "end": "others"}).status == 303
    assert doorman.board(third.session) == "none" and doorman.board(first.session) != "none"
    reasons = [event["reason"] for event in doorman.events("auth.logout", user=person.name)]
    assert reasons == ["ended by its owner from another session"] * 2


def test_the_oldest_of_too_many_sessions_ends_and_the_ledger_says_so(doorman, person):
    browsers = [Browser(doorman) for _ in range(9)]
    for browser in browsers:
        browser.log_in(person)
    assert doorman.board(browsers[0].session) == "none"
    assert all(doorman.board(browser.session) != "none" for browser in browsers[1:])
    event, = doorman.events("auth.logout", user=person.name)
    assert "the oldest ended" in event["reason"]


def test_nobody_ends_the_session_of_another(doorman, person, anna):
    other = Browser(doorman)
    other.log_in(anna)
    page = other.get("/gatehouse/sessions")
    victim = re.search(r'name="end" value="(\w{8,})"', page.body).group(1)
    person.browser.log_in(person)
    fields = person.browser.get("/gatehouse/sessions").fields("/gatehouse/sessions")
    person.browser.ask("POST", "/gatehouse/sessions", {**fields, "end": victim})
    assert doorman.board(other.session) != "none"


def test_what_a_command_changes_is_on_the_board_within_a_quarter_of_a_second(doorman, person):
    browser = person.browser
    browser.log_in(person)
    assert doorman.board(browser.session) != "none"
    doorman.account("end", person.name)
    time.sleep(0.25)
    assert doorman.board(browser.session) == "none"


def test_factors_change_only_after_a_step_up(doorman, person):
    browser = person.browser
    browser.log_in(person)
    page = browser.get("/gatehouse/factors")
    assert "confirm first" in page.body and "/gatehouse/factors/recovery" not in page.body
    token = browser.get("/gatehouse/sessions").fields("/gatehouse/sessions")["token"]
    for path in ("totp", "recovery", "password", "passkey/remove"):
        answer = browser.ask("POST", "/gatehouse/factors/" + path, {"token": token})
        assert answer.location == "/gatehouse/step-up?return=/gatehouse/factors"
    step = browser.get("/gatehouse/step-up?return=/gatehouse/factors")
    browser.post("/gatehouse/step-up", step, reason="new phone", code=totp(person.secret), kind="totp")
    page = browser.get("/gatehouse/factors")
    codes = browser.post("/gatehouse/factors/recovery", page)
    fresh = re.findall(r"<li><code>([A-Z0-9-]+)</code>", codes.body)
    assert len(fresh) == 10 and not set(fresh) & set(person.codes)
    other = Browser(doorman)
    other.password(person.name)
    assert other.second(person.codes[0], "recovery").status == 403  # the old ones are over
    changed = browser.post("/gatehouse/factors/password", browser.get("/gatehouse/factors"),
                           present=PASSWORD, password=PASSWORD + " nine", again=PASSWORD + " nine")
    assert changed.location == "/gatehouse/factors"
    assert Browser(doorman).password(person.name, PASSWORD + " nine").status == 303
    changes = [event["detail"]["change"] for event in doorman.events("user.change", user=person.name)]
    assert changes[-2:] == ["recovery codes", "password"]


def test_an_address_that_tries_too_often_is_banned_and_the_ledger_says_so(doorman):
    address = "203.0.113.77"
    for i in range(14):
        Browser(doorman, address).password(f"guess{i}", WRONG)
    assert doorman.account("banned", address) == "yes"
    assert doorman.account("banned", "203.0.113.78") == "no"
    assert doorman.events("auth.ban", ip=address)


def test_my_accesses_are_mine_and_reading_them_is_an_event(doorman, person):
    for user in (person.name, "somebody"):
        with open(doorman.folder / "event.json", "w", encoding="utf-8") as file:
            json.dump({"action": "footage.live", "outcome": "ok", "site": "Test site",
                       "actor": {"user": user, "ip": "192.0.2.9"},
                       "target": {"cameras": [f"Door of {user}"], "vms": "zoneminder"}}, file)
        doorman.append(doorman.folder / "event.json")
    time.sleep(1.5)
    person.browser.log_in(person)
    page = person.browser.get("/gatehouse/accesses")
    assert page.status == 200 and f"Live video: Door of {person.name}" in page.body
    assert "somebody" not in page.body
    assert doorman.events("ledger.read", user=person.name)[0]["detail"]["page"] == "my accesses"


def test_without_the_ledger_nobody_gets_in_but_an_administrator_who_breaks_the_glass(fresh):
    admin, user = Person(fresh, "chief", "admin"), Person(fresh, "dora")
    fresh.keeper.end()
    browser = user.browser
    browser.password("dora")
    answer = browser.second(user.codes.pop(), "recovery")
    assert answer.status == 503 and not browser.session
    browser = admin.browser
    browser.password("chief")
    answer = browser.second(admin.codes.pop(), "recovery")
    assert answer.status == 303 and not browser.session
    page = browser.get(answer.location)
    assert page.status == 503 and "Emergency access" in page.body
    assert browser.post("/gatehouse/login/emergency", page, reason="  ").status == 422
    answer = browser.post("/gatehouse/login/emergency", page, reason="Fire in the hall")
    assert answer.status == 303 and browser.session
    assert fresh.board(browser.session) == "chief recovery elevated break-glass Fire in the hall"
    line = json.loads((fresh.folder / "run" / "emergency.jsonl").read_text().splitlines()[0])
    assert line["detail"]["break_glass"] and line["reason"] == "Fire in the hall"
    fresh.start_keeper()
    event = next(event for event in fresh.events("auth.login", user="chief") if event["detail"]["emergency"])
    assert event["id"] == line["id"] and event["detail"]["at"] == line["detail"]["at"]
    time.sleep(0.5)
    assert not list((fresh.folder / "run").glob("emergency*"))


def ends(doorman, view):
    return [event for event in doorman.events("footage.export", user="anna") if event["detail"]["view"] == view]


def test_the_end_of_a_view_is_told_once_also_when_the_ledger_or_the_doorman_was_away(fresh):
    fresh.account("view", "first-view")
    event, = ends(fresh, "first-view")
    assert event["detail"]["phase"] == "end" and event["bytes"] == 1000 and event["target"]["cameras"] == ["Front door"]
    fresh.keeper.end()
    fresh.account("view", "second-view")
    time.sleep(0.6)
    fresh.kill()
    fresh.start()
    time.sleep(0.6)
    fresh.start_keeper()
    fresh.account("view", "third-view")
    time.sleep(2)
    for view in ("first-view", "second-view", "third-view"):
        assert len(ends(fresh, view)) == 1, view


def test_a_doorman_that_is_gone_leaves_a_stale_board(fresh):
    assert fresh.account("stale") == "no"
    assert fresh.stop()[0] == 0
    time.sleep(3.2)
    assert fresh.account("stale") == "yes"


def test_requests_that_nginx_would_not_send_are_refused(doorman):
    browser = Browser(doorman)
    assert browser.get("/gatehouse/login", headers={"X-Gatehouse-Address": None}).status == 400
    assert browser.get("/gatehouse/login", headers={"X-Gatehouse-Address": "not an address"}).status == 400
    assert browser.get("/gatehouse/nothing").status == 404
    assert browser.ask("DELETE", "/gatehouse/login").status == 405
    connection = Connection(doorman.socket)
    connection.request("POST", "/gatehouse/login", b"", {"X-Gatehouse-Address": "192.0.2.1", "Content-Length": "70000"})
    assert connection.getresponse().status == 413
    connection = Connection(doorman.socket)
    with contextlib.suppress(BrokenPipeError):  # it answers before the body comes
        connection.request("POST", "/gatehouse/login", iter([b"user=a"]), {
            "X-Gatehouse-Address": "192.0.2.1", "Transfer-Encoding": "chunked",
            "Content-Type": "application/x-www-form-urlencoded"}, encode_chunked=True)
    assert connection.getresponse().status == 413


def test_every_page_has_the_headers_that_keep_strangers_out(doorman, person):
    person.browser.log_in(person)
    for path, status in (("/gatehouse/login?return=/x", 303), ("/gatehouse/sessions", 200), ("/gatehouse/denied", 403),
                         ("/gatehouse/unavailable", 503), ("/gatehouse/style.css", 200), ("/gatehouse/gatehouse.js", 200)):
        answer = person.browser.get(path)
        assert answer.status == status, path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.body)
        assert " style=" not in answer.body and "<script>" not in answer.body and " onclick" not in answer.body
    css = person.browser.get("/gatehouse/style.css")
    assert person.browser.get("/gatehouse/style.css", headers={"If-None-Match": css.headers["ETag"]}).status == 304


def test_a_visit_from_another_site_is_asked_once_more_with_our_cookies(doorman, person):
    person.browser.log_in(person)
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = person.browser.ask("GET", "/gatehouse/login?return=/zm/?a=1", headers=headers, cookies={})
    assert answer.status == 200 and 'content="0; url=/gatehouse/login?return=/zm/%3Fa%3D1"' in answer.body
    assert person.browser.get("/gatehouse/login?return=/zm/%3Fa%3D1").location == "/zm/?a=1"
