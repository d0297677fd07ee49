"""A new password for npm's ONVIF device, whose SetUser answers success and changes nothing; and for one that takes it."""
import json
import os
import shutil
import time

import pytest

from conftest import GATEHOUSE
from network import COUNTERPARTS, Network, needs_namespaces
from npm import installed

OPEN, LIES, TAKES = "192.168.64.20", "192.168.64.21", "192.168.64.22"
PASSWORD = "Brass-Kettle-31"
pytestmark = [needs_namespaces, pytest.mark.skipif(shutil.which("npm") is None or shutil.which("node") is None, reason="needs node and npm")]


class Site:
    """Three of them, each with a log-in of its own kind in front, and the owner's site file."""

    def __init__(self, net, folder):
        self.net, self.folder = net, folder
        modules = installed("onvif@0.6.2", "coffeescript@1.12.7", "dot@1.1.3", "xml2js@0.4.23")
        templates = installed("onvif@0.8.1") / "onvif/test/serverMockup"
        net.host("me", "192.168.64.99/24")
        net.run("me", "ip", "route", "add", "224.0.0.0/4", "dev", "eth0")
        self.logs = {}
        for address, mode in ((OPEN, "open"), (LIES, "lies"), (TAKES, "takes")):
            net.host(mode, f"{address}/24")
            net.run(mode, "ip", "route", "add", "224.0.0.0/4", "dev", "eth0")
            self.logs[address] = net.start(mode, "node", COUNTERPARTS / "onvif_asks.js", modules, templates, "admin", PASSWORD, mode, port=8080,
                                           env={**os.environ, "PORT": "8080", "HOSTNAME": address})
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        devices = "".join(f"  - {{address: {address}, name: {mode}, user: admin, password_file: {secret}}}\n"
                          for address, mode in ((OPEN, "open"), (LIES, "lies"), (TAKES, "takes")))
        (folder / "site.yaml").write_text(f"name: three\nscope: [192.168.64.16/28]\ndevices:\n{devices}")
        time.sleep(1)

    def env(self):
        homes = {f"XDG_{name}_HOME": str(self.folder / name.lower()) for name in ("STATE", "CONFIG", "DATA")}
        return {**os.environ, **homes, "GATEHOUSE_LEDGER": "none"}

    def fix(self, *args):
        return self.net.run("me", GATEHOUSE, "fix", *args, timeout=150, env=self.env())

    def rotate(self):
        return self.fix("--site", self.folder / "site.yaml", "--store", self.folder / "store.db", "--output", self.folder / "out",
                        "--kind", "rotate", "--apply", "--yes", "--json")

    def assess(self):
        return self.net.assess("me", self.folder / "after", "--site", self.folder / "site.yaml", env=self.env())


@pytest.fixture(scope="module", name="site")
def rotated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("onvif")
    net = Network(folder)
    try:
        site = Site(net, folder)
        site.done = site.rotate()
        yield site
    finally:
        net.close()


def step(site, name):
    return next(one for one in json.loads(site.done.stdout)["steps"] if one["title"] == name)


def served(site, address, action):
    return site.logs[address].read_text().splitlines().count(f"served {action}")


def test_success_that_changed_nothing_is_found_out_and_taken_back(site):
    assert served(site, LIES, "SetUser") == 1
    assert step(site, "lies")["phase"] == "undone", site.done.stderr
    assert "refused the password" in step(site, "lies")["why"]


def test_password_that_it_took_is_kept(site):
    assert served(site, TAKES, "SetUser") == 1
    assert step(site, "takes")["phase"] == "kept", site.done.stderr


def test_nothing_is_left_unknown(site):
    assert site.done.returncode == 1
    assert json.loads(site.done.stdout)["totals"]["stuck"] == 0
    assert "ended" in site.fix("status").stdout


def test_device_that_asks_nobody_is_given_no_password(site):
    assert served(site, OPEN, "SetUser") == 0
    assert not any(one["title"] == "open" for one in json.loads(site.done.stdout)["steps"])


def test_each_is_opened_afterwards_by_what_gatehouse_believes(site):
    run = site.assess()
    for address in (LIES, TAKES):
        facts = {fact["name"]: fact["value"] for fact in run.device(address)["facts"]}
        assert facts.get("login.owner") == "admin", (address, facts)
    for folder in ("state", "data", "out"):
        for path in (site.folder / folder).rglob("*"):
            assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path
