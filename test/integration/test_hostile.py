"""Broken, rude and hostile devices: the run ends, says what it could not know, and harms nobody."""
import pytest

from conftest import in_lab

SECONDS = 150


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The hostile site, assessed once; a hang is a failure."""
    return in_lab("hostile.yaml", tmp_path_factory.mktemp("hostile"), "--scope", "10.20.0.0/24", timeout=SECONDS)


def stats_of(run, name):
    return next(device for device in run.stats["devices"] if device["name"] == name)


def facts_of(run, address):
    return {fact["name"]: fact["value"] for fact in run.device(address)["facts"]}


def test_run_goes_on_to_its_end(hostile):
    assert hostile.status == 1, hostile.err[-2000:]
    assert not hostile.report["partial"]
    assert len(hostile.report["devices"]) >= 24


@pytest.mark.parametrize("name", ["canary-out", "canary-claimed", "canary-public"])
def test_nobody_goes_where_a_device_points_to(hostile, name):
    canary = stats_of(hostile, name)
    assert canary["connections"] == 0 and canary["requests"] == 0


@pytest.mark.parametrize("address", ["10.20.0.50", "10.20.0.51", "10.20.0.52", "10.20.0.53", "10.20.0.55", "10.20.0.56", "10.20.0.59", "10.20.0.64", "10.20.0.78"])
def test_trouble_is_said_with_its_reason(hostile, address):
    trouble = hostile.device(address)["trouble"]
    assert trouble
    assert "port" in trouble or "gave up" in trouble


def test_device_that_changes_its_identity_is_told(hostile):
    trouble = hostile.device("10.20.0.65")["trouble"]
    assert trouble and "differently" in trouble


def test_a_door_that_any_password_opens_is_no_factory_password(hostile):
    facts = facts_of(hostile, "10.20.0.69")
    assert "login.any" in facts
    assert "login.factory" not in facts
    assert "10.20.0.69" in hostile.places("default-credentials/any-password")


def test_no_device_is_locked_out(hostile):
    for device in hostile.stats["devices"]:
        assert device["lockouts"] == 0, device
        assert device["logins"] <= 2, device
    assert stats_of(hostile, "locks-at-second")["logins"] == 1


def test_sessions_that_any_password_opens_are_all_ended(hostile):
    assert "login.any" in facts_of(hostile, "10.20.0.77")
    assert stats_of(hostile, "any-session")["logouts"] == 2


@pytest.mark.parametrize("name", ["always-stale", "lies-of-tries"])
def test_a_challenge_that_never_ends_gets_one_password(hostile, name):
    assert stats_of(hostile, name)["logins"] == 1


def test_only_correct_discovery_packets_are_sent(hostile):
    for device in hostile.stats["devices"]:
        assert device["sadp_others"] == 0 and device["dhip_others"] == 0, device


def test_well_behaved_neighbour_is_judged_all_the_same(hostile):
    assert hostile.device("10.20.0.74")["model"] == "DS-2CD2032-I"
    assert "10.20.0.74" in hostile.places("default-credentials/factory-password")


def test_spoofed_addresses_are_never_in_scope(hostile):
    for device in hostile.report["devices"]:
        if any(address.startswith("10.99.") for address in device["addresses"]):
            assert not device["in_scope"]
            assert device["ports"] == []


def test_no_pass_rests_on_a_device_that_did_not_answer(hostile):
    """The tarpit let nobody in and told nothing: it can't have passed anything about logins."""
    facts = facts_of(hostile, "10.20.0.50")
    assert "login.refused" not in facts and "login.rtsp-asked" not in facts
