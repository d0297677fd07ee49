"""Debian's real ZoneMinder behind the gateway, driven in Chromium: what the ledger says is what was done, with its log-in off and on."""
import calendar
import http.client
import io
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import time
import types

import pytest
from doorkeeping import PASSWORD
from gateway import MODULE, Gateway, events
from network import COUNTERPARTS, Network
from test_gateway_pages import modules  # noqa: F401 (a fixture)
from test_zoneminder import ADDRESS, ZoneMinder, pytestmark as needs_zoneminder

pytestmark = [*needs_zoneminder, pytest.mark.skipif(
    not MODULE.exists() or not all(map(shutil.which, ("npm", "node", "chromium", "fcgiwrap", "tcpdump"))),
    reason="needs node, npm, chromium, fcgiwrap, tcpdump and nginx's module")]
FRAME = 20000  # bytes of a stream that left and that the browser did not count


@pytest.fixture(scope="module", name="zm")
def recording():
    """It has recorded events of two cameras, and goes on."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        state = pathlib.Path(folder) / "state"
        for path in (pathlib.Path(folder), state):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        net = Network(pathlib.Path(folder))
        try:
            net.host("me", "192.168.60.99/24")
            net.host("zm", ADDRESS + "/24")
            net.camera("zm", "127.0.0.1", 8554, "none")
            log = net.start("zm", COUNTERPARTS / "zoneminder.sh", state, "rtsp://127.0.0.1:8554/main")
            zm = ZoneMinder(net, state)
            until = time.monotonic() + 90
            while not finished(zm, 1, 2) or not finished(zm, 2):
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.5)
            yield zm
        finally:
            net.close()


def finished(zm, camera, number=1):
    """The first, second, … finished event of a camera, or ""."""
    try:
        found = zm.sql(f"select Id from Events where MonitorId={camera} and EndDateTime is not null and Length>5 order by Id")
    except AssertionError:  # it is about to start
        return ""
    return [*found.split(), *[""] * number][number - 1]


def account_of(zm, made):
    """The account that init asks for, with the password that it shows; the hash is of the kind before 1.34."""
    password = re.search(r"password +(\S+)", made.stdout)[1]
    zm.sql(f"""delete from Users where Username='gatehouse';
        insert into Users (Username, Password, Enabled, Stream, Events, Control, Monitors, `Groups`, Devices, Snapshots, System,
            MonitorIds, APIEnabled) values ('gatehouse', concat('*', upper(sha1(unhex(sha1('{password}'))))), 1,
            'View', 'Edit', 'Edit', 'Edit', 'Edit', 'Edit', 'Edit', 'Edit', '', 1)""")
    zm.set("AUTH_HASH_SECRET", "a long text of its own 2718281828")
    return password


def drive(gateway, person, modules, **more):  # noqa: F811
    """What the browser saw."""
    shots = pathlib.Path(os.environ.get("GATEHOUSE_SHOTS", gateway.folder.parent / "shots"))
    shots.mkdir(exist_ok=True)
    done = subprocess.run(
        ["node", str(pathlib.Path(__file__).with_name("gateway_zoneminder.mjs")), gateway.base, str(shots)],
        capture_output=True, text=True, timeout=150, check=False,
        env={**os.environ, "NODE_PATH": str(modules), "CHROMIUM": shutil.which("chromium"), "USER_NAME": person.name,
             "USER_PASSWORD": PASSWORD, "TOTP_SECRET": person.secret, **more})
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert "error" not in found, {name: found.get(name) for name in ("error", "url", "bad", "complaints", "page")}
    return found


def settled(gateway):
    """The ledger, when every view has ended."""
    until = time.monotonic() + 40
    while True:
        found = events(gateway)
        phases = [event["detail"]["phase"] for event in found if "view" in event.get("detail", {})]
        if phases.count("begin") == phases.count("end") or time.monotonic() > until:
            return found
        time.sleep(1)


@pytest.fixture(scope="module", name="story", params=["off", "on"])
def story_of(request, tmp_path_factory, zm, modules):  # noqa: F811
    """A gateway in front of it, and one visit by browser from log-in to log-out."""
    is_on = request.param == "on"
    folder = tmp_path_factory.mktemp("gateway")
    with zm.net.inside("me"), Gateway(folder / "g", f"http://{ADDRESS}", *(["--user", "gatehouse"] if is_on else ["--plain"]),
                                      vms="zoneminder") as gateway:
        password = account_of(zm, gateway.made) if is_on else ""
        zm.switch_login(is_on)
        zm.set("WEB_TITLE_PREFIX", "ZM")
        gateway.serve()
        person = gateway.administrator()
        capture = folder / "capture"
        sniffer = subprocess.Popen(["tcpdump", "-U", "-i", "lo", "-w", capture, "-B", "32768", "-s", "0", f"tcp and src port {gateway.port}"],
                                   stderr=subprocess.PIPE, text=True)
        assert any("listening" in line for line in sniffer.stderr)
        event = finished(zm, 1)
        try:
            browser = drive(gateway, person, modules, EVENT=event, VMS_PASSWORD=password)
        finally:
            sniffer.terminate()
            sniffer.communicate(timeout=10)
        yield types.SimpleNamespace(zm=zm, gateway=gateway, browser=browser, ledger=settled(gateway), event=event, capture=capture, is_on=is_on)


def views(story, phase, access=None):
    """Its events of views."""
    return [event for event in story.ledger if event.get("detail", {}).get("phase") == phase
            and access in (None, event["detail"]["access"])]


def received(story, part, phase=None):
    """Bytes of what the browser got by addresses with this in them."""
    return sum(row["bytes"] for row in story.browser["bytes"] if part in row["url"] and phase in (None, row["phase"]))


def stamp(text):
    """A time of the ledger or, in UTC, of the database; in seconds."""
    return calendar.timegm(time.strptime(re.sub(r"[TZ]", " ", text).partition(".")[0].strip(), "%Y-%m-%d %H:%M:%S"))


def test_everything_works_in_the_browser(story):
    seen = story.browser
    assert seen["bad"] == [] and seen["complaints"] == [] and seen["strangers"] == []
    assert "front" in seen["console"] and "back" in seen["console"]
    assert seen["pictures"] == {"watch": [320], "montage": [320, 320]}
    assert "Record" in seen["status"] and seen["listed"] >= 2 and seen["video"]["width"] == 320
    assert seen["title"].startswith("ZMtested") and story.zm.setting("WEB_TITLE_PREFIX") == "ZMtested"
    assert seen["after"].startswith("/gatehouse/login")


def test_the_browser_never_has_a_session_of_zoneminder(story):
    if story.is_on:
        assert "ZMSESSID" not in story.browser["cookies"] + story.browser["jar"]
        assert story.browser["secrets"] == []
    assert "gatehouse" not in story.browser["shown"]  # no script can read the session


def test_the_ledger_tells_what_was_done_and_nothing_else(story):
    told = []
    for event in story.ledger:
        detail, target = event.get("detail", {}), event.get("target", {})
        if event["action"].split(".")[0] in ("system", "ledger", "user") or detail.get("phase") == "end" or detail.get("access") == "thumbnail":
            continue
        assert event["outcome"] == "ok" and event["actor"]["user"] == "root-of-all", event
        what = (*target.get("cameras", []), *([target["object"].split(" ")[0]] if "view" not in detail and "object" in target else []))
        told.append((event["action"], detail.get("access", ""), *what))
    assert told[2:4] == [("footage.snapshot", "snapshot", "front"), ("footage.snapshot", "snapshot", "back")] or \
        told[2:4] == [("footage.snapshot", "snapshot", "back"), ("footage.snapshot", "snapshot", "front")]
    assert set(told[5:7]) == {("footage.live", "live", "front"), ("footage.live", "live", "back")}
    assert told[:2] + told[4:5] + told[7:] == [
        ("auth.login", ""), ("auth.login", ""),
        ("footage.live", "live", "front"),
        ("footage.playback", "playback", "front"),
        ("auth.login", ""),
        ("footage.export", "prepare", "front", "event"), ("footage.export", "export", "front"),
        ("config.change", "secrets", "settings"), ("config.change", "configure", "settings"), ("config.change", "secrets", "settings"),
        ("auth.logout", ""),
    ]


def test_each_view_begins_once_and_ends_once(story):
    begun = [event["detail"]["view"] for event in views(story, "begin")]
    ended = [event["detail"]["view"] for event in views(story, "end")]
    assert len(begun) == len(set(begun)) and sorted(begun) == sorted(ended)


def test_cameras_and_times_are_those_of_the_recording(story):
    camera, begin, end = story.zm.sql(
        f"select M.Name, E.StartDateTime, E.EndDateTime from Events E join Monitors M on M.Id=E.MonitorId where E.Id={story.event}").split("\t")
    played, = views(story, "end", "playback")
    exported, = views(story, "end", "export")
    assert played["target"]["object"] == f"event {story.event}"
    for event in (played, exported):
        assert event["target"]["cameras"] == [camera] and event["target"]["vms"] == "zoneminder"
        assert (stamp(event["target"]["from"]), stamp(event["target"]["to"])) == (stamp(begin), stamp(end))


def test_small_pictures_are_told_for_each_recording_that_showed_one(story):
    shown = {re.search(r"eid=(\d+)", row["url"])[1] for row in story.browser["bytes"] if "view=image" in row["url"] and row["bytes"]}
    told = {event["target"]["object"].removeprefix("event ") for event in views(story, "end", "thumbnail") if event["bytes"]}
    assert shown and shown <= told


def test_bytes_are_those_that_the_browser_got(story):
    live = sorted(event["bytes"] for event in views(story, "end", "live"))
    seen = sorted(row["bytes"] for row in story.browser["bytes"] if "mode=jpeg" in row["url"])
    assert len(live) == len(seen) == 3
    assert all(0 <= told - got <= FRAME for told, got in zip(live, seen)), (live, seen)
    stills = sum(event["bytes"] for event in views(story, "end", "snapshot"))
    assert 0 <= stills - received(story, "mode=single") <= FRAME
    played, = views(story, "end", "playback")
    assert 0 <= played["bytes"] - received(story, "view=view_video") <= FRAME


def test_an_export_has_its_reason_its_size_and_its_digest(story):
    exported, = views(story, "end", "export")
    assert exported["bytes"] == story.browser["download"]["bytes"]
    assert exported["digest"] == "sha256:" + story.browser["download"]["sha256"]
    assert exported["reason"] == "Theft of a bicycle, case 4711"


def answers(capture):
    """Type and length of each answer's body in a capture of one direction; of a cut one, what left of it."""
    data, at, streams = capture.read_bytes(), 24, {}
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        packet = data[at + 16 + 14:at + 16 + size]
        at += 16 + size
        if packet[0] >> 4 != 4:
            continue
        segment = packet[(packet[0] & 15) * 4:struct.unpack_from(">H", packet, 2)[0]]
        number = struct.unpack_from(">I", segment, 4)[0]
        stream = streams.setdefault(segment[2:4], {"first": number + 1, "bytes": bytearray()})
        body = segment[(segment[12] >> 4) * 4:]
        if segment[13] & 2:
            stream.update(first=number + 1, bytes=bytearray())
        elif body:
            place = (number - stream["first"]) % 2**32
            stream["bytes"][place:place + len(body)] = body
    for stream in streams.values():
        file = io.BytesIO(bytes(stream["bytes"]))
        while file.tell() < len(stream["bytes"]):
            answer = http.client.HTTPResponse(types.SimpleNamespace(makefile=lambda _, file=file: Unclosed(file)))
            answer.begin()
            try:
                size = len(answer.read())
            except http.client.IncompleteRead as cut:
                size = len(cut.partial)
            yield answer.headers.get_content_type(), size


class Unclosed(io.BufferedReader):
    """A file that its answers share."""

    def __init__(self, file):
        self.file = file
        super().__init__(file)

    def close(self):
        pass

    def __getattribute__(self, name):
        if name in ("read", "readline", "readinto", "peek"):
            return getattr(object.__getattribute__(self, "file"), name)
        return object.__getattribute__(self, name)


def test_the_wire_carried_as_much_footage_as_the_ledger_says(story):
    if story.is_on:
        pytest.skip("its packets are sealed by TLS")
    kinds = ("multipart/x-mixed-replace", "video/mp4", "application/zip", "image/jpeg")
    wire = sum(size for kind, size in answers(story.capture) if kind in kinds)
    told = sum(event["bytes"] for event in views(story, "end"))
    assert told > 1_000_000 and abs(told - wire) <= FRAME, (told, wire)


# What somebody does who wants more than his role gives

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module", name="gate")
def gate_of(tmp_path_factory, zm):
    """A gateway with people: `one` may see front, `recent` may go back an hour. Front's first recording is made an old one."""
    with zm.net.inside("me"), Gateway(tmp_path_factory.mktemp("attacked") / "g", f"http://{ADDRESS}", "--plain", "--user", "gatehouse",
                                      vms="zoneminder") as gateway:
        account_of(zm, gateway.made)
        zm.switch_login(True)
        old, front, back = finished(zm, 1), finished(zm, 1, 2), finished(zm, 2)
        day = zm.sql(f"select date(StartDateTime) from Events where Id={back}")
        zm.sql(f"update Events set StartDateTime='2026-07-01 12:00:00', EndDateTime='2026-07-01 12:00:10' where Id={old}")
        gateway.serve()
        root = gateway.administrator()
        gateway.role("one", ("browse",), ("live,snapshot,playback", "camera=1"))
        gateway.role("recent", ("browse",), ("live,snapshot,playback", "back=1h"))
        yield types.SimpleNamespace(
            zm=zm, gateway=gateway, root=root, one=gateway.resident("one", "one"), recent=gateway.resident("recent", "recent"),
            front=front, back=back, old=old, day=day)


def is_footage(data):
    """Whether there is a picture or video in it."""
    return b"ftyp" in data[:64] or b"\xff\xd8\xff" in data[:2000]


def ask(gate, person, text, body=None):
    """Status and body; {front} and so on stand for ids."""
    words = vars(gate)
    status, _, data = person.browser.fetch(text.format(**words), "GET" if body is None else "POST",
                                           body and body.format(**words), FORM if body else {})
    return status, data


def test_files_beside_zoneminder_are_nobodys_without_a_session(gate):
    """Debian serves them without any log-in."""
    path = f"/zm/cache/events/2/{gate.day}/{gate.back}/{gate.back}-video.mp4"
    direct = http.client.HTTPConnection(ADDRESS, timeout=10)
    direct.request("GET", path)
    assert is_footage(direct.getresponse().read())
    direct.close()
    stranger = types.SimpleNamespace(browser=gate.gateway.visitor())
    for path in (path, path.replace("cache", "%63ache"), path.replace("/zm/", "/zm//"), path.replace("cache", "cache/../cache")):
        status, data = ask(gate, stranger, path)
        assert status in (400, 401) and not is_footage(data), path


@pytest.mark.parametrize("path, body", [
    ("/zm/index.php?view=view_video&eid={back}", None),
    ("/zm/index.php?view=view_video&event_id={back}", None),
    ("/zm/index.php?view=view_video&eid={front}&eid={back}", None),
    ("/zm/index.php?view=view_video&eid={front}&event.id={back}", None),
    ("/zm/index.php?view=view_video&eid={back}x", None),
    ("/zm/index.php?view=view_video&eid[]={back}", None),
    ("/zm/index.php?view=console", "view=view_video&eid={back}"),
    ("/zm/index.php?view=view_video&eid={front}", "eid={back}"),
    ("/zm/index.php?view=image&eid={back}&fid=snapshot", None),
    ("/zm/index.php?view=image&path=2/{day}/{back}/snapshot.jpg", None),
    ("/zm/index.php?view=image&eid={front}&fid=snapshot&path=2/{day}/{back}/snapshot.jpg", None),
    ("/zm/cache/events/2/{day}/{back}/{back}-video.mp4", None),
    ("/zm/cache/events/1/../2/{day}/{back}/{back}-video.mp4", None),
    ("/zm/cgi-bin/nph-zms?mode=single&monitor=2", None),
    ("/zm/cgi-bin/nph-zms?mode=single&monitor=1&monitor=2", None),
    ("/zm/cgi-bin/nph-zms?mode=single&monitor=1%26monitor=2", None),
    ("/zm/cgi-bin/nph-zms?mode=single&monitor=1&event={back}", None),
    ("/zm/cgi-bin/nph-zms?source=event&mode=jpeg&event={back}&frame=1&maxfps=5", None),
    ("/zm/cgi-bin/nph-zms?mode=single&monitor=1", "monitor=2"),
    ("/zm/index.php?request=event&action=download&id={back}", None),
    ("/zm/api/monitors.json", None), ("/zm/api/configs.json", None), ("/zm/api/users.json", None),
    ("/zm/index.php?view=options&tab=users", None), ("/zm/index.php?view=log", None),
])
def test_a_role_of_one_camera_gets_nothing_of_another(gate, path, body):
    status, data = ask(gate, gate.one, path, body)
    assert status in (400, 403) and not is_footage(data)


@pytest.mark.parametrize("path, body", [
    ("/zm/index.php?view=view_video&eid={front}", None), ("/zm/index.php?view=console", "view=view_video&eid={front}"),
    ("/zm/index.php?view=image&eid={front}&fid=snapshot", None), ("/zm/cgi-bin/nph-zms?mode=single&monitor=1", None),
])
def test_it_gets_its_own(gate, path, body):
    status, data = ask(gate, gate.one, path, body)
    assert status == 200 and is_footage(data)


def test_how_far_back_a_role_goes_holds_for_what_a_stream_walks_to(gate):
    """Backwards from a recording of now: zms goes on to the one of July by itself, and the page asks it where it is."""
    assert ask(gate, gate.recent, "/zm/index.php?view=view_video&eid={old}")[0] == 403
    browser = gate.recent.browser
    stream = browser.connection()
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    stream.request("GET", f"/zm/cgi-bin/nph-zms?source=event&mode=jpeg&event={gate.front}&rate=-100&replay=all&maxfps=5&connkey=424242",
                   headers={"Cookie": cookies})
    answer = stream.getresponse()
    assert answer.status == 200
    stream.sock.settimeout(1)
    got, is_cut, until = 0, False, time.monotonic() + 15
    while not is_cut and time.monotonic() < until:
        ask(gate, gate.recent, "/zm/index.php?view=request&request=stream&connkey=424242&command=99")
        try:
            piece = answer.read1(65536)
            got, is_cut = got + len(piece), piece == b""
        except TimeoutError:
            pass
        except (OSError, http.client.HTTPException):
            is_cut = True
    stream.close()
    assert is_cut and got < 100_000
    told = [event for event in events(gate.gateway) if event["outcome"] == "refused" and event["action"] == "footage.playback"]
    assert [event for event in told if event["target"]["object"] == f"event {gate.old}" and event["actor"]["user"] == "recent"]


def test_a_log_in_or_log_out_at_zoneminder_itself_leaves_the_gateways_session_alone(gate):
    for path, body in (("/zm/index.php?view=login", "action=login&view=login&username=admin&password=admin"),
                       ("/zm/api/host/login.json", "user=admin&pass=admin"), ("/zm/api/host/logout.json", None),
                       ("/zm/index.php?view=logout", "view=logout&action=logout")):
        assert ask(gate, gate.one, path, body)[0] == 403, path
    assert ask(gate, gate.root, "/zm/index.php?view=console")[0] == 200
    status, headers, _ = gate.one.browser.fetch("/zm/index.php?view=logout", "POST", "view=logout&action=logout", {**FORM, "Accept": "text/html"})
    assert status == 302 and headers["Location"].startswith("/gatehouse/logout")


def test_passwords_of_zoneminder_are_not_tried_through_the_gateway(gate):
    stranger = types.SimpleNamespace(browser=gate.gateway.visitor())
    tried = gate.zm.sql("select count(*) from Logs where Message like '%denied%'")
    for guess in range(5):
        assert ask(gate, stranger, "/zm/api/host/login.json", f"user=admin&pass=guess{guess}")[0] == 401
        assert ask(gate, gate.one, "/zm/api/host/login.json", f"user=admin&pass=guess{guess}")[0] == 403
        assert ask(gate, gate.one, f"/zm/index.php?view=console&username=admin&password=guess{guess}")[0] == 400
    assert gate.zm.sql("select count(*) from Logs where Message like '%denied%'") == tried


def test_who_can_reach_zoneminder_itself_is_told(gate):
    assert "let only this machine reach it" in gate.gateway.run("gateway", "check").stdout
