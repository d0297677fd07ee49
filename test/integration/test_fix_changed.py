"""A plan that a second person applies to a site that has changed since: what is not as planned any more is left alone and told."""
import json

import pytest

from conftest import GATEHOUSE, SOURCE
from fixing import Site, homes

DEVICES = ("gate", "shed", "garage", "kitchen")


class Changed:
    """A plan of an hour ago, a site that went on, and what came of applying it."""

    def __init__(self, folder):
        self.site = Site(folder)
        devices = [word for name in DEVICES for word in ("--device", name)]
        options = ["--site", SOURCE / "lab" / "fix-site.yaml", "--control", "vendor-cloud", *devices]
        self.fix(*options, "--output", folder / "plan", "--plan-out", folder / "plan.json")
        self.plan = json.loads((folder / "plan.json").read_text())
        self.document = (SOURCE / "test/transcript/hikvision/DS-2CD2032-I-V5.2.5/EZVIZ.xml").read_text().replace("true", "false", 1)
        self.site.ask("write gate EZVIZ.xml", self.document)
        self.site.ask("password kitchen admin Somebody-Elses-77")
        self.site.ask("cut garage 120")
        self.before = self.site.truth()
        self.done = self.fix(*options, "--output", folder / "done", "--plan-in", folder / "plan.json", "--apply", "--yes")
        self.after = self.site.truth()
        self.proof = json.loads((folder / "done" / "fix.json").read_text())

    def fix(self, *args):
        """With folders of its own."""
        return self.site.run(*homes(self.site.folder), GATEHOUSE, "fix", *args)

    def step(self, name):
        """The only step at a device."""
        (step,) = [s for s in self.proof["steps"] if s["title"] in (name, f'"{name}" of the file')]
        return step


@pytest.fixture(scope="module", name="changed")
def fixture_changed(tmp_path_factory):
    changed = Changed(tmp_path_factory.mktemp("changed"))
    yield changed
    changed.site.close()


def test_plan_has_a_step_for_each(changed):
    assert {changed.plan["targets"][s["target"]]["title"] for s in changed.plan["steps"]} == set(DEVICES)


def test_what_is_as_planned_is_done(changed):
    assert changed.step("shed")["phase"] == "kept", changed.done.stderr
    assert changed.step("shed")["after"] == "no"


@pytest.mark.parametrize("name, words", [
    ("gate", "cloud.enabled"),
    ("kitchen", "not as planned any more"),
    ("garage", "not as planned any more"),
])
def test_what_is_not_is_left_alone_and_told(changed, name, words):
    step = changed.step(name)
    assert step["phase"] == "left" and words in step["why"], step


def test_nothing_else_is_touched(changed):
    assert changed.site.ask("document gate EZVIZ.xml")["document"] == changed.document
    for name in ("gate", "garage", "kitchen"):
        assert changed.after[name]["accounts"] == changed.before[name]["accounts"]
    assert {name: d["lockouts"] for name, d in changed.after.items() if d["lockouts"]} == {}
