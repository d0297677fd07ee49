"""The assess command: scope, errors, interruption, memory."""
import json
import signal
import sqlite3
import subprocess
import time

import pytest

from conftest import GATEHOUSE, LAB, SOURCE, command, in_lab


def test_without_a_scope_says_what_to_type():
    done = command(GATEHOUSE, "assess", stdin=subprocess.DEVNULL)
    assert done.returncode == 64
    assert "gatehouse assess --scope" in done.stderr


@pytest.mark.parametrize("scope, part", [
    ("8.8.8.0/24", "public"),
    ("10.0.0.0/8", "65,536"),
    ("10.20.0.300", "10.20.0.300"),
    ("camera.local", "camera.local"),
    ("224.0.0.0/24", "224.0.0.0/24"),
])
def test_refuses_a_scope_and_names_it(scope, part):
    done = command(GATEHOUSE, "assess", "--scope", scope, stdin=subprocess.DEVNULL)
    assert done.returncode == 64
    assert part in done.stderr


@pytest.mark.parametrize("args", [["--fail-on", "sometimes"], ["--pace", "0"], ["--format", "pdf"], ["--skope", "x"], ["extra"]])
def test_refuses_a_bad_option_and_names_it(args):
    done = command(GATEHOUSE, "assess", *args, stdin=subprocess.DEVNULL)
    assert done.returncode == 64
    assert args[-1] in done.stderr or args[0] in done.stderr


def test_malformed_site_file_names_file_line_and_key(tmp_path):
    site = tmp_path / "shop.yaml"
    site.write_text("name: shop\nscope:\n  - 10.20.0.0/24\nwaivers:\n  - finding: vendor-cloud/cloud-on\n    owner: me\n    reason: r\n    expires: soon\n")
    done = command(GATEHOUSE, "assess", "--site", site)
    assert done.returncode == 64
    assert "shop.yaml:8" in done.stderr
    assert "expires" in done.stderr and "soon" in done.stderr


def start(tmp_path, *args):
    return subprocess.Popen(
        [str(a) for a in (LAB, "--site", SOURCE / "lab" / "demo.yaml", "--", GATEHOUSE, "assess", "--scope", "10.20.0.0/24",
                          "--store", tmp_path / "store.db", "--output", tmp_path / "out", *args)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def child_named(pid, name):
    """A descendant of pid whose command is name."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        listing = command("ps", "-eo", "pid=,ppid=,comm=").stdout.split("\n")
        parents = {}
        for line in listing:
            if line.strip():
                own, parent, comm = line.split(None, 2)
                parents[int(own)] = (int(parent), comm.strip())
        for own, (parent, comm) in parents.items():
            above = parent
            while comm == name and above in parents:
                if above == pid:
                    return own
                above = parents[above][0]
        time.sleep(0.05)
    raise AssertionError(f"{name} did not start")


def test_interrupt_gives_a_partial_report_that_says_so(tmp_path):
    process = start(tmp_path)
    pid = child_named(process.pid, "gatehouse")
    time.sleep(4)
    import os
    os.kill(pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, err
    assert "PARTIAL" in out.upper()
    assert json.loads((tmp_path / "out" / "report.json").read_text())["partial"]


def test_kill_in_the_middle_keeps_the_budget_and_leaves_no_process(tmp_path):
    process = start(tmp_path)
    pid = child_named(process.pid, "gatehouse")
    deadline = time.monotonic() + 40
    tries = 0
    while tries == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
        try:
            with sqlite3.connect(f"file:{tmp_path}/store.db?mode=ro", uri=True) as db:
                tries = db.execute("select count(*) from login_try").fetchone()[0]
        except sqlite3.OperationalError:
            pass
    assert tries > 0
    import os
    os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=60)
    with sqlite3.connect(f"file:{tmp_path}/store.db?mode=ro", uri=True) as db:
        assert db.execute("select count(*) from login_try").fetchone()[0] >= tries


def test_second_run_of_the_day_uses_what_opened_and_tries_nothing_new(tmp_path):
    first = in_lab("demo.yaml", tmp_path, "--scope", "10.20.0.11", "--scope", "10.20.0.13")
    again = in_lab("demo.yaml", tmp_path, "--scope", "10.20.0.11", "--scope", "10.20.0.13")
    assert first.report["totals"]["logins"] > again.report["totals"]["logins"]
    assert [d["credentials_wrong"] for d in again.stats["devices"] if d["credentials_wrong"] != 0] == []
    assert again.places("default-credentials/factory-password") == first.places("default-credentials/factory-password")
    history = command(GATEHOUSE, "history", "--store", tmp_path / "store.db")
    assert history.returncode == 0
    assert len(history.stdout.strip().splitlines()) >= 3
    changes = command(GATEHOUSE, "diff", "--store", tmp_path / "store.db", "last~1", "last")
    assert changes.returncode in (0, 1), changes.stderr


def test_nothing_outside_the_scope_is_asked(tmp_path):
    run = in_lab("demo.yaml", tmp_path, "--scope", "10.20.0.11")
    assert len(run.report["devices"]) >= 1
    for device in run.stats["devices"]:
        if device["ip"] != "10.20.0.11":
            assert device["connections"] == 0, device


def owned_lobby(folder, password, mode=0o600):
    """A site file that gives the Axis camera of the demo site to its owner."""
    secret = folder / "lobby"
    secret.write_text(password + "\n")
    secret.chmod(mode)
    site = folder / "shop.yaml"
    site.write_text("scope: [10.20.0.15]\ndevices:\n  - {address: 10.20.0.15, user: root, password_file: lobby}\n")
    return site


def fact(run, name):
    return next((f["value"] for f in run.device("10.20.0.15")["facts"] if f["name"] == name), None)


def logins(run):
    return next(d["logins"] for d in run.stats["devices"] if d["ip"] == "10.20.0.15")


def test_a_password_file_that_others_may_read_stops_before_a_packet(tmp_path):
    done = command(GATEHOUSE, "assess", "--site", owned_lobby(tmp_path, "x", 0o644))
    assert done.returncode == 64
    assert "shop.yaml:3: devices[0].password_file: lobby" in done.stderr
    assert "0644" in done.stderr and "chmod 600" in done.stderr


def test_an_owners_right_password_is_good_for_every_run_of_the_day(tmp_path):
    site = owned_lobby(tmp_path, "Tundra+Sextant+61")
    for _ in range(3):
        run = in_lab("demo.yaml", tmp_path, "--site", site)
        assert fact(run, "cloud.enabled") is False
        assert logins(run) == 1


def test_an_owners_wrong_password_is_told_with_its_file_and_tried_once(tmp_path):
    site = owned_lobby(tmp_path, "Tundra+Sextant+62")
    first = in_lab("demo.yaml", tmp_path, "--site", site)
    assert logins(first) == 1
    assert "the password in lobby was refused" in fact(first, "login.owner-failed")
    assert first.places("default-credentials/owner-failed") == ["10.20.0.15"]
    assert first.places("vendor-cloud/cloud-unread") == ["10.20.0.15"]
    again = in_lab("demo.yaml", tmp_path, "--site", site)
    assert logins(again) == 0
    assert "did not open it within these 24 hours" in fact(again, "login.owner-failed")
    (tmp_path / "none").mkdir()
    off = in_lab("demo.yaml", tmp_path / "none", "--site", site, "--no-login")
    assert logins(off) == 0


def test_owners_passwords_that_are_shared_or_weak_are_told_and_not_shown(tmp_path):
    lab = tmp_path / "lab.yaml"
    rows = [("a", "10.20.0.61", "shared-Heron-9"), ("b", "10.20.0.62", "shared-Heron-9"), ("c", "10.20.0.63", "finch7")]
    lab.write_text(
        f"lan: 10.20.0.0/24\nadmin: 10.20.0.2\ntranscripts: {SOURCE}/test/transcript\ndevices:\n"
        + "".join(f'  - {{name: {n}, transcript: axis/P3245-LV-11.11.73, ip: {ip}, mac: "b8:a4:4f:00:00:0{n}",'
                  f' serial: B8A44F00000{n.upper()}, password: {p}}}\n' for n, ip, p in rows))
    site = tmp_path / "shop.yaml"
    site.write_text("scope: [10.20.0.61, 10.20.0.62, 10.20.0.63]\ndevices:\n" + "".join(
        f"  - {{address: {ip}, name: Camera {n}, user: root, password_file: {n}}}\n" for n, ip, _ in rows))
    for name, _, password in rows:
        (tmp_path / name).write_text(password)
        (tmp_path / name).chmod(0o600)
    run = in_lab(lab, tmp_path, "--site", site)
    facts = {f["name"]: f["value"] for f in run.report["site_facts"]}
    assert facts["login.shared"] == "Camera a and Camera b"
    assert facts["login.weak"].startswith("root of Camera c (it is ")
    text = (tmp_path / "out" / "report.json").read_text() + run.out
    assert "Heron" not in text and "finch7" not in text


def test_one_refused_password_of_several_is_no_pass(tmp_path):
    run = in_lab("demo.yaml", tmp_path, "--scope", "10.20.0.14")
    assert run.places("default-credentials/others-left") == ["10.20.0.14"]
    assert run.places("default-credentials/factory-password") == []
