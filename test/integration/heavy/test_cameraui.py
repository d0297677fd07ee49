"""Beside camera.ui of npm: version, set-up, users and the factory account, compared with its own database."""
import json
import shutil
import time

import pytest

from npm import installed
from network import Network, needs_namespaces

RELEASE = "1.1.17"
ADDRESS = "192.168.61.20"
pytestmark = [needs_namespaces, pytest.mark.skipif(shutil.which("npm") is None or shutil.which("node") is None, reason="needs node and npm")]


@pytest.fixture(scope="module")
def program():
    """The program as npm has it."""
    return installed(f"camera.ui@{RELEASE}") / "camera.ui" / "bin" / "camera.ui.js"


class CameraUi:
    """A running camera.ui and its folder."""

    def __init__(self, net, folder):
        self.net = net
        self.folder = folder

    def database(self):
        """What it keeps: users among others."""
        return json.loads((self.folder / "database" / "database.json").read_text())


@pytest.fixture(scope="module")
def cameraui(tmp_path_factory, program):
    folder = tmp_path_factory.mktemp("cameraui")
    storage = folder / "storage"
    storage.mkdir()
    (storage / "config.json").write_text(json.dumps({"port": 8081, "options": {"videoProcessor": "/usr/bin/ffmpeg"}, "cameras": []}))
    net = Network(folder)
    try:
        net.host("me", "192.168.61.99/24")
        net.host("ui", ADDRESS + "/24")
        net.start("ui", "node", program, "-S", storage, "-C", "--no-sudo", "--no-global", port=8081, cwd=folder)
        time.sleep(1)
        yield CameraUi(net, storage)
    finally:
        net.close()


def test_version_set_up_and_factory_account_are_what_the_program_says(cameraui, tmp_path):
    run = cameraui.net.assess("me", tmp_path / "out", "--scope", ADDRESS)
    facts = {fact["name"]: fact["value"] for fact in run.device(ADDRESS)["facts"]}
    assert run.device(ADDRESS)["kind"] == "vms"
    assert (facts["vms.product"], facts["vms.version"]) == ("camera.ui", RELEASE)
    assert facts["vms.auth"] is True
    assert facts["vms.setup"] is False
    assert facts["vms.factory"] == "master"
    users = cameraui.database()["users"]
    assert facts["users.list"] == ", ".join(f"{user['username']} ({'administrator' if 'admin' in user['permissionLevel'] else 'user'})" for user in users)
    assert run.finding("default-credentials/vms-not-set-up")
    assert run.finding("default-credentials/footage-open")
    assert run.report["totals"]["logins"] == 2


def test_a_recording_is_given_to_everyone_as_the_finding_says(cameraui):
    """The ground of footage-open: the real program hands a file out without a login."""
    recordings = cameraui.folder / "recordings"
    recordings.mkdir(exist_ok=True)
    (recordings / "gate-1.mp4").write_bytes(b"not really a video, but a file of its own")
    done = cameraui.net.run("me", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", f"http://{ADDRESS}:8081/files/gate-1.mp4")
    asked = cameraui.net.run("me", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{ADDRESS}:8081/api/recordings")
    assert done.stdout == "200 41", done.stdout
    assert asked.stdout == "401"
