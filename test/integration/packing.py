"""Evidence packages made without Gatehouse's maker, so that every part can be made wrong: a real ledger, own keys."""
import base64
import hashlib
import json
import pathlib
import shutil
import subprocess
import zipfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conftest import GATEHOUSE, command


def canonical(value):
    """Canonical JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def sha256(data):
    """In hex."""
    return hashlib.sha256(data).hexdigest()


class Signer:
    """A key of manifests."""

    def __init__(self, name):
        self.name, self.key = name, Ed25519PrivateKey.generate()
        data = b"\1" + self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.number = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
        self.text = f"{name}+{self.number.hex()}+{base64.b64encode(data).decode()}"

    def note(self, text):
        """A signed note."""
        blob = base64.b64encode(self.number + self.key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.name} {blob}\n".encode()


class Ledger:
    """A ledger with events of one export."""

    def __init__(self, folder, origin="example.org/shop"):
        self.folder, self.origin = pathlib.Path(folder), origin
        self.key = self.run("init", "--origin", origin).strip()

    def run(self, part, *args):
        """A part of gatehouse ledger."""
        done = command(GATEHOUSE, "ledger", part, "--ledger", self.folder, *args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def append(self, action, **more):
        """An event; gives its index."""
        options = [x for name, value in more.items() for x in (f"--{name}", str(value))]
        outcome = [] if "outcome" in more else ["--outcome", "ok"]
        return int(self.run("append", "--action", action, "--site", "shop", "--user", "anna", *outcome, *options))

    def export(self, digest, **more):
        """The export of a whole clip."""
        said = {"ip": "192.0.2.7", "camera": "gate", "vms": "frigate", "from": "2026-11-22T19:00:00Z", "to": "2026-11-22T19:01:00Z",
                "detail": '{"is_whole":true}', **more}
        return self.append("footage.export", digest=f"sha256:{digest}", **{n: v for n, v in said.items() if v is not None})

    def entry(self, index):
        """An entry and its proof."""
        proof, entry = self.folder / "p", self.folder / "e"
        self.run("prove", index, "--output", proof, "--entry", entry)
        return entry.read_bytes(), proof.read_bytes()


class Package:
    """Files of a package, made for a clip; change anything, then seal() and write()."""

    def __init__(self, ledger, clip, name="clip.mp4", inside=True, signed_video="unread", **said):
        self.ledger, self.signer = ledger, Signer(f"{ledger.origin}/evidence")
        self.files, self.clip = {}, clip
        self.indices = [ledger.export(sha256(clip), **said)]
        self.manifest = {
            "schema": "https://gatehouse.example/schema/evidence/1", "made": "2026-11-22T20:15:00.000Z", "maker": "anna",
            "reason": "case 17: a broken window", "site": "shop", "log": ledger.origin, "tool": "gatehouse 0.1.0",
            "camera": {"name": "gate", "clock_offset_ms": 120, "clock_seen": "2026-11-22T20:14:00.000Z"},
            "vms": {"name": "frigate", "clock_offset_ms": -3, "clock_seen": "2026-11-22T20:14:00.000Z"},
            "recording": {"from": "2026-11-22T19:00:00.000Z", "to": "2026-11-22T19:01:00.000Z"},
            "clip": {"name": name, "bytes": len(clip), "sha256": sha256(clip), "signed_video": signed_video},
            "remarks": [], "events": []}
        if inside:
            self.manifest["clip"]["file"] = f"clip/{name}"
            self.files[f"clip/{name}"] = clip
        self.put_events()
        self.files["README.txt"] = b"How to verify this: see gatehouse-evidence(7).\n"
        self.files["index.html"] = b"<!DOCTYPE html><title>Evidence</title>\n"
        self.files["log.vkey"] = f"{ledger.key}\n".encode()
        self.files["evidence.vkey"] = f"{self.signer.text}\n".encode()

    def put_events(self):
        """Entries and proofs, and their rows."""
        for index in self.indices:
            entry, proof = self.ledger.entry(index)
            self.files[f"events/{index}.json"], self.files[f"events/{index}.tlog-proof"] = entry, proof
            self.manifest["events"].append({"id": json.loads(entry)["id"], "index": index, "leaf": sha256(b"\0" + entry)})

    def seal(self, made=True, **said):
        """The list of files, the signature, and the log's own event; gives itself."""
        outside = ("manifest.json", "manifest.sig")
        self.files = {n: d for n, d in self.files.items() if not n.startswith(("made/", "time/"))}
        self.manifest["files"] = [{"name": n, "bytes": len(d), "sha256": sha256(d)}
                                  for n, d in sorted(self.files.items()) if n not in outside]
        data = canonical(self.manifest) + b"\n"
        self.files["manifest.json"] = data
        self.files["manifest.sig"] = self.signer.note(
            f"gatehouse.org/evidence@v1\n{self.ledger.origin}\nsha256:{sha256(data)}\n")
        if made:
            index = self.ledger.append("evidence.make", reason="case 17", digest=f"sha256:{sha256(data)}", detail=json.dumps(
                {"key": self.signer.text, "events": [e["id"] for e in self.manifest["events"]]}), **said)
            self.files[f"made/{index}.json"], self.files[f"made/{index}.tlog-proof"] = self.ledger.entry(index)
        return self

    def stamp(self, authority, number=1, answer=True):
        """A time-stamp beside it."""
        request = authority.request(sha256(self.files["manifest.json"]))
        self.files[f"time/{number}.tsq"] = request
        if answer:
            self.files[f"time/{number}.tsr"] = authority.reply(request)
        return self


def write(files, path, zipped=False):
    """Files as a folder or a zip."""
    if zipped:
        with zipfile.ZipFile(path, "w") as packed:
            for name, data in sorted(files.items()):
                packed.writestr(zipfile.ZipInfo(name, (2026, 11, 22, 20, 15, 0)), data)
        return path
    shutil.rmtree(path, ignore_errors=True)
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def verify(path, *options):
    """What gatehouse evidence verify says: exit status, {claim: state}, {claim: details}, the whole."""
    done = subprocess.run([GATEHOUSE, "evidence", "verify", "--json", *map(str, options), path], capture_output=True,
                          text=True, timeout=120, check=False)
    if done.returncode not in (0, 1):
        return done.returncode, {}, {}, done.stderr
    said = json.loads(done.stdout)
    assert said["verdict"] in ("holds", "weak", "broken") and (done.returncode == 1) == (said["verdict"] == "broken")
    return (done.returncode, {c["id"]: c["state"] for c in said["claims"]},
            {c["id"]: "\n".join(c["details"]) for c in said["claims"]}, said)
