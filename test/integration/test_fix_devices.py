"""`gatehouse fix` at small sites of a few devices: what only one maker's devices need, from the plan to the proof."""
import json

import pytest

from conftest import GATEHOUSE, SOURCE
from fixing import Site


class Small:
    """A site of these (name, transcript, more of its row), whose owner knows all passwords."""

    def __init__(self, folder, devices):
        self.folder = folder
        (folder / "secrets").mkdir()
        lab = ["lan: 10.20.0.0/24", "admin: 10.20.0.2", f"transcripts: {SOURCE}/test/transcript", f"secrets: {folder}/secrets", "devices:"]
        owner = ["name: Small", "authorised:", "  date: 2026-11-22", "  by: the lab itself", "scope:", "  - 10.20.0.0/24", "devices:"]
        for i, (name, transcript, more) in enumerate(devices):
            lab.append(f"  - {{name: {name}, transcript: {transcript}, ip: 10.20.0.{11 + i}{more}}}")
            owner.append(f"  - {{address: 10.20.0.{11 + i}, name: {name}, user: admin, password_file: secrets/{name}}}")
        (folder / "lab.yaml").write_text("\n".join(lab) + "\n")
        (folder / "site.yaml").write_text("\n".join(owner) + "\n")
        self.site = Site(folder, folder / "lab.yaml")

    def fix(self, name, *args):
        """What the run proved and said."""
        env = ["env", *(f"XDG_{kind}_HOME={self.folder}/{kind.lower()}" for kind in ("STATE", "DATA", "CONFIG"))]
        done = self.site.run(*env, GATEHOUSE, "fix", "--site", self.folder / "site.yaml", "--output", self.folder / name, *args, timeout=400)
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
    steps = {step["title"]: step for step in proof["steps"] if step["kind"] == "rotate"}
    assert steps["kitchen"]["phase"] == "kept" and "why" not in steps["kitchen"], (steps["kitchen"], said)
    now = site.site.passwords("kitchen", "admin")
    assert now != before and len(now[0]) == 32  # as the device keeps it: its letters were never told
    # Another change opens it with what the keyring has, and proves again that the old one fails.
    again, said = site.fix("two", "--kind", "rotate", "--device", "kitchen", "--apply", "--yes")
    assert [s["phase"] for s in again["steps"] if s["kind"] == "rotate"] == ["kept"], said
    assert site.site.passwords("kitchen", "admin") != now
    assert site.site.truth()["kitchen"]["lockouts"] == 0
