"""Who dies, and when: the tool alone, its guardian alone, a terminal that goes, a plan that takes too long or that nobody confirms."""
import os
import signal

import pytest

from conftest import GATEHOUSE, command
from fixing import until
from rotating import Rotating

pytestmark = pytest.mark.skipif(command(GATEHOUSE, "fix", "--help").returncode != 0, reason="gatehouse fix is not in this build")

DEVICES = 6


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    site = Rotating(tmp_path_factory.mktemp("guard"), DEVICES)
    assert site.plan("--kind", "rotate", "--apply", "--yes").returncode in (0, 1)
    yield site
    site.kill_all()
    site.close()


@pytest.fixture(autouse=True)
def fixture_day(site):
    for part in site.folder.glob("store.db*"):
        part.unlink()
    yield
    site.kill_all()


def newest(site):
    return site.plans()[0]


def begin(site, *more):
    """A rotation of which some step is under way."""
    known = len(site.plans())
    going = site.begin(*site.plan_line("--kind", "rotate", "--apply", "--yes", *more))
    assert until(lambda: len(site.plans()) > known and newest(site)["steps"]["applying"] + newest(site)["steps"]["proving"] > 0, 60)
    return going


def of_part(site, guardian):
    return [pid for pid, words in site.processes().items() if ("guard" in words) == guardian]


def is_over(site):
    return not newest(site)["is_unfinished"] and not site.processes()


def assert_in_order(site):
    assert set(site.standing().values()) == {"in-force"}, (site.standing(), site.whys())
    assert not any(device["lockouts"] for device in site.truth().values())


def test_guardian_takes_back_what_a_dead_tool_left(site):
    begin(site)
    for pid in of_part(site, False):
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: is_over(site), 60), newest(site)
    assert newest(site)["state"] == ("ended" if newest(site)["steps"]["kept"] else "rolled-back")
    assert newest(site)["steps"]["undone"] > 0
    assert_in_order(site)


def test_tool_goes_on_without_its_guardian(site):
    going = begin(site)
    for pid in of_part(site, True):
        os.kill(pid, signal.SIGKILL)
    assert going.wait(90) in (0, 1)
    assert newest(site)["steps"]["kept"] == DEVICES
    assert_in_order(site)


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGHUP], [signal.SIGINT, signal.SIGINT]])
def test_stop_at_once_is_taken_back_by_the_guardian(site, signals):
    going = begin(site)
    for number in signals:
        for pid in of_part(site, False):
            os.kill(pid, number)
    assert going.wait(60) == 2
    assert until(lambda: is_over(site), 60), newest(site)
    assert newest(site)["state"] == ("ended" if newest(site)["steps"]["kept"] else "rolled-back")
    assert_in_order(site)


def test_plan_that_takes_too_long_is_taken_back(site):
    going = site.begin(*site.plan_line("--kind", "rotate", "--apply", "--yes", "--dead-man", "1s"))
    assert going.wait(120) == 2
    assert until(lambda: is_over(site), 60), newest(site)
    assert newest(site)["steps"]["waiting"] == newest(site)["steps"]["applying"] == 0
    assert_in_order(site)


def test_network_that_goes_is_waited_for(site):
    going = begin(site)
    for i in range(DEVICES):
        site.ask(f"cut cam-{i} 5")
    assert going.wait(180) in (0, 1, 2)
    assert until(lambda: is_over(site), 120), newest(site)
    assert_in_order(site)


def test_plan_that_nobody_confirms_is_taken_back_whole(site):
    before = {name: device["accounts"] for name, device in site.truth().items()}
    done = site.plan("--kind", "rotate", "--apply", "--yes", "--confirm-within", "40s")
    assert done.returncode in (0, 1), done.stderr
    assert newest(site)["state"] == "waits for gatehouse fix confirm"
    assert until(lambda: is_over(site), 120), newest(site)
    assert newest(site)["steps"]["undone"] == DEVICES
    assert {name: device["accounts"] for name, device in site.truth().items()} == before
    assert_in_order(site)


def test_plan_that_is_confirmed_stays(site):
    before = {name: device["accounts"] for name, device in site.truth().items()}
    assert site.plan("--kind", "rotate", "--apply", "--yes", "--confirm-within", "60s").returncode in (0, 1)
    assert site.fix("confirm").returncode == 0
    assert until(lambda: is_over(site), 20), newest(site)
    assert newest(site)["state"] == "confirmed"
    now = {name: device["accounts"] for name, device in site.truth().items()}
    assert all(now[name] != before[name] for name in before)
    assert_in_order(site)
