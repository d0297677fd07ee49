"""The second verifier, written from doc/ledger-format.md alone, and Gatehouse's own: of one mind about good and bad."""
import base64
import contextlib
import functools
import hashlib
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
import odd_entries  # noqa: E402  pylint: disable=wrong-import-position
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


def test_both_judge_odd_entries_alike(plain, tmp_path):
    """Signed, and nearly events: 190 of them, each the second entry of a log."""
    verdicts = []
    for name, entry in odd_entries.ODD.items():
        log = tmp_path / f"log{len(verdicts)}"
        plain["forger"].log(log, [odd_entries.GOOD, entry])
        first, second = ours(log, plain["key"]), theirs(log, plain["key"])
        assert first[:2] == second[:2], f"{name}: Gatehouse: {first}\nsecond: {second}"
        verdicts.append(first[0])
    assert 30 < sum(verdicts) < len(verdicts) - 80


def written(name, data):
    """A damage that puts a file there."""
    def damage(log):
        (log / name).write_bytes(data)
    return damage


def copied(name, to):
    """A damage that copies a file of the log."""
    return lambda log: shutil.copy(log / name, log / to)


def replaced_by(name, make):
    """A damage that puts something else in a file's place."""
    def damage(log):
        (log / name).rename(log / "beside")
        make(log / name)
    return damage


def odd_heads(forger, size, root):
    """What the owner of the key could put there: name, damage, whether it verifies."""
    head, other = forger.checkpoint, b"x" * 32
    return [
        ("the same anew", written("checkpoint", head(size, root)), True),
        ("an extension", written("checkpoint", head(size, root, "more\n")), True),
        ("an empty line in it", written("checkpoint", head(size, root, "more\n\nmore\n")), False),
        ("another root", written("checkpoint", head(size, other)), False),
        ("smaller", written("checkpoint", head(size - 1, other)), False),
        ("larger", written("checkpoint", head(size + 1, other)), False),
        ("huge", written("checkpoint", head(2**64 - 1, other)), False),
        ("too huge", written("checkpoint", head(2**64, other)), False),
        ("of nothing, with another root", written("checkpoint", head(0, other)), False),
        ("a link", replaced_by("checkpoint", lambda path: path.symlink_to("beside")), False),
        ("a pipe among tiles", replaced_by("tile/0/000", os.mkfifo), False),
        ("a folder among entries", replaced_by("tile/entries/001", os.mkdir), False),
        ("witnesses of a fork", written("checkpoint.witnessed", head(size, other)), False),
        ("witnesses of an early fork", written("checkpoint.witnessed", head(3, other)), False),
        ("witnesses saw more", written("checkpoint.witnessed", head(size + 1, other)), False),
        ("witnesses of nothing", written("checkpoint.witnessed", b"hello\n"), True),
    ]


def test_both_judge_heads_that_the_key_signed(ledger, plain, tmp_path):
    """Forks, huge claims, no files, what witnesses are said to have seen; also without a policy."""
    private = next((ledger["folder"].parent / "ledger-keys").glob("*.key")).read_text()
    for log, key, forger in ((ledger["log"], ledger["keys"][0], Forger(private)),
                             (plain["log"], plain["key"], plain["forger"])):
        lines = (log / "checkpoint").read_text().split("\n")
        for name, damage, is_good in odd_heads(forger, int(lines[1]), base64.b64decode(lines[2])):
            copy = tmp_path / "copy"
            shutil.copytree(log, copy)
            damage(copy)
            first, second = ours(copy, key), theirs(copy, key)
            assert first[0] == second[0] == is_good, f"{name}: Gatehouse: {first}\nsecond: {second}"
            shutil.rmtree(copy)


def test_both_demand_hand_overs_in_order(ledger, tmp_path):
    """One too many, one too few, one of an earlier size, none at all, no note: by each of the three keys."""
    cases = {
        "the first again": (copied("handover/1", "handover/3"), [False, False, False]),
        "the second again": (copied("handover/2", "handover/3"), [False, False, False]),
        "garbage behind them": (written("handover/3", b"x\n"), [False, False, False]),
        "garbage before one's own": (written("handover/1", b"x\n"), [False, False, False]),
        "not in a row": (written("handover/4", b"x\n"), [True, True, True]),
        "the first is gone": (lambda log: (log / "handover/1").unlink(), [False, False, True]),
        "the second is gone": (lambda log: (log / "handover/2").unlink(), [False, False, True]),
        "the last as the head": (copied("handover/2", "checkpoint"), [True, True, True]),
        "an old head": (lambda log: shutil.copy(ledger["early"] / "checkpoint", log / "checkpoint"), [False] * 3),
    }
    for name, (damage, verdicts) in cases.items():
        for key, is_good in zip(ledger["keys"], verdicts):
            copy = tmp_path / "copy"
            shutil.copytree(ledger["log"], copy)
            damage(copy)
            first, second = ours(copy, key), theirs(copy, key)
            assert first[0] == second[0] == is_good, f"{name}: Gatehouse: {first}\nsecond: {second}"
            shutil.rmtree(copy)


def test_both_ask_the_same_of_witnesses_and_of_an_earlier_checkpoint(ledger, plain, tmp_path):
    """Quorums met and not; a checkpoint that was kept, the log's and another's."""
    text = ledger["policy"].read_text()
    first, log = ledger["keys"][0], ledger["log"]
    stranger = text.split("witness w2 ")[1].split()[0]
    absent = re.sub(r"(witness w2 )\S+", r"\1" + cosigner("example.org/absent"), text)
    policies = {text: True, text.replace("quorum both", "quorum w1"): True, "quorum none\n": True, absent: False,
                absent.replace("both all", "both any"): True, absent.replace("both all", "both 1"): True,
                absent.replace("both all", "both 2"): False, text.replace(f"log {ledger['keys'][1]}\n", ""): True}
    assert stranger not in absent
    for policy, is_good in policies.items():
        (tmp_path / "policy").write_text(policy)
        verdict = ours(log, first, "--policy", tmp_path / "policy")
        second = theirs(log, first, note.Policy(policy.encode()))
        assert verdict[0] == second[0] == is_good, f"{policy}{verdict}{second}"
    for earlier, is_good in ((ledger["early"] / "checkpoint", True), (plain["log"] / "checkpoint", False)):
        verdict = ours(log, first, "--from-checkpoint", earlier)
        assert verdict[0] == theirs(log, first, earlier=earlier.read_bytes())[0] == is_good


def cosigner(name):
    """The public key of a witness that has cosigned nothing."""
    blob = b"\4" + bytes(range(32))
    number = hashlib.sha256(name.encode() + b"\n" + blob).hexdigest()[:8]
    return f"{name}+{number}+{base64.b64encode(blob).decode()}"


def second_program(*args):
    """The second verifier as a program."""
    return command(sys.executable, SECOND / "verify.py", *args)


def test_both_believe_proofs_and_no_changed_ones(ledger, tmp_path):
    """First, last and random entries, with witnesses where they cover them; then each with a changed byte."""
    dice, log = random.Random(3), ledger["log"]
    size = int((log / "checkpoint").read_text().split("\n")[1])
    cosigned = int((log / "checkpoint.witnessed").read_text().split("\n")[1])
    for index in (0, size - 1, cosigned - 1, cosigned, dice.randrange(size), dice.randrange(size)):
        proof, entry = tmp_path / "proof", tmp_path / "entry"
        done = command(GATEHOUSE, "ledger", "prove", "--ledger", log, "--output", proof, "--entry", entry, index)
        assert done.returncode == 0, done.stderr
        for options in (("--key", ledger["keys"][1]), ("--key", ledger["keys"][2]), ("--policy", ledger["policy"]),
                        ("--key", ledger["keys"][1], "--policy", ledger["policy"])):
            is_good = (ledger["keys"][2] in options) == (index >= cosigned)
            one = command(GATEHOUSE, "ledger", "verify-proof", *options, "--entry", entry, proof)
            other = second_program("proof", *options, "--entry", entry, proof)
            assert one.returncode == other.returncode == (0 if is_good else 1), one.stdout + other.stdout
        data = bytearray(proof.read_bytes())
        data[dice.randrange(data.index(b"\n\n") + 60)] ^= 1
        proof.write_bytes(data)
        key = ledger["keys"][2 if index >= cosigned else 1]
        assert command(GATEHOUSE, "ledger", "verify-proof", "--key", key, "--entry", entry, proof).returncode == 1
        assert second_program("proof", "--key", key, "--entry", entry, proof).returncode == 1


def test_the_second_verifier_believes_the_example_of_the_page(tmp_path):
    """Chapter 11: hand-over, witness and proof, as they are printed."""
    page = (SOURCE / "doc" / "ledger-format.md").read_text().split("## 11.")[1]
    blocks = re.findall(r"```\n(.*?)```", page, re.DOTALL)
    keys = blocks[0].split()
    entries = [line.encode() for line in blocks[1].splitlines()]
    notes = [block for block in blocks if block.startswith("gatehouse.example/harbour\n")]
    proof = next(block for block in blocks if block.startswith("c2sp.org/tlog-proof@v1"))
    for name, data in (("0", b"".join(map(tree.leaf, entries))), ("entries", bundle(entries))):
        (tmp_path / "tile" / name / "000.p").mkdir(parents=True)
        (tmp_path / "tile" / name / "000.p" / "4").write_bytes(data)
    (tmp_path / "handover").mkdir()
    for name, text in zip(("handover/1", "checkpoint", "checkpoint.witnessed"), notes):
        (tmp_path / name).write_text(text)
    (tmp_path / "policy").write_text(f"witness w {keys[2]}\nquorum w\n")
    for key in keys[:2]:
        done = second_program("log", tmp_path, "--key", key, "--policy", tmp_path / "policy")
        assert (done.returncode, done.stdout) == (0, "VERIFIED: 4 entries\n"), done.stdout + done.stderr
    verify.verify_proof(proof.encode(), entries[1], note.Key(keys[1]), note.Policy((tmp_path / "policy").read_bytes()))
    with pytest.raises(note.Refused):
        verify.verify_proof(proof.encode(), entries[2], note.Key(keys[1]))


def test_the_second_verifier_tells_usage_from_verdict(plain, tmp_path):
    """0 verified, 1 not, 2 nothing to read, 64 usage."""
    assert second_program("log", plain["log"], "--key", plain["key"]).returncode == 0
    assert second_program("log", plain["log"], "--key", plain["key"][:-6] + "AAAAA=").returncode == 64
    assert second_program("log", tmp_path / "none", "--key", plain["key"]).returncode == 2
    assert second_program("log", tmp_path, "--key", plain["key"]).returncode == 2
    assert second_program("log").returncode == 64


@pytest.mark.xfail(strict=True, reason="the format SHOULD: with a tile damaged below a hand-over, verify names no index")
@pytest.mark.parametrize("name", ["tile/1/000.p/2", "tile/entries/000"])
@pytest.mark.parametrize("number", [0, 2])
def test_gatehouse_names_what_is_missing_below_a_hand_over(name, number, ledger, tmp_path):
    """It says now that the hand-over's entry is not the one that was signed, or only that a file is not there."""
    log = tmp_path / "log"
    shutil.copytree(ledger["log"], log)
    if name == "tile/entries/000" and number == 2:
        name = "tile/entries/001"
    (log / name).unlink()
    second = theirs(log, ledger["keys"][number])
    assert ours(log, ledger["keys"][number])[1] == second[1]
