"""Port mappings at a real miniupnpd: deleted, watched, made again; a router in secure mode refuses."""
import json
import shutil
import subprocess

import pytest

from conftest import GATEHOUSE, LAB, SOURCE

STEP = GATEHOUSE.parent / "test" / "remedy-step"
DETAIL = {"router": "10.20.0.1", "control_port": 5000, "control": "/ctl/IPConn", "service": "urn:schemas-upnp-org:service:WANIPConnection:1",
          "protocol": "TCP", "outside_port": 18000, "inside": "10.20.0.11", "inside_port": 8000, "description": "camport", "remote": "", "lease": 0, "on": True}

pytestmark = pytest.mark.skipif(shutil.which("miniupnpd", path="/usr/sbin:/sbin") is None, reason="needs miniupnpd")


def site(folder, trusting):
    """A site of one camera and a router that holds a mapping to it."""
    path = folder / "site.yaml"
    path.write_text(f"""lan: 10.20.0.0/24
admin: 10.20.0.2
transcripts: {SOURCE}/test/transcript
router:
  ip: 10.20.0.1
  mac: "c8:0e:14:20:00:01"
  trusting: {"yes" if trusting else "no"}
  mappings:
    - {{device: gate, name: camport, port: 8000, external: 18000}}
devices:
  - {{name: gate, transcript: hikvision/DS-2CD2032-I-V5.2.5, ip: 10.20.0.11}}
""")
    return path


def run(folder, trusting, *functions, **other):
    done = subprocess.run([str(a) for a in (LAB, "--site", site(folder, trusting), "--", STEP, "mapping", "10.20.0.1", *functions)],
                          input=json.dumps({**DETAIL, **other}), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_deletes_a_mapping_and_makes_it_again(tmp_path):
    take, apply, prove, undo, again, take2 = run(tmp_path, True, "take", "apply", "prove", "undo", "undo", "take")
    assert [line["result"] for line in (take, apply, prove)] == ["done"] * 3, (take, apply, prove)
    assert [line["result"] for line in (undo, again, take2)] == ["done"] * 3, (undo, again, take2)


def test_a_router_in_secure_mode_refuses_and_the_way_out_is_said(tmp_path):
    take, apply = run(tmp_path, False, "take", "apply")
    assert take["result"] == "done"
    assert apply["result"] == "refused by the device"
    assert "606" in apply["why"] and "secure mode" in apply["why"]


def test_leaves_a_port_that_leads_elsewhere(tmp_path):
    take, = run(tmp_path, True, "take", inside="10.20.0.12")
    assert take["result"] == "not as planned any more"
    assert "10.20.0.11" in take["why"]
