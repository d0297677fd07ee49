"""Beside Debian's real ZoneMinder: version, log-in, users and what lies open, compared with its own database."""
import json
import os
import pathlib
import shutil
import signal
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
        self.set("OPT_USE_AUTH", int(on))

    def set(self, name, value):
        """Sets a value of its Config table."""
        self.sql(f"update Config set Value='{value}' where Name='ZM_{name}'")

    def setting(self, name):
        """A value of its Config table."""
        return self.sql(f"select Value from Config where Name='ZM_{name}'")

    def serve_beside(self, configuration):
        """What its nginx serves beside it."""
        state = pathlib.Path(self.state)
        (state / "place.conf").write_text(configuration)
        os.kill(int((state / "nginx.pid").read_text()), signal.SIGHUP)
        time.sleep(0.5)

    def owner(self, folder, user):
        """A site file with that user's password, which is made here; the hash is of the kind before 1.34."""
        password = "long and its own 71"
        self.sql(f"update Users set Password=concat('*', upper(sha1(unhex(sha1('{password}'))))), APIEnabled=1 where Username='{user}'")
        secret = folder / "password"
        secret.write_text(password)
        secret.chmod(0o600)
        site = folder / "site.yaml"
        site.write_text(f"name: one\ndevices:\n  - {{address: {ADDRESS}, name: zm, user: {user}, password_file: {secret}}}\n")
        return site


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


def test_the_next_run_of_the_day_sends_only_the_password_that_opened(zoneminder, tmp_path):
    run = zoneminder.net.assess("me", tmp_path / "out", "--scope", ADDRESS)
    assert run.report["totals"]["logins"] == 1
    assert run.finding("default-credentials/vms-factory-password")
    assert not run.finding("default-credentials/vms-untried")


def facts_of(run):
    """Name and value of what is known about it."""
    return {fact["name"]: fact["value"] for fact in run.device(ADDRESS)["facts"]}


@pytest.mark.parametrize("relay, secret, legacy", [
    ("hashed", "...Change me to something unique...", 1),
    ("plain", "0123456789abcdef0123456789abcdef", 0),
    ("none", "another key of its own", 1),
])
def test_behind_the_owners_log_in_the_settings_are_those_of_its_database(zoneminder, tmp_path, relay, secret, legacy):
    zoneminder.switch_login(True)
    zoneminder.set("AUTH_RELAY", relay)
    zoneminder.set("AUTH_HASH_SECRET", secret)
    zoneminder.set("OPT_USE_LEGACY_API_AUTH", legacy)
    site = zoneminder.owner(tmp_path, "admin")
    run = zoneminder.net.assess("me", tmp_path / "out", "--scope", ADDRESS, "--site", site, "--store", tmp_path / "store.db")
    facts = facts_of(run)
    assert facts.get("login.owner") == "admin", facts
    assert facts["vms.auth"] is True
    assert facts["vms.version"] == zoneminder.setting("DYN_DB_VERSION")
    assert facts["vms.url-passwords"] is (zoneminder.setting("AUTH_RELAY") == "plain")
    assert facts["vms.key-known"] is (zoneminder.setting("AUTH_HASH_SECRET").startswith("...Change me"))
    assert zoneminder.setting("AUTH_TYPE") in facts["auth.modes"]
    assert ("session" in facts["auth.modes"]) is (zoneminder.setting("OPT_USE_LEGACY_API_AUTH") == "1")
    if legacy:  # its API takes the session only then
        assert facts["users.list"].count("(") == int(zoneminder.sql("select count(*) from Users"))
    assert bool(run.finding("default-credentials/key-known")) is facts["vms.key-known"]
    assert bool(run.finding("default-credentials/passwords-in-addresses")) is facts["vms.url-passwords"]
    assert secret not in (tmp_path / "out" / "report.json").read_text()


@pytest.mark.parametrize("served, is_open", [
    ("", None),
    ("location /zm/cache { alias /var/cache/zoneminder; }", "served"),       # as in Debian's example
    ("location /zm/cache { alias /var/cache/zoneminder; autoindex on; }", "listed"),
    ("location /zm/cache { alias /var/cache/zoneminder; location /zm/cache/events { deny all; } }", None),
])
def test_recordings_beside_the_log_in_are_found_where_they_lie_open(zoneminder, tmp_path, served, is_open):
    zoneminder.switch_login(True)
    zoneminder.serve_beside(served)
    run = zoneminder.net.assess("me", tmp_path / "out", "--scope", ADDRESS)
    finding = run.finding("default-credentials/footage-open")
    assert bool(finding) is bool(is_open)
    assert ("with a list" in facts_of(run).get("vms.footage", "")) is (is_open == "listed")


def test_a_fresh_one_that_still_asks_about_privacy_is_not_set_up(zoneminder, tmp_path):
    zoneminder.switch_login(False)
    zoneminder.set("SHOW_PRIVACY", 1)
    run = zoneminder.net.assess("me", tmp_path / "out", "--scope", ADDRESS)
    zoneminder.set("SHOW_PRIVACY", 0)
    assert run.finding("default-credentials/vms-not-set-up")
    assert run.finding("default-credentials/vms-open")


ASK = """
import sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1], sys.argv[2].encode() if len(sys.argv) > 2 else None)
try:
    answer = urllib.request.urlopen(request, timeout=10)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
print(answer.read().decode())
"""


def ask(zoneminder, path, form=None):
    """Status and body of a request to its API."""
    done = zoneminder.net.run("me", "/usr/bin/python3", "-c", ASK, f"http://{ADDRESS}/zm/api/{path}", *([form] if form else []))
    assert done.returncode == 0, done.stderr
    status, body = done.stdout.split("\n", 1)
    return int(status), body


def test_its_api_makes_no_account_while_nobody_has_to_log_in(zoneminder):
    """Why the plan leaves its log-in to a person, with an account first."""
    zoneminder.switch_login(False)
    status, body = ask(zoneminder, "users/add.json", "User[Username]=new&User[Password]=long+and+its+own&User[System]=Edit")
    assert status == 401 and "Insufficient Privileges" in body
    assert zoneminder.sql("select count(*) from Users where Username='new'") == "0"


def test_with_an_account_first_the_log_in_closes_footage_and_can_be_taken_back(zoneminder, tmp_path):
    zoneminder.switch_login(False)
    zoneminder.owner(tmp_path, "admin")
    assert ask(zoneminder, "events.json")[0] == 200
    assert ask(zoneminder, "configs/edit/ZM_OPT_USE_AUTH.json", "Config[Value]=1")[0] == 200
    assert ask(zoneminder, "events.json")[0] == 401
    assert ask(zoneminder, "configs/edit/ZM_OPT_USE_AUTH.json", "Config[Value]=0")[0] == 401
    run = zoneminder.net.assess("me", tmp_path / "out", "--scope", ADDRESS, "--site", tmp_path / "site.yaml", "--store", tmp_path / "store.db")
    assert not run.finding("default-credentials/vms-open")
    status, body = ask(zoneminder, "host/login.json", "user=admin&pass=long+and+its+own+71")
    assert status == 200, body
    token = json.loads(body)["access_token"]
    assert ask(zoneminder, "configs/edit/ZM_OPT_USE_AUTH.json", f"Config[Value]=0&token={token}")[0] == 200
    assert ask(zoneminder, "events.json")[0] == 200
