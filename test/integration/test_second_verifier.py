"""The second verifier, written from doc/ledger-format.md alone, and Gatehouse's own: of one mind about good and bad."""
import base64
import contextlib
import functools
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from conftest import BUILD, GATEHOUSE, SOURCE, command

SECOND = SOURCE / "test" / "second_verifier"
sys.path.insert(0, str(SECOND))
import note  # noqa: E402  pylint: disable=wrong-import-position
import tree  # noqa: E402  pylint: disable=wrong-import-position
import verify  # noqa: E402  pylint: disable=wrong-import-position

MAKE_LOG = BUILD / "test" / "bench" / "make_log"
note.Key.is_good = functools.lru_cache(maxsize=None)(note.Key.is_good)


def ours(folder, key, *options):
    """What gatehouse ledger verify says: (verified, first bad index, the whole)."""
    done = command(GATEHOUSE, "ledger", "verify", "--json", "--key", key, *options, folder)
    assert done.returncode in (0, 1, 2), done.stderr
    if done.returncode == 2:
        return False, None, done.stderr
    said = json.loads(done.stdout)
    assert said["verified"] == (done.returncode == 0)
    return said["verified"], verify.first_index(said["findings"]), said["findings"]


def theirs(folder, key, policy=None, earlier=None):
    """What the second verifier says, in the same form."""
    try:
        faults, _ = verify.verify_log(folder, note.Key(key), policy, earlier)
    except note.Refused as bad:
        faults = [{"kind": bad.kind, "index": bad.index, "words": str(bad)}]
    return not faults, verify.first_index(faults), faults


def both(folder, key):
    """The verdict on which both agree."""
    first, second = ours(folder, key), theirs(folder, key)
    assert first[:2] == second[:2], f"Gatehouse: {first}\nsecond: {second}"
    return first


def events(count, start=0):
    """Lines for ledger append."""
    return "".join(json.dumps({
        "action": "system.note", "outcome": "ok", "site": "harbour", "id": f"note-{i:06}", "actor": {"user": "anna"},
        "reason": f"note {i} – Tor\u2028 \U0001f6aa"}) + "\n" for i in range(start, start + count))


def append(folder, count, start=0):
    """Appends notes by the product's command."""
    done = command(GATEHOUSE, "ledger", "append", "--ledger", folder, "--json", "-", input=events(count, start))
    assert done.returncode == 0, done.stderr


def rotate(folder):
    """Hands the key over."""
    done = command(GATEHOUSE, "ledger", "key", "rotate", "--ledger", folder)
    assert done.returncode == 0, done.stderr


def made(folder, origin="example.org/second"):
    """A new ledger; returns its key."""
    done = command(GATEHOUSE, "ledger", "init", "--ledger", folder, "--origin", origin)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextlib.contextmanager
def witness(folder, name, key):
    """A witness of that log; gives its line of a policy."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    done = command(GATEHOUSE, "ledger", "witness", "init", "--state", folder, "--name", f"example.org/{name}",
                   "--url", f"http://{place}")
    assert done.returncode == 0, done.stderr
    vkey = re.search(r"\S+\+[0-9a-f]{8}\+\S+", done.stdout).group()
    served = subprocess.Popen([GATEHOUSE, "ledger", "witness", "serve", "--state", folder, "--listen", place,
                               "--log", key], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(place.split(":"), 1):
                break
            time.sleep(0.02)
        yield f"witness {name} {vkey} http://{place}\n"
    finally:
        served.kill()
        served.wait()


@pytest.fixture(scope="module", name="ledger")
def grown(tmp_path_factory):
    """600 entries and more, two hand-overs, witnesses after the first; its keys, its policy."""
    top = tmp_path_factory.mktemp("second")
    folder = top / "ledger"
    keys = [made(folder)]
    append(folder, 250)
    rotate(folder)
    keys.append((folder / "log" / "log.vkey").read_text().strip())
    append(folder, 140, 250)
    early = top / "early"
    shutil.copytree(folder / "log", early)
    with witness(top / "w1", "w1", keys[1]) as one, witness(top / "w2", "w2", keys[1]) as two:
        policy = f"log {keys[1]}\n{one}{two}group both all w1 w2\nquorum both\n"
        (top / "policy").write_text(policy)
        done = command(GATEHOUSE, "ledger", "witness", "submit", "--ledger", folder, "--policy", top / "policy")
        assert done.returncode == 0, done.stdout + done.stderr
    append(folder, 100, 390)
    rotate(folder)
    append(folder, 110, 490)
    keys.append((folder / "log" / "log.vkey").read_text().strip())
    return {"folder": folder, "log": folder / "log", "keys": keys, "policy": top / "policy", "early": early}


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600, 65537])
def test_both_verify_logs_of_every_shape(size, tmp_path):
    """Where tiles begin and end."""
    done = command(MAKE_LOG, tmp_path / "log", size)
    assert done.returncode == 0, done.stderr
    key = (tmp_path / "log" / "log" / "log.vkey").read_text().strip()
    assert both(tmp_path / "log", key)[0]


def test_both_verify_an_empty_ledger(tmp_path):
    """Size 0 has a root and no tile."""
    key = made(tmp_path / "ledger")
    assert both(tmp_path / "ledger", key)[0]


def test_both_follow_the_key_from_any_of_them(ledger):
    """The first, the second and the last key lead to the same verdict."""
    for key in ledger["keys"]:
        assert both(ledger["log"], key)[0]


def sign(seed, text):
    """An Ed25519 signature by the openssl program."""
    with tempfile.TemporaryDirectory() as folder:
        key, signed = pathlib.Path(folder, "key"), pathlib.Path(folder, "text")
        key.write_bytes(bytes.fromhex("302e020100300506032b657004220420") + seed)
        signed.write_bytes(text)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-keyform", "DER", "-inkey", key, "-rawin", "-in", signed],
                              capture_output=True, check=True).stdout


class Forger:
    """Whoever has a log's key and writes what the keeper never would."""

    def __init__(self, private):
        parts = private.strip().split("+", 4)
        self.name, self.id, self.seed = parts[2], bytes.fromhex(parts[3]), base64.b64decode(parts[4])[1:]

    def checkpoint(self, size, root, extension=""):
        """A checkpoint signed by the key."""
        text = f"{self.name}\n{size}\n{base64.b64encode(root).decode()}\n{extension}"
        made_by = base64.b64encode(self.id + sign(self.seed, text.encode())).decode()
        return f"{text}\n\u2014 {self.name} {made_by}\n".encode()

    def log(self, folder, entries):
        """A log of at most 255 entries."""
        leaves = [tree.leaf(entry) for entry in entries]
        for name, data in (("0", b"".join(leaves)), ("entries", bundle(entries))):
            (folder / "tile" / name / "000.p").mkdir(parents=True)
            (folder / "tile" / name / "000.p" / str(len(entries))).write_bytes(data)
        (folder / "checkpoint").write_bytes(self.checkpoint(len(entries), tree.root_of(leaves)))


@pytest.fixture(scope="module", name="plain")
def unrotated(tmp_path_factory):
    """600 entries under one key: the log, its key, who has the private one, an older checkpoint."""
    top = tmp_path_factory.mktemp("plain")
    for options in ((), (7, top / "l-keys" / "ledger.key", 300)):
        shutil.rmtree(top / "l", ignore_errors=True)
        done = command(MAKE_LOG, top / "l", 600, *options)
        assert done.returncode == 0, done.stderr
    log = top / "l" / "log"
    return {"log": log, "key": (log / "log.vkey").read_text().strip(),
            "forger": Forger((top / "l-keys" / "ledger.key").read_text())}


def bundle(entries):
    """The file of entries."""
    return b"".join(len(one).to_bytes(2, "big") + one for one in entries)


def cut(data):
    """The entries of a file."""
    found = []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        found.append(data[2:end])
        data = data[end:]
    return found


def files(log, under):
    """Files below a folder that the size of the log demands, in a fixed order."""
    size = int((log / "checkpoint").read_bytes().split(b"\n")[1])
    names = []
    for level in range(3):
        full, width = divmod(size >> 8 * level, 256)
        for part in (level, "entries") if level == 0 else (level,):
            names += [tree.tile_name(part, number) for number in range(full)]
            names += [tree.tile_name(part, full, width)] if width else []
    return sorted(log / name for name in names if name.startswith(under))


def change_entries(change):
    """A damage that takes a file of entries apart and writes it anew."""
    def damage(log, dice):
        path = dice.choice(files(log, "tile/entries"))
        entries = cut(path.read_bytes())
        change(entries, dice)
        path.write_bytes(bundle(entries))
    return damage


def flip(log, dice):
    """One bit, anywhere below tile/."""
    path = dice.choice(files(log, "tile"))
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def flip_checkpoint(log, dice):
    """One bit of the signed head."""
    data = bytearray((log / "checkpoint").read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    (log / "checkpoint").write_bytes(data)


def cut_off(log, dice):
    """The end of a file is gone."""
    path = dice.choice(files(log, "tile"))
    data = path.read_bytes()
    path.write_bytes(data[:dice.randrange(len(data))])


def lengthen(log, dice):
    """Something stands behind the end of a file."""
    path = dice.choice(files(log, "tile"))
    path.write_bytes(path.read_bytes() + dice.randbytes(dice.randrange(1, 40)))


def swap_files(log, dice):
    """Two files of one kind change places."""
    one, other = dice.sample(files(log, dice.choice(["tile/0", "tile/entries"])), 2)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def delete(log, dice):
    """A file is gone."""
    dice.choice(files(log, "tile")).unlink()


def older_checkpoint(log, dice):
    """A head that does not fit, or is another log's."""
    data = (log / "checkpoint").read_bytes().split(b"\n")
    data[dice.randrange(3)] = dice.choice([b"", b"0", b"599", b"601", b"0600", base64.b64encode(dice.randbytes(32))])
    (log / "checkpoint").write_bytes(b"\n".join(data))


def drop(entries, dice):
    """One to three entries."""
    at = dice.randrange(len(entries))
    del entries[at:at + dice.randrange(1, 4)]


def insert(entries, dice):
    """One more."""
    entries.insert(dice.randrange(len(entries) + 1), dice.choice(entries))


def reorder(entries, dice):
    """Two of them."""
    one, other = dice.sample(range(len(entries)), 2)
    entries[one], entries[other] = entries[other], entries[one]


def rewrite(entries, dice):
    """An event that is as good as the one before."""
    at = dice.randrange(len(entries))
    entries[at] = entries[at].replace(b'"v":1', b'"time_quality":"stepped","v":1')


DAMAGES = [flip, flip, flip_checkpoint, cut_off, lengthen, swap_files, delete, older_checkpoint,
           *map(change_entries, (drop, insert, reorder, rewrite))]


@pytest.mark.parametrize("damage", range(len(DAMAGES)))
def test_both_see_damage_and_where_it_begins(damage, plain, tmp_path):
    """Seventeen random places for each kind of damage to one file: 204 damaged logs."""
    dice = random.Random(1000 + damage)
    for turn in range(17):
        log = tmp_path / f"log{turn}"
        shutil.copytree(plain["log"], log)
        DAMAGES[damage](log, dice)
        assert not both(log, plain["key"])[0], f"turn {turn}"
        shutil.rmtree(log)


def test_both_see_damage_below_hand_overs(ledger, tmp_path):
    """Where keys are followed through damaged files, both refuse; an index that both name is the same."""
    dice = random.Random(7)
    for turn in range(30):
        log = tmp_path / f"log{turn}"
        shutil.copytree(ledger["log"], log)
        dice.choice(DAMAGES[:8])(log, dice)
        for key in (ledger["keys"][0], ledger["keys"][2]):
            first, second = ours(log, key), theirs(log, key)
            assert first[0] == second[0] is False, f"turn {turn}: {first} {second}"
            assert None in (first[1], second[1]) or first[1] == second[1], f"turn {turn}: {first} {second}"
        shutil.rmtree(log)
