"""The owner's passwords from a pipe to the report, and the log-ins that they cost."""
import os
import pathlib
import pty
import re
import select
import sqlite3
import threading

import pytest
from conftest import GATEHOUSE, SOURCE, command, in_lab

AXIS, HIK, HANWHA = "axis/P3245-LV-11.11.73", "hikvision/DS-2CD2032-I-V5.2.5", "hanwha/SND-6084R-1.10_150430"

# name, transcript, last number of the address, account, password of the device, the owner's, more of the lab
DEVICES = [
    ("gate", AXIS, 61, "root", "Canary-Heron-91", "Canary-Heron-91", ""),
    ("yard", AXIS, 62, "root", "Canary-Heron-91", "Canary-Heron-91", ""),
    ("stairs", AXIS, 63, "root", "camera-stairs1", "camera-stairs1", ""),
    ("lobby", HIK, 64, "admin", "Canary-Walnut-17", "Canary-Wrong-55", "tries: 5"),
    ("office", HIK, 65, "admin", "Canary-Lagoon-77", "Canary-Lagoon-77", "tries: 5, wrong: 3"),
    ("cellar", HIK, 66, "admin", "Canary-Marmot-23", None, "tries: 3"),
    ("porch", HANWHA, 67, "admin", "Canary-Basalt-42", None, "tries: 5"),
]
CANARIES = [b"Canary-", b"camera-stairs1"]


def address(number):
    return f"10.20.0.{number}"


def secret(folder, *args, given=None):
    return command(GATEHOUSE, "secret", *args, "--file", folder / "sealed", "--key", folder / "key", input=given)


def write_site(folder):
    lab, site = folder / "lab.yaml", folder / "shop.yaml"
    rows = "".join(
        f'  - {{name: {name}, transcript: {transcript}, ip: {address(n)}, mac: "02:00:00:00:00:{n}", serial: S{n},'
        f' password: {password}{", " + more if more else ""}}}\n'
        for name, transcript, n, _, password, _, more in DEVICES)
    lab.write_text(f"lan: 10.20.0.0/24\nadmin: 10.20.0.2\ntranscripts: {SOURCE}/test/transcript\ndevices:\n{rows}")
    owned = "".join(f"  - {{address: {address(n)}, name: {name}, user: {user}, secret: {name}}}\n"
                    for name, _, n, user, _, own, _ in DEVICES if own)
    scope = ", ".join(address(row[2]) for row in DEVICES)
    site.write_text(f"scope: [{scope}]\nsecrets: {{file: sealed, key: key}}\ndevices:\n{owned}")
    return lab, site


def look_at_processes(seen, stop):
    """Arguments and environment of every process, again and again."""
    while not stop.is_set():
        for process in pathlib.Path("/proc").iterdir():
            for name in ("cmdline", "environ") if process.name.isdigit() else ():
                try:
                    seen.add((process / name).read_bytes())
                except OSError:
                    pass
        stop.wait(0.1)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Passwords by a pipe, two runs on one day, and what processes showed meanwhile."""
    folder = tmp_path_factory.mktemp("secrets")
    lab, shop = write_site(folder)
    for name, _, _, _, _, own, _ in DEVICES:
        if own:
            done = secret(folder, "set", name, given=own + "\n")
            assert done.returncode == 0, done.stderr
    seen, stop = set(), threading.Event()
    watcher = threading.Thread(target=look_at_processes, args=(seen, stop))
    watcher.start()
    try:
        first = in_lab(lab, folder, "--site", shop)
        first.files = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p not in (lab, folder / "key", folder / "stats.json")}
        again = in_lab(lab, folder, "--site", shop)
    finally:
        stop.set()
        watcher.join()
    return {"folder": folder, "first": first, "again": again, "seen": seen}


def facts_of(run, number):
    return {f["name"]: f["value"] for f in run.device(address(number))["facts"]}


def stats_of(run, number):
    return next(d for d in run.stats["devices"] if d["ip"] == address(number))


def test_shared_and_weak_passwords_are_found_and_named_without_being_shown(site):
    facts = {f["name"]: f["value"] for f in site["first"].report["site_facts"]}
    assert facts["login.shared"] == "gate and yard"
    assert facts["login.weak"].startswith("root of stairs (it is made of ")
    assert "login.unique" not in facts
    assert facts["login.rest"] == "4 of 7 devices"


def test_no_password_is_in_a_file_an_output_or_a_process(site):
    run = site["first"]
    haystacks = dict(run.files)
    haystacks.update({"stdout": run.out.encode(), "stderr": run.err.encode(), "processes": b"".join(site["seen"])})
    assert any(b"assess\0--store" in words for words in site["seen"]), "the run itself was looked at"
    assert any(str(name).endswith("store.db") for name in haystacks)
    assert any(str(name).endswith("sealed") for name in haystacks)
    for name, data in haystacks.items():
        for canary in CANARIES:
            assert canary not in data, name


def test_the_sum_of_log_ins_is_printed_and_no_device_was_locked(site):
    for run in (site["first"], site["again"]):
        totals = run.report["totals"]
        line = re.search(r"(\d+)\s+cameras,\s+(\d+)\s+log-ins,\s+(\d+)\s+lock-outs", run.out)
        assert [int(n) for n in line.groups()] == [7, totals["logins"], 0]
        assert run.stats["totals"]["lockouts"] == 0
    assert site["first"].report["totals"]["logins"] == 6


def test_a_second_run_of_the_day_repeats_no_wrong_log_in(site):
    for number in (64, 65, 66, 67):
        assert stats_of(site["again"], number)["logins"] == 0
    for number in (61, 62, 63):
        assert stats_of(site["again"], number)["logins"] == 1


def test_a_wrong_password_of_the_owner_is_tried_once(site):
    assert stats_of(site["first"], 64)["credentials_wrong"] == 1
    assert "the secret lobby was refused" in facts_of(site["first"], 64)["login.owner-failed"]


def test_a_device_that_says_two_are_left_gets_no_password_not_even_the_right_one(site):
    assert stats_of(site["first"], 65)["logins"] == 0
    assert "2 wrong log-ins are left before it locks" in facts_of(site["first"], 65)["login.owner-failed"]


def test_a_device_with_three_tries_gets_one(site):
    assert stats_of(site["first"], 66)["credentials_wrong"] == 1


def test_the_next_day_tries_the_next_factory_password_until_all_were_refused(site):
    """The clock of the store is moved, not the machine's: a day goes by."""
    folder = site["folder"]
    lab, shop = folder / "lab.yaml", folder / "shop.yaml"
    facts = facts_of(site["first"], 67)
    assert facts["login.refused"] == 1 and "login.partly" in facts
    for day in (2, 3):
        with sqlite3.connect(folder / "store.db") as db:
            db.execute("UPDATE login_try SET at = at - 86400000")
        run = in_lab(lab, folder, "--site", shop, "--scope", address(67))
        facts = facts_of(run, 67)
        assert facts["login.refused"] == day
        assert stats_of(run, 67)["credentials_wrong"] == 1
    assert "login.partly" not in facts
    assert run.places("default-credentials/others-left") == []
    with sqlite3.connect(folder / "store.db") as db:
        db.execute("UPDATE login_try SET at = at - 86400000")
    run = in_lab(lab, folder, "--site", shop, "--scope", address(67))
    assert facts_of(run, 67)["login.refused"] == 3
    assert stats_of(run, 67)["logins"] == 0


def test_one_secret_for_all_others_is_evidence_of_sharing(tmp_path):
    lab, site = tmp_path / "lab.yaml", tmp_path / "shop.yaml"
    rows = "".join(f'  - {{name: c{n}, transcript: {AXIS}, ip: {address(n)}, mac: "02:00:00:00:00:{n}", serial: S{n},'
                   f" password: Canary-Otter-61}}\n" for n in (71, 72))
    lab.write_text(f"lan: 10.20.0.0/24\nadmin: 10.20.0.2\ntranscripts: {SOURCE}/test/transcript\ndevices:\n{rows}")
    site.write_text("scope: [10.20.0.71, 10.20.0.72]\nsecrets: {file: sealed, key: key}\n"
                    "logins: {user: root, secret: cameras}\n")
    assert secret(tmp_path, "set", "cameras", given="Canary-Otter-61").returncode == 0
    run = in_lab(lab, tmp_path, "--site", site)
    facts = {f["name"]: f["value"] for f in run.report["site_facts"]}
    assert " and " in facts["login.shared"]
    assert run.finding("default-credentials/shared-password")["verdict"] == "FAIL"


@pytest.mark.parametrize("transcript, why", [
    ("reolink/RLC-410W-3.0.0.136", "readably"),
    ("xiongmai/NBD8016S-V4.03.R11", "repeated at other devices"),
    ("onvif/XM530-V5.00.R02", "repeated at other devices"),
    ("onvif/MS-C2964-PB-43.7.0.74", "repeated at other devices"),
])
def test_the_secret_of_all_others_goes_to_no_device_that_could_use_it_elsewhere(tmp_path, transcript, why):
    lab, site = tmp_path / "lab.yaml", tmp_path / "shop.yaml"
    lab.write_text(f"lan: 10.20.0.0/24\nadmin: 10.20.0.2\ntranscripts: {SOURCE}/test/transcript\ndevices:\n"
                   "  - {name: garden, transcript: TRANSCRIPT, ip: 10.20.0.73, password: Canary-Otter-61}\n".replace("TRANSCRIPT", transcript))
    site.write_text("scope: [10.20.0.73]\nsecrets: {file: sealed, key: key}\nlogins: {user: admin, secret: cameras}\n")
    assert secret(tmp_path, "set", "cameras", given="Canary-Otter-61").returncode == 0
    run = in_lab(lab, tmp_path, "--site", site)
    assert stats_of(run, 73)["logins"] == 0
    assert why in facts_of(run, 73)["login.owner-failed"]


def test_a_password_as_an_argument_is_refused_and_not_repeated(tmp_path):
    done = secret(tmp_path, "set", "gate", "Canary-Argument-1")
    assert done.returncode == 64
    assert "a password is no argument" in done.stderr and "secret set NAME" in done.stderr
    assert "Canary" not in done.stderr + done.stdout
    assert not (tmp_path / "sealed").exists()


def test_a_file_that_is_none_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    done = command(GATEHOUSE, "secret", "list", "--file", tmp_path / "fifo", "--key", tmp_path / "key")
    assert done.returncode == 2
    assert "not an ordinary file" in done.stderr


def test_a_terminal_is_asked_twice_without_echo(tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(GATEHOUSE, ["gatehouse", "secret", "set", "gate", "--file", str(tmp_path / "sealed"),
                             "--key", str(tmp_path / "key")])
    shown = b""
    for _ in range(2):
        while not shown.endswith(b": "):
            assert select.select([terminal], [], [], 20)[0], shown
            shown += os.read(terminal, 1024)
        os.write(terminal, b"Canary-Typed-88\n")
        shown += b"|"
    try:
        while part := os.read(terminal, 1024):
            shown += part
    except OSError:
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"Canary" not in shown and shown.count(b"gate") == 2
    assert secret(tmp_path, "list").stdout == "gate\n"


def test_a_credential_of_systemd_is_the_key(tmp_path):
    (tmp_path / "creds").mkdir()
    assert secret(tmp_path, "set", "gate", given="Canary-Reed-12").returncode == 0
    os.rename(tmp_path / "key", tmp_path / "creds" / "gatehouse-key")
    env = {**os.environ, "CREDENTIALS_DIRECTORY": str(tmp_path / "creds")}
    done = command(GATEHOUSE, "secret", "list", "--file", tmp_path / "sealed", env=env)
    assert (done.returncode, done.stdout) == (0, "gate\n")
    done = command(GATEHOUSE, "secret", "rekey", "--file", tmp_path / "sealed", env=env)
    assert done.returncode == 2 and "--new-key" in done.stderr
