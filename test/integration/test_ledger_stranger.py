"""What somebody meets who has never used the ledger: every mistake says its way out, and none does harm."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from conftest import GATEHOUSE

NOTE = ["append", "--action", "system.note", "--site", "shop", "--outcome", "ok", "--user", "anna", "--reason", "x"]


def ledger(*args, cwd=None, data=None, before=()):
    return subprocess.run([*before, str(GATEHOUSE), "ledger", *map(str, args)], capture_output=True, text=True,
                          input=data, cwd=cwd, timeout=60, check=False)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    assert ledger("init", "--ledger", tmp_path / "l").returncode == 0
    return tmp_path / "l"


def view(camera, user="anna"):
    return json.dumps({"action": "footage.live", "outcome": "ok", "site": "s", "actor": {"user": user, "ip": "10.0.0.5"},
                       "target": {"cameras": [camera]},
                       "detail": {"view": "v1", "phase": "end", "duration_ms": 5000}}) + "\n"


def test_each_part_says_how_a_ledger_is_made_when_there_is_none(tmp_path):
    absent = tmp_path / "absent"
    (tmp_path / "policy").write_text("quorum none\n")
    for args in (["status"], NOTE, ["search"], ["index"], ["prove", "0"], ["key", "show"], ["key", "rotate"],
                 ["witness", "submit", "--policy", tmp_path / "policy"]):
        ran = ledger(*args, "--ledger", absent)
        assert ran.returncode == 2 and "`gatehouse ledger init` makes one" in ran.stderr, (args, ran.stderr)
    ran = ledger("verify", absent)
    assert ran.returncode == 2 and "`gatehouse ledger init` makes one" in ran.stderr
    assert not absent.exists()


def test_a_ledger_without_its_key_asks_for_the_copy_not_for_another_ledger(folder):
    os.remove(f"{folder}-keys/ledger.key")
    ran = ledger(*NOTE, "--ledger", folder)
    assert ran.returncode == 2 and "put its copy back" in ran.stderr and "init" not in ran.stderr


def test_a_ledger_named_by_a_dot_has_its_keys_beside_it(folder):
    assert ledger(*NOTE, "--ledger", ".", cwd=folder).returncode == 0
    assert (folder / "log").is_dir()
    assert ledger(*NOTE, "--ledger", "..", cwd=folder / "log").returncode == 0


def test_a_wrong_value_is_named(folder):
    for option, value in (("--outcome", "okay"), ("--id", "x"), ("--digest", "md5:1")):
        ran = ledger(*NOTE, "--ledger", folder, option, value)
        assert ran.returncode == 2 and f'not "{value}"' in ran.stderr, ran.stderr
    ran = ledger("append", "--ledger", folder, "--json", "/etc")
    assert ran.returncode == 2 and ran.stderr.startswith("gatehouse: /etc: Is a directory")


def test_a_misspelt_camera_is_not_taken_for_one_that_nobody_watched(folder):
    assert ledger("append", "--ledger", folder, "--json", "-", data=view("front-door")).returncode == 0
    for how in (["--watched"], ["--totals"], []):
        ran = ledger("search", "--ledger", folder, *how, "--camera", "Front-Dor", "--user", "ana")
        assert ran.returncode == 0
        assert "no event of this ledger has the camera Front-Dor; did you mean front-door?" in ran.stderr, how
        assert "no event of this ledger has the user ana; did you mean anna?" in ran.stderr, how
    ran = ledger("search", "--ledger", folder, "--watched", "--camera", "front-door", "--to", "yesterday")
    assert "by nobody, as far as the ledger says" in ran.stdout and "no event of this" not in ran.stderr


def test_a_proof_that_another_key_signed_names_the_key_that_was_asked_for(folder, tmp_path):
    first = ledger("key", "show", "--ledger", folder).stdout.strip()
    assert ledger(*NOTE, "--ledger", folder).returncode == 0
    assert ledger("key", "rotate", "--ledger", folder).returncode == 0
    assert ledger("prove", "0", "--ledger", folder, cwd=tmp_path).returncode == 0
    ran = ledger("verify-proof", "0.tlog-proof", "--entry", "0.json", "--key", first, cwd=tmp_path)
    assert ran.returncode == 1 and "+".join(first.split("+")[:2]) in ran.stdout and "changed its key" in ran.stdout
    ran = ledger("verify-proof", "0.tlog-proof", "--entry", "0.json", cwd=tmp_path)
    assert ran.returncode == 64 and "Try: gatehouse ledger verify-proof --help" in ran.stderr


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
def test_a_command_of_root_leaves_nothing_of_roots_in_the_ledger_of_a_service(tmp_path_factory):
    top = tmp_path_factory.mktemp("service")
    above = top
    while above != pathlib.Path(tempfile.gettempdir()) and above.parent != above:
        above.chmod(0o755)
        above = above.parent
    home = top / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    assert ledger("init", "--ledger", home / "l", before=nobody).returncode == 0
    assert ledger(*NOTE, "--ledger", home / "l").returncode == 0
    strange = [p for p in [*home.rglob("*")] if p.name != "index.db" and p.lstat().st_uid != 65534]
    assert strange == []
    ran = ledger(*NOTE, "--ledger", home / "l", before=nobody)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_a_search_on_a_full_disk_says_that_it_does_not_show_all(tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(full)], check=True)
    try:
        where = ["--ledger", full / "l", "--keys", tmp_path / "keys"]
        assert ledger("init", *where).returncode == 0
        event = json.loads(view("c"))
        event["reason"] = "x" * 900
        ran = ledger("append", *where, "--json", "-", data=(json.dumps(event) + "\n") * 60000)
        assert ran.returncode == 2 and "no space left" in ran.stderr
        ran = ledger("search", *where, "--camera", "c", "--totals")
        assert ran.returncode == 2 and ("not published yet" in ran.stderr or "nothing is shown" in ran.stderr)
    finally:
        subprocess.run(["umount", "-l", str(full)], check=True)
