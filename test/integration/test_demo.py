"""The demo site: every device is named, every planted gap is found, nothing is harmed."""
import json
import re

import pytest

from conftest import BUILD, GATEHOUSE, SOURCE, command, entries

# address: kind, vendor, part of model (or None), version (or None)
TRUTH = {
    "10.20.0.11": ("camera", "Hikvision", "DS-2CD2032", "5.2.5"),
    "10.20.0.12": ("camera", "Hikvision", "DS-2CD2387G2", "5.7.18"),
    "10.20.0.13": ("camera", "Dahua", "IPC-HFW4431E", "2.800"),
    "10.20.0.14": ("camera", "Dahua", "IPC-HFW2849S", "3.140"),
    "10.20.0.15": ("camera", "Axis", None, None),
    "10.20.0.16": ("camera", "Reolink", None, None),
    "10.20.0.19": ("camera", None, None, None),
    "10.20.0.20": ("camera", None, None, None),
    "10.20.0.21": ("camera", "Uniview", None, None),
    "10.20.0.22": ("camera", "Hanwha", None, None),
    "10.20.0.25": ("recorder", "Hikvision", "DS-7616NI-K2", "4.74.210"),
    "10.20.0.30": ("vms", "Frigate", None, "0.17.2"),
    "10.20.0.31": ("vms", "ZoneMinder", None, "1.36.33"),
    "10.20.0.32": ("vms", "Blue Iris", None, "5.9.9.98"),
    "10.20.0.17": ("camera", "Annke", "NC800", "5.7.23"),
    "10.20.0.23": ("camera", "Amcrest", "IP8M-2496E", "2.800"),
    "10.20.0.24": ("camera", "Foscam", "C1", "2.52.2.37"),
    "10.20.0.26": ("recorder", "Dahua", "XVR5108HS", "4.001"),
    "10.20.0.27": ("camera", "HiLook", "IPC-B140H", "5.5.80"),
    "10.20.0.28": ("camera", "Vivotek", "FD9189-HT", None),
    "10.20.0.29": ("camera", "Bosch", "NBN-50022-C", None),
    "10.20.0.33": ("vms", "Nx Witness", None, "6.1.0"),
    "10.20.0.34": ("vms", "Shinobi", None, None),
    "10.20.0.35": ("vms", "XProtect", None, "24.2"),
    "10.20.0.36": (None, "Xiongmai", None, None),
    "10.20.0.37": ("camera", "Hikvision", "DS-2CD2087G3", "5.8.10"),
    "10.20.0.38": ("camera", "Hikvision", "DS-2CD2043G2", "5.7.12"),
    "10.20.0.39": ("camera", "Dahua", "IPC-HDBW4433R", "2.622"),
    "10.20.0.40": ("printer", "HP", None, None),
    "10.20.0.1": ("router", None, None, None),
}


def test_ends_with_gaps_and_a_whole_report(demo):
    assert demo.status == 1, demo.err
    assert demo.report["schema"]
    assert len(demo.report["controls"]) == 9
    assert not demo.report["partial"]


@pytest.mark.parametrize("address", sorted(TRUTH))
def test_names_the_device(demo, address):
    kind, vendor, model, version = TRUTH[address]
    device = demo.device(address)
    assert kind is None or device["kind"] == kind
    if vendor:
        assert vendor.lower() in f"{device['vendor']} {device['brand']} {device['model']}".lower()
    if model:
        assert model in device["model"]
    if version:
        assert version in device["version"]
    assert 0 < device["confidence"] <= 100


def test_sees_the_new_camera_on_a_foreign_subnet_without_asking_it(demo):
    device = demo.device("192.168.1.64")
    assert not device["in_scope"]
    assert device["vendor"] == "Hikvision"
    assert "192.168.1.64" in demo.places("default-credentials/not-activated")


@pytest.mark.parametrize(
    "finding, addresses",
    [
        ("default-credentials/factory-password", {"10.20.0.11", "10.20.0.13"}),
        ("default-credentials/rtsp-open", {"10.20.0.18"}),
        ("default-credentials/vms-open", {"10.20.0.31"}),
        ("default-credentials/vms-open-beside", {"10.20.0.30"}),
        ("default-credentials/restream-open", {"10.20.0.30"}),
        ("vms-exposure/port-mapped", {"10.20.0.11", "10.20.0.31"}),
        ("vendor-cloud/cloud-on", {"10.20.0.13"}),
        ("upnp/router-igd", {"10.20.0.1"}),
        ("default-credentials/vms-factory-password", {"10.20.0.33", "10.20.0.34"}),
        ("default-credentials/vms-not-set-up", {"10.20.0.33"}),
        ("access-log/clock-wrong", {"10.20.0.27"}),
        ("camera-firmware/false-maker", {"10.20.0.38"}),
    ],
)
def test_finds_the_planted_gap(demo, finding, addresses):
    assert addresses <= set(demo.places(finding)), demo.finding(finding)


@pytest.mark.parametrize("address, cloud, upnp", [
    ("10.20.0.12", "no", "no"),   # Hikvision, activated
    ("10.20.0.14", "no", "no"),   # Dahua after the initialisation wizard
    ("10.20.0.15", "no", "no"),   # Axis: RemoteService.Enabled=no
    ("10.20.0.16", "yes", "no"),  # Reolink: P2P is on
    ("10.20.0.25", "no", "no"),   # Hikvision recorder
])
def test_an_owners_password_shows_the_settings_behind_it(demo, address, cloud, upnp):
    facts = {fact["name"]: fact["value"] for fact in demo.device(address)["facts"]}
    assert facts["login.owner"] in ("admin", "root")
    assert facts["cloud.enabled"] is (cloud == "yes")
    assert facts["upnp.enabled"] is (upnp == "yes")
    assert (address in demo.places("vendor-cloud/cloud-on")) is (cloud == "yes")
    for finding in ("vendor-cloud/cloud-unknown", "vendor-cloud/cloud-unread", "upnp/device-upnp-unknown",
                    "camera-firmware/version-unknown", "default-credentials/owner-failed"):
        assert address not in demo.places(finding), finding


def test_has_all_six_vmses_and_at_least_28_devices(demo):
    products = {fact["value"] for d in demo.report["devices"] for fact in d["facts"] if fact["name"] == "vms.product"}
    assert {"Frigate", "ZoneMinder", "Blue Iris", "Nx Witness", "Shinobi"} <= products and any("XProtect" in p for p in products)
    assert len(demo.report["devices"]) >= 28


def test_a_brand_is_told_apart_from_its_maker(demo):
    for address, brand, maker in (("10.20.0.17", "Annke", "Hikvision"), ("10.20.0.23", "Amcrest", "Dahua")):
        facts = {fact["name"]: fact["value"] for fact in demo.device(address)["facts"]}
        assert facts["device.brand"] == brand
        assert maker in facts["device.covered"]


def test_a_clock_that_is_years_off_is_told_in_seconds(demo):
    facts = {fact["name"]: fact["value"] for fact in demo.device("10.20.0.27")["facts"]}
    assert abs(facts["clock.offset"] + 725328000) < 120


def test_an_owners_password_that_is_the_factorys_is_told(demo):
    assert "10.20.0.19" in demo.places("default-credentials/factory-password")


@pytest.mark.parametrize("address", ["10.20.0.12", "10.20.0.14", "10.20.0.15", "10.20.0.25"])
def test_does_not_accuse_the_innocent(demo, address):
    assert address not in demo.places("default-credentials/factory-password")
    assert address not in demo.places("default-credentials/rtsp-open")
    assert address not in demo.places("default-credentials/not-activated")


def test_cameras_share_their_subnet_with_printer_and_pc(demo):
    assert demo.control("camera-segmentation")["verdict"] == "FAIL"


def test_a_factory_password_caps_the_grade(demo):
    assert demo.report["grade"] in ("D", "F")
    assert demo.report["score"] <= 49


def test_every_fail_says_what_where_evidence_why_and_how(demo):
    for control in demo.report["controls"]:
        for finding in control["findings"]:
            if finding["verdict"] != "FAIL":
                continue
            for part in ("title", "why", "close", "verify"):
                assert finding[part], (finding["id"], part)
            for place in finding["places"]:
                assert place["sentence"]


def test_spends_few_log_ins_and_locks_nothing(demo):
    devices = demo.stats["devices"]
    for device in devices:
        assert device["logins"] <= 2, device
        assert device["sadp_others"] == 0 and device["dhip_others"] == 0, device
        assert device["lockouts"] == 0, device
    assert demo.report["totals"]["lockouts"] == 0


def test_shows_no_password_anywhere(demo):
    """The passwords of the site are known to the test, and to nobody who reads."""
    own = set()
    for transcript in (SOURCE / "test" / "transcript").glob("*/*/device.yaml"):
        own |= set(re.findall(r'password: "?([^"},\n]{8,})', transcript.read_text()))
    assert "Tundra+Sextant+61" in own and len(own) > 8
    files = [demo.folder / name for name in ("report.json", "report.html", "report.csv")]
    files += demo.folder.parent.glob("store.db*")
    for file in files:
        text = file.read_bytes().decode("utf-8", "replace")
        assert not [password for password in own if password in text], file.name
        if file.suffix != ".db":
            assert not re.search(r'(?<![0-9A-Za-z])12345(?![0-9A-Za-z])', text), file.name
    assert not [password for password in own if password in demo.out + demo.err]


def test_password_files_of_the_demo_are_gone_with_it(demo):
    assert demo.report
    assert [path.name for path in (SOURCE / "lab" / "secrets").iterdir()] == ["README"]


def test_terminal_text_is_80_columns_without_colour(demo):
    assert "\x1b" not in demo.out
    lines = [line for line in demo.out.splitlines() if str(demo.folder) not in line]
    assert max(len(line) for line in lines) <= 80


def check_ledger(folder, printed):
    """The run is in the ledger: its begin first, each password before what came of it, its end last."""
    done = command(GATEHOUSE, "ledger", "verify", folder / "ledger")
    assert done.returncode == 0, done.stdout
    assert f"gatehouse ledger verify {folder}/ledger" in printed
    events = entries(folder / "ledger")
    runs = [e for e in events if e["action"] == "assess.run"]
    logins = [e for e in events if e["action"] == "assess.login"]
    assert [e["detail"]["phase"] for e in runs] == ["begin", "end"]
    assert events.index(runs[0]) < events.index(logins[0])
    assert events.index(runs[1]) > events.index(logins[-1])
    report = json.loads((folder / "report.json").read_text())
    assert runs[1]["detail"]["grade"] == report["grade"]
    sent = [e for e in logins if e["detail"]["phase"] == "begin"]
    assert len(sent) == runs[1]["detail"]["logins"] > 20
    for login in sent:
        assert login["detail"]["account"] and login["detail"]["door"] and login["target"]["object"]
    opened = [e for e in logins if e["detail"]["phase"] == "end" and e["outcome"] == "ok"]
    assert opened and len(opened) < len(sent)


def test_demo_command_ends_with_zero_and_leaves_nothing(tmp_path):
    namespaces = set(command("sh", "-c", "readlink /proc/[0-9]*/ns/net | sort -u").stdout.split())
    done = command(GATEHOUSE, "demo", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").stat().st_size > 10000
    assert (tmp_path / "out" / "report.json").exists()
    check_ledger(tmp_path / "out", done.stdout)
    after = set(command("sh", "-c", "readlink /proc/[0-9]*/ns/net | sort -u").stdout.split())
    assert after <= namespaces


def test_binary_is_where_the_readme_says():
    assert (BUILD / "gatehouse").exists()
