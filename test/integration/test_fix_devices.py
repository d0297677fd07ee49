"""`gatehouse fix` at small sites of a few devices: what only one maker's devices need, from the plan to the proof."""
import json

import pytest

from conftest import GATEHOUSE, SOURCE
from fixing import Site, homes


class Small:
    """A site of these (name, transcript, more of its row), whose owner knows all passwords."""

    def __init__(self, folder, devices, more=""):
        self.folder = folder
        (folder / "secrets").mkdir()
        lab = ["lan: 10.20.0.0/24", "admin: 10.20.0.2", f"transcripts: {SOURCE}/test/transcript", f"secrets: {folder}/secrets", "devices:"]
        owner = ["name: Small", "authorised:", "  date: 2026-11-22", "  by: the lab itself", "scope:", "  - 10.20.0.0/24", "devices:"]
        for i, (name, transcript, row) in enumerate(devices):
            lab.append(f"  - {{name: {name}, transcript: {transcript}, ip: 10.20.0.{11 + i}{row}}}")
            owner.append(f"  - {{address: 10.20.0.{11 + i}, name: {name}, user: admin, password_file: secrets/{name}}}")
        (folder / "lab.yaml").write_text("\n".join(lab) + "\n")
        self.owner = "\n".join(owner) + "\n"
        self.configure(more)
        self.site = Site(folder, folder / "lab.yaml")

    def configure(self, more):
        """What else the owner's site file says."""
        (self.folder / "site.yaml").write_text(self.owner + more)

    def fix(self, name, *args):
        """What the run proved and said."""
        done = self.site.run(*homes(self.folder), GATEHOUSE, "fix", "--site", self.folder / "site.yaml", "--output", self.folder / name, *args,
                             timeout=400)
        proof = self.folder / name / "fix.json"
        return json.loads(proof.read_text()) if proof.exists() else {}, done.stdout + done.stderr


@pytest.fixture(name="small")
def fixture_small(tmp_path):
    sites = []

    def make(*devices):
        sites.append(Small(tmp_path, devices))
        return sites[-1]

    yield make
    for small in sites:
        small.site.close()


def test_dahua_that_speaks_rpc2_only_gets_a_password_of_its_own(small):
    shared = ', password: "Meadow-Lane-2031"'
    site = small(("kitchen", "dahua/IPC-A46-2.810-rpc2", shared), ("gate", "hikvision/DS-2CD2142FWD-I-V5.4.5", shared))
    before = site.site.passwords("kitchen", "admin")
    proof, said = site.fix("one", "--kind", "rotate", "--apply", "--yes")
    assert "steps" in proof, said
    steps = {step["title"]: step for step in proof["steps"] if step["kind"] == "rotate"}
    assert steps["kitchen"]["phase"] == "kept" and "why" not in steps["kitchen"], (steps["kitchen"], said)
    now = site.site.passwords("kitchen", "admin")
    assert now != before and len(now[0]) == 32  # as the device keeps it: its letters were never told
    # It is opened with what the keyring has; a second change on one day could not be proven within its lock-out.
    again, said = site.fix("two", "--kind", "rotate", "--device", "kitchen", "--apply", "--yes")
    assert [s["phase"] for s in again["steps"] if s["kind"] == "rotate"] == ["left"] and "another day" in said, said
    assert site.site.passwords("kitchen", "admin") == now
    assert site.site.truth()["kitchen"]["lockouts"] == 0


UPDATE = """import pathlib, socket, sys
console = pathlib.Path(sys.argv[2]).read_bytes().replace(b"1.36.33", b"1.36.37")
for name, text in ((b"/zm/api/host/getVersion.json?", b'{"version":"1.36.37","apiversion":"2.0"}'), (b"console.html", console)):
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(sys.argv[1])
        door.sendall(b"write zm " + name + b"\\n" + text)
        door.shutdown(socket.SHUT_WR)
        print(door.recv(100).decode())
"""


def test_vms_is_updated_by_the_owner_s_command_and_its_version_read_again(small, tmp_path):
    site = small(("zm", "zoneminder/1.36.33", ""))
    (tmp_path / "update.py").write_text(UPDATE)
    console = SOURCE / "test/transcript/zoneminder/1.36.33/console.html"
    proof, said = site.fix("by-hand", "--kind", "vms_update", "--apply", "--yes", "--now")
    assert not proof and "apt install --only-upgrade zoneminder" in " ".join(said.split()), said
    for name, argv, phase, why in (
            ("fails", "[/bin/sh, -c, 'echo E: dpkg was interrupted; exit 100']", "undone", "failed (status 100): E: dpkg was interrupted"),
            ("lies", "[/bin/true]", "undone", "the command ended well, but the version is still 1.36.33"),
            ("works", f"[/usr/bin/python3, {tmp_path}/update.py, {site.site.control}, {console}]", "kept", None)):
        site.configure(f"vms_update:\n  argv: {argv}\n  timeout: 30\n")
        proof, said = site.fix(name, "--kind", "vms_update", "--apply", "--yes", "--now")
        (step,) = [s for s in proof["steps"] if s["kind"] == "vms_update"]
        assert step["phase"] == phase and (why is None or why in step["why"]), (name, step, said)
    assert step["before"] == "1.36.33" and step["after"] == "1.36.37", step
