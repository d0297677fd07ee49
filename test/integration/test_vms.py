"""VMSes of several eras, at several ports and paths: what is known about each, and who has to log in."""
import pytest

from conftest import SOURCE, in_lab


@pytest.fixture(scope="module")
def vmses(tmp_path_factory):
    """The site of VMSes, assessed once with the owner's passwords."""
    return in_lab("vms.yaml", tmp_path_factory.mktemp("vms"), "--site", SOURCE / "lab" / "vms-site.yaml")


def facts_of(run, address):
    """Names and best values of the facts about a device."""
    facts = {}
    for fact in run.device(address)["facts"]:
        facts.setdefault(fact["name"], fact["value"])
    return facts


KNOWN = {
    # 0.13 has no log-in; its stream server tells the camera's password.
    "10.20.0.51": {"vms.product": "Frigate", "vms.version": "0.13.2", "vms.auth": False, "vms.open": "http://10.20.0.51:5000/",
                   "vms.restream": "http://10.20.0.51:1984/, and shows the passwords of cameras",
                   "login.rtsp-open": "rtsp://10.20.0.51:8554/front_door", "vms.tls": False},
    # Only 8971 and a restream with a password: nothing is told without the owner's log-in.
    "10.20.0.52": {"vms.product": "Frigate", "vms.version": "0.15.2", "vms.auth": True, "vms.tls": True, "vms.limit": True,
                   "login.owner": "admin", "users.list": "admin (admin), eva (admin)", "login.rtsp-asked": True},
    # The log-in is off and a header is believed.
    "10.20.0.53": {"vms.product": "Frigate", "vms.version": "0.16.4", "vms.auth": False, "vms.limit": False, "vms.tls": True,
                   "vms.guest": "whoever the header x-forwarded-user names at https://10.20.0.53:8971/"},
    # Behind a proxy at /frigate/.
    "10.20.0.54": {"vms.product": "Frigate", "vms.version": "0.17.2", "vms.auth": True, "vms.tls": True, "vms.limit": False,
                   "vms.setup": True, "users.list": "admin (admin), porch (viewer)"},
    # At the top of its server, without a log-in, the recordings listed.
    "10.20.0.55": {"vms.product": "ZoneMinder", "vms.version": "1.34.26", "vms.auth": False, "vms.limit": False,
                   "vms.footage": "http://10.20.0.55:80/events/, with a list of them"},
    # With the log-in on, and Debian's alias beside it.
    "10.20.0.56": {"vms.product": "ZoneMinder", "vms.version": "1.36.33", "vms.auth": True, "vms.key-known": True,
                   "vms.footage": "http://10.20.0.56:80/zm/cache/events", "users.list": "admin (administrator), eva (user)",
                   "auth.modes": "builtin, handed on hashed, API takes the page's session too"},
    # Where its front page leads, over TLS.
    "10.20.0.57": {"vms.product": "ZoneMinder", "vms.version": "1.38.4", "vms.auth": True, "vms.tls": True, "vms.key-known": False,
                   "vms.url-passwords": True, "auth.modes": "builtin, handed on plain"},
    # The super user's panel with its factory account.
    "10.20.0.58": {"vms.product": "Shinobi", "vms.auth": True, "vms.panel": "http://10.20.0.58:8080/super",
                   "vms.factory": "admin@shinobi.video"},
    # Under another name, the panel moved.
    "10.20.0.59": {"vms.product": "Shinobi", "vms.auth": True, "vms.api-keys": "1 of 2", "login.owner": "owner@shop.example"},
    # A stream server by itself.
    "10.20.0.60": {"vms.product": "go2rtc", "vms.version": "1.9.9", "vms.auth": False,
                   "vms.restream": "http://10.20.0.60:1984/, and shows the passwords of cameras",
                   "login.rtsp-open": "rtsp://10.20.0.60:8554/porch"},
    # No driver knows it: named, and nothing more.
    "10.20.0.61": {"vms.product": "Viseron"},
}
UNKNOWN = {
    "10.20.0.51": ["vms.setup", "vms.limit", "vms.beside"],
    "10.20.0.52": ["vms.open", "vms.restream", "login.rtsp-open", "vms.setup"],
    "10.20.0.54": ["vms.open", "vms.guest"],
    "10.20.0.56": ["vms.open", "vms.factory"],
    "10.20.0.57": ["vms.open", "vms.footage", "users.list"],
    "10.20.0.58": ["vms.version", "vms.open"],
    "10.20.0.59": ["vms.version", "vms.panel"],
    "10.20.0.61": ["vms.version", "vms.auth", "vms.limit", "vms.access-log"],
}


@pytest.mark.parametrize("address", KNOWN)
def test_what_is_known_of_each_is_what_it_is(vmses, address):
    assert vmses.device(address)["kind"] == "vms"
    facts = facts_of(vmses, address)
    assert {name: facts.get(name) for name in KNOWN[address]} == KNOWN[address]


@pytest.mark.parametrize("address", UNKNOWN)
def test_nothing_is_claimed_that_was_not_seen(vmses, address):
    facts = facts_of(vmses, address)
    assert not [name for name in UNKNOWN[address] if name in facts]


@pytest.mark.parametrize("finding, addresses", [
    ("default-credentials/vms-open", {"10.20.0.51", "10.20.0.53", "10.20.0.55", "10.20.0.60"}),
    ("default-credentials/vms-open-beside", set()),
    ("default-credentials/restream-open", {"10.20.0.51", "10.20.0.60"}),
    ("default-credentials/rtsp-open", {"10.20.0.51", "10.20.0.60"}),
    ("default-credentials/footage-open", {"10.20.0.55", "10.20.0.56"}),
    ("default-credentials/key-known", {"10.20.0.56"}),
    ("default-credentials/passwords-in-addresses", {"10.20.0.57"}),
    ("default-credentials/panel-open", {"10.20.0.58"}),
    ("default-credentials/vms-factory-password", {"10.20.0.58"}),
    ("default-credentials/api-keys-anywhere", {"10.20.0.59"}),
    ("default-credentials/vms-login-unknown", {"10.20.0.61"}),
    ("vms-exposure/guess-limit-unknown", {"10.20.0.61"}),
])
def test_a_gap_is_found_where_it_is_and_nowhere_else(vmses, finding, addresses):
    assert set(vmses.places(finding)) == addresses


def test_no_password_key_or_session_is_in_the_report(vmses):
    report = (vmses.folder / "report.json").read_text() + (vmses.folder / "report.html").read_text()
    for secret in ("Sunny42", "Moonlit77", "every door 7", "kept in 9 safes", "seven quiet", "twelve green", "5f2e9c01a7b34d68", "aaaa1111bbbb2222",
                   "6f0c1e52a7b94d3f8e21c05b7a96d384", "Change me to something unique", "eyJhbGciOi"):
        assert secret not in report, secret


def test_nobody_is_locked_out_and_each_is_asked_for_a_log_in_twice_at_most(vmses):
    assert vmses.stats["totals"]["lockouts"] == 0
    assert all(device["logins"] <= 2 for device in vmses.stats["devices"])
