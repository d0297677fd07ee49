"""Servers that have nothing to do with cameras: none is named or judged as one, and none is asked for a log-in."""
import re

import pytest

from conftest import SOURCE, in_lab

ROWS = re.findall(r"name: ([\w-]+), transcript: innocent/[\w-]+, ip: ([\d.]+)", (SOURCE / "lab/innocent.yaml").read_text())
#: What some of them really are; the others are of no matter.
KINDS = {"synology": "nas", "qnap": "nas", "fritzbox": "router", "openwrt": "router", "mikrotik": "router", "printer-brother": "printer"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """All of them, assessed once."""
    return in_lab("innocent.yaml", tmp_path_factory.mktemp("innocent"), "--scope", "10.40.0.0/24")


def test_every_folder_of_the_corpus_is_played():
    assert {path.name for path in (SOURCE / "test/transcript/innocent").iterdir()} == {name for name, _ in ROWS}


@pytest.mark.parametrize("name, address", ROWS)
def test_is_no_camera_recorder_or_vms(site, name, address):
    device = site.device(address)
    assert device["kind"] not in ("camera", "recorder", "encoder", "door station", "vms"), (device["driver"], device["title"])
    if name in KINDS:
        assert device["kind"] == KINDS[name]


def test_nobody_fails_and_nobody_is_asked_for_a_login(site):
    failed = [(f["id"], p["address"]) for c in site.report["controls"] for f in c["findings"] if f["verdict"] == "FAIL" for p in f["places"]]
    assert not failed
    assert site.report["totals"]["logins"] == 0
    assert site.stats["totals"]["credentials_wrong"] == 0
