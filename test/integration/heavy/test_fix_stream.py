"""What a change sees of a camera's video: GStreamer's RTSP server and Debian's Motion are looked at as before and after a step."""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BUILD
from network import COUNTERPARTS, Network, needs_namespaces
from test_counterparts import has_gstreamer

LOOK = BUILD / "test" / "unit" / "look_stream"
CAMERA, WEB = "192.168.65.20", "192.168.65.21"
PASSWORD = "Quiet-Heron-12"
pytestmark = [needs_namespaces, pytest.mark.skipif(not LOOK.exists(), reason="needs the build's test/unit/look_stream")]


class Site:
    """A camera that asks for a digest."""

    def __init__(self, net, folder):
        self.net, self.folder = net, folder
        net.host("me", "192.168.65.99/24")
        net.host("cam", f"{CAMERA}/24")
        self.start()

    def start(self):
        self.net.camera("cam", CAMERA, "8554", "digest", "eye", PASSWORD)
        self.camera = self.net.running[-1]

    def kill(self):
        os.killpg(self.camera.pid, signal.SIGKILL)
        self.camera.wait()

    def arguments(self, name, password, *mode, address=CAMERA, port=8554, path="/main"):
        return [LOOK, self.folder / f"{name}.db", address, str(port), path, "eye", password, *mode]

    def look(self, name, password, *mode, **where):
        return self.net.run("me", *self.arguments(name, password, *mode, **where), timeout=60).stdout

    def watch(self, name):
        """A watch that has begun."""
        args = ["ip", "netns", "exec", f"{self.net.prefix}-me", *[str(a) for a in self.arguments(name, PASSWORD, "watch")]]
        watch = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        begun = watch.stdout.readline()
        assert begun.startswith("begun: success"), begun
        return watch


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    if not has_gstreamer():
        pytest.skip("needs python3-gi and GStreamer's RTSP server")
    folder = tmp_path_factory.mktemp("stream")
    net = Network(folder)
    try:
        yield Site(net, folder)
    finally:
        net.close()


def test_frames_of_a_digest_camera_are_counted(site):
    said = site.look("right", PASSWORD)
    assert "success" in said and int(re.search(r"frames (\d+)", said).group(1)) >= 5, said
    assert f"at rtsp://{CAMERA}:8554/main logins 1" in said and PASSWORD not in said


def test_a_wrong_password_is_sent_once_and_not_again_that_day(site):
    first, again = site.look("wrong", "Not-This-77"), site.look("wrong", "Not-This-77")
    assert "refused the password of eye" in first and "frames 0" in first and "logins 1" in first, first
    assert "logins 0" in again and "frames 0" in again, again


def test_a_stream_by_tls_only_is_said_to_be_not_played(site):
    said = site.look("tls", PASSWORD, "tls")
    assert "RTSPS" in said and "logins 0" in said, said


def test_an_undisturbed_stream_has_no_gap(site):
    watch = site.watch("still")
    time.sleep(1)
    said, _ = watch.communicate("\n", timeout=40)
    assert "success" in said and int(re.search(r"gap (\d+)", said).group(1)) < 1500, said


def test_the_gap_of_a_camera_that_died_and_came_back_is_measured(site):
    watch = site.watch("gap")
    began = time.monotonic()
    site.kill()
    watch.stdin.write("\n")
    watch.stdin.flush()
    time.sleep(3)
    site.start()
    said, _ = watch.communicate(timeout=40)
    gap = int(re.search(r"gap (\d+)", said).group(1))
    assert "success" in said and 3000 <= gap <= (time.monotonic() - began) * 1000 + 500, said


def test_a_camera_that_stays_away_is_no_success(site):
    watch = site.watch("away")
    site.kill()
    said, _ = watch.communicate("\n", timeout=40)
    site.start()
    assert watch.returncode == 1 and "ended: no answer in time" in said, said


@pytest.mark.skipif(shutil.which("motion") is None, reason="needs motion")
def test_a_picture_is_enough_where_there_is_no_stream(site):
    site.net.host("web", f"{WEB}/24")
    site.net.camera("web", "127.0.0.1", "18556", "none")
    conf = site.folder / "motion.conf"
    words = {"folder": site.folder, "method": 2, "account": f"eye:{PASSWORD}"}
    conf.write_text(re.sub("@(\\w+)@", lambda match: str(words[match[1]]), (COUNTERPARTS / "motion.conf").read_text()))
    site.net.start("web", "motion", "-n", "-c", conf, port=8081)
    where = {"address": WEB, "port": 8081, "path": "/0/current"}
    deadline = time.monotonic() + 15
    said = site.look("picture", PASSWORD, "picture", **where)
    while "success" not in said and time.monotonic() < deadline:
        time.sleep(1)
        said = site.look("picture", PASSWORD, "picture", **where)
    assert "success" in said and "frames 1 at /0/current" in said and "picture" in said, said
    assert "frames 0" in site.look("no-picture", "Not-This-77", "picture", **where)
