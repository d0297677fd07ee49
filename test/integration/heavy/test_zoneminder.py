"""Beside Debian's real ZoneMinder: its version, and whether its log-in is on, from its own database."""
import pathlib
import shutil
import tempfile
import time

import pytest

from conftest import command
from network import COUNTERPARTS, Network, needs_namespaces

CREATE = pathlib.Path("/usr/share/zoneminder/db/zm_create.sql")
pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(not CREATE.exists() or shutil.which("mariadbd") is None or shutil.which("nginx") is None,
                       reason="needs zoneminder, mariadb-server, nginx-light, php-fpm, php-mysql"),
]
ADDRESS = "192.168.60.20"


class ZoneMinder:
    """A running ZoneMinder and its database."""

    def __init__(self, net, state):
        self.net = net
        self.state = state

    def sql(self, text):
        done = command("mysql", f"--socket={self.state}/run/db.sock", "-u", "root", "-N", "zm", "-e", text)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def switch_login(self, on):
        self.sql(f"update Config set Value='{int(on)}' where Name='ZM_OPT_USE_AUTH'")


@pytest.fixture(scope="module")
def zoneminder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoneminder")
    net = Network(folder)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as state:
        pathlib.Path(state).chmod(0o755)
        try:
            net.host("me", "192.168.60.99/24")
            net.host("zm", ADDRESS + "/24")
            log = net.start("zm", COUNTERPARTS / "zoneminder.sh", state)
            deadline = time.monotonic() + 60
            ask = ("import urllib.request as u; "
                   f"raise SystemExit(u.urlopen('http://{ADDRESS}/zm/api/host/getVersion.json', timeout=5).status != 200)")
            while net.run("me", "/usr/bin/python3", "-c", ask).returncode != 0:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.5)
            yield ZoneMinder(net, state)
        finally:
            net.close()


def test_without_a_login_it_is_open_and_its_version_is_right(zoneminder, tmp_path):
    zoneminder.switch_login(False)
    run = zoneminder.net.assess("me", tmp_path / "out", "--scope", ADDRESS)
    assert run.status == 1, run.err
    device = run.device(ADDRESS)
    assert device["kind"] == "vms"
    assert device["model"] == "ZoneMinder"
    assert device["version"] == zoneminder.sql("select Value from Config where Name='ZM_DYN_DB_VERSION'")
    assert run.finding("default-credentials/vms-open")
    assert run.report["totals"]["logins"] == 0


def test_with_the_login_on_the_factory_account_is_found_with_two_log_ins(zoneminder, tmp_path):
    zoneminder.switch_login(True)
    run = zoneminder.net.assess("me", tmp_path / "out", "--scope", ADDRESS)
    assert run.finding("default-credentials/vms-factory-password")
    assert not run.finding("default-credentials/vms-open")
    assert run.report["totals"]["logins"] == 2
    denied = zoneminder.sql("select count(*) from Logs where Message like 'Login denied%'")
    assert int(denied) <= 1


def test_the_next_run_of_the_day_sends_no_password(zoneminder, tmp_path):
    run = zoneminder.net.assess("me", tmp_path / "out", "--scope", ADDRESS)
    assert run.report["totals"]["logins"] == 0
    assert not run.finding("default-credentials/vms-factory-password")
    assert any("opened it" in place["sentence"] for place in run.finding("default-credentials/vms-untried")["places"])
