"""A played site whose devices can be changed: it stays up while programs come and go, and tells the truth about itself."""
import hashlib
import json
import re
import socket
import subprocess
import time

from conftest import BUILD, GATEHOUSE, LAB, SOURCE, Run, command

HOLDS = BUILD / "test" / "keyring-holds"


def dvrip_hash(password):
    """The 8 letters that stand for a password on Xiongmai devices (OpenIPC python-dvr)."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    digest = hashlib.md5(password.encode()).digest()
    return "".join(letters[(digest[i] + digest[i + 1]) % 62] for i in range(0, 16, 2))


class Site:
    """The site lab/SITE in its namespaces, from start() to close()."""

    def __init__(self, folder, site="fix.yaml", devices=0):
        self.folder = folder
        self.control = folder / "control"
        self.stats = folder / "stats.json"
        args = [LAB, "--site", SOURCE / "lab" / site, "--control", self.control, "--stats", self.stats, "--keep"]
        args += ["--devices", devices] if devices else []
        # pylint: disable-next=consider-using-with
        self.lab = subprocess.Popen([str(a) for a in [*args, "--", "true"]], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.enter = self._how_to_enter()

    def _how_to_enter(self):
        said = []
        for line in self.lab.stderr:
            said.append(line)
            found = re.search(r"(nsenter -t \d+ .*-w) sh", line)
            if found:
                return found.group(1).split()
        raise AssertionError(f"the lab ended: {''.join(said)}")

    def start(self, *args, **more):
        """Starts a program in the site."""
        return subprocess.Popen([*self.enter, *[str(a) for a in args]], text=True, **more)

    def run(self, *args, timeout=240, **more):
        """Runs a program in the site to its end."""
        return command(*self.enter, *args, timeout=timeout, stdin=subprocess.DEVNULL, **more)

    def assess(self, name, *args, site="fix-site.yaml", timeout=400):
        """Assesses the site; NAME is the folder of the report."""
        output = self.folder / name
        done = self.run(GATEHOUSE, "assess", "--site", SOURCE / "lab" / site, "--store", self.folder / "store.db", "--output", output, *args,
                        timeout=timeout)
        return Run(done, output)

    def ask(self, line, text=""):
        """One command to the lab (lab/README.md, "What --control answers")."""
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(self.control))
            door.sendall(f"{line}\n{text}".encode())
            door.shutdown(socket.SHUT_WR)
            answer = b""
            while more := door.recv(65536):
                answer += more
        return json.loads(answer)

    def truth(self):
        """What is so at each device now, by its name."""
        return {device["name"]: device for device in self.ask("truth")["devices"]}

    def passwords(self, name, user, way="web"):
        """The passwords that open an account, the one in force first."""
        return next(a[way] for a in self.truth()[name]["accounts"] if a["user"] == user)

    def close(self):
        """Takes the site down; what its devices have seen."""
        try:
            self.lab.stdin.close()
            self.lab.wait(30)
        except (OSError, subprocess.TimeoutExpired):
            self.lab.kill()
            self.lab.wait()
        self.lab.stderr.close()
        return json.loads(self.stats.read_text()) if self.stats.exists() else None


def unknown(truth, known):
    """
    Accounts whose password nobody knows. KNOWN maps a device's name to all passwords that its owner can look up: the keyring's, the site
    file's, the factory's.
    """
    lost = []
    for name, device in truth.items():
        for account in device["accounts"]:
            for way in ("web", "onvif"):
                ways = set(account[way])
                said = set(known.get(name, ()))
                if account["hashed"]:
                    said |= {dvrip_hash(p) for p in known.get(name, ())}
                if ways and not ways & said:
                    lost.append((name, account["user"], way))
    return lost


def homes(folder):
    """The words before a command that give it state, settings and data of its own."""
    return ["env", *(f"XDG_{kind}_HOME={folder}/{kind.lower()}" for kind in ("STATE", "CONFIG", "DATA"))]


def held(folder, rows):
    """For each (device key, account, password): what it is in the keyring of homes(FOLDER): in-force, candidate or unknown."""
    text = "".join(f"{key} {user} {password}\n" for key, user, password in rows)
    done = subprocess.run([HOLDS, folder / "data/gatehouse/secrets.sealed", folder / "state/gatehouse/secrets.key"], input=text,
                          capture_output=True, text=True, check=True)
    return done.stdout.split()


def curl(site, url, *args, user=None, scheme="--digest"):
    """Status and body of one request from inside the site."""
    more = [scheme, "-u", user] if user is not None else []
    done = site.run("curl", "-s", "-m", "6", "-w", "\n%{http_code}", *more, *args, url)
    body, _, status = done.stdout.rpartition("\n")
    return int(status or 0), body


def frames(site, url, seconds=2):
    """Frames of a stream that come within that time."""
    done = site.run("ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-timeout", "3000000", "-read_intervals", f"%+{seconds}", "-count_frames",
                    "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", url, timeout=30)
    return int(done.stdout.strip() or 0) if done.stdout.strip().isdigit() else 0


def until(what, seconds=10, pause=0.2):
    """Waits until WHAT() is true; its last value."""
    deadline = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < deadline:
        time.sleep(pause)
    return value
