"""`gatehouse fix --kind harden` on a played VMS: its file with the log-in switched on where the owner has an account, its API, and the way back."""
import json

import pytest

from conftest import GATEHOUSE, SOURCE
from fixing import Site, homes

VMS = "10.20.0.52"


class Place:
    """One played VMS, with its files and the owner's account."""

    def __init__(self, folder, transcript, password, config=None):
        self.folder = folder
        (folder / "lab.yaml").write_text(f"lan: 10.20.0.0/24\nadmin: 10.20.0.2\ntranscripts: {SOURCE}/test/transcript\ndevices:\n"
                                         f"  - {{name: vms, transcript: {transcript}, ip: {VMS}}}\n")
        (folder / "password").write_text(password)
        (folder / "password").chmod(0o600)
        more = ""
        if config:
            self.file = folder / "config.yml"
            self.file.write_bytes((SOURCE / "test/config" / config).read_bytes())
            more = "config: [config.yml]\n"
        (folder / "owner.yaml").write_text(f"name: one\nscope: [10.20.0.0/26]\ndevices:\n  - {{address: {VMS}, name: vms, user: admin, "
                                           f"password_file: {folder}/password}}\n{more}")
        self.site = Site(folder, folder / "lab.yaml")

    def fix(self, *args):
        return self.site.run(*homes(self.folder), "GATEHOUSE_LEDGER=none", GATEHOUSE, "fix", *args, timeout=200)

    def harden(self, *args):
        return self.fix("--site", self.folder / "owner.yaml", "--store", self.folder / "store.db", "--output", self.folder / "out", "--kind",
                        "harden", *args)

    def apply(self):
        """The steps that were run, and the proof."""
        done = self.harden("--apply", "--yes", "--json")
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        proof = json.loads(done.stdout)
        return [s for s in proof["steps"] if s["phase"] != "by hand"], proof

    def settings(self):
        return json.loads(self.site.truth()["vms"]["documents"]["settings.json"])


@pytest.fixture(name="place")
def make_place(tmp_path):
    made = []
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)

    def make(*args):
        made.append(Place(tmp_path, *args))
        return made[-1]
    yield make
    for one in made:
        one.site.close()


def test_the_log_in_is_switched_on_where_the_owner_has_an_account(place):
    it = place("frigate/0.15.2", "every door 7 its own key", "frigate/open.yml")
    before = it.file.read_bytes()
    shown = it.harden("-q")
    assert "+  enabled: true" in shown.stdout and "canary" not in shown.stdout, shown.stdout
    assert it.file.read_bytes() == before
    steps, proof = it.apply()
    assert [s["phase"] for s in steps] == ["kept"], proof
    assert "default-credentials/vms-open" in steps[0]["rules"]
    text = it.file.read_text()
    assert "  enabled: true\n" in text and "reset_admin_password: false" in text and "failed_login_rate_limit" in text
    assert text.splitlines()[0] == before.decode().splitlines()[0] and text.count("\n") == before.count(b"\n") + 1
    assert (it.folder / f"config.yml.before-{proof['plan']}").read_bytes() == before
    rolled = it.fix("rollback", proof["plan"])
    assert it.file.read_bytes() == before, rolled.stdout + rolled.stderr


def test_no_log_in_is_switched_on_where_his_password_is_easy_to_guess(place):
    it = place("frigate/0.15.2", "password1", "frigate/open.yml")
    shown = it.harden("-q")
    assert "+  enabled: true" not in shown.stdout and "easy to guess" in " ".join(shown.stdout.split()), shown.stdout


def test_settings_of_nx_are_made_by_its_api_read_again_and_put_back(place):
    it = place("nxwitness/metavms-5.1.0.37133", "Copper-Lantern-58")
    wanted = {"auditTrailEnabled": True, "insecureDeprecatedAuthEnabled": False, "trafficEncryptionForced": True,
              "videoTrafficEncryptionForced": True, "upnpPortMappingEnabled": False}
    before = json.loads((SOURCE / "test/transcript/nxwitness/metavms-5.1.0.37133/settings.json").read_text())
    steps, proof = it.apply()
    assert [s["phase"] for s in steps] == ["kept"], proof
    assert set(steps[0]["rules"]) >= {"access-log/no-access-log", "vms-exposure/vms-plain", "upnp/vms-upnp-on"}
    assert it.settings() == {**before, **wanted}
    assert not [rule for rule in steps[0]["rules"] if rule in json.dumps(proof["open"])], proof["open"]
    rolled = it.fix("rollback", proof["plan"])
    assert rolled.returncode == 0, rolled.stdout + rolled.stderr
    assert it.settings() == before
