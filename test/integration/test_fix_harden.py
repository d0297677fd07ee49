"""`gatehouse fix --kind harden` on files of a VMS alone: patched with a copy beside, put back byte for byte, never over another's change."""
import json
import os
import subprocess

import pytest

from conftest import GATEHOUSE, SOURCE

SAMPLES = ["compose/open.yml", "nxwitness/mediaserver.conf", "frigate/default.yml", "frigate/open.yml", "frigate/proxy.yml", "shinobi/conf.json"]


@pytest.fixture(name="home")
def make_home(tmp_path):
    return dict(os.environ, XDG_STATE_HOME=str(tmp_path / "state"), XDG_DATA_HOME=str(tmp_path / "data"),
                XDG_CONFIG_HOME=str(tmp_path / "config"), GATEHOUSE_LEDGER="none", HOME=str(tmp_path))


def fix(home, folder, *args):
    return subprocess.run([str(a) for a in (GATEHOUSE, "fix", *args)], env=home, cwd=folder, text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120, check=False)


def copy_of(tmp_path, sample):
    path = tmp_path / os.path.basename(sample)
    path.write_bytes((SOURCE / "test" / "config" / sample).read_bytes())
    return path, path.read_bytes()


def open_rules(home, path, folder):
    """Findings that a new plan would close in the file."""
    plan = folder / "again.json"
    plan.unlink(missing_ok=True)
    fix(home, folder, "-q", "--config", path, "--kind", "harden", "--plan-out", plan)
    return [step for step in json.loads(plan.read_text())["steps"] if not step["by_hand"]] if plan.exists() else []


@pytest.mark.parametrize("sample", SAMPLES)
def test_file_is_patched_and_put_back_byte_for_byte(home, tmp_path, sample):
    path, before = copy_of(tmp_path, sample)
    assert open_rules(home, path, tmp_path)
    done = fix(home, tmp_path, "-q", "--config", path, "--kind", "harden", "--apply", "--yes")
    assert "@@" in done.stdout and "canary" not in done.stdout, done.stdout
    assert path.read_bytes() != before
    copies = [p for p in tmp_path.iterdir() if p.name.startswith(path.name + ".before-")]
    assert [p.read_bytes() for p in copies] == [before] and copies[0].stat().st_mode & 0o777 == 0o600
    assert not open_rules(home, path, tmp_path)
    number = copies[0].name.partition(".before-")[2]
    done = fix(home, tmp_path, "rollback", number)
    assert path.read_bytes() == before, done.stdout + done.stderr


@pytest.mark.parametrize("sample", SAMPLES)
def test_plan_for_a_file_that_changed_since_changes_nothing(home, tmp_path, sample):
    path, before = copy_of(tmp_path, sample)
    plan = tmp_path / "plan.json"
    fix(home, tmp_path, "-q", "--config", path, "--kind", "harden", "--plan-out", plan)
    assert "canary" not in plan.read_text()
    path.write_bytes(before + b"\n# another hand\n")
    done = fix(home, tmp_path, "-q", "--config", path, "--kind", "harden", "--plan-in", plan, "--apply", "--yes")
    assert path.read_bytes() == before + b"\n# another hand\n", done.stdout


def test_blue_iris_gets_a_file_to_import_that_its_own_audit_is_content_with(home, tmp_path):
    path, before = copy_of(tmp_path, "blueiris/mode2.reg")
    plan = tmp_path / "plan.json"
    done = fix(home, tmp_path, "-q", "--config", path, "--kind", "harden", "--plan-out", plan)
    steps = json.loads(plan.read_text())["steps"]
    shown = next(step["changes"] for step in steps if "Windows Registry Editor" in step["changes"])
    text = shown[shown.index("Windows Registry Editor"):]
    assert "authenticate" in done.stdout and "canary" not in done.stdout
    # Imported, its values stand in the place of the old ones: the export that Blue Iris would make then.
    imported = before.decode().replace('"authenticate"=dword:00000002', '"authenticate"=dword:00000001')
    imported = imported.replace('"secureonly"=dword:00000000', '"secureonly"=dword:00000001')
    for line in text.splitlines():
        assert line.strip() in imported, line
    path.write_bytes(b"\xff\xfe" + imported.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-16-le"))
    plan.unlink()
    fix(home, tmp_path, "-q", "--config", path, "--kind", "harden", "--plan-out", plan)
    assert "asks-only-outsiders" not in plan.read_text()
