"""A camera's new password handed to Debian's real ZoneMinder while it records from it, and taken back."""
import os
import pathlib
import signal
import tempfile
import time

import pytest

from conftest import BUILD
from network import COUNTERPARTS, Network
from test_zoneminder import ADDRESS, ZoneMinder, pytestmark  # noqa: F401 (the same conditions)

TELL = BUILD / "test/consumer-tell"
CAMERA, OLD, NEW = "192.168.60.30", "Altes-Wort.41", "Neues-Wort.42_~x"


class Site:
    """ZoneMinder with its log-in on, and a camera by digest."""

    def __init__(self, net, state, folder):
        self.net, self.zm, self.folder = net, ZoneMinder(net, state), folder

    def camera(self, password):
        """The camera has another password from now on; what plays ends."""
        if getattr(self, "playing", None):
            os.killpg(self.playing.pid, signal.SIGKILL)
            self.playing.wait()
        self.net.camera("cam", CAMERA, "8554", "digest", "admin", password)
        self.playing = self.net.running[-1]

    def owner(self, password=None):
        """Its site file."""
        site = self.zm.owner(self.folder, "admin")
        secret = self.folder / "password"
        if password:
            secret.write_text(password)
        site.write_text(f"scope: [192.168.60.0/24]\nconsumers:\n  - {{kind: zoneminder, address: '{ADDRESS}:80', user: admin, "
                        f"password_file: {secret}}}\n")
        return site

    def tell(self, *args, site=None, **more):
        return self.net.run("me", TELL, site or self.owner(), CAMERA, *args, timeout=150, **more)

    def hand(self, what="hand", site=None):
        return self.tell(what, "admin", site=site, input=f"{OLD}\n{NEW}\n")

    def paths(self):
        return self.zm.sql("select Path from Monitors order by Id").split()

    def records(self, number=2):
        """How many monitors deliver pictures at the moment."""
        return self.zm.sql("select count(*) from Monitor_Status where Status='Connected' and CaptureFPS>0") == str(number)

    def wait(self, condition, seconds=60):
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until
            time.sleep(0.5)


@pytest.fixture(scope="module", name="site")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("consumer")
    net = Network(folder)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as state:
        pathlib.Path(state).chmod(0o755)
        try:
            net.host("me", "192.168.60.99/24")
            net.host("zm", ADDRESS + "/24")
            net.host("cam", CAMERA + "/24")
            site = Site(net, state, folder)
            site.camera(OLD)
            log = net.start("zm", COUNTERPARTS / "zoneminder.sh", state, f"rtsp://admin:{OLD}@{CAMERA}:8554/main")

            def is_up():
                try:
                    return site.records()
                except AssertionError:  # its database is about to start
                    return False

            until = time.monotonic() + 90
            while not is_up():
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.5)
            site.zm.switch_login(True)
            yield site
        finally:
            net.close()


def test_a_plan_names_the_monitors_that_use_the_camera(site):
    done = site.tell("users")
    assert done.stdout.splitlines() == ["ZoneMinder (monitor 1 (front), monitor 2 (back))", "-"], done.stderr


def test_a_wrong_log_in_changes_nothing(site):
    done = site.hand(site=site.owner("not the password"))
    assert done.returncode == 1 and "refused" in done.stdout, done.stdout
    assert all(OLD in path for path in site.paths())


def test_both_monitors_record_again_with_the_new_password(site):
    site.camera(NEW)
    done = site.hand()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "monitor 1 (front), monitor 2 (back)" in done.stdout
    assert site.paths() == [f"rtsp://admin:{NEW}@{CAMERA}:8554/main"] * 2
    assert site.records()
    began = site.zm.sql("select now()")
    site.wait(lambda: int(site.zm.sql(f"select count(distinct MonitorId) from Events where StartDateTime>'{began}' and Length>1")) == 2)
    again = site.hand()
    assert again.returncode == 0 and "monitor" not in again.stdout


def test_the_old_one_comes_back_when_the_change_is_taken_back(site):
    site.camera(OLD)
    done = site.hand("back")
    assert done.returncode == 0, done.stdout + done.stderr
    assert site.paths() == [f"rtsp://admin:{OLD}@{CAMERA}:8554/main"] * 2
    assert site.records()


def test_a_monitor_that_does_not_record_again_is_told(site):
    done = site.hand()  # the camera still has the old one
    assert done.returncode == 1 and "does not record again" in done.stdout, done.stdout
    assert site.hand("back").returncode == 0
