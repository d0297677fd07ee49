"""Passwords of 50 cameras are changed, and the tool and its guardian are killed at moments that chance picks; then the devices are counted whose password nobody knows."""
import os
import random
import signal
import time

import pytest

from fixing import until
from rotating import Rotating

KILLS = int(os.environ.get("GATEHOUSE_FIX_KILLS", "0"))

pytestmark = pytest.mark.skipif(KILLS == 0, reason="takes long: say how often with GATEHOUSE_FIX_KILLS=100")
DEVICES = int(os.environ.get("GATEHOUSE_FIX_DEVICES", "50"))
PER_PLAN = 25


@pytest.fixture(name="site")
def fixture_site(tmp_path):
    site = Rotating(tmp_path, DEVICES)
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
    """The budget of log-ins is one of a day, and so are the wrong tries that its devices remember."""
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


def is_begun(site):
    return any(row["is_unfinished"] and sum(row["steps"].values()) for row in site.plans())


def test_knows_every_password_after_a_hundred_kills(site):
    seed = int(os.environ.get("GATEHOUSE_SEED", str(time.time_ns() % 1000000)))
    random.seed(seed)
    kills = phases = 0
    while kills < KILLS:
        another_day(site)
        going = site.begin(*site.plan_line("--kind", "rotate", "--apply", "--yes"))
        assert until(lambda: is_begun(site) or going.poll() is not None, 120), seed
        for _ in range(PER_PLAN):
            time.sleep(random.uniform(0.05, 1.6))
            alive = bool(site.processes())
            site.kill_all()
            going.wait(10)
            kills += alive
            unknown = lost(site)
            assert not unknown, (seed, kills, unknown)
            assert not lockouts(site), (seed, kills, lockouts(site))
            rows = [row for row in site.plans() if row["is_unfinished"]]
            if not rows or kills >= KILLS:
                break
            phases += 1
            part = random.choice(("resume", "resume", "resume", "rollback"))
            going = site.begin(*site.line(part, "--yes", "--quiet", rows[0]["id"]))
        end(site)
    another_day(site)
    done = site.plan("--kind", "rotate", "--apply", "--yes")
    assert done.returncode in (0, 1), (seed, done.stderr[-2000:])
    standing = site.standing()
    assert set(standing.values()) == {"in-force"}, (seed, {k: v for k, v in standing.items() if v != "in-force"})
    assert not lockouts(site), seed
    assert (site.folder / "said").read_text().find("First-Meadow") < 0
    print(f"{kills} kills, {phases} times gone on, seed {seed}")
