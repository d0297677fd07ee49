"""gatehouse fix --apply beside Debian's real ZoneMinder, which records by digest from the camera whose password is changed."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

from conftest import GATEHOUSE, SOURCE
from fixing import Site, until
from network import COUNTERPARTS
from test_zoneminder import ZoneMinder, pytestmark  # noqa: F401 (the same conditions)

VMS, CAMERA, FIRST = "10.20.0.2", "10.20.0.11", "12345"
LAB_SITE = """lan: 10.20.0.0/24
admin: {vms}
transcripts: {source}/test/transcript
devices:
  - {{name: gate, transcript: hikvision/DS-2CD2032-I-V5.2.5, ip: {camera}}}
"""
OWNER = """name: Recording
scope: [10.20.0.0/27]
devices:
  - {{address: {camera}, name: gate, user: admin, password_file: {folder}/camera}}
  - {{address: {vms}, name: zm, user: admin, password_file: {folder}/password}}
consumers:
  - {{kind: zoneminder, address: '{vms}:80', user: admin, password_file: {folder}/password}}
"""


class Recording:
    """The played camera, ZoneMinder on the machine that Gatehouse runs on, and the owner's site file."""

    def __init__(self, folder, state):
        self.folder, self.state = folder, state
        words = {"source": SOURCE, "vms": VMS, "camera": CAMERA, "folder": folder}
        (folder / "lab.yaml").write_text(LAB_SITE.format(**words))
        self.site = Site(folder, folder / "lab.yaml")
        self.zm = ZoneMinder(None, state)
        with open(folder / "zoneminder.log", "wb") as log:
            # In a process namespace of its own: all of it ends with its first process.
            self.running = self.site.start(
                "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", COUNTERPARTS / "zoneminder.sh", state,
                f"rtsp://admin:{FIRST}@{CAMERA}:554/Streaming/Channels/101", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        assert until(self.records, 90), (folder / "zoneminder.log").read_text()
        self.zm.switch_login(True)
        self.zm.owner(folder, "admin")
        (folder / "camera").write_text(FIRST)
        (folder / "camera").chmod(0o600)
        (folder / "owner.yaml").write_text(OWNER.format(**words))

    def records(self, number=2):
        """Whether so many monitors deliver pictures at the moment."""
        try:
            return self.zm.sql("select count(*) from Monitor_Status where Status='Connected' and CaptureFPS>0") == str(number)
        except AssertionError:  # its database is about to start
            return False

    def frames(self):
        """What ZoneMinder has recorded so far, by its own count."""
        return int(self.zm.sql("select coalesce(sum(Frames), 0) from Events"))

    def passwords(self):
        """Those in the addresses of its monitors."""
        return [re.search(r"rtsp://admin:(.*)@", path).group(1) for path in self.zm.sql("select Path from Monitors order by Id").split()]

    def camera(self):
        """The password that opens the camera."""
        return self.site.passwords("gate", "admin")

    def hide(self, yes):
        """Takes the camera's stream away from ZoneMinder alone, which runs as another user than Gatehouse."""
        table = "add table inet hide; add chain inet hide out { type filter hook output priority 0; };" \
                f"add rule inet hide out meta skuid www-data ip daddr {CAMERA} drop"
        done = self.site.run("nft", table if yes else "delete table inet hide")
        assert done.returncode == 0, done.stderr

    def fix(self, *args, own=True):
        homes = [f"XDG_{name}_HOME={self.folder}/{name.lower()}" for name in ("STATE", "CONFIG", "DATA")]
        more = ["--site", self.folder / "owner.yaml", "--store", self.folder / "store.db", "--output", self.folder / "out"] if own else []
        return self.site.run("env", *homes, "GATEHOUSE_LEDGER=none", GATEHOUSE, "fix", *args, *more, timeout=280)

    def apply(self, *args):
        """The steps of a plan that was run, and how it ended."""
        done = self.fix("--apply", "--yes", "--json", *args)
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        return json.loads(done.stdout)["steps"], done

    def close(self):
        self.running.kill()
        self.running.wait()
        self.site.close()


@pytest.fixture(scope="module", name="it")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fix-zoneminder")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as state:
        pathlib.Path(state).chmod(0o755)
        for path in (folder, *folder.parents[:2]):
            os.chmod(path, 0o755)
        made = Recording(folder, state)
        try:
            yield made
        finally:
            made.close()


def the(steps, kind):
    return next(step for step in steps if step["kind"] == kind and step["phase"] != "by hand")


def test_the_printed_secret_is_replaced_and_taken_back(it):
    before = it.zm.setting("AUTH_HASH_SECRET")
    steps, done = it.apply("--kind", "harden", "--confirm-within", "5m")
    assert the(steps, "harden")["phase"] == "kept", done.stderr
    after = it.zm.setting("AUTH_HASH_SECRET")
    assert len(after) >= 40 and after != before
    assert after not in done.stdout + done.stderr
    rolled = it.fix("rollback", own=False)
    assert rolled.returncode == 0, rolled.stdout + rolled.stderr
    assert it.zm.setting("AUTH_HASH_SECRET") == before


@pytest.mark.parametrize("hash_logins", [0, 1])
def test_both_settings_are_made_and_put_back_also_where_a_change_of_them_ends_the_log_in(it, hash_logins):
    printed = "...Change me to something unique..."
    it.zm.set("AUTH_HASH_LOGINS", hash_logins)
    it.zm.set("AUTH_RELAY", "plain")
    it.zm.set("AUTH_HASH_SECRET", printed)
    steps, done = it.apply("--kind", "harden", "--confirm-within", "5m")
    step = the(steps, "harden")
    assert step["phase"] == "kept", done.stdout + done.stderr
    assert it.zm.setting("AUTH_RELAY") == "hashed" and it.zm.setting("AUTH_HASH_SECRET") != printed
    rolled = it.fix("rollback", own=False)
    assert rolled.returncode == 0, rolled.stdout + rolled.stderr
    assert (it.zm.setting("AUTH_RELAY"), it.zm.setting("AUTH_HASH_SECRET")) == ("plain", printed)
    it.zm.set("AUTH_HASH_LOGINS", 0)
    it.zm.set("AUTH_RELAY", "hashed")


def test_monitors_get_the_new_password_and_record_again(it):
    steps, done = it.apply("--kind", "rotate", "--confirm-within", "5m")
    assert the(steps, "rotate")["phase"] == "kept", done.stdout + done.stderr
    new = it.camera()
    assert len(new) == 1 and new[0] != FIRST
    assert it.passwords() == new * 2
    assert new[0] not in done.stdout + done.stderr
    assert 0 < the(steps, "rotate")["gap_ms"] < 30000
    assert it.records()
    frames = it.frames()
    assert until(lambda: it.frames() > frames, 30)


def test_rollback_gives_camera_and_monitors_the_old_one_again(it):
    rolled = it.fix("rollback", own=False)
    assert rolled.returncode == 0, rolled.stdout + rolled.stderr
    assert it.camera() == [FIRST] and it.passwords() == [FIRST] * 2
    frames = it.frames()
    assert until(lambda: it.frames() > frames, 30)
    assert it.site.truth()["gate"]["lockouts"] == 0


def test_a_monitor_that_never_comes_back_takes_the_new_password_back_on_both_sides(it):
    it.hide(True)
    assert until(lambda: it.records(0), 60)
    steps, done = it.apply("--kind", "rotate", "--confirm-within", "5m")
    step = the(steps, "rotate")
    assert step["phase"] == "undone" and "does not record again" in step["why"], done.stdout + done.stderr
    assert any("though it has its password of before" in line for line in step["remarks"]), step
    assert it.camera() == [FIRST] and it.passwords() == [FIRST] * 2
    assert it.site.truth()["gate"]["lockouts"] == 0
    it.hide(False)
    assert until(it.records, 90)
