"""Cameras and recorders of seven brands, one per firmware era: what is known about each, and what is found where."""
import pytest

from conftest import SOURCE, in_lab


@pytest.fixture(scope="module")
def brands(tmp_path_factory):
    """The site of brands, assessed once with the owner's passwords."""
    return in_lab("brands.yaml", tmp_path_factory.mktemp("brands"), "--site", SOURCE / "lab" / "brands-site.yaml")


def facts_of(run, address):
    """Names and best values of the facts about a device."""
    facts = {}
    for fact in run.device(address)["facts"]:
        facts.setdefault(fact["name"], fact["value"])
    return facts


# address: vendor, model, version, accounts (None: not known)
NAMED = {
    "10.20.0.20": ("Axis", "M1065-LW", "9.80.3.15", "root (administrator)"),
    "10.20.0.21": ("Axis", "M1137 Mk II", "12.11.77", None),
    "10.20.0.22": ("Axis", "M3045-V", "6.50.5.19", "root (administrator)"),
    "10.20.0.23": ("Axis", "P3225-LVE Mk II", "10.12.206", "root (administrator), service (administrator), lobby (viewer)"),
    "10.20.0.24": ("Axis", "P3265-LV", "12.1.60", "siteadmin (administrator), vms (viewer)"),
    "10.20.0.25": ("Axis", "P5534", "5.40.9.5", "root (administrator), anna (operator), gate (viewer)"),
    "10.20.0.26": ("Axis", "Q6128-E", "8.40.4.3", "root (administrator), vms (operator)"),
    "10.20.0.27": ("Reolink", "RLC-410", "v2.0.0.647_20031401", "admin (admin), kids (guest)"),
    "10.20.0.29": ("Reolink", "RLC-810A", "v3.1.0.4417_2412122130", "admin (admin), nvr (admin), porch (guest)"),
    "10.20.0.30": ("Reolink", "RLN8-410", "v3.3.0.226_23031644", "admin (admin)"),
    "10.20.0.32": ("Uniview", "IPC3615SB-ADF28KM-I0", "GIPC-B6105.12.8.231122", "admin (level 0), vms (level 2)"),
    "10.20.0.33": ("Uniview", "IPC6322SR-X22P", "IPC_G6103-B6103.16.10.B25.201218", "admin (level 0), guard (level 1)"),
    "10.20.0.34": ("Uniview", "NVR302-16S2", "NVR-B3801.20.17.240507", "admin (level 0)"),
    "10.20.0.35": ("Hanwha", "PNM-C7083RVD", "2.21.01_20220517_R276", "admin (administrator), lobby (user)"),
    "10.20.0.36": ("Hanwha", "PRN-4011", "v2.10_180329015157", "admin (Admin), tarak (User)"),
    "10.20.0.38": ("Hanwha", "SND-6084R", "1.10_150430", "admin (administrator), user1 (user)"),
    "10.20.0.39": ("Hanwha", "XNP-6320H", "1.41.16_20230719_R346", "admin (administrator), vms (user)"),
    "10.20.0.40": ("Hanwha", "XNV-C8083R", None, None),
    "10.20.0.41": ("Vivotek", "FD8136", "FD8136-VVTK-0100a", None),
    "10.20.0.42": ("Vivotek", "FD9189-HT", "FD9189-VVTK-0112c", "root (admin), lobby (viewer)"),
    "10.20.0.43": ("Foscam", "C1", "2.52.2.37", "admin (administrator), vms (operator)"),
    "10.20.0.44": ("Foscam", None, "11.37.2.54", "admin (administrator), nanny (visitor)"),
    "10.20.0.46": ("Bosch", "NBC-255-P", "25500593", None),
    "10.20.0.47": ("Bosch", "NBN-50022-C", "43500643", None),
    "10.20.0.48": ("Bosch", "FLEXIDOME IP starlight 8000i", "49500760", None),
}


@pytest.mark.parametrize("address", NAMED)
def test_each_is_named_with_its_version_and_accounts(brands, address):
    device = brands.device(address)
    users = facts_of(brands, address).get("users.list")
    assert (device["vendor"], device["model"], device["version"], users) == NAMED[address]


def test_recorders_are_recorders_and_the_rest_are_cameras(brands):
    recorders = {"10.20.0.30", "10.20.0.34", "10.20.0.36"}
    assert {d["addresses"][0] for d in brands.report["devices"] if d["kind"] == "recorder"} == recorders
    assert {d["kind"] for d in brands.report["devices"]} == {"camera", "recorder"}


@pytest.mark.parametrize("finding, last", [
    ("default-credentials/factory-password", {25, 27, 33, 38, 46}),
    ("default-credentials/not-activated", {21, 40, 41}),
    ("default-credentials/anonymous-viewing", {22, 25, 38}),
    ("default-credentials/telnet-on", {33}),
    ("default-credentials/ssh-on", {22}),
    ("vendor-cloud/cloud-on", {22, 28, 30, 34, 36}),
    ("vendor-cloud/cloud-armed", {20}),
    ("vendor-cloud/ddns-on", {22, 27, 33, 36, 38, 44}),
    ("upnp/device-upnp-on", {22, 27, 30, 33, 34, 38, 44}),
    ("vms-exposure/lockout-off", {20, 25, 30}),
])
def test_a_gap_is_found_where_it_is_and_nowhere_else(brands, finding, last):
    assert set(brands.places(finding)) == {f"10.20.0.{n}" for n in last}


def test_no_password_of_a_device_is_in_the_report(brands):
    report = (brands.folder / "report.json").read_text() + (brands.folder / "report.html").read_text()
    for secret in ("Sailor-Onion-6", "nanny1", "secret7906", "Rowboat6Clover", "hunter2", "7i8", "Timber!Saddle", "Mortar!Quail",
                   "Granite!Violin", "Orchard$Piston", "Cobalt&Willow", "77d0c2a41f9e3b58"):
        assert secret not in report, secret


def test_nobody_is_locked_out_and_each_is_asked_for_a_log_in_twice_at_most(brands):
    assert brands.stats["totals"]["lockouts"] == 0
    assert all(device["logins"] <= 2 for device in brands.stats["devices"])
