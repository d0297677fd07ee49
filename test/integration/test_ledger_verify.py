"""A thousand random damages to the files of a log: every one is found, and named as what it is."""
import json
import os
import random
import shutil
import struct

import pytest

from conftest import BUILD, GATEHOUSE, command

MAKE_LOG = BUILD / "test" / "bench" / "make_log"
SIZE = 3000
WIDTH = 256
DAMAGES = 1000


class Log:
    """A log of 3,000 entries that is damaged and restored again and again."""

    def __init__(self, folder):
        self.folder = folder
        command(MAKE_LOG, folder, SIZE, 1, "", 2000)
        self.log = folder / "log"
        self.key_file = folder.parent / (folder.name + "-keys") / "ledger.key"
        self.key = (self.log / "log.vkey").read_text().strip()
        self.whole = {p.relative_to(self.log): p.read_bytes() for p in sorted(self.log.rglob("*")) if p.is_file()}
        self.older = folder.parent / "older"
        self.older.write_bytes(self.whole.pop(next(p for p in self.whole if p.name == "checkpoint.old")))
        # What only the older checkpoint of 2,000 entries needed is no part of this log.
        for path in [p for p in self.whole if str(p) in OLD_PARTIALS]:
            (self.log / path).unlink()
            del self.whole[path]
        self.entries = []
        for number in range(bundle_count(SIZE)):
            self.entries += cut(self.whole[bundle_path(number)])
        assert len(self.entries) == SIZE

    def read(self, path):
        """The file as it is now."""
        return (self.log / path).read_bytes()

    def write(self, path, content):
        """Puts other bytes into a file."""
        (self.log / path).parent.mkdir(parents=True, exist_ok=True)
        (self.log / path).write_bytes(content)

    def remove(self, path):
        """Takes a file away."""
        (self.log / path).unlink()

    def pack(self, entries, first=0):
        """Writes bundles anew from that one on; files beyond the end go."""
        for number in range(first, bundle_count(SIZE)):
            part = entries[number * WIDTH:(number + 1) * WIDTH]
            if part:
                self.write(bundle_path(number), join(part))
            else:
                self.remove(bundle_path(number))

    def restore(self):
        """Brings everything back that differs."""
        there = {p.relative_to(self.log) for p in self.log.rglob("*") if p.is_file() or p.is_symlink()}
        for path in there - set(self.whole):
            (self.log / path).unlink()
        for path, content in self.whole.items():
            place = self.log / path
            if place.is_symlink():
                place.unlink()
            if not place.exists() or place.read_bytes() != content:
                self.write(path, content)

    def verify(self, *more):
        """Exit status and what the JSON says."""
        done = command(GATEHOUSE, "ledger", "verify", "--json", "--key", self.key, self.folder, *more)
        assert done.returncode in (0, 1, 2), done.stderr
        return done.returncode, json.loads(done.stdout) if done.stdout else None


def bundle_count(size):
    """How many bundles so many entries have."""
    return (size + WIDTH - 1) // WIDTH


def tile_path(level, number, size=SIZE):
    """The name of a file below log/; level "entries" for bundles."""
    import pathlib
    below = size // WIDTH ** (0 if level == "entries" else level)
    width = min(WIDTH, below - number * WIDTH)
    return pathlib.Path(f"tile/{level}/{number:03d}" + ("" if width == WIDTH else f".p/{width}"))


def bundle_path(number):
    """The name of a bundle."""
    return tile_path("entries", number)


OLD_PARTIALS = {str(tile_path(level, number, 2000)) for level, number in (("entries", 7), (0, 7), (1, 0))}


def cut(bundle):
    """The entries of a bundle."""
    entries, at = [], 0
    while at < len(bundle):
        (length,) = struct.unpack_from(">H", bundle, at)
        entries.append(bundle[at + 2:at + 2 + length])
        at += 2 + length
    return entries


def join(entries):
    """A bundle of entries."""
    return b"".join(struct.pack(">H", len(e)) + e for e in entries)


def flipped(content, at, chance):
    """The bytes with another bit at one place."""
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1:]


def leaf(entry):
    """RFC 6962's hash of an entry."""
    import hashlib
    return hashlib.sha256(b"\0" + entry).digest()


# Each damage gives what must be said: (kinds, index); None: any.

def flip_an_entry(log, chance):
    """One bit inside an entry."""
    index = chance.randrange(SIZE)
    number, place = divmod(index, WIDTH)
    bundle = log.read(bundle_path(number))
    at = sum(2 + len(e) for e in cut(bundle)[:place]) + 2
    log.write(bundle_path(number), flipped(bundle, at + chance.randrange(len(log.entries[index])), chance))
    return {"rewritten"}, index


def flip_a_length(log, chance):
    """One bit in the length of an entry."""
    index = chance.randrange(SIZE)
    number, place = divmod(index, WIDTH)
    bundle = log.read(bundle_path(number))
    at = sum(2 + len(e) for e in cut(bundle)[:place]) + chance.randrange(2)
    log.write(bundle_path(number), flipped(bundle, at, chance))
    return None, index


def flip_a_tile(log, chance):
    """One bit of a tile, of any level."""
    level, number = chance.choice([(0, n) for n in range(bundle_count(SIZE))] + [(1, 0)] * 4)
    path = tile_path(level, number)
    content = log.read(path)
    at = chance.randrange(len(content))
    log.write(path, flipped(content, at, chance))
    return {"damaged"}, number * WIDTH + at // 32 if level == 0 else at // 32 * WIDTH


def flip_the_checkpoint(log, chance):
    """One bit of the signed head."""
    content = log.read("checkpoint")
    log.write("checkpoint", flipped(content, chance.randrange(len(content)), chance))
    return {"false-signature", "not-signed", "unreadable"}, None


def rewrite_with_its_tile(log, chance):
    """An entry and its hash in the tile, so that the two still fit."""
    index = chance.randrange(SIZE)
    number, place = divmod(index, WIDTH)
    entries = cut(log.read(bundle_path(number)))
    entries[place] = entries[place].replace(b"camera", b"kamera")
    log.write(bundle_path(number), join(entries))
    path = tile_path(0, number)
    content = log.read(path)
    log.write(path, content[:place * 32] + leaf(entries[place]) + content[place * 32 + 32:])
    return {"rewritten", "forked"}, None


def rewrite_and_flip_its_tile(log, chance):
    """An entry, and another hash of the same tile: only the root can tell."""
    index = chance.randrange(SIZE)
    number, place = divmod(index, WIDTH)
    entries = cut(log.read(bundle_path(number)))
    entries[place] = entries[place].replace(b"camera", b"kamera")
    log.write(bundle_path(number), join(entries))
    path = tile_path(0, number)
    content = log.read(path)
    log.write(path, flipped(content, chance.randrange(len(content)), chance))
    return {"rewritten"}, index


def drop_and_flip_its_tile(log, chance):
    """An entry gone, and another hash of its tile changed."""
    index = chance.randrange(SIZE // WIDTH * WIDTH)
    number, place = divmod(index, WIDTH)
    entries = cut(log.read(bundle_path(number)))
    del entries[place]
    log.write(bundle_path(number), join(entries))
    log.write(tile_path(1, 0), log.read(tile_path(1, 0)))
    return {"dropped"}, index


def drop(log, chance):
    """One to five entries out of one bundle."""
    count = chance.randrange(1, 6)
    index = chance.randrange(SIZE - WIDTH)
    number, place = divmod(index, WIDTH)
    entries = cut(log.read(bundle_path(number)))
    del entries[place:place + count]
    log.write(bundle_path(number), join(entries))
    return {"dropped"}, index


def drop_and_repack(log, chance):
    """Entries out, everything behind them moved up."""
    index = chance.randrange(SIZE - 700)
    entries = list(log.entries)
    del entries[index:index + chance.choice([1, 2, 300, 600])]
    log.pack(entries, index // WIDTH)
    return {"dropped"}, index


def insert(log, chance):
    """An entry too many, new or a copy, with or without moving the rest."""
    index = chance.randrange(SIZE)
    entry = chance.choice([b'{"action":"system.note"}', log.entries[chance.randrange(SIZE)]])
    number, place = divmod(index, WIDTH)
    if entry in (log.entries[index], log.entries[index - 1]):
        entry = b"{}"
    if chance.random() < 0.5:
        entries = cut(log.read(bundle_path(number)))
        entries.insert(place, entry)
        log.write(bundle_path(number), join(entries))
    else:
        entries = list(log.entries)
        entries.insert(index, entry)
        log.pack(entries[:SIZE], index // WIDTH)
        if index >= SIZE - 1:
            return {"rewritten"}, index
    return {"inserted"}, index


def reorder(log, chance):
    """Two entries change places, near or far."""
    first, second = sorted(chance.sample(range(SIZE), 2))
    if chance.random() < 0.3:
        second = min(first + 1, SIZE - 1)
        first = second - 1
    entries = list(log.entries)
    entries[first], entries[second] = entries[second], entries[first]
    log.pack(entries, first // WIDTH)
    return {"reordered"}, first


def move(log, chance):
    """One entry goes far to the back or to the front."""
    source, target = chance.sample(range(SIZE), 2)
    entries = list(log.entries)
    entries.insert(target, entries.pop(source))
    log.pack(entries)
    return {"reordered", "inserted"}, min(source, target)


def swap_bundles(log, chance):
    """Two files of entries change names."""
    first, second = sorted(chance.sample(range(SIZE // WIDTH), 2))
    one, other = log.read(bundle_path(first)), log.read(bundle_path(second))
    log.write(bundle_path(first), other)
    log.write(bundle_path(second), one)
    return {"reordered"}, first * WIDTH


def swap_tiles(log, chance):
    """Two tiles change names."""
    first, second = sorted(chance.sample(range(SIZE // WIDTH), 2))
    one, other = log.read(tile_path(0, first)), log.read(tile_path(0, second))
    log.write(tile_path(0, first), other)
    log.write(tile_path(0, second), one)
    return {"damaged"}, first * WIDTH


def cut_a_bundle(log, chance):
    """A file of entries ends inside an entry."""
    number = chance.randrange(bundle_count(SIZE))
    bundle = log.read(bundle_path(number))
    place = chance.randrange(len(cut(bundle)))
    at = sum(2 + len(e) for e in cut(bundle)[:place])
    log.write(bundle_path(number), bundle[:at + chance.randrange(1, 100)])
    return {"truncated"}, number * WIDTH + place


def truncate(log, chance):
    """The end of the log is gone, with or without its tiles."""
    size = chance.randrange(1, SIZE)
    for number in range(bundle_count(SIZE)):
        if number * WIDTH >= size:
            log.remove(bundle_path(number))
            if chance.random() < 0.5:
                log.remove(tile_path(0, number))
        elif (number + 1) * WIDTH > size:
            log.write(bundle_path(number), join(log.entries[number * WIDTH:size]))
    return {"truncated"}, size


def remove_a_file(log, chance):
    """A bundle before the last, or a tile."""
    number = chance.randrange(bundle_count(SIZE) - 1)
    level, number = chance.choice([("entries", number), (0, number), (0, bundle_count(SIZE) - 1), (1, 0)])
    log.remove(tile_path(level, number))
    return {"missing"}, number * WIDTH


def lengthen_a_file(log, chance):
    """Bytes too many at the end of a file."""
    level, number = chance.choice([("entries", n) for n in range(12)] + [(0, n) for n in range(12)] + [(1, 0)])
    path = tile_path(level, number)
    log.write(path, log.read(path) + chance.randbytes(chance.randrange(1, 40)))
    return None, None


def link_a_file(log, chance):
    """A link in place of a file, to the very same bytes."""
    path = tile_path(chance.choice(["entries", 0]), chance.randrange(bundle_count(SIZE)))
    other = log.folder.parent / "elsewhere"
    other.write_bytes(log.read(path))
    log.remove(path)
    os.symlink(other, log.log / path)
    return {"unreadable"}, None


def replace_a_partial(log, chance):
    """The last bundle, with all other entries, and as many."""
    path = bundle_path(bundle_count(SIZE) - 1)
    count = len(cut(log.read(path)))
    start = chance.randrange(SIZE // WIDTH * WIDTH - count)
    log.write(path, join(log.entries[start:start + count]))
    return {"rewritten", "reordered", "inserted"}, SIZE // WIDTH * WIDTH


ALL = [flip_an_entry, flip_a_length, flip_a_tile, flip_the_checkpoint, rewrite_with_its_tile, rewrite_and_flip_its_tile,
       drop_and_flip_its_tile, drop, drop_and_repack, insert, reorder, move, swap_bundles, swap_tiles, cut_a_bundle,
       truncate, remove_a_file, lengthen_a_file, link_a_file, replace_a_partial]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """One log for all."""
    return Log(tmp_path_factory.mktemp("verify") / "ledger")


@pytest.fixture(autouse=True)
def restored(log):
    """Whole before each test."""
    log.restore()


def test_an_undamaged_log_verifies(log):
    status, said = log.verify()
    assert status == 0 and said["verified"] and said["entries"] == SIZE and said["findings"] == []
    assert log.verify("--from-checkpoint", log.older)[0] == 0


@pytest.mark.parametrize("damage", ALL, ids=lambda d: d.__name__)
def test_every_damage_is_found_and_named(log, damage):
    """Fifty of each kind, at places that a fixed seed chooses."""
    chance = random.Random(f"gatehouse {damage.__name__}")
    wrong = []
    for turn in range(DAMAGES // len(ALL)):
        kinds, index = damage(log, chance)
        status, said = log.verify()
        first = said["findings"][0] if said and said["findings"] else {"kind": None, "index": None}
        if status != 1 or (kinds and first["kind"] not in kinds) or (index is not None and first["index"] != index):
            wrong.append((turn, "wanted", kinds, index, "got", status, first))
        log.restore()
    assert not wrong, f"{len(wrong)} answers are wrong, such as {wrong[:3]}"


def test_a_checkpoint_that_is_gone_can_not_be_read(log):
    log.remove("checkpoint")
    assert log.verify()[0] == 2


def test_another_history_by_the_right_key_is_a_fork(log, tmp_path):
    """The owner of the key writes all of it anew: only who kept a checkpoint can tell."""
    other = tmp_path / "other"
    command(MAKE_LOG, other, SIZE, 2, log.key_file)
    done = command(GATEHOUSE, "ledger", "verify", "--key", log.key, "--quiet", other)
    assert done.returncode == 0
    done = command(GATEHOUSE, "ledger", "verify", "--key", log.key, "--json", "--from-checkpoint", log.older, other)
    said = json.loads(done.stdout)
    assert done.returncode == 1 and said["findings"][0]["kind"] == "forked"
    assert "2000" in said["findings"][0]["words"]


def test_a_log_that_was_taken_back_is_truncated(log, tmp_path):
    """An earlier state verifies by itself, and not against a later checkpoint."""
    back = tmp_path / "back"
    command(MAKE_LOG, back, 1500, 1, log.key_file)
    assert command(GATEHOUSE, "ledger", "verify", "--key", log.key, "--quiet", back).returncode == 0
    done = command(GATEHOUSE, "ledger", "verify", "--key", log.key, "--json", "--from-checkpoint", log.older, back)
    first = json.loads(done.stdout)["findings"][0]
    assert done.returncode == 1 and first["kind"] == "truncated" and first["index"] == 1500


def test_only_what_is_new_is_read_again(log, tmp_path):
    state, copy = tmp_path / "state", tmp_path / "copy"
    command(MAKE_LOG, copy, 2000, 1, log.key_file)
    done = command(GATEHOUSE, "ledger", "verify", "--key", log.key, "--json", "--incremental", state, copy)
    assert json.loads(done.stdout)["entries"] == 2000 and state.exists()
    shutil.rmtree(copy)
    shutil.copytree(log.folder, copy)
    done = command(GATEHOUSE, "ledger", "verify", "--key", log.key, "--json", "--incremental", state, copy)
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["verified_before"] == 1792 and said["entries"] == SIZE - 1792
    fork = tmp_path / "fork"
    command(MAKE_LOG, fork, SIZE, 2, log.key_file)
    done = command(GATEHOUSE, "ledger", "verify", "--key", log.key, "--json", "--incremental", state, fork)
    assert done.returncode == 1 and json.loads(done.stdout)["findings"][0]["kind"] == "forked"


def test_a_proof_needs_only_the_key_and_breaks_with_any_change(log, tmp_path):
    proof, entry = tmp_path / "p.tlog-proof", tmp_path / "e.json"
    chance = random.Random("proofs")
    for index in [0, 255, 256, 2815, 2816, SIZE - 1]:
        done = command(
            GATEHOUSE, "ledger", "prove", index, "--ledger", log.folder, "--output", proof, "--entry", entry)
        assert done.returncode == 0 and "not recorded" in done.stderr
        assert entry.read_bytes() == log.entries[index]
        check = [GATEHOUSE, "ledger", "verify-proof", proof, "--entry", entry, "--key", log.key]
        done = command(*check)
        assert done.returncode == 0 and f"index {index} " in done.stdout
        good = proof.read_bytes()
        for _ in range(10):
            proof.write_bytes(flipped(good, chance.randrange(len(good)), chance))
            assert command(*check).returncode == 1
        proof.write_bytes(good)
        entry.write_bytes(flipped(log.entries[index], chance.randrange(len(log.entries[index])), chance))
        assert command(*check).returncode == 1
