"""`gatehouse fix` at a played site: a plan changes nothing."""
import json

import pytest

from conftest import GATEHOUSE, SOURCE, command
from fixing import Site, homes

pytestmark = pytest.mark.skipif(command(GATEHOUSE, "fix", "--help").returncode != 0, reason="gatehouse fix is not in this build")


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("fix"))
    yield site
    site.close()


def fix(site, *args, timeout=560):
    """Runs gatehouse fix in the site, with a store, plans and a vault of its own."""
    return site.run(*homes(site.folder), GATEHOUSE, "fix", *args, "--site", SOURCE / "lab" / "fix-site.yaml", "--store", site.folder / "store.db", "--output", site.folder / "out",
                    timeout=timeout)


@pytest.fixture(scope="module", name="plan")
def fixture_plan(site):
    """The plan for the whole site, how it was shown, and the truth before it was made."""
    before = site.truth()
    done = fix(site, "--plan-out", site.folder / "plan.json")
    assert done.returncode in (0, 1), done.stderr
    return json.loads((site.folder / "plan.json").read_text()), done.stdout, before


def test_plan_is_shown_and_nothing_is_changed(site, plan):
    whole, shown, before = plan
    kinds = {step["kind"] for step in whole["steps"]}
    assert {"rotate", "mapping"} <= kinds
    assert "18000" in shown and whole["id"] in shown
    for name, device in site.truth().items():
        assert device["changes"] == 0 and device["documents"] == {}, name
        assert device["accounts"] == before[name]["accounts"], name
        assert device["lockouts"] == 0, name
    text = (site.folder / "plan.json").read_text()
    assert "Copper-Meadow-14" not in text and '"12345"' not in text
