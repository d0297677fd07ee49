"""Running a ledger: what gatehouse-ledger(7) tells to do, done; backup and restore, also killed in the middle."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import time

import pytest

from conftest import GATEHOUSE, Running, command
from keeping import LOAD, OK, Keeper, Wire, check_all, checkpoint, entries, init, live, root


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    init(tmp_path / "l")
    return tmp_path / "l"


def ledger(*words):
    return command(GATEHOUSE, "ledger", *words)


def backup(folder, target, *words):
    done = ledger("backup", "--ledger", folder, *words, target)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def restore(folder, target):
    return ledger("restore", "--ledger", folder, "--reason", "the disk died", target)


def as_log(copy):
    """keeping.py reads ledgers: their log is below."""
    (copy.parent / "of").mkdir(exist_ok=True)
    link = copy.parent / "of" / "log"
    link.unlink(missing_ok=True)
    link.symlink_to(copy)
    return copy.parent / "of"


def load(keeper, acks, seconds):
    return subprocess.Popen([LOAD, keeper.socket, "4", "16", str(seconds), acks], stdout=subprocess.DEVNULL)


def test_a_backup_covers_everything_that_was_acknowledged_before_it(folder, tmp_path):
    with Keeper(folder) as keeper:
        with load(keeper, tmp_path / "acks", 4) as writer:
            for i in range(3):
                time.sleep(0.8)
                backup(folder, tmp_path / "b")
                found = entries(as_log(tmp_path / "b"))
                assert root(found) == checkpoint(tmp_path / "of")[1]
                assert json.loads(found[-1])["action"] or i
            writer.wait()
        backup(folder, tmp_path / "b")
        check_all(as_log(tmp_path / "b"), (tmp_path / "acks").read_text().splitlines())
    assert ledger("verify", "--quiet", tmp_path / "b").returncode == 0


def test_a_backup_is_recorded_and_over_a_new_key_still_verifies(folder, tmp_path):
    old = ledger("key", "show", "--ledger", folder).stdout.strip()
    backup(folder, tmp_path / "b")
    assert ledger("key", "rotate", "--ledger", folder).returncode == 0
    backup(folder, tmp_path / "b")
    events = [json.loads(e) for e in entries(as_log(tmp_path / "b"))]
    assert [e["detail"] for e in events if e["action"] == "ledger.read"] == 2 * [{"kind": "backup"}]
    assert ledger("verify", "--quiet", "--key", old, tmp_path / "b").returncode == 0


def test_a_backup_that_is_killed_leaves_the_one_before_and_can_be_made_again(folder, tmp_path):
    with Keeper(folder) as keeper:
        with load(keeper, tmp_path / "acks", 2) as writer:
            writer.wait()
        backup(folder, tmp_path / "b")
        kills = 0
        for i in range(12):
            with Wire(keeper.socket) as wire:
                for k in range(300):
                    assert wire.append(live(f"ev-{i:03d}-{k:05d}"))[0] == OK
            with Running([GATEHOUSE, "ledger", "backup", "--ledger", folder, tmp_path / "b"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
                time.sleep(random.uniform(0, 0.3))
                program.kill()
                kills += program.wait() != 0
            found = entries(as_log(tmp_path / "b"))
            assert root(found) == checkpoint(tmp_path / "of")[1]
        assert kills > 0
        backup(folder, tmp_path / "b")
        check_all(as_log(tmp_path / "b"), (tmp_path / "acks").read_text().splitlines())


def test_damage_of_a_copy_is_healed_by_copying_all_again(folder, tmp_path):
    with Keeper(folder) as keeper, load(keeper, tmp_path / "acks", 1) as writer:
        writer.wait()
    backup(folder, tmp_path / "b")
    bundle = tmp_path / "b" / "tile" / "entries" / "000"
    data = bytearray(bundle.read_bytes())
    data[1000] ^= 1
    bundle.write_bytes(data)
    assert ledger("verify", "--quiet", tmp_path / "b").returncode == 1
    backup(folder, tmp_path / "b", "--whole")
    assert ledger("verify", "--quiet", tmp_path / "b").returncode == 0


def test_a_restored_ledger_has_all_of_the_copy_and_says_that_it_was_restored(folder, tmp_path):
    with Keeper(folder) as keeper, load(keeper, tmp_path / "acks", 1) as writer:
        writer.wait()
    backup(folder, tmp_path / "b")
    assert oct((tmp_path / "b").stat().st_mode)[-3:] == "700"
    before = entries(as_log(tmp_path / "b"))
    shutil.copy(tmp_path / "b" / "checkpoint", tmp_path / "seen")
    folder.rename(tmp_path / "dead")
    done = restore(folder, tmp_path / "b")
    assert done.returncode == 0, done.stderr
    modes = [oct(path.stat().st_mode)[-3:] for path in (folder, folder / "log", folder / "journal")]
    assert modes == [oct(pathlib.Path(tmp_path / "dead" / name).stat().st_mode)[-3:] for name in ("", "log", "journal")]
    after = [json.loads(e) for e in entries(folder)]
    assert entries(folder)[:len(before)] == before
    note = after[len(before)]
    assert note["action"] == "system.note" and len(after) == len(before) + 1
    assert note["reason"] == "the disk died" and note["detail"] == {"kind": "restore", "entries": len(before)}
    assert note["actor"]["user"] and note["writer"]["uid"] == os.getuid()
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        assert wire.append(live())[0] == OK
        keeper.end()
    start = json.loads(entries(folder)[len(after)])
    assert start["action"] == "system.start" and start["detail"]["entries"] == len(after)
    assert ledger("verify", "--quiet", "--from-checkpoint", tmp_path / "seen", folder).returncode == 0
    backup(folder, tmp_path / "b")  # the restored one continues its own backup


def test_a_restored_older_copy_is_a_rollback_to_who_saw_more(folder, tmp_path):
    backup(folder, tmp_path / "b")
    backup(folder, tmp_path / "later")
    folder.rename(tmp_path / "dead")
    assert restore(folder, tmp_path / "b").returncode == 0
    for _ in range(2):  # shorter than what was seen, then longer
        done = ledger("verify", "--from-checkpoint", tmp_path / "later" / "checkpoint", folder)
        assert done.returncode == 1 and ("TRUNCATED" in done.stdout.upper() or "FORKED" in done.stdout.upper())
        with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
            assert [wire.append(live(f"ev-after-{i:03d}"))[0] for i in range(20)] == 20 * [OK]
            keeper.end()
    done = ledger("backup", "--ledger", folder, tmp_path / "later")
    assert done.returncode == 2 and "does not continue" in done.stderr


def test_a_restore_that_is_killed_is_no_ledger_and_can_be_begun_again(folder, tmp_path):
    with Keeper(folder) as keeper, load(keeper, tmp_path / "acks", 1) as writer:
        writer.wait()
    backup(folder, tmp_path / "b")
    shutil.rmtree(folder)
    kills = 0
    for _ in range(12):
        with Running([GATEHOUSE, "ledger", "restore", "--ledger", folder, "--reason", "test", tmp_path / "b"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
            time.sleep(random.uniform(0, 0.3))
            program.kill()
            program.wait()
        if folder.exists():
            shutil.rmtree(folder)
        else:
            kills += 1
    assert kills > 0
    done = restore(folder, tmp_path / "b")
    assert done.returncode == 0, done.stderr
    assert not pathlib.Path(f"{folder}.restoring").exists()
    check_all(folder, (tmp_path / "acks").read_text().splitlines())


def test_a_restore_refuses_what_it_must(folder, tmp_path):
    backup(folder, tmp_path / "b")
    done = restore(folder, tmp_path / "b")
    assert done.returncode == 2 and "nothing was changed" in done.stderr
    init(tmp_path / "other")
    other = tmp_path / "third"
    shutil.copytree(tmp_path / "other-keys", tmp_path / "third-keys")
    done = restore(other, tmp_path / "b")
    assert done.returncode == 2 and not other.exists()
    shutil.rmtree(tmp_path / "third-keys")
    done = restore(other, tmp_path / "b")
    assert done.returncode == 2 and "key there first" in done.stderr
    (tmp_path / "b" / "tile" / "entries" / "000.p").rename(tmp_path / "gone")
    shutil.copytree(tmp_path / "l-keys", tmp_path / "third-keys")
    done = restore(other, tmp_path / "b")
    assert done.returncode == 2 and not other.exists()
    done = ledger("restore", "--ledger", other, tmp_path / "b")
    assert done.returncode == 64 and "--reason" in done.stderr


def test_a_ledger_that_was_set_back_does_not_overwrite_the_later_backup(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "early")
    backup(folder, tmp_path / "b")
    late = (tmp_path / "b" / "checkpoint").read_bytes()
    shutil.rmtree(folder)
    (tmp_path / "early").rename(folder)
    done = ledger("backup", "--ledger", folder, tmp_path / "b")
    assert done.returncode == 2 and "does not continue" in done.stderr
    assert (tmp_path / "b" / "checkpoint").read_bytes() == late


#: What the manual page's commands find in the test's place: the service manager is played, other users are not there.
STANDINS = {
    "systemd-sysusers": "exit 0",
    "install": 'for last; do :; done; mkdir -p "$last"',
    "systemctl": """case "$1" in
stop) kill "$(cat "$PIDS")"; while kill -0 "$(cat "$PIDS")" 2>/dev/null; do sleep 0.05; done;;
*) gatehouse keeper --ledger "$PLACE/var/lib/gatehouse/ledger" >/dev/null 2>&1 & echo $! >"$PIDS"
   until [ -S "$PLACE/var/lib/gatehouse/ledger/keeper.sock" ]; do sleep 0.05; done;;
esac""",
}
PAGE = pathlib.Path(__file__).parents[2] / "man" / "gatehouse-ledger.7"


def page_commands():
    for line in PAGE.read_text().splitlines():
        if line.startswith(".Dl "):
            prompt, words = line[4:].split(" ", 1)
            assert prompt in "#$"
            yield words.replace("\\(dq", '"')


def test_every_command_line_of_the_manual_page_works(tmp_path):
    """In the page's order, as one story: from setting up to the replaced key."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in STANDINS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    (programs / "gatehouse").symlink_to(GATEHOUSE)
    for place in ("var/lib", "mnt/backup", "media/safe"):
        (tmp_path / place).mkdir(parents=True)
    env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PLACE": str(tmp_path), "PIDS": str(tmp_path / "pid")}
    count = 0
    try:
        for words in page_commands():
            here = words
            for place in ("/var/lib", "/mnt/backup", "/media/safe"):
                here = here.replace(place, f"{tmp_path}{place}")
            if here.startswith("export "):
                name, value = here.split(" ", 1)[1].split("=")
                env[name] = value
                continue
            done = subprocess.run(["/bin/sh", "-c", here], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
            good = (0, 1) if words.endswith("status") else (0,)  # a clock that nothing sets is no failure of the page
            assert done.returncode in good, f"{words}: {done.stdout}{done.stderr}"
            count += 1
    finally:
        if (tmp_path / "pid").exists():
            subprocess.run(["kill", (tmp_path / "pid").read_text().strip()], check=False, capture_output=True)
    assert count > 25
    events = [json.loads(e) for e in entries(tmp_path / "var" / "lib" / "gatehouse" / "ledger")]
    assert {"the disk died", "moved to the new recorder"} <= {e.get("reason") for e in events}
