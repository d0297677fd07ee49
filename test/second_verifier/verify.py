#!/usr/bin/env python3
"""A second verifier of ledgers, written from doc/ledger-format.md alone.

Needs Python 3 and the openssl program, nothing of Gatehouse. It shows that the document says everything that a
verifier needs; test/integration/test_second_verifier.py compares its verdicts with those of `gatehouse ledger verify`.
Exit status: 0 verified; 1 not; 2 could not be read; 64 usage.
"""
import argparse
import json
import os
import pathlib
import re
import sys

import event
import note
import tree

HANDOVERS = "handover"
RETENTION_MOST = 4095
RETENTION = re.compile(rb"gatehouse retention\nminimum (0|[1-9][0-9]{0,18})\nevent (0|[1-9][0-9]{0,18})\npolicy ([ -~]{1,255})\n")


class Trust:
    """The keys that are believed, each with the size above which it is good for nothing (None: it signs now)."""

    def __init__(self, key):
        self.key, self.seen, self.old, self.sizes, self.roots = key, 0, [], [], {}

    def signers(self, size):
        """Keys that may have signed a checkpoint of that size."""
        return [self.key] + [key for key, end in self.old if size <= end]

    def is_signed(self, checkpoint):
        """Whether a believed key signed it, at a size at which it may."""
        return any([checkpoint.is_signed(key) for key in self.signers(checkpoint.size)])


def follow(folder, tiles, key):
    """Follows the hand-overs from a key (chapter 7); returns the Trust, and the fault that ended it early."""
    trust, number, met = Trust(key), 0, False
    while True:
        number += 1
        name = f"{HANDOVERS}/{number}"
        try:
            data = folder.read(name, note.NOTE_MOST)
        except OSError:
            return trust, (note.Refused("unreadable", f"{name} is no plain file"), None)
        if data is None:
            return trust, None
        head = None
        try:
            head = note.Checkpoint(data)
            if not head.is_signed(trust.key):
                if met:
                    raise note.Refused("not-signed", f"{name} is not signed by the key before it")
                continue
            met = True
            hand_over(tiles, trust, head, name)
        except note.Refused as bad:
            return trust, (bad, head if head and bad.kind == "forked" else None)


def hand_over(tiles, trust, head, name):
    """Believes the next key, or says why not."""
    if head.origin != trust.key.name or head.size <= trust.seen:
        raise note.Refused("bad-handover", f"{name} has another origin, or no larger size than the one before")
    if head.size > tiles.size:
        raise note.Refused("truncated", f"{name} is of more entries than checkpoint")
    believed = tree.believed_edge(tiles, head.size, head.root)
    last = believed and tree.believed_leaf(tiles, believed, head.size - 1)
    found = tiles.entries((head.size - 1) // 256, (head.size - 1) % 256 + 1)[0]
    if len(found) != (head.size - 1) % 256 + 1 or tree.leaf(found[-1]) != last:
        raise note.Refused("forked", f"{name} is not over the entries that are there")
    try:
        said = event.canonical(found[-1])
        event.need(isinstance(said, dict) and said.get("action") == "system.key", "its last entry hands nothing over")
        detail = said.get("detail")
        event.need(isinstance(detail, dict) and isinstance(detail.get("next"), str), "it names no key")
    except event.NoEvent as bad:
        raise note.Refused("bad-handover", f"{name}: {bad}") from None
    following = note.Key(detail["next"])
    if following.name != trust.key.name or not head.is_signed(following):
        raise note.Refused("bad-handover", f"{name} is not signed by the next key of this log")
    trust.sizes.append((name, head))
    if following != trust.key:
        if detail.get("previous") != trust.key.text:
            raise note.Refused("bad-handover", f"{name}: its last entry has another previous key")
        trust.old.append((trust.key, head.size))
        trust.key = following
    trust.seen = head.size


def is_current(trust, checkpoint):
    """Whether checkpoint may be the head: by the key that is reached, or the one before it at the very same size."""
    if checkpoint.is_signed(trust.key):
        return True
    if trust.old and checkpoint.size == trust.seen and checkpoint.is_signed(trust.old[-1][0]):
        return True
    for key, end in trust.old:
        if checkpoint.is_signed(key):
            kind = "forked" if checkpoint.size > end else "truncated"
            raise note.Refused(kind, "only a key that was handed over signed it")
    return False


def head_of(folder):
    """Check 1: the head that is claimed."""
    try:
        data = folder.read("checkpoint", note.NOTE_MOST)
    except OSError:
        data = None
    if data is None:
        raise note.Refused("nothing", "checkpoint is not there")
    return note.Checkpoint(data)


def judge_head(head, trust):
    """Check 2."""
    if head.origin != trust.key.name or not is_current(trust, head):
        raise note.Refused("not-signed", "checkpoint is another log's, or signed by another key")
    if head.size < trust.seen:
        raise note.Refused("truncated", "checkpoint is before the last hand-over")


def witnessed(folder, trust, policy):
    """Check 4; returns checkpoint.witnessed, or None where it need not be."""
    try:
        data = folder.read("checkpoint.witnessed", note.NOTE_MOST)
    except OSError:
        data = b""
    if data is None:
        if policy:
            raise note.Refused("not-witnessed", "checkpoint.witnessed is not there")
        return None
    try:
        found = note.Checkpoint(data)
        if found.origin != trust.key.name or not trust.is_signed(found):
            raise note.Refused("not-signed", "checkpoint.witnessed is another log's, or signed by another key")
    except note.Refused:
        if policy:
            raise
        return None  # as if it were not there
    if policy:
        judge_quorum(policy, found)
    return found


def judge_quorum(policy, checkpoint):
    """The policy's witnesses cosigned it."""
    if not policy.is_met(checkpoint):
        raise note.Refused("not-witnessed", "too few witnesses cosigned it")


def stated_retention(folder):
    """What the file retention says (9.2): minimum, event, policy; None where it is not there."""
    try:
        data = folder.read("retention", RETENTION_MOST)
    except OSError:
        data = b""
    if data is None:
        return None
    found = RETENTION.fullmatch(data)
    numbers = [int(one) for one in found.groups()[:2]] if found else [0, 0]
    if not found or numbers[0] == 0 or numbers[0] % tree.WIDTH or numbers[1] < numbers[0]:
        raise note.Refused("unreadable", "retention has another form than it must have")
    return (*numbers, found[3].decode("ascii"))


def pruned_below(tiles, head, stated):
    """The minimum, where the log itself states it: the event is at its proven place and says the same."""
    minimum, index, policy = stated
    wrong = note.Refused("not-stated", f"retention: event {index} of this log does not say so")
    if index >= head.size:
        raise wrong
    believed = tree.believed_edge(tiles, head.size, head.root)
    last = believed and tree.believed_leaf(tiles, believed, index)
    found = tiles.entries(index // tree.WIDTH, index % tree.WIDTH + 1)[0]
    if len(found) != index % tree.WIDTH + 1 or tree.leaf(found[-1]) != last:
        raise wrong
    try:
        said = event.canonical(found[-1])
    except event.NoEvent:
        raise wrong from None
    detail = said.get("detail") if isinstance(said, dict) else None
    if not isinstance(detail, dict) or said.get("action") != "ledger.prune" or said.get("outcome") != "ok" or (
            detail.get("minimum"), detail.get("policy")) != (minimum, policy):
        raise wrong
    return minimum


def verify_log(path, key, policy=None, earlier=None):
    """Everything of chapter 10; returns the faults, in its order, and the head."""
    faults, events = [], []

    def say(bad, name):
        faults.append({"kind": bad.kind, "index": bad.index, "file": name, "words": str(bad)})

    def each(index, entry):
        if not events:
            try:
                event.judge_event(entry)
            except event.NoEvent as bad:
                events.append({"kind": "no-event", "index": index, "file": None, "words": str(bad)})

    folder = tree.Folder(path / "log" if (path / "log").is_dir() else path)
    stated, pruned = None, 0
    try:
        stated = stated_retention(folder)
    except note.Refused as bad:
        say(bad, "retention")
    head = head_of(folder)
    tiles = tree.Tiles(folder, head.size)
    trust, broken = follow(folder, tiles, key)
    if broken:
        say(broken[0], HANDOVERS)
        if broken[1]:  # the head that the believed key signed last: what is wrong below it can be named
            walk = tree.Walk(tiles, broken[1].size, (), each)
            walk.run(broken[1].root)
            faults += walk.faults
        return faults + events, None
    try:
        judge_head(head, trust)
    except note.Refused as bad:
        say(bad, "checkpoint")
        return faults, None
    others = list(trust.sizes)
    for name, get in (("earlier", lambda: earlier and kept(earlier, trust)),
                      ("checkpoint.witnessed", lambda: witnessed(folder, trust, policy))):
        try:
            found = get()
            if found and found.size > head.size:
                raise note.Refused("truncated", f"{name} has a larger size")
            if found:
                others.append((name, found))
        except note.Refused as bad:
            say(bad, name)
    try:
        pruned = pruned_below(tiles, head, stated) if stated else 0
    except note.Refused as bad:
        say(bad, "retention")
    walk = tree.Walk(tiles, head.size, [h.size for _, h in others] + [head.size], each, pruned)
    walk.run(head.root)
    faults += walk.faults
    for name, other in others + [("checkpoint", head)]:
        if other.size in walk.roots and walk.roots[other.size] != other.root and not walk.faults:
            say(note.Refused("forked", f"{name} is of another history"), name)
    if head is not None and pruned:
        head.pruned = (walk.gone, *stated)
    return faults + events, head


def kept(data, trust):
    """Check 3: a checkpoint from earlier."""
    found = note.Checkpoint(data)
    if found.origin != trust.key.name or not trust.is_signed(found):
        raise note.Refused("not-signed", "the earlier checkpoint is another log's, or signed by another key")
    return found


def verify_proof(data, entry, key, policy=None):
    """Chapter 8; raises when the proof does not hold."""
    if len(data) > 2 * note.NOTE_MOST:
        raise note.Refused("malformed", "the proof is too large")
    front, found, rest = data.partition(b"\n\n")
    try:
        lines = front.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise note.Refused("malformed", "the proof is no text") from None
    if not found or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise note.Refused("malformed", "this is no proof")
    if lines and lines[0].startswith("extra "):
        note.unbase64(lines.pop(0)[6:])
    if not lines or not lines[0].startswith("index ") or len(lines) > 65:
        raise note.Refused("malformed", "the proof has no index, or too many hashes")
    index, hashes = note.decimal(lines[0][6:]), [note.unbase64(one, 32) for one in lines[1:]]
    head = note.Checkpoint(rest)
    if key and (head.origin != key.name or not head.is_signed(key)):
        raise note.Refused("not-signed", "the proof's checkpoint is another log's, or signed by another key")
    if not key and not any([k.name == head.origin and head.is_signed(k) for k in policy.logs]):
        raise note.Refused("not-signed", "no log of the policy signed it")
    if policy:
        judge_quorum(policy, head)
    if not tree.is_included(tree.leaf(entry), index, head.size, hashes, head.root):
        raise note.Refused("not-included", "the entry is not in that tree", index)


def read(path, most):
    """A file that the user named."""
    with open(path, "rb") as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise note.Refused("too-large", f"{path} is larger than {most} bytes")
    return data


def key_of(text):
    """A key, or a file with one line that is one."""
    if "+" not in text or os.path.exists(text):
        text = read(text, 1024).decode("utf-8", "replace").removesuffix("\n")
    return note.Key(text)


def options():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    log, proof = parts.add_parser("log"), parts.add_parser("proof")
    log.add_argument("folder", type=pathlib.Path)
    log.add_argument("--from-checkpoint")
    proof.add_argument("proof")
    proof.add_argument("--entry", required=True)
    for part in (log, proof):
        part.add_argument("--key", required=part is log)
        part.add_argument("--policy")
        part.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if not args.key and not args.policy:
        parser.error("--key or --policy is needed")
    return args


def run(args):
    """Verifies what the command line names; returns faults and a line for people."""
    policy = note.Policy(read(args.policy, note.POLICY_MOST)) if args.policy else None
    if args.part == "proof":
        verify_proof(read(args.proof, 2 * note.NOTE_MOST), read(args.entry, event.ENTRY_MOST),
                     args.key and key_of(args.key), policy)
        return [], "the entry is in the log"
    earlier = read(args.from_checkpoint, note.NOTE_MOST) if args.from_checkpoint else None
    faults, head = verify_log(args.folder, key_of(args.key), policy, earlier)
    words = f"{head.size} entries" if head else ""
    if hasattr(head, "pruned"):  # chapter 10, check 5: it must be said
        words += "; {} of them are not there, those below {} are pruned by policy (event {}): {}".format(*head.pruned)
    return faults, words


def first_index(faults):
    """The first bad index, where one is known."""
    return min((f["index"] for f in faults if f["index"] is not None), default=None)


def main():
    """Prints the verdict; returns the exit status."""
    try:
        args = options()
    except SystemExit as end:
        return 64 if end.code else 0
    try:
        faults, words = run(args)
    except OSError as bad:
        print(f"{bad.filename}: {bad.strerror}", file=sys.stderr)
        return 2
    except note.Refused as bad:
        if bad.kind in ("bad-key", "bad-policy"):
            print(bad, file=sys.stderr)
            return 64
        faults, words = [{"kind": bad.kind, "index": bad.index, "file": None, "words": str(bad)}], ""
    if args.json:
        print(json.dumps({"verified": not faults, "index": first_index(faults), "findings": faults}))
    elif faults:
        for one in faults:
            print(f"NOT VERIFIED: {one['kind']} index={one['index']} {one['file'] or ''} {one['words']}")
    else:
        print(f"VERIFIED: {words}")
    return 2 if [f["kind"] for f in faults] == ["nothing"] else 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
