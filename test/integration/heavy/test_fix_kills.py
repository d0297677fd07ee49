"""Passwords of 50 cameras are changed, and the tool and its guardian are killed at moments that chance picks; then the devices are counted whose password nobody knows."""
import collections
import os
import random
import time

import pytest

from fixing import until
from rotating import Rotating

KILLS = int(os.environ.get("GATEHOUSE_FIX_KILLS", "100"))
DEVICES = int(os.environ.get("GATEHOUSE_FIX_DEVICES", "50"))

#: The longest that a process lives, in seconds: a rotation of all takes three here, a way back one.
LONGEST = 3.5
LONGEST_AGAIN = 2.0
#: Kills of one plan, until it may come to its end, and those after which another day begins.
PER_PLAN = 12
PER_DAY = 2


@pytest.fixture(name="site")
def fixture_site(tmp_path):
    site = Rotating(tmp_path, DEVICES, is_fast=True)
    yield site
    site.kill_all()
    site.close()


def lost(site):
    """Accounts whose password is not in the keyring."""
    return {where: state for where, state in site.standing().items() if state == "unknown" and not is_first(site, where)}


def is_first(site, where):
    """The one that the owner's file has: before the first change the keyring need not have it."""
    name, user, way = where
    return site.passwords(name, user, way)[:1] == [f"First-Meadow-{int(name.split('-')[1]):03}"]


def lockouts(site):
    return {name: device["lockouts"] for name, device in site.truth().items() if device["lockouts"]}


def another_day(site):
    """The budget of log-ins is one of a day, and so are the wrong tries that its devices remember; lock-outs that were stay counted."""
    site.ask("night")
    for part in site.folder.glob("store.db*"):
        part.unlink()


def end(site):
    """Whatever is unfinished comes to its end; nothing kills it any more."""
    site.kill_all()
    for _ in range(8):
        rows = [row for row in site.plans() if row["is_unfinished"]]
        if not rows:
            return
        another_day(site)
        for row in rows:
            site.fix(random.choice(("resume", "rollback")), "--yes", "--quiet", row["id"])
    raise AssertionError(f"a plan does not end: {site.plans()[:2]}\n{site.whys()}")


def steps_written(site, row):
    """Lines of the journal of a plan, or of the plans that are there now."""
    paths = site.folder.glob(f"state/gatehouse/fix/{row['id'] if row else '*'}/journal.jsonl")
    return sum(path.read_bytes().count(b"\n") for path in paths)


def await_moment(site, row, going):
    """One of its way: so long after it began, or when its journal is so much longer."""
    until_time = time.monotonic() + random.uniform(0.05, LONGEST_AGAIN if row else LONGEST)
    before = steps_written(site, row)
    more = random.choice((random.randint(1, 5 * DEVICES), 50 * DEVICES))
    while time.monotonic() < until_time and going.poll() is None and steps_written(site, row) < before + more:
        time.sleep(0.02)
    time.sleep(random.uniform(0, 0.1))


class Kills:
    """How often it was killed, and where the steps of the plan stood then."""

    def __init__(self):
        self.count = self.of_guardian = 0
        self.hit, self.steps = collections.Counter(), collections.Counter()

    def kill(self, site):
        """Both at once, or the tool alone and its guardian in the middle of what it does about that."""
        self.count += bool(site.processes())
        if random.random() < 0.25 and site.kill_tool():
            time.sleep(random.uniform(0.05, 1.5))
            self.of_guardian += bool(site.processes())
        site.kill_all()

    def note(self, row):
        """The plan as the kill left it."""
        for phase, count in row["steps"].items():
            self.hit[phase] += count != 0
            self.steps[phase] += count

    def words(self):
        """For a person: each phase with the kills that found a step in it, and how many steps those were."""
        rows = [f"  {phase:9} {self.hit[phase]:4} kills, {self.steps[phase]:5} steps" for phase in self.hit if self.hit[phase]]
        return "\n".join([f"{self.count} kills, {self.of_guardian} of them of a guardian at work; steps stood at:", *rows])


def next_part(row):
    """How a plan that was killed may be gone on with; None: it is over."""
    if row["is_unfinished"]:
        return random.choice(("resume",) * 5 + ("rollback",))
    return "rollback" if row["steps"]["kept"] and row["state"] != "rolled-back" else None


def check(site, kills):
    unknown = lost(site)
    assert not unknown, (kills.count, unknown)
    assert not lockouts(site), (kills.count, lockouts(site))


def harass(site, kills):
    """One plan: killed on its way, gone on with or taken back, killed again, also after its end."""
    another_day(site)
    before = steps_written(site, None)
    going = site.begin(*site.plan_line("--kind", "rotate", "--apply", "--yes"))
    assert until(lambda: steps_written(site, None) > before or going.poll() is not None, 120, 0.02)
    row = None
    for n in range(1, PER_PLAN + 1):
        await_moment(site, row, going)
        kills.kill(site)
        going.wait(10)
        row = site.plans()[0]
        kills.note(row)
        check(site, kills)
        part = next_part(row)
        if part is None or kills.count >= KILLS:
            return
        if n % PER_DAY == 0:
            another_day(site)
        going = site.begin(*site.line(part, "--yes", "--quiet", row["id"]))


def test_knows_every_password_after_a_hundred_kills(site):
    seed = int(os.environ.get("GATEHOUSE_SEED", str(time.time_ns() % 1000000)))
    print(f"seed {seed}")
    random.seed(seed)
    kills = Kills()
    while kills.count < KILLS:
        harass(site, kills)
        end(site)
    print(kills.words())
    another_day(site)
    done = site.plan("--kind", "rotate", "--apply", "--yes")
    assert done.returncode in (0, 1), done.stderr[-2000:]
    standing = site.standing()
    assert set(standing.values()) == {"in-force"}, {k: v for k, v in standing.items() if v != "in-force"}
    assert not lockouts(site)
    assert (site.folder / "said").read_text().find("First-Meadow") < 0
