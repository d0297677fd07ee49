"""Sources of hosts beside the sweep: an Nmap report, LAN searches by request, SNMP by a real agent, further ports."""
import shutil

import pytest

from conftest import GATEHOUSE, SOURCE, command
from network import COUNTERPARTS, Network, needs_namespaces

pytestmark = needs_namespaces
CORPUS = SOURCE / "test/fuzz/corpus"
SECRET = "unusual-community-7"


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A Xiongmai board, a PPPP camera, a web server at an odd port, an SNMP agent."""
    folder = tmp_path_factory.mktemp("search")
    net = Network(folder)
    try:
        net.host("me", "192.168.51.99/24")
        net.host("xm", "192.168.51.10/24")
        net.host("pppp", "192.168.51.11/24")
        net.host("web", "192.168.51.12/24")
        net.host("agent", "192.168.51.13/24")
        net.host("beyond", "192.168.51.200/24")
        board = folder / "board"  # the address that it states is its own
        board.write_bytes((CORPUS / "xiongmai/camera").read_bytes().replace(b"0x0A01A8C0", b"0x0A33A8C0"))
        net.xm = net.start("xm", "/usr/bin/python3", COUNTERPARTS / "search_answerer.py", "192.168.51.10", "xiongmai", board, port=80)
        net.pppp = net.start("pppp", "/usr/bin/python3", COUNTERPARTS / "search_answerer.py", "192.168.51.11", "pppp", CORPUS / "pppp/camera",
                             port=80)
        for host in ("web", "beyond"):
            net.start(host, "/usr/bin/python3", "-m", "http.server", "5011", port=5011, cwd=folder)
        yield net
    finally:
        net.close()


@pytest.fixture(scope="module")
def swept(net):
    """The site, with nothing asked for."""
    run = net.assess("me", net.folder / "swept", "--scope", "192.168.51.0/25")
    run.heard = net.xm.read_text() + net.pppp.read_text()
    return run


@pytest.fixture(scope="module")
def searched(net, swept):
    """The site, with both searches."""
    return net.assess("me", net.folder / "searched", "--scope", "192.168.51.0/25", "--search", "xiongmai", "--search", "pppp")


def test_asks_no_lan_search_unless_named(swept):
    assert swept.status in (0, 1), swept.err
    assert "got" not in swept.heard


def test_finds_what_the_named_searches_find(searched):
    run = searched
    assert run.status == 1, run.err
    board = run.device("192.168.51.10")
    assert board["vendor"] == "Xiongmai"
    assert board["serial"] == "a1b2c3d4e5f60718"
    assert board["version"].startswith("V4.02.R11")
    assert "192.168.51.11" in run.places("vendor-cloud/cloud-on")
    for name in ("report.json", "report.html", "report.csv"):
        assert "ABCDE" not in (run.folder / name).read_text(), "the check letters of a UID are in a report"


def test_the_questions_are_the_shortest_ones(net, searched):
    assert searched.status == 1
    asked = {line for log in (net.xm, net.pppp) for line in log.read_text().split("\n") if line.startswith("got")}
    answer = (net.folder / "board").read_bytes().hex()
    assert asked - {f"got xiongmai {answer}"} == {"got xiongmai ff00000000000000000000000000fa0500000000", "got pppp f1300000"}


def test_an_unknown_search_is_refused_by_name():
    done = command(GATEHOUSE, "assess", "--scope", "192.168.51.0/25", "--search", "sonar")
    assert done.returncode == 64 and "sonar" in done.stderr and "pppp" in done.stderr


def test_asks_a_port_that_the_owner_adds(net, tmp_path):
    before = net.assess("me", tmp_path / "before", "--scope", "192.168.51.12")
    after = net.assess("me", tmp_path / "after", "--scope", "192.168.51.12", "--port", "5011")
    assert before.status in (0, 1) and after.status in (0, 1), after.err
    assert 5011 not in [port["number"] for d in before.report["devices"] for port in d["ports"]]
    assert 5011 in [port["number"] for port in after.device("192.168.51.12")["ports"]]


@pytest.mark.skipif(shutil.which("nmap") is None, reason="needs nmap")
def test_takes_the_hosts_of_a_real_nmap_report_and_sweeps_nothing(net, swept, tmp_path):
    report = tmp_path / "scan.xml"
    net.run("me", "nmap", "-n", "-sT", "-p", "80,5011", "-oX", report, "192.168.51.10-13", "192.168.51.200")
    run = net.assess("me", tmp_path / "out", "--scope", "192.168.51.0/25", "--from-nmap", report)
    assert run.status in (0, 1), run.err
    assert [port["number"] for port in run.device("192.168.51.12")["ports"]] == [5011]
    assert run.device("192.168.51.12")["mac"], "the MAC of the report is taken"
    assert not any("192.168.51.200" in d["addresses"] for d in run.report["devices"]), "outside the scope"
    assert "1 more outside the scope" in run.err
    assert run.report["totals"]["packets"] < swept.report["totals"]["packets"] / 2


@pytest.mark.parametrize("name, part", [("cut", "nmap --resume"), ("other-root", "nmap -oX")])
def test_a_bad_report_is_refused_with_the_way_out(name, part):
    done = command(GATEHOUSE, "assess", "--scope", "192.168.51.0/25", "--from-nmap", CORPUS / "given" / name)
    assert done.returncode == 64 and part in done.stderr and name in done.stderr


@pytest.mark.skipif(shutil.which("snmpd") is None, reason="needs snmpd")
def test_reads_sysdescr_with_the_owners_community_and_shows_it_nowhere(net, tmp_path):
    conf = tmp_path / "snmpd.conf"
    conf.write_text(f"agentaddress udp:192.168.51.13:161\nrocommunity {SECRET}\nsysdescr ; AXIS P3245-LV; Network Camera; 10.12.91; Oct 12 2022 09:04; 7DC; 1;\n"
                    "sysname axis-test\n")
    net.start("agent", "snmpd", "-f", "-Lo", "-C", "-c", conf, "-p", tmp_path / "snmpd.pid")
    net.start("agent", "/usr/bin/python3", "-m", "http.server", "80", port=80, cwd=net.folder)
    (tmp_path / "community").write_text(SECRET + "\n")
    (tmp_path / "community").chmod(0o600)
    site = tmp_path / "site.yaml"
    site.write_text("name: s\nscope:\n  - 192.168.51.13\nsnmp:\n  community_file: community\n")
    run = net.assess("me", tmp_path / "out", "--site", site)
    assert run.status in (0, 1), run.err
    device = run.device("192.168.51.13")
    assert (device["vendor"], device["model"], device["version"]) == ("Axis", "P3245-LV", "10.12.91")
    for file in list((tmp_path / "out").iterdir()) + [net.folder / "store.db"]:
        assert SECRET.encode() not in file.read_bytes(), f"the community is in {file.name}"
    assert SECRET not in run.out + run.err


def test_a_community_that_others_may_read_is_refused(tmp_path):
    (tmp_path / "community").write_text("c\n")
    (tmp_path / "community").chmod(0o644)
    site = tmp_path / "site.yaml"
    site.write_text("name: s\nscope:\n  - 192.168.51.13\nsnmp:\n  community_file: community\n")
    done = command(GATEHOUSE, "assess", "--site", site)
    assert done.returncode == 64 and "snmp.community_file" in done.stderr and "chmod 600" in done.stderr
