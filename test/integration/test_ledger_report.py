"""The report over a ledger: an ordinary month is left alone, each pattern is found, nothing can break the page."""
import datetime
import html.parser
import json
import os
import random
import subprocess

import pytest

import keeping
from conftest import GATEHOUSE, SOURCE, command
from test_ledger_search import canonical, write_log

FIRST = datetime.datetime(2026, 7, 6, tzinfo=datetime.timezone.utc)  # a Monday
WEEKS = 12
BEGIN = FIRST + datetime.timedelta(weeks=WEEKS - 1)  # of the week that is reported
CAMERAS = ["gate", "yard", "lobby", "dock", "stairs", "garage", "till", "roof"]
PEOPLE = {"anna": (7, 15), "ben": (7, 15), "carla": (14, 22), "dan": (14, 22), "eve": (8, 17), "finn": (9, 17)}
HOSTILE = "<script>alert(1)</script>\"'&\u202egnp.\x1b[31m"


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


class Site:
    """Events of a site, in the order of their times."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.events = []

    def say(self, at, action, user, **more):
        event = {"action": action, "actor": {"user": user, "ip": more.pop("ip", f"10.0.0.{10 + len(user)}"),
                                             "session": f"s-{user}"},
                 "outcome": "ok", "site": "north", "v": 1, "time": text(at), **more}
        self.events.append((at, event))

    def watch(self, at, user, camera, minutes=None, **more):
        minutes = minutes or self.chance.uniform(1, 25)
        view = f"v-{len(self.events)}"
        what = self.chance.choice(["footage.live", "footage.live", "footage.playback"])
        end = at + datetime.timedelta(minutes=minutes)
        target = {"cameras": [camera], "vms": "main"}
        if what == "footage.playback":
            target.update({"from": text(at - datetime.timedelta(days=1)),
                           "to": text(end - datetime.timedelta(days=1))})
        self.say(at, what, user, target=target, detail={"phase": "begin", "view": view}, **more)
        self.say(end, what, user, target=target, bytes=int(minutes * 9_000_000),
                 detail={"phase": "end", "view": view, "duration_ms": int(minutes * 60_000)}, **more)

    def export(self, at, user, camera, reason="case 4711", **more):
        self.say(at, "footage.export", user, target={"cameras": [camera]}, bytes=20_000_000, reason=reason, **more)

    def day(self, day, people):
        for user, (start, end) in people.items():
            if day.weekday() >= 5 and self.chance.random() < 0.6:
                continue
            self.say(day + datetime.timedelta(hours=start, minutes=self.chance.randrange(20)), "auth.login", user)
            for _ in range(self.chance.randrange(6, 16)):
                at = day + datetime.timedelta(minutes=self.chance.randrange(start * 60, end * 60))
                self.watch(at, user, self.chance.choice(CAMERAS[:4] * 2 + CAMERAS))
            at = day + datetime.timedelta(minutes=self.chance.randrange(start * 60, end * 60))
            if self.chance.random() < 0.15:
                self.export(at, user, self.chance.choice(CAMERAS), f"case {self.chance.randrange(1000, 9999)}")
            if self.chance.random() < 0.2:
                self.say(at, "footage.live", user, target={"cameras": ["till"]}, outcome="refused", reason="no right")
            if self.chance.random() < 0.1:
                self.say(at, "auth.fail", user, reason="wrong password")
            if user == "eve" and self.chance.random() < 0.3:
                self.say(at, "ledger.read", user,
                         detail={"kind": "search", "query": {"user": self.chance.choice(list(people))}})

    def ordinary(self, weeks=WEEKS):
        for day in range(7 * weeks):
            self.day(FIRST + datetime.timedelta(days=day), PEOPLE)
        return self

    def write(self, folder):
        self.events.sort(key=lambda e: e[0])
        entries = [canonical(dict(event, id=f"e-{i:08d}")) for i, (_, event) in enumerate(self.events)]
        write_log(folder, entries)
        return [json.loads(entry) for entry in entries]


def report(folder, out, *args, status=0):
    args = args or ("--from", text(BEGIN), "--to", text(BEGIN + datetime.timedelta(weeks=1)))
    done = subprocess.run(
        [str(GATEHOUSE), "ledger", "report", "--ledger", str(folder), "--output", str(out), "--zone", "+00:00", *args],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stderr
    if status != 0:
        return done.stderr
    return json.loads((out / "ledger-report.json").read_text())


def at(day, hour, minute=0):
    return BEGIN + datetime.timedelta(days=day, hours=hour, minutes=minute)


def plant_hours(site):
    for i in range(5):
        site.watch(at(2, 2, i * 8), "anna", CAMERAS[i], 3)


def plant_camera(site):
    for i in range(150):
        site.watch(at(i % 5, 9, i // 5), "finn", "roof", 2)


def plant_weekend(site):
    for i in range(60):
        site.watch(at(5 + i % 2, 10, i // 2), "eve", CAMERAS[i % 8], 2)


def plant_no_case(site):
    site.export(at(1, 10), "ben", "gate", "because")


def plant_refusals(site):
    for i in range(25):
        site.say(at(3, 10, i), "footage.live", "ben", target={"cameras": ["safe"]}, outcome="refused", reason="no right")


def plant_burst(site):
    for i in range(9):
        site.export(at(1, 16, i * 3), "dan", CAMERAS[i % 8], f"case {1000 + i}")


def plant_idle(site):
    site.watch(FIRST, "old", "gate", 2)
    site.watch(at(0, 12), "old", "gate", 2)


def plant_address(site):
    for i in range(7):
        site.say(at(4, 3, i), "auth.fail", f"guess{i}", ip="203.0.113.9", reason="wrong password")


def plant_reads(site):
    for i in range(12):
        site.say(at(2, 11, i), "ledger.read", "dan", detail={"kind": "search", "query": {"user": "anna"}})


PLANTS = {
    "unusual-hours": plant_hours, "one-camera": plant_camera, "weekend-share": plant_weekend,
    "no-case": plant_no_case, "refusals": plant_refusals, "export-burst": plant_burst, "woke-up": plant_idle,
    "shared-address": plant_address, "ledger-reads": plant_reads,
}


@pytest.mark.parametrize("seed", range(4))
def test_leaves_an_ordinary_month_alone(tmp_path, seed):
    Site(seed).ordinary().write(tmp_path)
    month = report(tmp_path, tmp_path / "out", "--from", text(BEGIN - datetime.timedelta(weeks=3)),
                   "--to", text(BEGIN + datetime.timedelta(weeks=1)))
    week = report(tmp_path, tmp_path / "out")
    assert len(month["hits"]) + len(week["hits"]) <= 1, month["hits"] + week["hits"]
    assert week["events"] > 500


@pytest.mark.parametrize("pattern", PLANTS)
def test_finds_what_was_planted_and_names_its_events(tmp_path, pattern):
    site = Site(5).ordinary()
    PLANTS[pattern](site)
    entries = site.write(tmp_path)
    made = report(tmp_path, tmp_path / "out")
    hits = [hit for hit in made["hits"] if hit["pattern"] == pattern]
    assert len(hits) == 1 and len(made["hits"]) <= 2, made["hits"]
    assert hits[0]["events"]
    for event in hits[0]["events"]:
        assert entries[event["index"]]["id"] == event["id"]
        assert entries[event["index"]]["time"] == event["time"]
    look = hits[0]["look"].replace("gatehouse ", f"'{GATEHOUSE}' ", 1)
    found = subprocess.run(f"{look} --ledger '{tmp_path}' --format json", shell=True, capture_output=True, text=True,
                           timeout=60, check=True)
    indices = {json.loads(line)["index"] for line in found.stdout.splitlines()}
    assert {event["index"] for event in hits[0]["events"]} <= indices


def test_sums_are_those_of_the_events(tmp_path):
    entries = Site(9).ordinary().write(tmp_path)
    made = report(tmp_path, tmp_path / "out")
    from_, to = text(BEGIN), text(BEGIN + datetime.timedelta(weeks=1))
    week = [e for e in entries if from_ <= e["time"] < to]

    def count(user, *actions, outcome="ok", phase="begin"):
        return sum(e["action"] in actions and e["outcome"] == outcome and user in (None, e["actor"]["user"])
                   and e.get("detail", {}).get("phase", phase) == phase for e in week)

    for row in [*made["users"][:-1], dict(made["all"], name=None)]:
        now = row["now"]
        assert now["views"] == count(row["name"], "footage.live", "footage.playback")
        assert now["exports"] == count(row["name"], "footage.export")
        assert now["logins"] == count(row["name"], "auth.login")
        assert now["failures"] == count(row["name"], "auth.fail")
        assert now["refused"] == count(row["name"], "footage.live", outcome="refused")
    assert made["events"] == len(week)
    assert sum(day["now"]["views"] for day in made["days"]) == made["all"]["now"]["views"]
    watched = made["all"]["now"]["watch_ms"]
    assert sum(sum(row) for row in made["heat_ms"]) == watched == sum(d["now"]["watch_ms"] for d in made["days"])
    ends = sum(e["detail"]["duration_ms"] for e in week if e.get("detail", {}).get("phase") == "end")
    assert abs(watched - ends) < 2 * 25 * 60_000 * len(PEOPLE)  # views that reach over the edges


class Check(html.parser.HTMLParser):
    """Every element is closed, in order; which there are."""
    VOID = {"meta", "link", "br", "img", "use"}

    def __init__(self, page):
        super().__init__()
        self.open, self.seen = [], set()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_no_name_can_break_it(tmp_path):
    site = Site(3).ordinary(weeks=WEEKS)
    for i in range(40):
        site.watch(at(1, 9, i), HOSTILE, HOSTILE + str(i % 3), 5)
    site.export(at(1, 12), HOSTILE, HOSTILE, HOSTILE)
    for plant in PLANTS.values():
        plant(site)
    site.write(tmp_path)
    made = report(tmp_path, tmp_path / "out")
    page = (tmp_path / "out" / "ledger-report.html").read_text()
    seen = Check(page).seen
    assert "script" not in seen and {"svg", "h1", "table"} <= seen
    assert "\x1b" not in page and "\u202e" not in page and "&lt;script&gt;" in page
    assert "script-src" not in page
    assert any(row["name"] == HOSTILE for row in made["users"])
    hostile = [hit for hit in made["hits"] if hit["user"] and "script" in hit["user"]]
    assert hostile and all("--user" not in hit["look"] for hit in hostile)  # its name can't be typed
    for word in ("suspicious", "abuse", "violation", "guilty"):
        assert word not in page.lower()


@pytest.mark.parametrize("begin, minutes", [("2026-01-05", 60), ("2026-07-06", 120)])
def test_days_are_those_of_the_zone_as_it_was_then(tmp_path, begin, minutes):
    Site(3).ordinary(weeks=1).write(tmp_path)
    to = (datetime.date.fromisoformat(begin) + datetime.timedelta(days=6)).isoformat()
    done = subprocess.run([str(GATEHOUSE), "ledger", "report", "--ledger", str(tmp_path), "--output", str(tmp_path / "out"),
                           "--from", begin, "--to", to], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "TZ": "Europe/Berlin"})
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "out" / "ledger-report.json").read_text())
    midnight = datetime.datetime.fromisoformat(begin + "T00:00:00+00:00") - datetime.timedelta(minutes=minutes)
    assert made["zone_minutes"] == minutes and made["from"][:16] == text(midnight)[:16], made["from"]
    assert f"UTC+0{minutes // 60}:00" in (tmp_path / "out" / "ledger-report.html").read_text()


def test_json_follows_its_schema(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    site = Site(3).ordinary()
    for plant in PLANTS.values():
        plant(site)
    site.write(tmp_path)
    schema = json.loads((SOURCE / "doc" / "schema" / "ledger-report-1.json").read_text())
    jsonschema.validate(report(tmp_path, tmp_path / "out"), schema)


def append(folder, *events):
    done = command(GATEHOUSE, "ledger", "append", "--ledger", folder, "--json", "-",
                   input="".join(json.dumps(event) + "\n" for event in events))
    assert done.returncode == 0, done.stderr


def test_is_an_event_of_a_real_ledger(tmp_path):
    folder = tmp_path / "ledger"
    keeping.init(folder)
    append(folder, keeping.login(), keeping.live("ev-00000001"), keeping.live("ev-00000002"))
    made = report(folder, tmp_path / "out", "--from", "-1d")
    anna = [row["now"] for row in made["users"] if row["name"] == "anna"][0]
    assert anna["views"] == 2 and anna["logins"] == 1
    found = command(GATEHOUSE, "ledger", "search", "--ledger", folder, "--action", "ledger.read", "--format", "json")
    assert [json.loads(line)["event"]["detail"]["kind"] for line in found.stdout.splitlines()][0] == "report"


def test_sealed_names_are_names_with_the_keys_and_marks_without(tmp_path):
    folder, copy = tmp_path / "ledger", tmp_path / "copy"
    keeping.init(folder, "--sealed")
    append(folder, keeping.login(), *[keeping.live(f"ev-0000000{i}") for i in range(4)])
    read = {"action": "ledger.read", "actor": {"user": "eve"}, "outcome": "ok", "site": "shop",
            "detail": {"kind": "search", "query": {"user": "anna"}}}
    append(folder, *[read] * 6)
    made = report(folder, tmp_path / "out", "--from", "-1d")
    assert "anna" in [row["name"] for row in made["users"]]
    assert [(hit["user"], hit["person"]) for hit in made["hits"]] == [("eve", "anna")]
    assert command(GATEHOUSE, "ledger", "backup", "--ledger", folder, copy).returncode == 0
    made = report(copy, tmp_path / "marks", "--from", "-1d")
    names = [row["name"] for row in made["users"] if row["name"]]
    assert all(name.startswith("sealed:") for name in names) and len(set(names)) == len(names)
    assert [row["now"]["views"] for row in made["users"] if row["now"]["views"]] == [4]
    assert [hit["pattern"] for hit in made["hits"]] == ["ledger-reads"]
    assert "anna" not in (tmp_path / "marks" / "ledger-report.html").read_text()
    judged = {pattern["id"]: pattern["is_judged"] for pattern in made["patterns"]}
    assert not judged["shared-address"]  # an address is sealed under its user


def test_refuses_what_it_does_not_understand(tmp_path):
    for args in (["--format", "pdf"], ["--zone", "Berlin"], ["--case", "("], ["--to", "now"], ["--week", "--from", "-2d"],
                 ["--from", "2020-01-01", "--to", "2021-01-01"], ["more"]):
        assert "gatehouse: " in report(tmp_path, tmp_path / "out", *args, status=64)
    assert not os.path.exists(tmp_path / "out")
