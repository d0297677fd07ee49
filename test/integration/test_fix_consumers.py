"""`gatehouse fix --apply` where Frigate, go2rtc and Home Assistant use the camera: their files get the new password, and a failure takes both back."""
import contextlib
import json
import os
import re
import subprocess
import tempfile
import pathlib

import pytest

from conftest import GATEHOUSE, SOURCE
from fixing import Site, homes

STAND_IN = SOURCE / "test/integration/counterparts/vms_files.py"
CAMERA, FIRST, HERE = "10.20.0.11", "12345", "10.20.0.2"
LAB = """lan: 10.20.0.0/24
admin: {here}
transcripts: {source}/test/transcript
devices:
  - {{name: gate, transcript: hikvision/DS-2CD2032-I-V5.2.5, ip: {camera}}}
"""
STREAM = f"rtsp://admin:{{}}@{CAMERA}:554/Streaming/Channels/101"
#: With what hand-written files have: comments, odd blanks, an order of their own, another camera, Windows line ends.
FILES = {
    "frigate.yml": f"""# written by hand; 12345 in a comment stays
mqtt: {{enabled: false}}

cameras:
  gate:   # the gate
    ffmpeg:
      inputs:
        - path:   "{STREAM}"   # main
          roles: [record,   detect]
    onvif: {{host: {CAMERA}, port: 80, user: admin, password: '{{}}'}}
detect: {{width: 12345}}
""",
    "go2rtc.yaml": f"""api:\r
  listen: ":1984"\r
streams:\r
  gate: {STREAM} # one\r
  yard:\r
    - rtsp://admin:12345@10.20.0.99:554/1\r
""",
    "configuration.yaml": f"""camera:
  - platform: generic
    name: Gate
    stream_source: {STREAM}
    username:  admin
    password: "{{}}"
""",
}


def filled(name, password):
    """A file as it is with this password."""
    return re.sub(r"\{\}", lambda _: password, FILES[name].replace("{{", "\0").replace("}}", "\1")).replace("\0", "{").replace("\1", "}")


class Place:
    """The played camera, the stand-ins that play its stream, and the owner's site file."""

    def __init__(self, folder, *stand_in, last="true"):
        self.folder = folder
        words = {"here": HERE, "source": SOURCE, "camera": CAMERA}
        (folder / "lab.yaml").write_text(LAB.format(**words))
        for name in FILES:
            (folder / name).write_bytes(filled(name, FIRST).encode())
            (folder / name).chmod(0o640)
        reload = "curl -sf http://{}:{}/reload"
        (folder / "owner.yaml").write_text(
            f"name: Files\nscope: [10.20.0.0/27]\ndevices:\n  - {{address: {CAMERA}, name: gate}}\nconsumers:\n"
            f"  - {{kind: frigate, file: frigate.yml, address: '{HERE}:5000', reload: '{reload.format(HERE, 5000)}'}}\n"
            f"  - {{kind: go2rtc, file: go2rtc.yaml, address: '{HERE}:1984', reload: '{reload.format(HERE, 1984)}'}}\n"
            f"  - {{kind: homeassistant, file: configuration.yaml, reload: '{last}'}}\n")
        self.site = Site(folder, folder / "lab.yaml")
        self.running = [self.start(5000, "frigate.yml"), self.start(1984, "go2rtc.yaml", *stand_in)]

    def start(self, port, name, *more):
        log = open(self.folder / f"{name}.log", "wb")  # pylint: disable=consider-using-with
        child = self.site.start("/usr/bin/python3", STAND_IN, HERE, port, self.folder / name, *more, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log)
        log.close()
        return child

    def fix(self, *args):
        return self.site.run(*homes(self.folder), "GATEHOUSE_LEDGER=none", GATEHOUSE, "fix", *args, timeout=280)

    def apply(self, *args):
        """The rotation's step, and how it ended."""
        done = self.fix("--site", self.folder / "owner.yaml", "--store", self.folder / "store.db", "--output", self.folder / "out", "--kind",
                        "rotate", "--apply", "--yes", "--json", *args)
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        steps = [s for s in json.loads(done.stdout)["steps"] if s["kind"] == "rotate" and s["phase"] != "by hand"]
        assert len(steps) == 1, done.stdout + done.stderr
        return steps[0], done

    def asked(self, name):
        return (self.folder / f"{name}.log").read_text().split()

    def passwords(self):
        return self.site.passwords("gate", "admin")

    def have(self, password):
        """Whether every file is, byte for byte, as it was but for this password."""
        return {name: (self.folder / name).read_bytes() == filled(name, password).encode() for name in FILES}

    def backups(self):
        return {p.name.partition(".gatehouse-")[0]: p for p in self.folder.iterdir() if ".gatehouse-" in p.name}

    def close(self):
        for child in self.running:
            child.kill()
            child.wait()
        self.site.close()


@contextlib.contextmanager
def place(*stand_in, **more):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        made = Place(folder, *stand_in, **more)
        try:
            yield made
        finally:
            made.close()


ALL = dict.fromkeys(FILES, True)


def test_the_files_get_the_new_password_and_nothing_else_changes():
    with place() as it:
        step, done = it.apply()
        assert step["phase"] == "kept", done.stdout + done.stderr
        new = it.passwords()[0]
        assert new != FIRST and it.have(new) == ALL
        assert new not in done.stdout + done.stderr
        assert step["consumers"] == ["Frigate (frigate.yml): line 8, line 10", "go2rtc (go2rtc.yaml): line 4",
                                     "Home Assistant (configuration.yaml): line 4, line 6"]
        for name in FILES:
            backup = it.backups()[name]
            assert backup.read_bytes() == filled(name, FIRST).encode() and backup.stat().st_mode & 0o777 == 0o600
            assert (it.folder / name).stat().st_mode & 0o777 == 0o640
        # Each was told, and then asked whether the camera's stream comes.
        assert it.asked("frigate.yml").index("/reload") < it.asked("frigate.yml").index("/api/stats")
        assert "/api/frame.jpeg?src=gate" in it.asked("go2rtc.yaml")
        rolled = it.fix("rollback", json.loads(done.stdout)["plan"])
        assert rolled.returncode == 0, rolled.stdout + rolled.stderr
        assert it.passwords() == [FIRST] and it.have(FIRST) == ALL


def test_one_that_can_not_be_restarted_takes_the_rotation_back_on_both_sides():
    with place(last="false") as it:
        step, done = it.apply()
        assert step["phase"] == "undone" and "failed with status 1" in step["why"], done.stdout + done.stderr
        assert any("restart it by hand" in line for line in step["remarks"]), step
        assert it.passwords()[0] == FIRST and it.have(FIRST) == ALL


def test_a_stream_that_does_not_come_again_at_the_vms_takes_the_rotation_back():
    with place("deaf") as it:
        step, done = it.apply()
        assert step["phase"] == "undone" and "does not record again" in step["why"], done.stdout + done.stderr
        assert it.passwords()[0] == FIRST and it.have(FIRST) == ALL
        assert it.site.truth()["gate"]["lockouts"] == 0


@pytest.mark.parametrize("harm, words", [("cameras: [", "not well-formed"), ("a: rtsp://admin:{FRIGATE_X}@10.20.0.11/1\n", "a variable")])
def test_nothing_is_planned_where_one_of_them_can_not_be_told(harm, words):
    with place() as it:
        (it.folder / "go2rtc.yaml").write_text(harm)
        args = ["--site", it.folder / "owner.yaml", "--store", it.folder / "store.db", "--output", it.folder / "out", "--kind", "rotate"]
        it.fix(*args, "--plan-out", it.folder / "plan.json")
        assert words in (it.folder / "plan.json").read_text()
        it.fix(*args, "--apply", "--yes")
        assert it.passwords() == [FIRST] and not it.backups()
