#!/usr/bin/env python3
"""Verifies an evidence package by its README.txt, with Python's own library and openssl; knows nothing of Gatehouse's code.

    package.py PACKAGE [--key VKEY] [--roots PEM] [--clip FILE]

Prints the names of the claims that are broken; exit status 0: none, 1: some, 2: no package.
"""
import argparse
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zipfile

import event
import note
import tree

CLAIMS = ("manifest", "signature", "files", "log-key", "events", "opened", "made", "clip", "export", "said", "time-stamp")

# doc/ledger-format.md, 9.1: which members may be sealed, of every action and of one.
SEALED = {"": ("actor.ip", "actor.session", "actor.user"), "auth.ban": ("detail.net",), "auth.logout": ("detail.by_session",),
          "ledger.read": tuple(f"detail.query.{n}" for n in ("ip", "object", "session", "text", "user")), "user.change": ("target.object",)}
DIGEST = re.compile(r"sealed:[0-9]{4}-[0-9a-f]{16}:([0-9a-f]{64}):")
OPENING = re.compile(rb"gatehouse opening 1\n([a-z._]{1,63})\n[0-9a-f]{64}\n(.*)", re.S)


class Unreadable(Exception):
    """No package."""


def load(path):
    """Every file by its name."""
    path = pathlib.Path(path)
    if path.is_dir():
        return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file() and not p.is_symlink()}
    try:
        with zipfile.ZipFile(path) as packed:
            if any(b"\x75\x70" in one.extra for one in packed.infolist()) or two_ends(path.read_bytes()):
                raise Unreadable("two programs could show different files")
            names = [n for n in packed.namelist() if not n.endswith("/")]
            first = {n.split("/")[0] for n in names}
            below = f"{first.pop()}/" if len(first) == 1 and "manifest.json" not in names else ""
            return {name.removeprefix(below): packed.read(name) for name in names}
    except (OSError, zipfile.BadZipFile) as bad:
        raise Unreadable(str(bad)) from None


def two_ends(data):
    """Whether a zip's 64-bit record contradicts its end (APPNOTE 4.3.14 to 4.3.16)."""
    end = data.rfind(b"PK\5\6")
    if data[end - 20:end - 16] != b"PK\6\7":
        return False
    wide = struct.unpack("<QQQ", data[end - 20 - 56 + 32:end - 20])
    narrow = struct.unpack("<HII", data[end + 10:end + 20])
    return any(n not in (nothing, w) for n, w, nothing in zip(narrow, wide, (0xffff, 0xffffffff, 0xffffffff)))


def openings(entry):
    """Path and digest of each text of an entry that is sealed and can be opened."""
    for path in SEALED[""] + SEALED.get(entry["action"], ()):
        value = entry
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        for text in value if isinstance(value, list) else [value]:
            found = isinstance(text, str) and DIGEST.match(text)
            if found:
                yield path, found[1]


class Package:
    """One package being verified; `broken` fills with names of claims."""

    def __init__(self, files, key=None, roots=None, clip=None):
        self.files, self.key, self.roots, self.clip, self.broken = files, key, roots, clip, {}
        self.manifest, self.sealed, self.opened = None, set(), {}

    def fail(self, claim, why):
        """A claim that does not hold."""
        self.broken.setdefault(claim, []).append(why)

    def vkey(self, name):
        """The key in a file."""
        text = self.files.get(name, b"").decode("utf-8", "replace")
        if not text.endswith("\n"):
            raise note.Refused("bad-key", f"{name} has no line end")
        return note.Key(text[:-1])

    def run(self):
        """Steps 1 to 8 of the README."""
        raw = self.files.get("manifest.json", b"")
        self.digest = hashlib.sha256(raw).hexdigest()
        try:
            self.manifest = event.canonical(raw.removesuffix(b"\n")) if raw.endswith(b"\n") else None
        except event.NoEvent:
            self.manifest = None
        if not isinstance(self.manifest, dict) or any(
                name not in self.manifest for name in ("files", "events", "log", "made", "maker", "reason", "remarks", "schema", "site", "tool")):
            self.manifest = None
            self.fail("manifest", "no manifest")
        self.signature()
        self.log_key()
        if self.manifest:
            self.listed()
            self.the_clip()
            self.entries()
            self.names()
        self.stamps()
        return self.broken

    def listed(self):
        """Step 1."""
        for one in self.manifest["files"]:
            data = self.files.get(one["name"])
            if data is None or len(data) != one["bytes"] or hashlib.sha256(data).hexdigest() != one["sha256"]:
                self.fail("files", one["name"])

    def signature(self):
        """Steps 2 and 3."""
        self.evidence = None
        try:
            self.evidence = self.vkey("evidence.vkey")
            signed = note.Note(self.files.get("manifest.sig", b""))
            origin = self.manifest["log"] if self.manifest else ""
            wanted = f"gatehouse.org/evidence@v1\n{origin}\nsha256:{self.digest}\n"
            if signed.text != wanted or self.evidence.name != f"{origin}/evidence":
                self.fail("signature", "over another manifest, or another name")
            elif not signed.is_signed(self.evidence):
                self.fail("signature", "not signed by it")
        except note.Refused as bad:
            self.fail("signature", str(bad))

    def log_key(self):
        """Step 6."""
        self.log = None
        try:
            self.log = self.vkey("log.vkey")
            if self.key and self.log != note.Key(self.key):
                self.fail("log-key", "another than the one that was given")
            if self.manifest and self.log.name != self.manifest["log"]:
                self.fail("log-key", "of another log")
        except note.Refused as bad:
            self.fail("log-key", str(bad))

    def proven(self, claim, name):
        """Step 4: the entry, when it is in the log."""
        key = note.Key(self.key) if self.key else self.log
        entry, proof = self.files.get(f"{name}.json"), self.files.get(f"{name}.tlog-proof")
        try:
            if key is None or entry is None or proof is None:
                raise note.Refused("missing", "entry, proof or key")
            import verify  # pylint: disable=import-outside-toplevel
            verify.verify_proof(proof, entry, key)
            index = name.split("/")[1]
            if f"\nindex {index}\n" not in proof.decode().split("\n\n")[0] + "\n":
                raise note.Refused("not-included", "another index")
            if note.Checkpoint(proof.partition(b"\n\n")[2]).origin != self.manifest["log"]:
                raise note.Refused("not-signed", "another log")
            event.judge_event(entry)
            self.sealed.update(openings(json.loads(entry)))
            return json.loads(entry)
        except (note.Refused, event.NoEvent) as bad:
            self.fail(claim, f"{name}: {bad}")
            return None

    def entries(self):
        """Steps 4 and 5, and what the export says of the clip."""
        digests, told = [], []
        clip = self.manifest.get("clip")
        for one in self.manifest["events"]:
            name = f"events/{one['index']}"
            entry = self.proven("events", name)
            if entry is None:
                continue
            if tree.leaf(self.files[f"{name}.json"]).hex() != one["leaf"] or entry["id"] != one["id"]:
                self.fail("events", f"{name} is another entry")
            elif entry["action"] == "footage.export" and entry["outcome"] == "ok" and "digest" in entry:
                digests.append(entry["digest"])
                if clip and entry["digest"] == f"sha256:{clip['sha256']}":
                    told.append(self.fits(entry.get("target", {})))
        if told and not any(told):
            self.fail("said", "another camera, recorder or time")
        if clip and digests and (f"sha256:{clip['sha256']}" not in digests or "clip" in self.broken):
            self.fail("export", "of other bytes")
        for name in [n[:-5] for n in self.files if re.fullmatch(r"made/(0|[1-9][0-9]*)\.json", n)]:
            entry = self.proven("made", name)
            if entry and (entry["action"] != "evidence.make" or entry["outcome"] != "ok" or entry.get("digest") != f"sha256:{self.digest}" or
                          not self.evidence or entry["detail"].get("key") != self.evidence.text):
                self.fail("made", f"{name} is about another package")

    def names(self):
        """Step 8: each file in opened/ is what a member of a proven entry was sealed with."""
        for name in [n for n in self.files if n.startswith("opened/")]:
            digest, found = hashlib.sha256(self.files[name]).hexdigest(), OPENING.fullmatch(self.files[name])
            if not found or b"\0" in found[2] or name != f"opened/{digest}.txt" or (found[1].decode(), digest) not in self.sealed:
                self.fail("opened", name)
            else:
                self.opened[digest] = (found[1].decode(), found[2])

    def fits(self, target):
        """Whether an export's target says nothing else than the manifest."""
        camera, vms = (self.manifest.get(name, {}).get("name") for name in ("camera", "vms"))
        recorded = self.manifest.get("recording", {})
        return all(said is None or not target.get(name) or (said in target[name] if name == "cameras" else said == target[name]) for name, said in (
            ("cameras", camera), ("vms", vms), ("from", recorded.get("from")), ("to", recorded.get("to"))))

    def the_clip(self):
        """The clip of step 1 again, or the one that is given."""
        clip = self.manifest.get("clip")
        for one in self.manifest["files"]:
            if one["name"].startswith("clip/") and one["name"] != (clip or {}).get("file"):
                self.fail("clip", f"{one['name']} is not the one that is named")
        if not clip:
            return
        inside = "file" in clip
        if inside and not clip["file"].startswith("clip/"):
            self.fail("clip", "not in clip/")
        data = self.files.get(clip["file"]) if inside else None
        for one in ([data] if inside else []) + ([self.clip] if self.clip is not None else []):
            if one is None or hashlib.sha256(one).hexdigest() != clip["sha256"]:
                self.fail("clip", "another SHA-256")

    def stamps(self):
        """Step 7, where roots are given."""
        for name in [n[:-4] for n in self.files if re.fullmatch(r"time/([0-9]|[1-5][0-9]|6[0-3])\.tsr", n)]:
            with tempfile.TemporaryDirectory() as folder:
                paths = {end: pathlib.Path(folder) / end for end in ("tsr", "data", "tsq", "roots")}
                paths["tsr"].write_bytes(self.files[f"{name}.tsr"])
                paths["data"].write_bytes(self.files.get("manifest.json", b""))
                paths["roots"].write_bytes(self.roots or b"")
                checks = [["-data", paths["data"]]]
                if f"{name}.tsq" in self.files:
                    paths["tsq"].write_bytes(self.files[f"{name}.tsq"])
                    checks.append(["-queryfile", paths["tsq"]])
                    if not self.files[f"{name}.tsq"].endswith(b"\1\1\xff"):  # certReq TRUE, as DER has it
                        self.fail("time-stamp", f"{name}.tsq")
                for check in checks if self.roots else []:
                    if subprocess.run(["openssl", "ts", "-verify", "-in", paths["tsr"], *check, "-CAfile", paths["roots"]],
                                      capture_output=True, check=False).returncode:
                        self.fail("time-stamp", name)


def main():
    """Prints what is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package")
    for option in ("key", "roots", "clip"):
        parser.add_argument(f"--{option}")
    args = parser.parse_args()
    try:
        files = load(args.package)
    except Unreadable as bad:
        print(bad, file=sys.stderr)
        return 2
    key = pathlib.Path(args.key).read_text().strip() if args.key and "+" not in args.key else args.key
    roots = pathlib.Path(args.roots).read_bytes() if args.roots else None
    clip = pathlib.Path(args.clip).read_bytes() if args.clip else None
    broken = Package(files, key, roots, clip).run()
    for claim in CLAIMS:
        for why in broken.get(claim, []):
            print(f"{claim}: {why}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
