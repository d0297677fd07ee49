"""Beside an ONVIF device and an RTSP server of npm: what is open, what asks, what nobody could tell."""
import json
import os
import re
import shutil
import time

import pytest

from npm import installed
from network import COUNTERPARTS, Network, needs_namespaces

MOCK, FREE, ASKED = "192.168.63.20", "192.168.63.21", "192.168.63.22"
pytestmark = [needs_namespaces, pytest.mark.skipif(shutil.which("npm") is None or shutil.which("node") is None, reason="needs node and npm")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    onvif = installed("onvif@0.6.2", "coffeescript@1.12.7", "dot@1.1.3", "xml2js@0.4.23")
    rtsp = installed("rtsp-streaming-server@2.1.0")
    folder = tmp_path_factory.mktemp("npm")
    net = Network(folder)
    try:
        net.host("me", "192.168.63.99/24")
        net.host("mock", f"{MOCK}/24")
        net.host("free", f"{FREE}/24")
        net.host("asked", f"{ASKED}/24")
        for host in ("me", "mock"):
            net.run(host, "ip", "route", "add", "224.0.0.0/4", "dev", "eth0")
        net.start("mock", "node", "-e", "require('coffeescript/register');require('onvif/test/serverMockup.coffee')", port=8080,
                  cwd=onvif.parent, env={**os.environ, "PORT": "8080", "HOSTNAME": MOCK})
        net.start("free", "node", COUNTERPARTS / "rtsp_server.js", rtsp, FREE, "554", port=554)
        net.start("asked", "node", COUNTERPARTS / "rtsp_server.js", rtsp, ASKED, "8554", "cam", "Brass-Kettle-31", port=8554)
        time.sleep(1)
        net.modules = {"onvif": onvif / "onvif"}
        net.result = net.assess("me", folder / "out", "--scope", "192.168.63.16/28")
        yield net
    finally:
        net.close()


def test_the_onvif_device_is_found_by_its_own_answer(site):
    """It answers the search; its device service takes only the envelope of its own client."""
    assert json.loads((site.modules["onvif"] / "package.json").read_text())["version"] == "0.6.2"
    device = site.result.device(MOCK)
    assert "wsdiscovery" in re.sub("[^a-z]", "", device["seen_by"].lower())
    assert device["kind"] in ("camera", "unknown", "computer")


def test_an_onvif_device_that_checks_no_log_in_never_passes(site):
    passed = site.result.device(MOCK)["passed"]
    assert not {"default-credentials/onvif-asked", "default-credentials/refused", "default-credentials/no-factory"} & set(passed)


def test_a_server_without_a_stream_is_not_open_and_not_closed(site):
    """Its configuration asks nobody, but there is nothing to play: neither verdict has ground."""
    assert FREE not in site.result.places("default-credentials/rtsp-open")
    assert "default-credentials/rtsp-asked" not in site.result.device(FREE)["passed"]


def test_a_server_that_asks_is_not_open(site):
    device = site.result.device(ASKED)
    assert ASKED not in site.result.places("default-credentials/rtsp-open")
    assert device["kind"] in ("camera", "unknown", "computer")


def test_nobody_is_asked_for_a_log_in_but_by_a_door(site):
    assert site.result.report["totals"]["logins"] <= 2
    assert site.result.report["totals"]["lockouts"] == 0
