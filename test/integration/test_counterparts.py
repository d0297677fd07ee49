"""Beside programs that are not part of the project, and beside hosts that talk nonsense."""
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from conftest import GATEHOUSE, command
from network import SWEPT, Network, needs_namespaces

pytestmark = needs_namespaces

PAGE = "<html><head><title>Camera login</title></head><body>IP camera network video <form><input type=password></form></body></html>"


@functools.cache
def has_gstreamer():
    """Whether Debian's Python finds the RTSP server and what it needs."""
    probe = ("import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst; Gst.init(None); "
             "raise SystemExit(any(Gst.ElementFactory.find(n) is None for n in ('videotestsrc', 'x264enc', 'rtph264pay')))")
    return command("/usr/bin/python3", "-c", probe).returncode == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Cameras on two addresses of one machine, a web server, a printer; assessed once."""
    if not has_gstreamer():
        pytest.skip("needs python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base, -good and -ugly")
    folder = tmp_path_factory.mktemp("counterparts")
    net = Network(folder)
    try:
        net.host("me", "192.168.50.99/24", "fd50::99/64")
        net.host("cams", "192.168.50.10/24", "192.168.50.11/24", "192.168.50.12/24", "fd50::10/64")
        net.host("web", "192.168.50.30/24")
        net.host("print", "192.168.50.40/24")
        net.host("other", "192.168.50.200/24")
        net.camera("cams", "192.168.50.10", "554", "none")
        net.camera("cams", "192.168.50.11", "8554", "basic", "cam", "s3cret")
        net.camera("cams", "192.168.50.12", "554", "digest", "cam", "s3cret")
        net.camera("cams", "fd50::10", "554", "none")
        pages = folder / "pages"
        pages.mkdir()
        (pages / "index.html").write_text(PAGE)
        for port in ("80", "5000", "8000"):
            net.start("web", "/usr/bin/python3", "-m", "http.server", port, port=port, cwd=pages)
        net.printed = net.listener("print", "192.168.50.40", "record", "9100")
        net.outside = net.listener("other", "192.168.50.200", "record", "80", "554")
        net.run("me", "ip", "neigh", "replace", "192.168.50.200", "lladdr", "02:00:00:00:00:01", "dev", "eth0", "nud", "reachable")
        net.result = net.assess("me", folder / "out", "--scope", "192.168.50.0/26")
        yield net
    finally:
        net.close()


def test_ends_with_gaps_and_no_login(site):
    assert site.result.status == 1, site.result.err
    assert site.result.report["totals"]["logins"] == 0


@pytest.mark.parametrize("address", ["192.168.50.10", "192.168.50.11", "192.168.50.12"])
def test_each_address_of_one_machine_is_a_camera_of_its_own(site, address):
    device = site.result.device(address)
    assert device["kind"] == "camera"
    assert device["addresses"] == [address]


def test_only_the_open_stream_is_open(site):
    finding = site.result.finding("default-credentials/rtsp-open")
    assert [place["address"] for place in finding["places"]] == ["192.168.50.10"]
    assert "rtsp://192.168.50.10:554/main" in finding["places"][0]["sentence"]


def test_streams_that_ask_are_not_unknown(site):
    finding = site.result.finding("default-credentials/rtsp-unknown")
    assert not finding or not {"192.168.50.11", "192.168.50.12"} & {place["address"] for place in finding["places"]}


def test_a_page_that_says_camera_is_no_camera(site):
    device = site.result.device("192.168.50.30")
    assert device["kind"] not in ("camera", "recorder", "vms")
    assert not device["vendor"]


def test_a_printer_gets_no_byte(site):
    assert site.result.device("192.168.50.40")["kind"] == "printer"
    assert {line for line in site.printed.read_text().split("\n") if line.startswith("got")} <= {"got 0"}


def test_a_known_neighbour_outside_the_scope_is_neither_asked_nor_listed(site):
    assert "got" not in site.outside.read_text()
    assert not any("192.168.50.200" in d["addresses"] for d in site.result.report["devices"])


def test_every_failure_has_evidence_or_a_place(site):
    for control in site.result.report["controls"]:
        for finding in control["findings"]:
            if finding["verdict"] == "FAIL":
                assert all(place["sentence"] for place in finding["places"]) and finding["places"]


def test_a_single_ipv6_address_is_asked(site, tmp_path):
    run = site.assess("me", tmp_path / "out", "--scope", "fd50::10")
    assert run.status == 1, run.err
    assert run.finding("default-credentials/rtsp-open")["places"][0]["address"] == "fd50::10"


@pytest.fixture(scope="module")
def babel(tmp_path_factory):
    """Hosts that serve garbage, hang up, and one that serves a lot of silence."""
    net = Network(tmp_path_factory.mktemp("babel"))
    try:
        net.host("me", "172.20.4.99/22")
        net.host("junk", "172.20.4.10/22")
        net.host("rude", "172.20.4.11/22")
        net.host("crowd", *(f"172.20.5.{i}/22" for i in range(1, 101)))
        net.listener("junk", "172.20.4.10", "garbage", *SWEPT)
        net.listener("rude", "172.20.4.11", "close", *SWEPT)
        yield net
    finally:
        net.close()


def test_garbage_on_every_port_is_nothing_known(babel, tmp_path):
    run = babel.assess("me", tmp_path / "out", "--scope", "172.20.4.8/29")
    assert run.status == 0, run.err
    assert [d["kind"] for d in run.report["devices"]] == ["unknown", "unknown"]


def test_a_thousand_addresses_with_a_hundred_silent_hosts_end_in_time(babel, tmp_path):
    begun = time.monotonic()
    run = babel.assess("me", tmp_path / "out", "--scope", "172.20.4.0/22")
    assert run.status == 0, run.err
    assert time.monotonic() - begun < 60
    assert len(run.report["devices"]) == 102
    assert run.report["totals"]["packets"] < 30000


def test_a_scope_without_a_route_is_not_in_order(babel, tmp_path):
    run = babel.assess("me", tmp_path / "out", "--scope", "10.9.9.0/24", timeout=60)
    assert run.status == 2
    assert run.report["partial"] and "no address of the scope answered" in run.out


def test_killed_runs_leave_a_store_that_works(babel, tmp_path):
    for seconds in (0.2, 1.0, 3.0):
        args = ["ip", "netns", "exec", babel._name("me"), GATEHOUSE, "assess", "--scope", "172.20.4.8/29",
                "--store", tmp_path / "s.db", "--output", tmp_path / "o"]
        process = subprocess.Popen([str(a) for a in args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = babel.run("me", GATEHOUSE, "assess", "--scope", "172.20.4.11", "--store", tmp_path / "s.db", "--output", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    assert command(GATEHOUSE, "history", "--store", tmp_path / "s.db").stdout.count("\n") == 2


def test_an_unprivileged_user_without_a_home_is_served(babel):
    if shutil.which("setpriv") is None or any(not folder.stat().st_mode & 0o001 for folder in GATEHOUSE.parents):
        pytest.skip("needs setpriv and a build that everyone can reach")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        bare = ["env", *(word for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME") for word in ("-u", name))]
        done = babel.run("me", *bare, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                         GATEHOUSE, "assess", "--scope", "172.20.4.11", "--output", f"{folder}/o", stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        assert "--store PATH" in done.stderr
        assert os.path.exists(f"{folder}/o/report.html")


def test_closed_standard_descriptors_do_no_harm(tmp_path):
    done = command("sh", "-c", f"exec {GATEHOUSE} assess <&-")
    assert done.returncode == 64


def test_an_output_that_cannot_be_made_is_told_before_the_first_packet(tmp_path):
    (tmp_path / "file").write_text("")
    begun = time.monotonic()
    done = command(GATEHOUSE, "assess", "--scope", "127.0.0.1", "--store", tmp_path / "s.db", "--output", tmp_path / "file" / "x")
    assert done.returncode == 2 and "Scope" not in done.stderr
    assert time.monotonic() - begun < 2
