"""Keys, signed notes, checkpoints, policies: chapters 4 to 6 of doc/ledger-format.md."""
import base64
import binascii
import hashlib
import pathlib
import re
import subprocess
import tempfile
import unicodedata

NOTE_MOST = 64 * 1024
SIGNATURES_MOST = 64
POLICY_MOST = 1024 * 1024
LOG, WITNESS = 1, 4
DASH = "\u2014 "
DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)


class Refused(Exception):
    """What stands there is not what the format says; kind is the word for it."""

    def __init__(self, kind, words, index=None):
        super().__init__(words)
        self.kind, self.index = kind, index


def decimal(text, kind="malformed"):
    """A number without sign and leading zeros, at most 2^64 - 1."""
    if not DECIMAL.fullmatch(text) or int(text) >= 2**64:
        raise Refused(kind, f"{text[:40]!r} is no decimal number")
    return int(text)


def unbase64(text, size=None, kind="malformed"):
    """Bytes of base64 in its only spelling."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error, UnicodeEncodeError):
        data = None
    if data is None or base64.b64encode(data).decode() != text or (size is not None and len(data) != size):
        raise Refused(kind, f"{text[:60]!r} is no base64 of what belongs there")
    return data


def is_name(name):
    """Whether a key may have that name."""
    return 0 < len(name.encode()) <= 255 and "+" not in name and not any(
        c.isspace() or unicodedata.category(c) in ("Cc", "Zs", "Zl", "Zp") for c in name)


class Key:
    """A public key: name, id, type and the 32 bytes."""

    def __init__(self, text, kind=LOG):
        parts = text.split("+", 2)
        if len(parts) != 3 or not is_name(parts[0]) or not re.fullmatch("[0-9a-f]{8}", parts[1]):
            raise Refused("bad-key", f"{text[:80]!r} is no public key")
        self.text, self.name, self.id = text, parts[0], bytes.fromhex(parts[1])
        data = unbase64(parts[2], kind="bad-key")
        if not data or data[0] != kind or len(data) != 33:
            raise Refused("bad-key", "a key of this type is not supported here")
        self.key = data[1:]
        if hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4] != self.id:
            raise Refused("bad-key", "the key's id is not that of its name and bytes")

    def __eq__(self, other):
        return isinstance(other, Key) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def is_good(self, message, signature):
        """Whether that is this key's Ed25519 signature over the message; the openssl program says so."""
        with tempfile.TemporaryDirectory() as folder:
            key, text, made = (pathlib.Path(folder) / name for name in ("key", "text", "signature"))
            key.write_bytes(bytes.fromhex("302a300506032b6570032100") + self.key)
            text.write_bytes(message)
            made.write_bytes(signature)
            done = subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", str(key), "-rawin",
                 "-in", str(text), "-sigfile", str(made)], capture_output=True, check=False, timeout=30)
        return done.returncode == 0


class Note:
    """A signed note, cut into its text and its signature lines."""

    def __init__(self, data, kind="malformed"):
        if len(data) > NOTE_MOST:
            raise Refused(kind, "the note is larger than 64 KiB")
        try:
            whole = data.decode()
        except UnicodeDecodeError:
            raise Refused(kind, "the note is not UTF-8") from None
        if any(c < " " and c != "\n" for c in whole):
            raise Refused(kind, "the note has a control character")
        cut = whole.rfind("\n\n")
        if cut < 1 or not whole.endswith("\n"):
            raise Refused(kind, "no empty line parts text and signatures")
        self.data, self.text = data, whole[:cut + 1]
        lines = whole[cut + 2:].split("\n")[:-1]
        if not 1 <= len(lines) <= SIGNATURES_MOST:
            raise Refused(kind, "a note has 1 to 64 signatures")
        self.signatures = []
        for line in lines:
            parts = line[len(DASH):].split(" ")
            if not line.startswith(DASH) or len(parts) != 2 or not is_name(parts[0]):
                raise Refused(kind, "a signature line has another form")
            blob = unbase64(parts[1], kind=kind)
            if len(blob) < 5:
                raise Refused(kind, "a signature line has no signature")
            self.signatures.append((parts[0], blob[:4], blob[4:]))

    def is_signed(self, key):
        """Whether that log key signed; raises when a line of it is false."""
        lines = [made for name, number, made in self.signatures if name == key.name and number == key.id]
        for made in lines:
            if len(made) != 64 or not key.is_good(self.text.encode(), made):
                raise Refused("false-signature", f"the signature of {key.name} is false")
        return bool(lines)

    def is_cosigned(self, key):
        """Whether that witness cosigned; raises when a line of it is false."""
        lines = [made for name, number, made in self.signatures if name == key.name and number == key.id]
        for made in lines:
            time = int.from_bytes(made[:8], "big")
            message = f"cosignature/v1\ntime {time}\n{self.text}".encode()
            if len(made) != 72 or time >= 2**63 or not key.is_good(message, made[8:]):
                raise Refused("false-signature", f"the cosignature of {key.name} is false")
        return bool(lines)


class Checkpoint(Note):
    """A note whose text is origin, size and root."""

    def __init__(self, data, kind="malformed"):
        super().__init__(data, kind)
        lines = self.text.split("\n")[:-1]
        if len(lines) < 3 or not all(lines):
            raise Refused(kind, "a checkpoint has three lines or more, none empty")
        self.origin, self.size, self.root = lines[0], decimal(lines[1], kind), unbase64(lines[2], 32, kind)


class Policy:
    """Which logs and witnesses are believed, and how many are enough."""

    def __init__(self, data):
        self.logs, self.witnesses, self.groups, self.members, self.quorum = [], {}, {}, set(), None
        if len(data) > POLICY_MOST or any(c < 32 and c not in (9, 10) or c == 127 for c in data):
            raise Refused("bad-policy", "the policy is too large or has control characters")
        rows = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            items = [i for i in re.split("[ \t]+", line) if i]
            if not items or items[0].startswith("#"):
                continue
            if items[0] not in rows:
                raise Refused("bad-policy", f"{items[0]!r} begins no line of a policy")
            rows[items[0]](items[1:])
        if self.quorum is None:
            raise Refused("bad-policy", "a policy has one quorum line")

    @staticmethod
    def _fail_unless(good, words):
        if not good:
            raise Refused("bad-policy", words)

    def _is_free(self, name):
        return name != "none" and name not in self.witnesses and name not in self.groups

    def _log(self, items):
        self._fail_unless(len(items) in (1, 2), "log VKEY [URL]")
        key = Key(items[0])
        self._fail_unless(key.key not in [k.key for k in self.logs], "two logs have one key")
        self.logs.append(key)

    def _witness(self, items):
        self._fail_unless(len(items) in (2, 3) and self._is_free(items[0]), "witness NAME VKEY [URL], a new name")
        key = Key(items[1], WITNESS)
        self._fail_unless(key.key not in [k.key for k in self.witnesses.values()], "two witnesses have one key")
        self.witnesses[items[0]] = key

    def _group(self, items):
        self._fail_unless(len(items) >= 3 and self._is_free(items[0]), "group NAME all|any|K NAME..., a new name")
        names = items[2:]
        for name in names:
            self._fail_unless(name in self.witnesses or name in self.groups, f"{name!r} is not defined")
            self._fail_unless(name not in self.members, f"{name!r} is member twice")
            self.members.add(name)
        need = {"any": 1, "all": len(names)}.get(items[1])
        need = decimal(items[1], "bad-policy") if need is None else need
        self._fail_unless(1 <= need <= len(names), "a group needs 1 to all of its members")
        self.groups[items[0]] = (need, names)

    def _quorum(self, items):
        self._fail_unless(len(items) == 1 and self.quorum is None, "one line: quorum NAME|none")
        self._fail_unless(items[0] == "none" or not self._is_free(items[0]), f"{items[0]!r} is not defined")
        self.quorum = items[0]

    def is_met(self, note):
        """Whether the quorum cosigned; raises when a known witness's line is false."""
        met = {name for name, key in self.witnesses.items() if note.is_cosigned(key)}
        for name, (need, names) in self.groups.items():
            if len(met.intersection(names)) >= need:
                met.add(name)
        return self.quorum == "none" or self.quorum in met
