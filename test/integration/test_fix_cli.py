"""What gatehouse fix says to who types it wrongly, and with which exit status. Nothing is sent anywhere."""
import json
import os
import re
import subprocess

import pytest

from conftest import GATEHOUSE, SOURCE

CONFIG = SOURCE / "test" / "config" / "frigate" / "default.yml"


@pytest.fixture(name="fix")
def make_fix(tmp_path):
    """Runs it without a terminal, with an empty home."""
    home = dict(os.environ, XDG_STATE_HOME=str(tmp_path / "state"), XDG_DATA_HOME=str(tmp_path / "data"), GATEHOUSE_LEDGER="none",
                HOME=str(tmp_path))
    return lambda *args: subprocess.run([str(GATEHOUSE), "fix", *map(str, args)], env=home, cwd=tmp_path, text=True, stdin=subprocess.DEVNULL,
                                        capture_output=True, timeout=120, check=False)


@pytest.mark.parametrize("args, status, words", [
    (["--control", "vendor-clud"], 2, ["vendor-clud", "vendor-cloud"]),
    (["--kind", "swich"], 2, ["swich", "switch"]),
    (["--device", "nobody"], 2, ["nobody"]),
    (["--action", "4"], 64, ["4", "1, 2 or 3"]),
    (["4"], 64, ["4", "1, 2 or 3"]),
    (["--dead-man", "soon"], 64, ["soon", "10m"]),
    (["--yes"], 64, ["--apply"]),
    (["--apply"], 64, ["--yes", "terminal"]),
    (["--site", "missing.yaml"], 64, ["missing.yaml"]),
    (["--plan-in", "missing.json"], 2, ["missing.json"]),
])
def test_wrong_value_is_named_with_a_way_out(fix, args, status, words):
    done = fix("-q", "--config", CONFIG, *args)
    assert done.returncode == status, done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "[1]", '{"schema": "https://gatehouse.example/schema/plan/1"}'])
def test_garbage_is_no_plan(fix, tmp_path, text):
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    done = fix("-q", "--config", CONFIG, "--plan-in", "plan.json", "--apply", "--yes")
    assert done.returncode == 2
    assert "plan.json" in done.stderr


def test_plan_of_another_scope_is_refused(fix, tmp_path):
    fix("-q", "--config", CONFIG, "--plan-out", "plan.json")
    plan = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    (tmp_path / "plan.json").write_text(json.dumps(plan | {"scope": "192.0.2.0/24"}), encoding="utf-8")
    done = fix("-q", "--config", CONFIG, "--plan-in", "plan.json")
    assert done.returncode == 2
    assert "another" in done.stderr and "192.0.2.0/24" in done.stderr


@pytest.mark.parametrize("part", ["resume", "rollback", "confirm"])
def test_part_without_a_plan_says_so(fix, part):
    done = fix(part)
    assert done.returncode == 2
    assert "plan" in done.stderr
    done = fix(part, "../../etc")
    assert done.returncode == 64
    assert "gatehouse fix status" in done.stderr


def test_status_of_nobody_is_no_error(fix):
    done = fix("status")
    assert done.returncode == 0
    assert "No plan" in done.stdout


def test_every_option_of_the_manual_is_in_the_help_and_the_other_way(fix):
    manual = (SOURCE / "man/gatehouse-fix.1").read_text(encoding="utf-8")
    help_text = fix("--help").stdout
    for option in set(re.findall(r"Fl -([a-z-]+)", manual)) - {"unfinished", "wait"}:
        assert f"--{option}" in help_text, option
    assert "--unfinished" in fix("rollback", "--help").stdout and "--wait" in fix("overdue", "--help").stdout


def examples():
    """The command lines of the manual and of the README's section, as words."""
    manual = re.findall(r"^\\.Dl \$ gatehouse (fix.*)$", (SOURCE / "man/gatehouse-fix.1").read_text(encoding="utf-8"), re.M)
    section = (SOURCE / "README.md").read_text(encoding="utf-8").split("## Fix what was found")[1].split("\n## ")[0]
    return sorted(set(line.split("#")[0].strip() for line in manual + re.findall(r"^gatehouse (fix.*)$", section, re.M)))


@pytest.mark.parametrize("line", examples())
def test_command_line_of_the_documents_is_understood(fix, tmp_path, line):
    (tmp_path / "shop.yaml").write_text("name: shop\nscope: [127.0.0.1/32]\nauthorised: {date: 2026-11-22, by: test}\n", encoding="utf-8")
    words = line.split()[1:]
    if "--plan-in" in words:
        fix("-q", "--site", "shop.yaml", "--config", CONFIG, "--plan-out", "friday.json")
    done = fix(*words, *(["--yes"] if "--apply" in words else []), *(["--help"] if "--site" in words else []))
    assert done.returncode != 64, done.stderr
