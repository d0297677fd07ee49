"""The gateway's broker beside Debian's real ZoneMinder: its session there holds for API, pages and zms."""
import json
import socket
import subprocess
import time
import urllib.parse

import pytest
from conftest import BUILD, GATEHOUSE
from test_zoneminder import ADDRESS, pytestmark, zoneminder  # noqa: F401 (a fixture)

HELP = BUILD / "test" / "unit" / "upstream_help"
PASSWORD = "long and its own 71"


@pytest.fixture(name="gate")
def gate_of(zoneminder, tmp_path):  # noqa: F811
    """A broker beside it; yields its folder and a function that waits for a publication."""
    (tmp_path / "run").mkdir()
    (tmp_path / "gateway.yaml").write_text(
        "site: test\nhost: localhost\nplain: yes\nvms:\n  - type: zoneminder\n"
        f"    upstream: http://{ADDRESS}\n    listen: 127.0.0.1:18443\n    user: admin\n")
    zoneminder.owner(tmp_path, "admin")
    subprocess.run([HELP, "seal", tmp_path, "vms/zoneminder"], input=PASSWORD.encode(), check=True)
    log = zoneminder.net.start("me", GATEHOUSE, "broker", "--gateway", tmp_path)

    def until(is_so, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            done = subprocess.run([HELP, "show", tmp_path / "run" / "vms-zoneminder"], capture_output=True, check=False)
            found = json.loads(done.stdout) if done.returncode == 0 else None
            if found and is_so(found):
                return found
            time.sleep(0.1)
        pytest.fail(f"{found}\n{log.read_text()}")

    return tmp_path, until


def ask(folder, name, text):
    """One question over its socket."""
    with socket.socket(socket.AF_UNIX) as worker:
        worker.settimeout(8)
        worker.connect(str(folder / "run" / "broker.sock"))
        worker.sendall(json.dumps({"id": 1, "vms": "zoneminder", "name": name, "text": text}).encode() + b"\n")
        return json.loads(worker.makefile().readline())


def fill(zoneminder):  # noqa: F811
    """A monitor, an event, a frame, a group."""
    zoneminder.sql("replace into Monitors (Id,Name,Type,`Function`,Path,Width,Height) "
                   "values (3,'Front door','Ffmpeg','None','rtsp://127.0.0.1/',640,360)")
    zoneminder.sql("replace into Events (Id,MonitorId,StateId,Name,StartDateTime,EndDateTime,Length) "
                   "values (17,3,1,'e','2026-07-01 12:00:00','2026-07-01 12:10:00',600)")
    zoneminder.sql("replace into Frames (Id,EventId,FrameId,Type,TimeStamp,Delta) "
                   "values (5,17,1,'Normal','2026-07-01 12:00:01',1)")
    zoneminder.sql("replace into `Groups` (Id,Name) values (1,'outside')")
    zoneminder.sql("insert ignore into Groups_Monitors (GroupId,MonitorId) values (1,3)")


def get(zoneminder, path, cookie=""):  # noqa: F811
    """Status and body as the gateway would fetch them."""
    done = zoneminder.net.run("me", "curl", "-s", "-o", "-", "-w", "\n%{http_code}", "-H", f"Cookie: {cookie}",
                              f"http://{ADDRESS}{path}")
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def test_with_the_log_in_off_nothing_is_added_until_it_is_on(zoneminder, gate):  # noqa: F811
    """ZoneMinder gives no token then; it is off when it begins."""
    fill(zoneminder)
    folder, until = gate
    found = until(lambda u: u["session"])
    assert found["token"] == "" and found["headers"] == {}
    assert ask(folder, "event", "17")["cameras"] == ["3"]
    zoneminder.switch_login(True)
    assert until(lambda u: u["session"] and u["headers"])["token"]


def test_its_session_opens_api_and_pages(zoneminder, gate):  # noqa: F811
    """And without it both stay shut."""
    fill(zoneminder)
    zoneminder.switch_login(True)
    _, until = gate
    found = until(lambda u: u["session"] and u["headers"])
    assert found["version"].startswith("1.36") and found["trouble"] == ""
    assert found["cameras"]["3"] == "Front door" and found["zone"] == 0
    token = urllib.parse.quote(found["token"].removeprefix("token="))
    cookie = found["headers"]["Cookie"]
    assert get(zoneminder, f"/zm/api/monitors.json?token={token}")[0] == 200
    assert get(zoneminder, "/zm/api/monitors.json")[0] == 401
    status, body = get(zoneminder, "/zm/index.php?view=console", cookie)
    assert status == 200 and "Front door" in body
    assert get(zoneminder, "/zm/index.php?view=console")[0] == 302


def test_it_tells_camera_and_time_of_what_was_recorded(zoneminder, gate):  # noqa: F811
    """Events, frames, groups; what there is none of."""
    fill(zoneminder)
    zoneminder.switch_login(True)
    folder, until = gate
    until(lambda u: u["session"] and u["headers"])
    answer = ask(folder, "event", "17")
    assert answer["cameras"] == ["3"] and answer["from"] == 1782907200000 and answer["to"] == 1782907800000
    assert ask(folder, "frame", "5")["cameras"] == ["3"]
    assert ask(folder, "group", "1")["cameras"] == ["3"]
    assert ask(folder, "event", "999")["error"] == "missing"


def test_a_session_that_zoneminder_forgets_comes_again(zoneminder, gate):  # noqa: F811
    """Nobody has to start anything."""
    fill(zoneminder)
    zoneminder.switch_login(True)
    folder, until = gate
    before = until(lambda u: u["session"] and u["headers"])
    zoneminder.set("AUTH_HASH_SECRET", f"another {time.monotonic()}")
    assert "error" in ask(folder, "event", "17")
    after = until(lambda u: u["session"] and u["headers"] and u["token"] != before["token"])
    assert after["headers"]["Cookie"] != before["headers"]["Cookie"]
    assert ask(folder, "event", "17")["cameras"] == ["3"]
