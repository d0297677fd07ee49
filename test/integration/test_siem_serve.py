"""The forwarder as a process of gatehouse serve: started where siem.yaml is, never in anybody's way."""
import json
import os
import shutil
import signal

import pytest

from gateway import MODULE, Gateway, PlayedVms
from siem_rig import indexes, until

pytestmark = pytest.mark.skipif(not MODULE.exists() or shutil.which("nginx", path="/usr/sbin:/usr/bin") is None,
                                reason="needs nginx and its module")


@pytest.fixture(name="gateway")
def fixture_gateway(tmp_path):
    with PlayedVms() as vms, Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}") as made:
        yield made


def set_up(gateway, text="destinations:\n  - {name: f, type: file, path: out/events.log, format: rfc5424, flush_seconds: 1}\n"):
    (gateway.folder / "out").mkdir(exist_ok=True)
    (gateway.folder / "siem.yaml").write_text(text)


def arrived(gateway):
    path = gateway.folder / "out" / "events.log"
    return indexes(path.read_bytes().splitlines()) if path.exists() else []


def state(gateway):
    done = gateway.run("status", "--json")
    return done.returncode, json.loads(done.stdout)


def has_sent_all(gateway):
    code, told = state(gateway)
    return code == 0 and told["siem"]["destinations"][0]["lag"]["records"] == 0


def test_events_of_the_gateway_arrive_and_its_status_says_so(gateway):
    set_up(gateway)
    gateway.serve()
    until(lambda: len(arrived(gateway)) >= 1)
    until(lambda: has_sent_all(gateway), 20, 0.3)
    _, all_of_it = state(gateway)
    assert all_of_it["gateway"]["process"] == gateway.process.pid
    since, killed = len(gateway.said), gateway.children()["siem"]
    os.kill(killed, signal.SIGKILL)
    gateway.wait_for("forwarder is there again", since)
    assert gateway.run("user", "add", "anna").returncode == 0
    until(lambda: len(arrived(gateway)) >= state(gateway)[1]["siem"]["entries"])
    assert arrived(gateway) == list(range(len(arrived(gateway))))
    assert gateway.end() == 0


def test_bad_siem_yaml_keeps_nobody_out_and_is_taken_when_it_is_mended(gateway):
    set_up(gateway, "destinations:\n  - name: x\n    type: smtp\n")
    gateway.serve()
    gateway.wait_for('siem.yaml:3: destinations[0].type: "smtp" is not')
    assert gateway.fetch("/gatehouse/login")[0] == 200
    code, all_of_it = state(gateway)
    assert code == 1 and "smtp" in all_of_it["siem"]["trouble"]
    set_up(gateway)
    until(lambda: len(arrived(gateway)) >= 1, 40)
    since = len(gateway.said)
    os.kill(gateway.process.pid, signal.SIGHUP)
    gateway.wait_for("the settings of now are taken", since)
    gateway.wait_for("forwarder is there again", since)
