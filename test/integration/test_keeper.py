"""The keeper under load, killed, full, lied to: what it acknowledged is there, what it refuses it says."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest
from conftest import GATEHOUSE, SANITIZED, Running, command, wait_for
from keeping import (ALL, APPEND, BAD, ENDING, FULL, LOAD, OK, PUBLISH, REPORT, ROTATE, STATE, Keeper, Wire, canonical,
                     check_all, checkpoint, entries, init, live, login, root)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    init(tmp_path / "l")
    return tmp_path / "l"


def load(keeper, connections, window, seconds, acks):
    return subprocess.Popen([str(LOAD), str(keeper.socket), str(connections), str(window), str(seconds), str(acks)],
                            stdout=subprocess.PIPE, text=True)


def actions(folder):
    return [json.loads(e)["action"] for e in entries(folder)]


def test_an_event_is_stamped_and_durable(folder):
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        status, index, _ = wire.append(live())
        assert (status, index) == (OK, 1)
        assert wire.publish(index)[0] == OK
        event = json.loads(entries(folder)[index])
        assert event["writer"] == {"pid": os.getpid(), "uid": os.getuid()}
        assert event["v"] == 1 and event["time"].endswith("Z") and event["id"] == "ev-00000001"
        assert keeper.end()[0] == 0
    assert actions(folder) == ["system.start", "footage.live", "system.stop"]


def test_what_is_wrong_is_refused_with_words(folder):
    stamped = {**live(), "time": "2026-01-01T00:00:00.000Z"}
    wrong = [
        (b"{}", ""), (b"not JSON", ""), (canonical({**live(), "actor": {"ip": "192.0.2.7"}}), "user"),
        (canonical(stamped), "time"), (json.dumps(live()).encode(), ""),
        (canonical({"action": "system.start", "detail": {}, "id": "ev-00000001", "outcome": "ok", "site": "x"}),
         "only the ledger"),
        (canonical({**live(), "reason": "x" * 65300}), ""), (b"", ""),
    ]
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        for event, word in wrong:
            status, _, words = wire.append(event)
            assert status == BAD and words and word in words, (event[:80], words)
        assert wire.append(live())[0] == OK
        assert wire.state()["bad"] == len(wrong)
        keeper.end()
    assert actions(folder) == ["system.start", "footage.live", "system.stop"]


def test_many_writers_at_once_lose_nothing(folder, tmp_path):
    with Keeper(folder) as keeper:
        loads = [load(keeper, 24, 8, 2, tmp_path / f"acks{i}") for i in range(2)]
        for one in loads:
            assert json.loads(one.communicate()[0])["unknown"] == 0
        assert keeper.end()[0] == 0
    acks = [line for i in range(2) for line in (tmp_path / f"acks{i}").read_text().splitlines()]
    assert len(acks) > 1000
    assert len(check_all(folder, acks)) == len(acks) + 2


def test_killed_under_load_it_keeps_every_acknowledged_event(folder, tmp_path):
    acks = tmp_path / "acks"
    for pause in (0.2, 0.5, 0.05, 0.8):
        with Keeper(folder) as keeper:
            writer = load(keeper, 16, 16, 5, acks)
            time.sleep(pause)
            keeper.end(signal.SIGKILL)
            writer.communicate()
            assert writer.returncode == 3
    with Keeper(folder) as keeper:
        keeper.end()
    events = check_all(folder, acks.read_text().splitlines())
    assert sum(e["action"] == "system.start" for e in events) == 5
    assert sum(e["action"] == "system.stop" for e in events) == 1


def test_ends_in_order_and_says_so_to_who_is_connected(folder, tmp_path):
    with Keeper(folder) as keeper, Wire(keeper.socket) as idle:
        writer = load(keeper, 4, 4, 5, tmp_path / "acks")
        time.sleep(0.5)
        status, _ = keeper.end()
        assert status == 0 and not keeper.socket.exists()
        assert idle.answer()[:2] == (ALL, ENDING) and idle.answer() is None
        writer.communicate()
    events = check_all(folder, (tmp_path / "acks").read_text().splitlines())
    assert events[-1]["action"] == "system.stop"
    assert checkpoint(folder)[0] == len(events)


def test_a_second_keeper_is_refused(folder):
    with Keeper(folder) as keeper:
        second = command(GATEHOUSE, "keeper", "--ledger", folder)
        assert second.returncode == 2 and "another process" in second.stderr
        with Wire(keeper.socket) as wire:  # the socket is still the first one's
            assert wire.append(live())[0] == OK
        assert sorted(p.name for p in folder.iterdir()) == ["journal", "keeper.sock", "lock", "log", "sealing"]


def test_garbage_ends_that_connection_only(folder):
    frames = [b"GET / HTTP/1.1\r\n\r\n", struct.pack(">IBI", 5, 99, 1), struct.pack(">IBI", 70000, APPEND, 1),
              struct.pack(">IBI", 4, 3, 1), struct.pack(">IBI", 14, 16, 1) + bytes(9), os.urandom(4096)]
    with Keeper(folder) as keeper, Wire(keeper.socket) as good:
        for frame in frames:
            with Wire(keeper.socket) as wire:
                wire.socket.sendall(frame)
                token, status, _, words = wire.answer()
                assert (token, status) == (ALL, BAD) and "no frame" in words
                assert wire.answer() is None
            assert good.append(live())[0] == OK


def test_a_frame_may_come_byte_by_byte(folder):
    event = canonical(live())
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        for byte in struct.pack(">IBI", 5 + len(event), APPEND, 7) + event:
            wire.socket.sendall(bytes([byte]))
        assert wire.answer()[:2] == (7, OK)


def test_a_client_that_does_not_read_its_answers_is_cut_and_stalls_nobody(folder):
    frame = struct.pack(">IBI", 5, 3, 1)  # a question of nine bytes, an answer of many
    with Keeper(folder) as keeper, Wire(keeper.socket, timeout=0.2) as deaf, Wire(keeper.socket) as good:
        with pytest.raises((TimeoutError, OSError)):
            for _ in range(1000):
                deaf.socket.sendall(frame * 1000)
        before = time.monotonic()
        for _ in range(20):
            assert good.append(live())[0] == OK
        assert time.monotonic() - before < 5
        until = time.monotonic() + 20
        while good.state()["connections"] != 1 and time.monotonic() < until:
            time.sleep(0.3)
        assert good.state()["connections"] == 1
        rss = int(pathlib.Path(f"/proc/{keeper.process.pid}/statm").read_text().split()[1])
        assert rss * 4096 < 64 << 20


def test_a_flood_of_questions_from_many_stalls_nobody(folder):
    frame = struct.pack(">IBI", 5, STATE, 1)
    with Keeper(folder) as keeper, Wire(keeper.socket) as good:
        flood = [Wire(keeper.socket) for _ in range(60)]
        for wire in flood:
            wire.socket.setblocking(False)
            with pytest.raises(BlockingIOError):
                while True:
                    wire.socket.send(frame * 5000)
        before = time.monotonic()
        for _ in range(3):
            assert good.append(live())[0] == OK
        assert time.monotonic() - before < 5
        for wire in flood:
            wire.socket.close()


def test_every_question_of_a_flood_is_answered_to_who_reads(folder):
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        asker = threading.Thread(target=wire.socket.sendall, args=(struct.pack(">IBI", 5, STATE, 1) * 5000,))
        asker.start()
        for _ in range(5000):
            assert wire.frame()[0] == REPORT
        asker.join()
        assert wire.append(live())[0] == OK


def test_who_waits_for_a_thousand_checkpoints_takes_no_place_of_another(folder):
    with Keeper(folder) as keeper, Wire(keeper.socket) as good:
        for _ in range(10):
            index = good.append(live())[1]
            with Wire(keeper.socket) as greedy:
                greedy.socket.sendall(struct.pack(">IBIQ", 13, PUBLISH, 7, index) * 1100)
                assert greedy.answer()[1] == BAD
                assert good.publish(index)[0] == OK


def test_no_file_of_the_environment_is_read_by_who_holds_the_key(folder, tmp_path):
    os.mkfifo(tmp_path / "openssl.cnf")  # who opens it waits for ever
    with Keeper(folder, env={"OPENSSL_CONF": str(tmp_path / "openssl.cnf")}) as keeper, Wire(keeper.socket) as wire:
        assert wire.append(live())[0] == OK


def test_others_can_not_take_the_last_places_of_its_own_user(folder):
    if os.getuid() != 0:
        pytest.skip("needs a second user")
    with Keeper(folder) as keeper:
        for path in (folder, *folder.parents):
            if path != pathlib.Path("/") and path.stat().st_uid == 0 and "pytest" in str(path):
                path.chmod(path.stat().st_mode | 0o011)
        keeper.socket.chmod(0o666)
        says, hears = os.pipe()
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            wires = [Wire(keeper.socket) for _ in range(512)]
            turned_away = sum(wire.answer()[1] == ENDING for wire in wires[480:])
            os.write(hears, bytes([turned_away]))
            time.sleep(60)
        assert os.read(says, 1) == bytes([32])
        with Wire(keeper.socket) as wire:
            assert wire.append(live())[0] == OK
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_more_connections_than_it_takes_are_told(folder):
    with Keeper(folder) as keeper:
        wires = [Wire(keeper.socket) for _ in range(512)]
        with Wire(keeper.socket) as one_more:
            token, status, _, words = one_more.answer()
            assert (token, status) == (ALL, ENDING) and "too many" in words
        assert wires[511].append(live())[0] == OK
        for wire in wires:
            wire.socket.close()
        with Wire(keeper.socket) as wire:
            assert wire.append(live())[0] == OK


def test_a_command_starts_a_keeper_for_itself_which_ends_with_it(folder):
    done = command(GATEHOUSE, "ledger", "status", "--ledger", folder, "--json")
    assert done.returncode in (0, 1), done.stderr
    state = json.loads(done.stdout)
    assert state["origin"] == "example.org/test" and state["shut_in"] and state["pid"] != os.getpid()
    assert not pathlib.Path(f"/proc/{state['pid']}").exists()
    assert actions(folder) == ["system.start"]  # of a new ledger; after that, a command's keeper is no news
    assert command(GATEHOUSE, "ledger", "status", "--ledger", folder).returncode in (0, 1)
    assert actions(folder) == ["system.start"]


def test_commands_at_the_same_time_share_or_wait(folder):
    many = [subprocess.Popen([str(GATEHOUSE), "ledger", "status", "--ledger", str(folder)], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True) for _ in range(6)]
    for one in many:
        said = one.communicate(timeout=60)[1]
        assert one.returncode in (0, 1), said
    found = entries(folder)
    assert root(found) == checkpoint(folder)[1]


def test_without_a_ledger_or_a_key_the_way_out_is_named(tmp_path, folder):
    done = command(GATEHOUSE, "ledger", "status", "--ledger", tmp_path / "none")
    assert done.returncode == 2 and "gatehouse ledger init" in done.stderr
    key = pathlib.Path(f"{folder}-keys") / "ledger.key"
    key.rename(tmp_path / "away")
    for words in (["ledger", "status"], ["keeper"]):
        done = command(GATEHOUSE, *words, "--ledger", folder)
        assert done.returncode == 2 and "ledger.key" in done.stderr
    shutil.copy(tmp_path / "away", key)
    key.chmod(0o644)
    done = command(GATEHOUSE, "keeper", "--ledger", folder)
    assert done.returncode == 2 and "chmod 600" in done.stderr


def test_init_changes_nothing_that_is_there(folder):
    before = {p: p.read_bytes() for p in folder.rglob("log/*") if p.is_file()}
    done = command(GATEHOUSE, "ledger", "init", "--ledger", folder, "--origin", "example.org/other")
    assert done.returncode == 2 and "already" in done.stderr
    assert before == {p: p.read_bytes() for p in folder.rglob("log/*") if p.is_file()}


def test_the_socket_is_for_user_and_group_only(folder):
    with Keeper(folder, "--group", "nogroup") as keeper:
        status = keeper.socket.stat()
        assert oct(status.st_mode)[-3:] == "660"
        assert status.st_gid == __import__("grp").getgrnam("nogroup").gr_gid


def test_a_deep_folder_is_no_obstacle(tmp_path):
    folder = tmp_path / ("d" * 100) / ("e" * 100) / "l"
    folder.parent.mkdir(parents=True)
    init(folder)
    with Keeper(folder) as keeper:
        done = command(GATEHOUSE, "ledger", "status", "--ledger", folder, "--json")
        assert json.loads(done.stdout)["pid"] == keeper.process.pid


@pytest.mark.skipif(SANITIZED, reason="the address sanitizer needs more system calls")
def test_the_keeper_can_be_neither_dumped_nor_traced_by_its_user(folder):
    with Keeper(folder) as keeper:
        status = pathlib.Path(f"/proc/{keeper.process.pid}/status").read_text()
        assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
        held = int(status.split("CapEff:\t")[1].split()[0], 16)
        assert held & ~(1 << 1) == 0  # CAP_DAC_OVERRIDE at most
        for thread in pathlib.Path(f"/proc/{keeper.process.pid}/task").iterdir():
            assert "Seccomp:\t2" in (thread / "status").read_text()
        opened = {os.readlink(p) for p in pathlib.Path(f"/proc/{keeper.process.pid}/fd").iterdir()}
        kinds = {o for o in opened if o.startswith("socket:")}
        assert len(kinds) <= 2  # its own, and one that is being closed


def test_it_is_named_to_the_service_manager(folder, tmp_path):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "n"))
    manager.settimeout(10)
    with Keeper(folder, env={"NOTIFY_SOCKET": str(tmp_path / "n")}) as keeper:
        assert manager.recv(100) == b"READY=1"
        keeper.end()
        assert manager.recv(100) == b"STOPPING=1"


@pytest.fixture(name="small_disk")
def fixture_small_disk(tmp_path):
    """A folder on a file system of 700 MB that only these processes see."""
    (tmp_path / "disk").mkdir()
    with Running(
            ["unshare", "-rm", "sh", "-c",
             f"mount -t tmpfs -o size=700m,mode=0755 none {tmp_path}/disk && echo ready && exec sleep 600"],
            stdout=subprocess.PIPE, text=True) as holder:
        if holder.stdout.readline() != "ready\n":
            pytest.skip("no mount namespaces here")
        inside = ["nsenter", "-U", "-m", "--preserve-credentials", "-t", str(holder.pid)]
        yield inside, tmp_path / "disk", pathlib.Path(f"/proc/{holder.pid}/root{tmp_path}/disk")
        holder.kill()


def fill(path):
    """Takes every block that is left, also what the keeper gives back meanwhile."""
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))


def test_a_full_disk_stops_footage_but_not_the_administrator(small_disk):
    inside, disk, small_disk = small_disk
    folder = small_disk / "l"
    init(disk / "l", inside=inside)
    with Keeper(disk / "l", inside=inside, seen=folder) as keeper, Wire(keeper.socket) as wire:
        fill(small_disk / "filler")
        count, status = 0, OK
        big = "x" * 60000
        while status == OK and count < 4000:
            status, _, words = wire.append(live(f"ev-full-{count:05d}", reason=big))
            count += 1
        assert status == FULL and "footage must stop" in words
        assert count > 100  # the space that was made ready is used up first
        assert wire.append(live("ev-refused-2", reason=big))[0] == FULL
        state = wire.state()
        assert state["full"] and state["refused_while_full"] >= 2
        done = command(GATEHOUSE, "ledger", "status", "--ledger", folder)
        assert done.returncode == 1 and "FULL" in done.stdout
        assert [wire.append(login(f"ev-login-{i:03d}"))[0] for i in range(20)] == [OK] * 20
        (small_disk / "filler").unlink()
        until = time.monotonic() + 30
        while wire.append(live("ev-again-001", reason=big))[0] == FULL and time.monotonic() < until:
            time.sleep(0.2)
        assert wire.append(live("ev-again-002", reason=big))[0] == OK
        time.sleep(1.5)
        assert not wire.state()["full"]
        assert keeper.end()[0] == 0
    events = [json.loads(e) for e in entries(folder)]
    names = [e["id"] for e in events]
    assert root(entries(folder)) == checkpoint(folder)[1]
    assert {f"ev-full-{i:05d}" for i in range(count - 1)} <= set(names)
    assert f"ev-full-{count - 1:05d}" not in names and "ev-refused-2" not in names
    assert {f"ev-login-{i:03d}" for i in range(20)} <= set(names)
    begin, end = [e["detail"] for e in events if e["action"] == "system.full"][:2]
    assert begin == {"phase": "begin"}
    assert end["phase"] == "end" and end["refused"] >= 2
    assert end["by"][0]["refused"] == end["refused"] and end["by"][0]["pid"] == os.getpid()


def by(event, user):
    return {**event, "actor": {**event["actor"], "user": user}}


def test_on_a_full_disk_a_new_person_gets_in_sealed_and_sees_no_footage(small_disk):
    inside, disk, small_disk = small_disk
    folder = small_disk / "l"
    init(disk / "l", "--sealed", inside=inside)
    with Keeper(disk / "l", inside=inside, seen=folder) as keeper, Wire(keeper.socket) as wire:
        assert wire.append(live("ev-known-001"))[0] == OK
        fill(small_disk / "filler")
        # What is left of the file's last block takes up to 61 keys more.
        said = [wire.append(by(live(f"ev-live-{i:04d}"), f"guard-{i}"))[0] for i in range(80)]
        assert said[-1] == FULL and set(said) <= {OK, FULL}
        assert wire.append(live("ev-known-002"))[0] == OK
        assert [wire.append(by(login(f"ev-login-{i:03d}"), f"chief-{i}"))[0] for i in range(5)] == [OK] * 5
        (small_disk / "filler").unlink()
        assert wire.append(by(live("ev-live-again"), "guard-79"))[0] == OK
        assert keeper.end()[0] == 0
    assert not any(b"chief-" in entry or b"guard-" in entry for entry in entries(folder))
    found = command(*inside, GATEHOUSE, "ledger", "search", "--ledger", disk / "l", "--user", "chief-3", "--format", "json")
    assert [json.loads(line)["event"]["id"] for line in found.stdout.splitlines()] == ["ev-login-003"], found.stderr


@pytest.mark.parametrize("word", [None, "gatehouse sealing 1: none\n"])
def test_a_sealed_ledger_that_could_not_say_so_starts_on_a_full_disk_and_says_it_later(small_disk, word):
    inside, disk, small_disk = small_disk
    folder = small_disk / "l"
    init(disk / "l", "--sealed", inside=inside)
    with Keeper(disk / "l", inside=inside, seen=folder) as keeper, Wire(keeper.socket) as wire:
        assert wire.append(live("ev-known-001"))[0] == OK
        assert keeper.end()[0] == 0
    (folder / "sealing").unlink()
    if word:
        (folder / "sealing").write_text(word)
    with contextlib.suppress(FileNotFoundError):
        (folder / "sealing.new").unlink()
    fill(small_disk / "filler")
    with Keeper(disk / "l", inside=inside, seen=folder) as keeper, Wire(keeper.socket) as wire:
        assert "sealed" not in ((folder / "sealing").read_text() if (folder / "sealing").exists() else "")
        assert wire.append(login("ev-login-001"))[0] == OK
        (small_disk / "filler").unlink()
        until = time.monotonic() + 30
        while time.monotonic() < until and not ((folder / "sealing").exists() and "sealed" in (folder / "sealing").read_text()):
            time.sleep(0.1)
        assert (folder / "sealing").read_text() == "gatehouse sealing 1: sealed\n"
        assert keeper.end()[0] == 0


def rotate(folder):
    return command(GATEHOUSE, "ledger", "key", "rotate", "--ledger", folder)


def keys_of(folder):
    return pathlib.Path(f"{folder}-keys")


def test_the_key_is_replaced_while_it_runs(folder, tmp_path):
    old = command(GATEHOUSE, "ledger", "key", "show", "--ledger", folder).stdout.strip()
    with Keeper(folder) as keeper:
        writer = load(keeper, 8, 8, 3, tmp_path / "acks")
        time.sleep(0.5)
        done = rotate(folder)
        assert done.returncode == 0, done.stderr
        new = done.stdout.strip()
        assert new != old and new.split("+")[0] == "example.org/test"
        writer.communicate()
        assert writer.returncode == 0
        keeper.end()
    events = check_all(folder, (tmp_path / "acks").read_text().splitlines())
    index, event = next((i, e) for i, e in enumerate(events) if e["action"] == "system.key")
    assert event["detail"] == {"previous": old, "next": new}
    both = (folder / "log" / "handover" / "1").read_text()
    assert int(both.split("\n")[1]) == index + 1 and both.count("\u2014 example.org/test ") == 2
    assert sorted(p.name for p in keys_of(folder).iterdir()) == ["ledger.key"]
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        assert wire.state()["key"] == new


def test_the_key_of_a_keeper_with_nothing_to_do_is_replaced(folder):
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        until = time.monotonic() + 20
        while wire.state()["published"] != wire.state()["size"] and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.5)
        wire.ask(ROTATE)
        wire.ask(ROTATE)
        assert [wire.answer()[1] for _ in range(2)] == [OK, OK]
        assert wire.append(live())[0] == OK
        keeper.end()
    assert [a for a in actions(folder) if a == "system.key"] == ["system.key"] * 2


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_replacement_that_was_cut_short_is_finished(folder, moment):
    keys = keys_of(folder)
    old_key = (keys / "ledger.key").read_bytes()
    if moment == "before":  # the next key is made, nothing else: that of another ledger of this name will do
        init(folder.parent / "other")
        shutil.copy(keys_of(folder.parent / "other") / "ledger.key", keys / "ledger.key.next")
    else:  # all is handed over but the file
        assert rotate(folder).returncode == 0
        (keys / "ledger.key").rename(keys / "ledger.key.next")
        (keys / "ledger.key").write_bytes(old_key)
        (keys / "ledger.key").chmod(0o600)
    next_key = (keys / "ledger.key.next").read_bytes()
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        assert wire.append(live())[0] == OK
        keeper.end()
    assert (keys / "ledger.key").read_bytes() == next_key and not (keys / "ledger.key.next").exists()
    assert [json.loads(e)["action"] for e in entries(folder)].count("system.key") == 1
    assert (folder / "log" / "handover" / "1").exists()


def test_killed_while_the_key_is_replaced_it_starts_again(folder):
    """At moments that chance picks; each time the ledger opens and goes on."""
    for pause in (0.001, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03, 0.05):
        with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
            wire.ask(ROTATE)
            time.sleep(pause)
            keeper.end(signal.SIGKILL)
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        assert wire.append(live())[0] == OK
        keeper.end()
    assert root(entries(folder)) == checkpoint(folder)[1]
    assert not (keys_of(folder) / "ledger.key.next").exists()


def test_only_its_own_user_may_have_the_key_replaced(folder):
    if os.getuid() != 0:
        pytest.skip("needs a second user")
    with Keeper(folder) as keeper:
        for path in (folder, *folder.parents):
            if path != pathlib.Path("/") and path.stat().st_uid == 0 and "pytest" in str(path):
                path.chmod(path.stat().st_mode | 0o011)
        keeper.socket.chmod(0o666)
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            with Wire(keeper.socket) as wire:
                wire.ask(ROTATE)
                _, status, _, words = wire.answer()
                os._exit(0 if status == BAD and "root" in words else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_a_key_from_the_service_manager_is_used_and_never_replaced(folder, tmp_path):
    (tmp_path / "credentials").mkdir()
    shutil.move(keys_of(folder) / "ledger.key", tmp_path / "credentials" / "ledger.key")
    with Keeper(folder, env={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}) as keeper:
        with Wire(keeper.socket) as wire:
            assert wire.append(live())[0] == OK
            wire.ask(ROTATE)
            assert wire.answer()[1] == BAD


def copy(source, target):
    done = command("cp", "-a", source, target)
    assert done.returncode == 0, done.stderr


def copy_running(source, target):
    """Copies again while a partial tile goes under the copier's hands: then its full tile has come."""
    for _ in range(10):
        done = command("cp", "-a", source, target)
        gone = [line for line in done.stderr.splitlines() if ".p" in line and "No such file" in line]
        assert len(gone) == len(done.stderr.splitlines()), done.stderr
        if done.returncode == 0:
            return
    raise AssertionError(done.stderr)


def test_a_copy_of_a_stopped_ledger_goes_on_elsewhere(folder, tmp_path):
    """gatehouse-ledger(7), BACKUP and MOVING."""
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        wire.append(live("ev-moved-001"))
        keeper.end()
    (tmp_path / "new").mkdir()
    copy(folder, tmp_path / "new" / "l")
    copy(keys_of(folder), tmp_path / "new" / "l-keys")
    with Keeper(tmp_path / "new" / "l") as keeper, Wire(keeper.socket) as wire:
        assert wire.append(live("ev-moved-002"))[0] == OK
        keeper.end()
    names = [json.loads(e)["id"] for e in entries(tmp_path / "new" / "l")]
    assert names.index("ev-moved-001") < names.index("ev-moved-002")
    assert entries(tmp_path / "new" / "l")[:3] == entries(folder)


def test_a_copy_of_the_log_while_it_runs_is_whole(folder, tmp_path):
    """Checkpoint first, tiles after: what a verifier needs, at any moment."""
    with Keeper(folder) as keeper:
        writer = load(keeper, 8, 8, 4, tmp_path / "acks")
        wait_for((folder / "log" / "tile").exists)
        for i in range(3):
            time.sleep(1)
            copied = tmp_path / f"copy{i}"
            (copied / "log").mkdir(parents=True)
            copy(folder / "log" / "checkpoint", copied / "log")
            copy_running(folder / "log" / "tile", copied / "log")
            found = entries(copied)
            assert root(found) == checkpoint(copied)[1]
        writer.communicate()


def test_an_older_copy_goes_on_and_is_another_history(folder, tmp_path):
    """gatehouse-ledger(7), RESTORING: what a verifier or witness who saw the later one can tell."""
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        wire.append(live("ev-early-001"))
        keeper.end()
    copy(folder, tmp_path / "backup")
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        wire.append(live("ev-late-0001"))
        keeper.end()
    later = entries(folder)
    shutil.rmtree(folder)
    copy(tmp_path / "backup", folder)
    with Keeper(folder) as keeper, Wire(keeper.socket) as wire:
        wire.append(live("ev-other-001"))
        keeper.end()
    now = entries(folder)
    assert now[:3] == later[:3] and now[3] != later[3]
    assert root(now[:len(later)]) != root(later)
