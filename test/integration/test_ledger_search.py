"""Searching the ledger, whole: every answer against a scan of the entries that Python does by itself."""
import base64
import csv
import datetime
import functools
import hashlib
import io
import ipaddress
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import GATEHOUSE, Running, command

START = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)
COUNT = 36_000  # two whole chunks of the index and a tail
DAY = 86_400_000
HOSTILE = [
    "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "a,b", 'say "hi"', "line\r\n2026-11-01 00:00:00Z  root  was here",
    "a|b", "a=b", "\u202egnp.exe", "\u2066x\u2069", "\x1b[31mred\x1b[0m", "nul\0l", "  two  blanks  ", "tab\there",
    "＝full", "Anna Müller", "base64:AAAA", "", "x" * 2000, "</script>", "\u2028next",
]


def stamp(ms):
    """RFC 3339 with milliseconds, counted from START."""
    return (START + datetime.timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def canonical(event):
    """RFC 8785 for what these events hold: sorted members, no blanks, UTF-8."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def make_events(seed):
    """Entries of a site with everything: views that overlap, never end, last for days; hostile texts; garbage."""
    chance = random.Random(seed)
    users = [f"user{i}" for i in range(12)] + HOSTILE
    cameras = [f"camera-{i}" for i in range(9)] + ["front-door", "a b", "=1+1"]
    waiting = []  # (time, event)
    now = 0
    entries = []
    number = 0

    def event(action, **more):
        nonlocal number
        number += 1
        user = chance.choice(users)
        made = {
            "action": action,
            "actor": {"user": user, "ip": f"10.0.{chance.randrange(4)}.{chance.randrange(3)}",
                      "session": f"s-{chance.randrange(40)}"},
            "id": f"e-{number:08d}", "outcome": "ok", "site": "north", "v": 1,
        }
        made.update(more)
        return made

    while len(entries) < COUNT:
        now += chance.randrange(1, 120_000)
        waiting.sort(key=lambda w: w[0])
        while waiting and waiting[0][0] <= now and len(entries) < COUNT:
            ends, ended = waiting.pop(0)
            entries.append(canonical(dict(ended, time=stamp(ends))))
        kind = chance.random()
        if kind < 0.45:
            made = event(chance.choice(["footage.live", "footage.playback"]),
                         target={"cameras": chance.sample(cameras, chance.choice([1, 1, 1, 3])), "vms": "main"})
            if made["action"] == "footage.playback":
                begin = chance.randrange(0, now + 1)
                made["target"].update({"from": stamp(begin), "to": stamp(begin + chance.randrange(1, DAY))})
            view = f"v-{number}"
            long = chance.random() < 0.02
            duration = chance.randrange(DAY // 2, 4 * DAY) if long else chance.randrange(0, 3_600_000)
            made["detail"] = {"phase": "begin", "view": view}
            entries.append(canonical(dict(made, time=stamp(now))))
            if chance.random() < 0.9:
                number += 1
                waiting.append((now + duration, dict(
                    made, id=f"e-{number:08d}", bytes=chance.randrange(10 ** 9),
                    detail={"phase": "end", "view": view, "duration_ms": duration})))
        elif kind < 0.6:
            made = event(chance.choice(["footage.snapshot", "footage.export"]),
                         target={"cameras": [chance.choice(cameras)]}, bytes=chance.randrange(10 ** 6))
            if chance.random() < 0.3:
                made.update(outcome=chance.choice(["refused", "failed"]), reason="No right to see front-door at night")
            entries.append(canonical(dict(made, time=stamp(now))))
        elif kind < 0.7:
            entries.append(canonical(dict(event("config.change", target={"object": chance.choice(HOSTILE + ["gate 7"])}),
                                          time=stamp(now), time_quality="unsynced")))
        elif kind < 0.72:
            entries.append(chance.choice([b"", b"{}", b"entry", b"\xff\xfe", b'{"action":"a.b"}', b"\n\n", b"=1"]))
        else:
            made = event(chance.choice(["auth.login", "auth.fail", "new.action"]), reason=chance.choice(HOSTILE))
            entries.append(canonical(dict(made, time=stamp(now - chance.choice([0, 0, 0, 5_000_000])) if now > 5_000_000
                                          else stamp(now))))
    return entries


def root(hashes):
    """RFC 6962 section 2.1, by levels."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        pairs = [hashlib.sha256(b"\1" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + ([hashes[-1]] if len(hashes) % 2 else [])
    return hashes[0]


def write_tiles(folder, items):
    """Files of 256 items each, and a last one of fewer."""
    for start in range(0, len(items), 256):
        part = items[start:start + 256]
        name = f"{start // 256:03d}"
        path = folder / (name if len(part) == 256 else f"{name}.p/{len(part)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(part))


def write_log(folder, entries):
    """Bundles, tiles and a checkpoint, as C2SP tlog-tiles has them; its signature is of no meaning."""
    log = folder / "log"
    log.mkdir(parents=True, exist_ok=True)
    leaves = hashes = [hashlib.sha256(b"\0" + e).digest() for e in entries]
    write_tiles(log / "tile" / "entries", [len(e).to_bytes(2, "big") + e for e in entries])
    for level in range(8):
        write_tiles(log / "tile" / str(level), hashes)
        hashes = [root(hashes[at:at + 256]) for at in range(0, len(hashes) // 256 * 256, 256)]
    top = base64.b64encode(root(leaves)).decode()
    signature = base64.b64encode(bytes(68)).decode()
    (log / "checkpoint").write_text(f"example.org/log\n{len(entries)}\n{top}\n\n— example.org/log {signature}\n")


class Log:
    """A log in a folder, and its entries as Python reads them."""

    def __init__(self, folder, entries):
        self.folder = folder
        self.entries = entries
        self.events = []
        for entry in entries:
            try:
                event = json.loads(entry)
                self.events.append(event if "action" in event and "time" in event else None)
            except (ValueError, TypeError):
                self.events.append(None)
        write_log(folder, entries)

    def search(self, *args, status=0):
        """Runs a search; its standard output as bytes."""
        done = subprocess.run([str(GATEHOUSE), "ledger", "search", "--ledger", str(self.folder), *args],
                              capture_output=True, timeout=120, check=False)
        assert done.returncode == status, done.stderr.decode()
        self.said = done.stderr.decode()
        return done.stdout

    def indices(self, *args):
        """Of the events that a search finds, in its order."""
        return [json.loads(line)["index"] for line in self.search(*args, "--format", "json").splitlines()]


@pytest.fixture(scope="module", name="log")
def made_log(tmp_path_factory):
    return Log(tmp_path_factory.mktemp("search"), make_events(7))


def texts(value, name=""):
    """Every text of an event but its times."""
    if isinstance(value, str):
        return [] if name in ("time", "target.from", "target.to") else [value.encode()]
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [t for key, part in parts
            for t in texts(part, f"{name}.{key}" if name and isinstance(value, dict) else str(key))]


def has_word(event, word):
    """The rule of --text: no letter or digit beside it, ASCII case ignored."""
    word = word.encode().lower()
    near = rb"[0-9A-Za-z\x80-\xff]"
    left = rb"(?<!" + near + rb")" if re.match(near, word[:1]) else b""
    right = rb"(?!" + near + rb")" if re.match(near, word[-1:]) else b""
    pattern = re.compile(left + re.escape(word) + right)
    return any(pattern.search(text) for text in lowered(canonical(event)))


@functools.lru_cache(maxsize=None)
def lowered(entry):
    """The texts of an entry in lower case."""
    return [text.lower() for text in texts(json.loads(entry))]


def matches(event, asked):
    """The query language, once more."""
    if event is None:
        return not asked
    actor, target = event.get("actor", {}), event.get("target", {})
    rules = {
        "from": lambda v: event["time"] >= v,
        "to": lambda v: event["time"] < v,
        "user": lambda v: actor.get("user") == v,
        "camera": lambda v: v in target.get("cameras", []),
        "action": lambda v: event["action"].startswith(v[:-1]) if v.endswith("*") else event["action"] == v,
        "outcome": lambda v: event.get("outcome") == v,
        "ip": lambda v: ipaddress.ip_address(actor["ip"]) in ipaddress.ip_network(v, strict=False),
        "session": lambda v: actor.get("session") == v,
        "object": lambda v: target.get("object") == v,
        "text": lambda v: all(has_word(event, word) for word in v.split()),
    }
    return all(rules[name](value) for name, value in asked.items())


def random_query(chance, log):
    """Parts of a real event mostly, so that something is found."""
    like = None
    while like is None:
        like = chance.choice(log.events)
    actor, target = like["actor"], like.get("target", {})
    words = [w for t in texts(like) for w in t.decode().split() if re.search(r"[0-9A-Za-z\x80-\U0010ffff]", w)
             and len(w.encode()) < 64 and "\0" not in w and "\u2028" not in w]
    asked = {}
    for name, value in {
        "user": actor["user"], "camera": chance.choice(target.get("cameras", ["no such"])),
        "action": chance.choice([like["action"], like["action"].split(".")[0] + ".*"]), "outcome": like["outcome"],
        "ip": chance.choice([actor["ip"], actor["ip"] + "/23", "10.0.0.0/8", "192.0.2.0/24"]),
        "session": actor["session"], "object": target.get("object", "gate 7"),
        "text": " ".join(chance.sample(words, min(len(words), chance.choice([1, 1, 2])))).lower(),
    }.items():
        if chance.random() < 0.25 and value and "\0" not in value:
            asked[name] = value
    if chance.random() < 0.5:
        moments = sorted(chance.choice([e for e in (like, log.events[0], chance.choice(log.events)) if e])["time"]
                         for _ in range(2))
        asked["from"] = moments[0]
        if moments[1] > moments[0] and chance.random() < 0.7:
            asked["to"] = moments[1]
    return asked


def arguments(asked):
    return [part for name, value in asked.items() for part in (f"--{name}={value}",)]


def test_every_answer_equals_a_scan_of_the_entries(log):
    chance = random.Random(11)
    found = 0
    for _ in range(200):
        asked = random_query(chance, log)
        expected = [i for i, event in enumerate(log.events) if matches(event, asked)]
        found += len(expected)
        assert log.indices(*arguments(asked)) == expected, asked
        if chance.random() < 0.2:
            assert log.indices(*arguments(asked), "--reverse", "--limit", "7") == expected[::-1][:7], asked
    assert found > 5_000


def merged(spans):
    """Length of the union of spans."""
    length, until = 0, None
    for start, end in sorted(spans):
        start = start if until is None else max(start, until)
        length += max(0, end - start)
        until = end if until is None else max(until, end)
    return length


def who_watched(log, camera, begin, end):
    """--watched, from the description alone; times in ms from START."""
    def ms(text):
        return round((datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - START).total_seconds() * 1000)

    groups = {}
    for i, event in enumerate(log.events):
        if event and event["action"].startswith("footage.") and camera in event["target"]["cameras"]:
            key = (event.get("detail", {}).get("view", i), event["actor"]["user"], event["action"].split(".")[1])
            groups.setdefault(key, []).append(event)
    rows = {}
    for (_, user, kind), events in groups.items():
        row = rows.setdefault((user, events[0]["actor"]["ip"]), {
            "views": 0, "open": 0, "before": 0, "spans": [], "snapshots": 0, "exports": 0, "refused": 0, "bytes": 0,
            "recording_ms": 0})
        first, last = ms(events[0]["time"]), ms(events[-1]["time"])
        size = max(event.get("bytes", 0) for event in events)
        if kind in ("snapshot", "export"):
            if begin <= first < end:
                refused = events[0]["outcome"] in ("refused", "failed")
                row["refused" if refused else kind + "s"] += 1
                row["bytes"] += 0 if refused else size
            continue
        duration = events[-1]["detail"].get("duration_ms")
        if duration is None:
            row["before"] += begin - DAY <= first < begin
            row["views"] += begin <= first < end
            row["open"] += begin <= first < end
            inside = begin <= first < end
        else:
            first = last - duration
            inside = first < end and (last > begin or first >= begin)
            if inside:
                row["views"] += 1
                row["bytes"] += size
                row["spans"].append((max(first, begin), min(last, end)))
        if inside and "from" in events[0]["target"]:
            row["recording_ms"] += ms(events[0]["target"]["to"]) - ms(events[0]["target"]["from"])
    return {key: row for key, row in rows.items() if any(row[n] for n in ("views", "before", "snapshots", "exports", "refused"))}


@pytest.mark.parametrize("seed", range(12))
def test_who_watched_equals_the_views_joined_by_hand(log, seed):
    chance = random.Random(seed)
    length = chance.choice([3_600_000, DAY, 5 * DAY])
    begin = chance.randrange(DAY, 12 * DAY)
    end = begin + length
    camera = chance.choice(["camera-3", "front-door", "a b", "=1+1"])
    out = log.search("--camera", camera, "--from", stamp(begin), "--to", stamp(end), "--watched", "--format", "json")
    rows = [json.loads(line) for line in out.splitlines()]
    expected = who_watched(log, camera, begin, end)
    got = {(r["user"], r["ip"]): r for r in rows if r["level"] == "address"}
    assert set(got) == set(expected)
    assert length < DAY or expected
    for key, row in expected.items():
        for name in ("views", "open", "before", "snapshots", "exports", "refused", "bytes", "recording_ms"):
            assert got[key][name] == row[name], (key, name)
        assert got[key]["total_ms"] == sum(e - s for s, e in row["spans"])
        assert got[key]["wall_ms"] == merged(row["spans"])
    whole = [r for r in rows if r["level"] == "all"]
    assert len(whole) == 1 and rows[-1] == whole[0]
    spans = [span for row in expected.values() for span in row["spans"]]
    assert whole[0]["views"] == sum(row["views"] for row in expected.values())
    assert whole[0]["total_ms"] == sum(e - s for s, e in spans)
    assert whole[0]["wall_ms"] == merged(spans)
    for row in rows:
        if row["level"] == "user":
            mine = [s for (user, _), r in expected.items() if user == row["user"] for s in r["spans"]]
            assert row["wall_ms"] == merged(mine) and row["total_ms"] == sum(e - s for s, e in mine)


def test_totals_equal_a_count(log):
    asked = {"camera": "front-door", "from": stamp(3 * DAY), "to": stamp(9 * DAY)}
    rows = [json.loads(line) for line in log.search(*arguments(asked), "--totals", "--format", "json").splitlines()]
    events = [event for event in log.events if event and matches(event, asked)]
    assert rows[0]["kind"] == "all" and rows[0]["events"] == len(events) > 100
    assert rows[0]["bytes"] == sum(event.get("bytes", 0) for event in events)
    users = {row["value"]: row["events"] for row in rows if row["kind"] == "user"}
    assert users == {user: sum(e["actor"]["user"] == user for e in events) for user in {e["actor"]["user"] for e in events}}


def test_json_holds_the_entries_as_they_are(log):
    lines = log.search("--format", "json").split(b"\n")[:-1]
    assert len(lines) == len(log.entries)
    for line, entry, event in zip(lines, log.entries, log.events):
        if event is None:
            assert base64.b64decode(json.loads(line)["base64"]) == entry
        else:
            assert b'"event":' + entry + b"}" in line


def test_no_text_forges_a_line_or_a_field(log):
    lines = log.search().decode().split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(log.entries)
    for i, line in enumerate(lines):
        assert line.endswith(f"  #{i}")
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", line)
        if log.events[i] is None:
            assert line.startswith("-  ") and "not an event" in line
        else:
            assert line[:19] == log.events[i]["time"][:19].replace("T", " ")
            fields = re.sub(r'"[^"]*"', "Q", line[22:])  # what came from outside is in quotation marks or plain
            assert "root  was here" not in fields and "two  blanks" not in fields


def test_csv_is_safe_in_a_spreadsheet(log):
    out = log.search("--format", "csv").decode()
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert len(rows) == len(log.entries)
    names = set()
    for row, event in zip(rows, log.events):
        assert not any(value.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "＝") and value.lstrip(" ")
                       for value in row.values())
        if event:
            user = event["actor"]["user"].replace("\0", "\ufffd")
            assert row["user"] in (user, "'" + user)
            names.add(row["user"])
    assert len(names) > len(HOSTILE)


def test_an_index_that_caught_up_equals_one_that_was_made_anew(tmp_path, log):
    folder = tmp_path / "growing"
    for size in (100, 16_384, 17_000, COUNT):
        shutil.rmtree(folder / "log", ignore_errors=True)
        write_log(folder, log.entries[:size])
        done = command(GATEHOUSE, "ledger", "index", "--ledger", folder)
        assert done.returncode == 0 and f"{size // 16_384 * 16_384} of {size} events" in done.stdout
    fresh = Log(tmp_path / "fresh", log.entries)
    grown = Log(folder, log.entries)
    for args in (["--user", "user3"], ["--text", "front-door"], ["--action", "footage.*", "--ip", "10.0.1.0/24"]):
        assert grown.indices(*args) == fresh.indices(*args)
    done = command(GATEHOUSE, "ledger", "index", "--ledger", folder, "--rebuild")
    assert done.returncode == 0 and "32768 of them now" in done.stdout
    assert grown.indices("--user", "user3") == fresh.indices("--user", "user3")


@pytest.mark.parametrize("harm", ["gone", "garbage", "cut", "other", "no folder"])
def test_a_bad_index_changes_no_answer(tmp_path, log, harm):
    folder = tmp_path / "copy"
    shutil.copytree(log.folder, folder)
    index = folder / "index.db"
    copy = Log(folder, log.entries)
    more = ["--user", "user3", "--text", "front-door"]
    expected = copy.indices(*more)
    if harm == "gone":
        index.unlink()
    elif harm == "garbage":
        index.write_bytes(random.Random(3).randbytes(300_000))
    elif harm == "cut":
        os.truncate(index, index.stat().st_size // 2 // 16_384 * 16_384)
    elif harm == "other":
        shutil.copytree(folder, tmp_path / "elsewhere")
        other = Log(tmp_path / "elsewhere", make_events(8))
        other.indices()
        shutil.copy(tmp_path / "elsewhere" / "index.db", index)
    else:
        more += ["--index", str(tmp_path / "no" / "such" / "index.db")]
    assert copy.indices(*more) == expected
    assert {"garbage": "made anew", "cut": "made anew", "other": "made anew", "no folder": "the whole log is read"}.get(
        harm, "") in copy.said


def test_an_entry_that_was_changed_is_not_shown(tmp_path, log):
    copy = Log(tmp_path / "copy", log.entries)
    bundle = tmp_path / "copy" / "log" / "tile" / "entries" / "003"
    changed = bytearray(bundle.read_bytes())
    changed[200] ^= 1
    bundle.write_bytes(changed)
    assert copy.search(status=2) == b""
    assert "ledger verify" in copy.said


@pytest.mark.parametrize("with_tile", [False, True])
def test_an_entry_that_was_changed_after_it_was_indexed_is_not_shown(tmp_path, log, with_tile):
    copy = Log(tmp_path / "copy", log.entries)
    tiles = tmp_path / "copy" / "log" / "tile"
    found = copy.indices("--user", "user3")
    at = next(i for i in found if i >= 256 and b"user3" in copy.entries[i])
    start = at // 256 * 256
    part = copy.entries[start:start + 256]
    part[at - start] = part[at - start].replace(b'"v":1', b'"v":2')
    assert part[at - start] != copy.entries[at]
    write = {"entries": b"".join(len(e).to_bytes(2, "big") + e for e in part)}
    if with_tile:
        write["0"] = b"".join(hashlib.sha256(b"\0" + e).digest() for e in part)
    for name, content in write.items():
        (tiles / name / f"{at // 256:03d}").write_bytes(content)
    for asked in (["--user", "user3"], []):
        shown = copy.search(*asked, "--format", "json", status=2)
        assert "ledger verify" in copy.said and f'"index":{at},'.encode() not in shown.replace(b" ", b"")


def test_refuses_what_it_can_not_understand(log):
    for args, word in [
        (["--from", "someday"], "someday"), (["--from", "2026-11-02", "--to", "2026-11-01"], "not before"),
        (["--outcome", "okay"], "okay"), (["--ip", "10.0.0.300"], "10.0.0.300"), (["--action", "everything"], "actions"),
        (["--text", "--"], "letter"), (["--limit", "0"], "limit"), (["--format", "xml"], "xml"),
        (["--totals", "--watched"], "two questions"), (["--follow", "--reverse"], "--follow"), (["anna"], "--text"),
    ]:
        assert log.search(*args, status=64) == b""
        assert word in log.said, args


@pytest.fixture(name="live")
def live_ledger(tmp_path):
    folder = tmp_path / "ledger"
    done = command(GATEHOUSE, "ledger", "init", "--ledger", folder, "--origin", "example.org/live")
    assert done.returncode == 0, done.stderr
    return folder


def test_reading_a_ledger_is_an_event_in_it(live):
    first = command(GATEHOUSE, "ledger", "search", "--ledger", live, "--camera", "front-door", "--watched")
    assert first.returncode == 0, first.stderr
    done = command(GATEHOUSE, "ledger", "search", "--ledger", live, "--action", "ledger.read", "--format", "json")
    events = [json.loads(line)["event"] for line in done.stdout.splitlines()]
    assert events[0]["detail"] == {"kind": "watched", "query": {"camera": "front-door"}}
    assert events[0]["actor"]["user"] and events[0]["writer"]["uid"] == os.getuid()


def test_shows_nothing_when_the_reading_can_not_be_recorded(live):
    shutil.rmtree(live.with_name("ledger-keys"))
    done = command(GATEHOUSE, "ledger", "search", "--ledger", live)
    assert done.returncode == 2 and done.stdout == ""
    assert "can't be recorded" in done.stderr


def test_a_copy_says_that_reading_it_is_not_recorded(tmp_path, live):
    copy = tmp_path / "copy"
    shutil.copytree(live / "log", copy)
    done = command(GATEHOUSE, "ledger", "search", "--ledger", copy, env=dict(os.environ, XDG_CACHE_HOME=str(tmp_path / "c")))
    assert done.returncode == 0 and "not recorded" in done.stderr
    assert not (copy / "index.db").exists()


def test_follows_what_is_published_and_ends_in_order(live):
    with Running([str(GATEHOUSE), "ledger", "search", "--ledger", str(live), "--follow", "--format", "json",
                  "--action", "ledger.read"], stdout=subprocess.PIPE, text=True) as follower:
        time.sleep(1)
        command(GATEHOUSE, "ledger", "search", "--ledger", live, "--user", "somebody")
        lines = []
        while not any("somebody" in line for line in lines) and len(lines) < 5:
            lines.append(follower.stdout.readline())
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 0
    assert any("somebody" in line for line in lines)
