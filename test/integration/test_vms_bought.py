"""Nx Witness and its brands, Blue Iris and XProtect of several eras: what is known, and who has to log in."""
import pytest

from conftest import SOURCE, in_lab


@pytest.fixture(scope="module")
def bought(tmp_path_factory):
    """The site of bought VMSes, assessed once with the owner's passwords."""
    return in_lab("vms-bought.yaml", tmp_path_factory.mktemp("bought"), "--site", SOURCE / "lab" / "vms-bought-site.yaml")


def facts_of(run, address):
    """Names and best values of the facts about a device."""
    facts = {}
    for fact in run.device(address)["facts"]:
        facts.setdefault(fact["name"], fact["value"])
    return facts


EXEMPT = "where an address is not exempt, as this network's is (\"Non-LAN only\", or its list)"
KNOWN = {
    "10.20.0.51": {"vms.product": "Nx Witness", "vms.version": "6.0.1.39873", "vms.auth": True, "vms.setup": True, "vms.tls": False,
                   "vms.access-log": True, "cloud.enabled": False, "login.owner": "admin",
                   "users.list": "admin (administrator), till (user), owner@shop.example (cloud account)"},
    "10.20.0.52": {"vms.product": "Nx Meta", "vms.version": "5.1.0.37133", "vms.access-log": False, "cloud.enabled": True,
                   "upnp.enabled": True, "auth.basic": True, "users.list": "admin (owner), viewer (user)"},
    "10.20.0.53": {"vms.product": "Hanwha Wave", "vms.version": "5.1.5.39242", "vms.tls": True, "cloud.name": "WAVE Sync"},
    # Before 5.0: digest instead of a session.
    "10.20.0.54": {"vms.product": "DW Spectrum", "vms.version": "4.2.0.32840", "vms.auth": True, "vms.access-log": True,
                   "login.owner": "admin", "users.list": "admin (owner), guard (user)"},
    # Out of the box.
    "10.20.0.55": {"vms.product": "Nx Witness", "vms.version": "6.1.0.41903", "vms.setup": False, "vms.factory": "admin"},
    "10.20.0.61": {"vms.product": "Blue Iris", "vms.version": "5.9.9.98", "vms.auth": True, "vms.tls": False, "login.owner": "admin",
                   "users.list": "admin (connected), kitchen (known)"},
    "10.20.0.62": {"vms.product": "Blue Iris", "vms.version": "5.3.9.16", "vms.auth": True, "users.anonymous": True},
    # Only who comes from outside is asked.
    "10.20.0.63": {"vms.product": "Blue Iris", "vms.version": "4.8.6.3", "vms.auth": False, "vms.asks": EXEMPT,
                   "vms.open": "http://10.20.0.63:81/"},
    "10.20.0.71": {"vms.product": "Milestone XProtect", "vms.version": "24.2.12065.1", "vms.auth": True, "vms.tls": True,
                   "login.owner": "auditor", "users.list": "auditor (basic user), guard (basic user, locked out)"},
    # Without a certificate: no password is sent.
    "10.20.0.72": {"vms.product": "Milestone XProtect", "vms.version": "22.1.5804.1", "vms.auth": True, "vms.tls": False},
    "10.20.0.73": {"vms.product": "Milestone XProtect", "vms.tls": False},
}
UNKNOWN = {
    "10.20.0.51": ["vms.open", "vms.factory", "vms.asks", "users.anonymous"],
    "10.20.0.55": ["vms.open", "login.no-factory"],
    "10.20.0.61": ["vms.open", "vms.asks", "users.anonymous", "vms.limit"],
    "10.20.0.62": ["vms.open", "vms.asks"],
    "10.20.0.71": ["vms.open", "vms.access-log", "vms.limit"],
    "10.20.0.72": ["login.owner", "users.list"],
    "10.20.0.73": ["vms.version", "vms.auth", "login.no-factory"],
}


@pytest.mark.parametrize("address", KNOWN)
def test_what_is_known_of_each_is_what_it_is(bought, address):
    assert bought.device(address)["kind"] == "vms"
    facts = facts_of(bought, address)
    assert {name: facts.get(name) for name in KNOWN[address]} == KNOWN[address]


@pytest.mark.parametrize("address", UNKNOWN)
def test_nothing_is_claimed_that_was_not_seen(bought, address):
    facts = facts_of(bought, address)
    assert not [name for name in UNKNOWN[address] if name in facts]


@pytest.mark.parametrize("finding, addresses", [
    ("default-credentials/vms-not-set-up", {"10.20.0.55"}),
    ("default-credentials/vms-factory-password", {"10.20.0.55"}),
    ("default-credentials/vms-open", {"10.20.0.63"}),
    ("default-credentials/asks-only-outsiders", {"10.20.0.63"}),
    ("default-credentials/anonymous-viewing", {"10.20.0.62"}),
    ("default-credentials/owner-failed", {"10.20.0.72"}),
    ("vendor-cloud/vms-cloud-on", {"10.20.0.52", "10.20.0.53"}),
    ("upnp/vms-upnp-on", {"10.20.0.52"}),
    ("vms-exposure/sessions-endless", {"10.20.0.52"}),
    ("access-log/no-access-log", {"10.20.0.52", "10.20.0.61", "10.20.0.62", "10.20.0.63"}),
    ("vms-exposure/vms-plain", {"10.20.0.51", "10.20.0.52", "10.20.0.54", "10.20.0.55", "10.20.0.61", "10.20.0.62", "10.20.0.63",
                                "10.20.0.72", "10.20.0.73"}),
])
def test_a_gap_is_found_where_it_is_and_nowhere_else(bought, finding, addresses):
    assert set(bought.places(finding)) == addresses


def test_no_password_or_session_is_in_the_report(bought):
    report = (bought.folder / "report.json").read_text() + (bought.folder / "report.html").read_text()
    for secret in ("Quiet-Harbor", "Copper-Lantern", "Velvet-Compass", "Marble-Falcon", "Saffron-Anvil", "Gravel-Tulip", "Walnut-Signal",
                   "Bearer vms-", "\"token\"", "access_token"):
        assert secret not in report, secret


def test_nobody_is_locked_out_and_each_is_asked_for_a_log_in_twice_at_most(bought):
    assert bought.stats["totals"]["lockouts"] == 0
    assert all(device["logins"] <= 2 for device in bought.stats["devices"])
