"""ONVIF servers that are not as the specification says: found, named and judged all the same."""
import pytest

from conftest import in_lab


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """The site of odd ONVIF servers, assessed once without any credentials."""
    return in_lab("onvif.yaml", tmp_path_factory.mktemp("onvif"), "--scope", "10.20.0.31", "--scope", "10.20.0.32")


def test_a_service_at_another_path_without_namespaces_is_read(servers):
    device = servers.device("10.20.0.31")
    assert (device["driver"], device["kind"]) == ("onvif", "camera")
    assert (device["vendor"], device["model"], device["version"], device["serial"]) == ("Bare", "NVT-1", "2.1.4", "BARE000077")


def test_what_answers_strangers_and_lives_in_1979_fails(servers):
    findings = servers.device("10.20.0.31")["findings"]
    assert "default-credentials/onvif-open" in findings
    assert "access-log/clock-wrong" in findings


def test_a_gsoap_server_is_one_too(servers):
    assert servers.device("10.20.0.32")["driver"] == "onvif"
