"""One camera's password is changed, and tool and guardian are ended right after each write of journal and keyring in turn; then another process goes on."""
import re
import time

import pytest

from conftest import GATEHOUSE, command
from rotating import CAMERAS, Rotating

pytestmark = pytest.mark.skipif(command("strace", "-V").returncode != 0 or command(GATEHOUSE, "fix", "--help").returncode != 0,
                                reason="strace or gatehouse fix is not there")

#: Long enough to end the process before it goes on.
DELAY_US = 60000
POINT = re.compile(r"sync\(\d+<[^>]*(journal\.jsonl|secrets\.sealed[^>]*|/gatehouse)>")


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    site = Rotating(tmp_path_factory.mktemp("cut"), 1, CAMERAS[:1])
    row = site.folder / "site.yaml"
    row.write_text(row.read_text().replace("10.20.0.0/24", "10.20.0.11/32"))
    yield site
    site.kill_all()
    site.close()


def another_day(site):
    for part in site.folder.glob("store.db*"):
        part.unlink()


def cut_at(site, number):
    """The write after which all ended, or None: there were not so many."""
    trace = site.folder / "trace"
    trace.unlink(missing_ok=True)
    going = site.begin("strace", "-f", "-qq", "-y", "-o", trace, "-e", "trace=fsync,fdatasync",
                       "-e", f"inject=fsync,fdatasync:delay_exit={DELAY_US}", *site.plan_line("--kind", "rotate", "--apply", "--yes"))
    point = None
    while going.poll() is None and point is None:
        time.sleep(0.004)
        text = trace.read_text() if trace.exists() else ""
        points = list(POINT.finditer(text, max(0, text.find("order.json"))))
        if "order.json" in text and len(points) >= number:
            point = points[number - 1].group(1)
            site.kill_all()
    going.wait(20)
    return point


def test_knows_the_password_after_a_power_cut_at_every_write_of_journal_and_keyring(site):
    seen = []
    assert site.plan("--kind", "rotate", "--apply", "--yes").returncode in (0, 1)
    for number in range(1, 40):
        another_day(site)
        point = cut_at(site, number)
        standing = site.standing()
        assert "unknown" not in standing.values(), (number, point, standing)
        if point is None:
            break
        seen.append(point)
        for row in [row for row in site.plans() if row["is_unfinished"]]:
            another_day(site)
            ended = site.fix("resume" if number % 2 else "rollback", "--yes", "--quiet", row["id"])
            assert ended.returncode in (0, 1), (number, point, ended.stderr, site.whys())
        assert not [row for row in site.plans() if row["is_unfinished"]], (number, point)
        assert "unknown" not in site.standing().values(), (number, point, standing)
        assert not any(device["lockouts"] for device in site.truth().values()), (number, point)
    assert len(seen) >= 10 and seen.count("journal.jsonl") >= 5, seen
    assert set(site.standing().values()) == {"in-force"}
