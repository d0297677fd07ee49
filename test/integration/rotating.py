"""A played site of many cameras, each with a password that its owner knows, whose passwords are changed again and again."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess

from conftest import GATEHOUSE, SOURCE
from fixing import Site, held, homes

TRANSCRIPTS = SOURCE / "test" / "transcript"

#: Transcript and account; the marked one ends its streams when the password changes.
CAMERAS = (
    ("hikvision/DS-2CD2142FWD-I-V5.4.5", "admin"),
    ("dahua/IPC-HDBW4433R-ZS-2.622", "admin"),
    ("hikvision/DS-2CD2043G0-I-V5.5.82", "admin"),
    ("axis/P3245-LV-11.11.73", "root"),
    ("reolink/RLC-810A-3.1.0.4417", "admin"),
    ("dropping/hikvision", "admin"),
)


def copy_transcripts(above):
    """All makers as they are, and one camera that ends its streams when its password changes."""
    above.mkdir()
    for maker in TRANSCRIPTS.iterdir():
        (above / maker.name).symlink_to(maker)
    (above / "dropping").mkdir()
    shutil.copytree(TRANSCRIPTS / "hikvision/DS-2CD2387G2-LU-V5.7.18", above / "dropping" / "hikvision")
    shutil.copy(TRANSCRIPTS / "hikvision/writing.yaml", above / "dropping")
    with open(above / "dropping/hikvision/device.yaml", "a", encoding="utf-8") as text:
        text.write("drops_streams: yes\n")


def write_site(folder, count, cameras=CAMERAS, is_fast=False):
    """lab.yaml and site.yaml of so many cameras; fast: the pace is the machine's, not the one that spares cameras."""
    (folder / "secrets").mkdir()
    copy_transcripts(folder / "transcripts")
    lab = ["lan: 10.20.0.0/24", "admin: 10.20.0.2", f"transcripts: {folder}/transcripts", f"secrets: {folder}/secrets", "router:",
           "  ip: 10.20.0.1", '  mac: "c8:0e:14:20:00:01"', "devices:"]
    site = ["name: Rotating", "authorised:", "  date: 2026-11-22", "  by: the lab itself", "scope:", "  - 10.20.0.0/24", "devices:"]
    for i in range(count):
        transcript, user = cameras[i % len(cameras)]
        name, ip = f"cam-{i}", f"10.20.0.{11 + i}"
        lab.append(f'  - {{name: {name}, transcript: {transcript}, ip: {ip}, mac: "02:00:5e:00:00:{i:02x}", serial: "ROT{i:06}", '
                   f'password: "First-Meadow-{i:03}"}}')
        site.append(f"  - {{address: {ip}, name: {name}, user: {user}, password_file: secrets/{name}}}")
    if is_fast:
        site.append("pace: {packets_per_second: 10000, per_host: 1000}")
    (folder / "lab.yaml").write_text("\n".join(lab) + "\n")
    (folder / "site.yaml").write_text("\n".join(site) + "\n")


class Rotating(Site):
    """Cameras with passwords that are changed, killed, resumed and taken back."""

    def __init__(self, folder, count, cameras=CAMERAS, is_fast=False):
        write_site(folder, count, cameras, is_fast)
        super().__init__(folder, folder / "lab.yaml")
        self.going = None

    def line(self, *args):
        """The words of gatehouse fix, with a store, plans and a vault of its own."""
        return [*homes(self.folder), GATEHOUSE, "fix", *args]

    def plan_line(self, *args):
        return self.line(*args, "--site", self.folder / "site.yaml", "--store", self.folder / "store.db", "--output", self.folder / "out",
                         "--ledger", "none", "--quiet")

    def fix(self, *args, timeout=300):
        """A part that takes site, scope and store from the plan."""
        return self.run(*self.line(*args), timeout=timeout)

    def plan(self, *args, timeout=300):
        """A plan, shown or applied."""
        return self.run(*self.plan_line(*args), timeout=timeout)

    def begin(self, *line):
        """Begins one in a group of processes of its own."""
        said = open(self.folder / "said", "a", encoding="utf-8")  # pylint: disable=consider-using-with
        self.going = self.start(*line, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
        return self.going

    def processes(self):
        """Every process of gatehouse fix at this site: the tool and its guardian, which has a session of its own."""
        mark, found = f"XDG_STATE_HOME={self.folder}/state".encode(), {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"gatehouse") and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = [word.decode() for word in words[1:] if word]
            except (OSError, IndexError):
                continue
        return found

    def kill_tool(self):
        """The tool alone: its guardian sees it. False: it has ended already."""
        is_alive = self.going is not None and self.going.poll() is None
        if is_alive:
            os.killpg(self.going.pid, signal.SIGKILL)
        return is_alive

    def kill_all(self):
        """Tool and guardian at once, and what they begin meanwhile."""
        if self.going is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.going.pid, signal.SIGKILL)
        while running := self.processes():
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def plans(self):
        """What gatehouse fix status --json says, the newest first."""
        return sorted(json.loads(self.fix("status", "--json").stdout), key=lambda row: row["made"], reverse=True)

    def whys(self):
        """What the journals say of steps that are stuck."""
        lines = [line for path in self.folder.glob("state/gatehouse/fix/*/journal.jsonl") for line in path.read_text().splitlines()]
        return [{k: row.get(k) for k in ("step", "why")} for row in map(json.loads, lines) if row.get("phase") == "stuck"]

    def standing(self):
        """For each camera whether the keyring has its real password: in-force, candidate or unknown."""
        rows = []
        for name, device in self.truth().items():
            for account in device["accounts"]:
                for way in ("web", "onvif"):
                    rows += [(name, account["user"], password, way) for password in account[way][:1]]
        states = held(self.folder, [(self.key(name), user, password) for name, user, password, _ in rows])
        assert len(states) == len(rows)
        return {(name, user, way): state for (name, user, _, way), state in zip(rows, states)}

    def key(self, name):
        return f"mac:02:00:5e:00:00:{int(name.split('-')[1]):02x}"
