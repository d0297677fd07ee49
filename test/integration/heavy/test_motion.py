"""Beside Debian's Motion with no, basic and digest log-in, and nginx in front of it: compared with their configuration."""
import re
import shutil
import time

import pytest

from network import COUNTERPARTS, Network, needs_namespaces
from test_counterparts import has_gstreamer

#: Address -> webcontrol_auth_method and stream_auth_method of its motion.conf.
MODES = {"192.168.62.20": 0, "192.168.62.21": 1, "192.168.62.22": 2}
OPEN_PROXY, ASKED_PROXY = "192.168.62.30", "192.168.62.31"
pytestmark = [needs_namespaces, pytest.mark.skipif(shutil.which("motion") is None, reason="needs motion"),
              pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")]


def filled(name, **words):
    """A configuration with its words filled in."""
    return re.sub("@(\\w+)@", lambda match: str(words[match[1]]), (COUNTERPARTS / name).read_text())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if not has_gstreamer():
        pytest.skip("needs python3-gi and GStreamer's RTSP server")
    folder = tmp_path_factory.mktemp("motion")
    net = Network(folder)
    try:
        net.host("me", "192.168.62.99/24")
        for address, method in MODES.items():
            host = f"mo{method}"
            net.host(host, f"{address}/24")
            net.camera(host, "127.0.0.1", "18556", "none")
            conf = folder / f"{host}.conf"
            conf.write_text(filled("motion.conf", folder=folder, method=method, account="eye:Quiet-Heron-12" if method else ""))
            net.start(host, "motion", "-n", "-c", conf, port=8081)
        net.host("proxy", f"{OPEN_PROXY}/24", f"{ASKED_PROXY}/24")
        (folder / "users").write_text("eye:{PLAIN}Quiet-Heron-12\n")
        (folder / "users").chmod(0o644)
        (folder / "nginx.conf").write_text(filled("proxy.conf", folder=folder, open=OPEN_PROXY, asked=ASKED_PROXY, motion="192.168.62.20"))
        net.start("proxy", "nginx", "-c", folder / "nginx.conf", port=80)
        time.sleep(2)
        net.result = net.assess("me", folder / "out", "--scope", "192.168.62.0/26")
        yield net
    finally:
        net.close()


def status(site, url):
    """What a client without an account gets; the stream never ends, so its time does."""
    return site.run("me", "curl", "-s", "-m", "3", "-o", "/dev/null", "-w", "%{http_code}", url).stdout


@pytest.mark.parametrize("address", MODES)
def test_the_program_does_what_its_configuration_says(site, address):
    """The truth itself, seen by another client."""
    assert status(site, f"http://{address}:8080/") == ("401" if MODES[address] else "200")


@pytest.mark.parametrize("address", MODES)
def test_is_named_and_has_its_two_ports(site, address):
    device = site.result.device(address)
    assert device["kind"] == "vms"
    facts = {fact["name"]: fact["value"] for fact in device["facts"]}
    assert facts["vms.product"] == "Motion"
    assert facts["ports.open"] == "8080, 8081"


def test_an_open_one_never_passes_and_one_that_asks_never_fails(site):
    for address, method in MODES.items():
        passed = site.result.device(address)["passed"]
        if method == 0:
            assert not {"default-credentials/vms-asked", "default-credentials/vms-refused", "default-credentials/vms-no-factory"} & set(passed)
        else:
            for rule in ("vms-open", "vms-open-beside", "restream-open", "footage-open", "vms-factory-password", "asks-only-outsiders"):
                assert address not in site.result.places(f"default-credentials/{rule}"), rule


def test_readable_passwords_are_noted_where_they_are_configured(site):
    assert set(site.result.places("default-credentials/basic-auth")) & set(MODES) == {"192.168.62.21"}


def test_a_proxy_with_a_log_in_hides_what_is_behind_it(site):
    assert status(site, f"http://{ASKED_PROXY}/") == "401"
    device = site.result.device(ASKED_PROXY)
    assert device["kind"] not in ("camera", "recorder", "vms")
    assert "default-credentials/vms-open" not in device["findings"]


def test_a_proxy_without_one_shows_the_motion_behind_it(site):
    assert status(site, f"http://{OPEN_PROXY}/") == "200"
    device = site.result.device(OPEN_PROXY)
    assert device["kind"] == "vms"
    assert "default-credentials/vms-asked" not in device["passed"]


def test_nobody_is_asked_for_a_log_in(site):
    assert site.result.report["totals"]["logins"] == 0
