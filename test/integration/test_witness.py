"""Witnesses of the ledger, whole: servers and the submitting side as processes, on 127.0.0.1 only."""
import base64
import concurrent.futures
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from conftest import BUILD, GATEHOUSE, SANITIZED, SOURCE, command

MAKE_LOG = BUILD / "test" / "bench" / "make_log"
ORIGIN = "gatehouse.example/bench"
NAME = hashlib.sha256(ORIGIN.encode()).hexdigest()


class Ledger:
    """A ledger's folder with static files only; `set` puts a tree of that size and history there."""

    def __init__(self, folder):
        self.path = folder / "shop"
        self.keys = folder / "shop-keys" / "ledger.key"
        self.made = 0
        assert command(MAKE_LOG, self.path, 100).returncode == 0

    @property
    def vkey(self):
        """The public key of the log."""
        return (self.path / "log" / "log.vkey").read_text().strip()

    def set(self, size, history=1):
        """Histories other than 1 leave it in the middle."""
        self.made += 1
        fresh = self.path.parent / f"made{self.made}"
        done = command(MAKE_LOG, fresh, size, history, self.keys)
        assert done.returncode == 0, done.stderr
        old = self.path / "log" / "checkpoint.witnessed"
        if old.exists():
            old.rename(fresh / "log" / "checkpoint.witnessed")
        shutil.rmtree(self.path / "log")
        (fresh / "log").rename(self.path / "log")

    def checkpoint(self):
        """The signed checkpoint."""
        return (self.path / "log" / "checkpoint").read_bytes()

    def witnessed(self):
        """The checkpoint with cosignatures, or None."""
        path = self.path / "log" / "checkpoint.witnessed"
        return path.read_text() if path.exists() else None


class Witness:
    """One witness; it can be started, killed and started again."""

    def __init__(self, folder, name, log):
        self.state = folder / name
        self.name = name
        self.log = log
        self.port = 0
        self.process = None
        done = command(GATEHOUSE, "ledger", "witness", "init", "--state", self.state, "--name", f"example.org/{name}")
        assert done.returncode == 0, done.stderr
        self.vkey = done.stdout.split()[2]

    def start(self):
        """Waits until it listens."""
        self.process = subprocess.Popen(
            [str(GATEHOUSE), "ledger", "witness", "serve", "--state", str(self.state), "--log", self.log,
             "--listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.PIPE, stderr=open(self.state.parent / f"{self.name}.log", "a"), text=True)
        line = self.process.stdout.readline()
        assert self.vkey in line, line
        self.port = int(re.search(r"port (\d+)", line).group(1))
        return self

    def stop(self, number=signal.SIGTERM):
        """Ends it; gives its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(10)
        self.process.stdout.close()
        self.process = None
        return status

    def line(self):
        """Its line of a policy."""
        return f"witness {self.name} {self.vkey} http://127.0.0.1:{self.port}\n"

    def post(self, body, timeout=10):
        """Status, headers and body of an add-checkpoint."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST", "/add-checkpoint", body)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def stored(self):
        """Size of what it cosigned last."""
        return int((self.state / NAME).read_text().split("\n")[1])


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path)


@pytest.fixture
def witnesses(tmp_path, ledger):
    """Three, running."""
    made = [Witness(tmp_path, name, ledger.vkey).start() for name in ("one", "two", "three")]
    yield made
    for witness in made:
        if witness.process:
            witness.stop(signal.SIGKILL)


def policy(folder, witnesses, need):
    """A policy file: so many of these."""
    path = folder / "policy"
    names = " ".join(w.name for w in witnesses)
    path.write_text("".join(w.line() for w in witnesses) + f"group all-of-them {need} {names}\nquorum all-of-them\n")
    return path


def submit(ledger, path, *more):
    """`ledger witness submit --json`: status and what it printed."""
    done = command(GATEHOUSE, "ledger", "witness", "submit", "--ledger", ledger.path, "--policy", path, "--json", *more)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def states(report):
    return {w["witness"]: w["state"] for w in report["witnesses"]}


def cosignatures(note):
    """{name: (key id, time, signature)} of the lines of cosigners; and the text."""
    text, lines = note.split("\n\n", 1)
    found = {}
    for line in lines.splitlines():
        _, name, blob = line.split(" ")
        raw = base64.b64decode(blob)
        if len(raw) == 4 + 8 + 64:
            found[name] = (raw[:4], struct.unpack(">Q", raw[4:12])[0], raw[12:])
    return text + "\n", found


def openssl_verifies(folder, vkey, text, cosignature):
    """Another program's word for it."""
    name, key_id, key = vkey.split("+", 2)
    raw = base64.b64decode(key)
    assert raw[0] == 4 and hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == key_id
    (folder / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + raw[1:])
    (folder / "text").write_bytes(f"cosignature/v1\ntime {cosignature[1]}\n{text}".encode())
    (folder / "signature").write_bytes(cosignature[2])
    return cosignature[0].hex() == key_id and command(
        "openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "key.der", "-rawin",
        "-in", folder / "text", "-sigfile", folder / "signature").returncode == 0


def test_enough_witnesses_make_a_witnessed_checkpoint_that_openssl_verifies(tmp_path, ledger, witnesses):
    path = policy(tmp_path, witnesses, 2)
    status, report = submit(ledger, path)
    assert status == 0 and report["kind"] == "witnessed" and report["quorum"] and report["size"] == 100
    assert set(states(report).values()) == {"cosigned"}
    text, found = cosignatures(ledger.witnessed())
    assert ledger.checkpoint().decode().startswith(text)
    assert len(found) == 3
    for witness in witnesses:
        cosignature = found[f"example.org/{witness.name}"]
        assert abs(cosignature[1] - time.time()) < 60
        assert openssl_verifies(tmp_path, witness.vkey, text, cosignature)
        assert not openssl_verifies(tmp_path, witness.vkey, text.replace("100", "101"), cosignature)
    # Growing by one, by many, and not at all.
    for size in (101, 1000, 1000):
        ledger.set(size)
        status, report = submit(ledger, path)
        assert status == 0 and f"\n{size}\n" in ledger.witnessed()
    assert [w.stored() for w in witnesses] == [1000] * 3


def test_monitors_get_what_was_cosigned_last(tmp_path, ledger, witnesses):
    submit(ledger, policy(tmp_path, witnesses, 3))
    connection = http.client.HTTPConnection("127.0.0.1", witnesses[0].port, timeout=5)
    for path, status in ((f"/{NAME}/checkpoint", 200), (f"/{'0' * 64}/checkpoint", 404), ("/", 404),
                         ("/lock", 404), (f"/{NAME}/../witness.key", 404), ("/witness.key", 404)):
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        assert answer.status == status, path
        if status == 200:
            text, found = cosignatures(body)
            assert openssl_verifies(tmp_path, witnesses[0].vkey, text, found["example.org/one"])
        else:
            assert "KEY" not in body


def test_a_witness_that_is_down_is_named_and_the_others_are_enough(tmp_path, ledger, witnesses):
    path = policy(tmp_path, witnesses, 2)
    assert submit(ledger, path)[0] == 0
    assert witnesses[1].stop() == 0
    ledger.set(200)
    status, report = submit(ledger, path)
    assert status == 0 and states(report) == {"one": "cosigned", "two": "down", "three": "cosigned"}
    witnesses[0].stop()
    ledger.set(300)
    status, report = submit(ledger, path)
    assert status == 2 and report["kind"] == "unwitnessed" and not report["quorum"]
    assert "\n200\n" in ledger.witnessed()  # the last good one stays
    witnesses[0].start()
    assert submit(ledger, path)[0] == 0
    # The one that missed a step gets the proof from where it stopped.
    witnesses[1].start()
    assert witnesses[1].stored() == 100
    ledger.set(400)
    status, report = submit(ledger, path)
    assert status == 0 and set(states(report).values()) == {"cosigned"} and witnesses[1].stored() == 400


def test_needs_no_memory_of_its_own(tmp_path, ledger, witnesses):
    path = policy(tmp_path, witnesses, 3)
    assert submit(ledger, path)[0] == 0
    shutil.rmtree(ledger.path / "witness")
    ledger.set(250)
    status, report = submit(ledger, path)
    assert status == 0 and set(states(report).values()) == {"cosigned"}


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("size, history, state", [
    (1000, 7, "forked"),   # the same size, another root: 409
    (1200, 7, "forked"),   # a larger tree that does not continue the cosigned one: 422
    (600, 1, "ahead"),     # the same history, set back
    (900, 7, "ahead"),     # set back to another history
])
def test_a_fork_or_a_rollback_is_refused_and_is_an_alarm(
        tmp_path, ledger, witnesses, size, history, state, remembers):
    path = policy(tmp_path, witnesses, 2)
    ledger.set(1000)
    assert submit(ledger, path)[0] == 0
    good = ledger.witnessed()
    if not remembers:
        shutil.rmtree(ledger.path / "witness")
    ledger.set(size, history)
    done = command(GATEHOUSE, "ledger", "witness", "submit", "--ledger", ledger.path, "--policy", path)
    assert done.returncode == 1 and "FORK" in done.stdout and done.stdout.count("CONTRADICTS") == 3
    status, report = submit(ledger, path)
    assert status == 1 and report["kind"] == "fork" and not report["quorum"]
    for witness in report["witnesses"]:
        assert witness["alarm"] and witness["state"] == state and witness["proven"]
        proof = open(witness["proof"], encoding="utf-8").read()
        assert cosignatures(proof)[0] == cosignatures(good)[0]  # what this ledger once signed
    assert ledger.witnessed() == good
    assert [w.stored() for w in witnesses] == [1000] * 3
    # Back on the first history, all is well.
    ledger.set(1100)
    status, report = submit(ledger, path)
    assert status == 0 and report["kind"] == "witnessed"


def test_an_alarm_without_proof_is_said_to_be_one(tmp_path, ledger, witnesses):
    witness = witnesses[0]
    witness.stop()

    def lie(listener, count):
        for _ in range(count):
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 5\r\n"
                             b"Connection: close\r\n\r\n9999\n")

    with socket.create_server(("127.0.0.1", witness.port)) as listener:
        liar = threading.Thread(target=lie, args=(listener, 3))
        liar.start()
        status, report = submit(ledger, policy(tmp_path, witnesses, 2))
        with socket.create_connection(("127.0.0.1", witness.port)) as last:
            last.sendall(b"x")
        liar.join()
    assert status == 1 and report["kind"] == "fork"
    assert report["witnesses"][0]["alarm"] and not report["witnesses"][0]["proven"]
    assert report["quorum"] and ledger.witnessed()  # two are enough; the liar can't stop them


@pytest.mark.parametrize("answer", [
    b"", b"\x00" * 100, b"HTTP/1.1 200 OK\r\n\r\nhello\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 200000,
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 3\r\n\r\n-1\n",
    b"HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n",
], ids=["nothing", "zeros", "no-signature", "too-long", "redirect", "no-size", "422-from-0"])
def test_garbage_from_a_witness_is_no_cosignature_and_no_alarm(tmp_path, ledger, witnesses, answer):
    witness = witnesses[2]
    witness.stop()

    def serve(listener):
        while True:
            peer, _ = listener.accept()
            with peer:
                if peer.recv(65536) == b"end":
                    return
                try:
                    peer.sendall(answer)
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", witness.port)) as listener:
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        status, report = submit(ledger, policy(tmp_path, witnesses, 2))
        with socket.create_connection(("127.0.0.1", witness.port)) as last:
            last.sendall(b"end")
        server.join()
    assert status == 0 and report["kind"] == "witnessed"
    assert report["witnesses"][2]["state"] in ("down", "nonsense", "refused") and not report["witnesses"][2]["alarm"]


def test_a_witness_that_never_answers_costs_its_time_out_once(tmp_path, ledger, witnesses):
    for witness in witnesses[1:]:
        witness.stop()
    with socket.create_server(("127.0.0.1", witnesses[1].port)), socket.create_server(("127.0.0.1", witnesses[2].port)):
        start = time.monotonic()
        status, report = submit(ledger, policy(tmp_path, witnesses, 1), "--timeout", "2")
        assert time.monotonic() - start < 4
    assert status == 0 and list(states(report).values()) == ["cosigned", "down", "down"]


def test_plain_http_is_not_spoken_to_the_world(tmp_path, ledger, witnesses):
    path = tmp_path / "policy"
    path.write_text(witnesses[0].line().replace("127.0.0.1", "192.88.99.1") + "quorum one\n")  # never connected to
    status, report = submit(ledger, path, "--timeout", "5")
    assert status == 2 and "https" in report["witnesses"][0]["words"]


def test_a_key_that_is_not_the_witnesses_own_is_not_believed(tmp_path, ledger, witnesses):
    path = tmp_path / "policy"
    line = witnesses[0].line().replace(witnesses[0].vkey, witnesses[1].vkey)
    path.write_text(line + "quorum one\n")
    status, report = submit(ledger, path)
    assert status == 2 and states(report) == {"one": "nonsense"} and ledger.witnessed() is None


def test_submissions_at_once_end_with_one_history(tmp_path, ledger, witnesses):
    path = policy(tmp_path, witnesses, 3)
    assert submit(ledger, path)[0] == 0
    ledger.set(500)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: submit(ledger, path), range(6)))
    assert [status for status, _ in results] == [0] * 6
    # From copies without a common lock, at different sizes of one history and of another.
    copies = []
    for number, (size, history) in enumerate([(600, 1), (700, 1), (1800, 7), (800, 1)]):
        (tmp_path / f"copy{number}").mkdir()
        copy = Ledger(tmp_path / f"copy{number}")
        copy.keys = ledger.keys
        copy.set(size, history)
        copies.append(copy)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda copy: submit(copy, path), copies))
    for witness in witnesses:
        with open(witness.state / NAME, encoding="utf-8") as file:
            text, found = cosignatures(file.read())
        assert openssl_verifies(tmp_path, witness.vkey, text, found[f"example.org/{witness.name}"])
        assert witness.stored() in (600, 700, 800, 1800)
    # Whatever won at one witness: 800 entries of history 1 and 1,800 of the other (shared up to 900) go together,
    # so nobody was lied to; a tree that contradicts both is refused by all.
    ledger.set(1900, 9)
    status, report = submit(ledger, path)
    assert (status == 1) == any(w.stored() > 950 for w in witnesses) or status == 0


def test_survives_kill_between_requests_and_never_forgets(tmp_path, ledger, witnesses):
    path = policy(tmp_path, witnesses[:1], 1)
    witness = witnesses[0]
    for size in range(110, 160, 10):
        ledger.set(size)
        assert submit(ledger, path)[0] == 0
        assert witness.stop(signal.SIGKILL) == -signal.SIGKILL
        assert witness.stored() == size
        witness.start()
    (witness.state / f"{NAME}.new").write_text("torn")  # what a kill in the middle leaves
    ledger.set(170)
    assert submit(ledger, path)[0] == 0 and witness.stored() == 170
    shutil.rmtree(ledger.path / "witness")
    ledger.set(120)
    assert submit(ledger, path)[0] == 1


def test_killed_at_any_moment_it_has_stored_what_it_answered(tmp_path, ledger, witnesses):
    path = policy(tmp_path, witnesses[:1], 1)
    witness = witnesses[0]
    for number, size in enumerate(range(200, 320, 10)):
        ledger.set(size)
        killer = threading.Timer(0.004 * number, lambda: witness.process.send_signal(signal.SIGKILL))
        killer.start()
        status, _ = submit(ledger, path, "--timeout", "3")
        killer.join()
        witness.stop(signal.SIGKILL)
        assert status in (0, 2)
        if status == 0:
            assert witness.stored() == size
        witness.start()
        assert submit(ledger, path)[0] == 0 and witness.stored() == size


def test_two_processes_on_one_state_cosign_one_history(tmp_path, ledger, witnesses):
    first, twin = witnesses[0], witnesses[1]
    twin.stop()
    twin.state, twin.vkey = first.state, first.vkey
    twin.start()
    old = b"old 0\n\n"
    bodies = []
    for history in range(2, 10):
        ledger.set(60, history)
        bodies.append(old + ledger.checkpoint())
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(w.post, body) for body in bodies for w in (first, twin)]
        statuses = [job.result()[0] for job in jobs]
    # One tree won; its twin request said 409 with the same size, since the old size was then wrong.
    assert statuses.count(200) == 1 and statuses.count(409) == 15


@pytest.mark.parametrize("body, status", [
    (b"", 400), (b"\n", 400), (b"old 0\n\n", 400), (b"\xff" * 1000, 400), (b"old 0\n" * 9000, 400),
    (b"old 0\n" + b"A" * 100000, 413), (b"old 0\n\nunknown.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\xe2\x80\x94 x AAAAAAA=\n", 404),
], ids=["empty", "blank", "no-checkpoint", "bytes", "many-lines", "too-long", "unknown"])
def test_garbage_from_a_client_is_refused(witnesses, body, status):
    assert witnesses[0].post(body)[0] == status
    assert not (witnesses[0].state / NAME).exists()


def test_says_409_with_its_size_as_the_protocol_wants(ledger, witnesses):
    witness = witnesses[0]
    assert witness.post(b"old 0\n\n" + ledger.checkpoint())[0] == 200
    ledger.set(120)
    status, headers, body = witness.post(b"old 0\n\n" + ledger.checkpoint())
    assert (status, headers["Content-Type"], body) == (409, "text/x.tlog.size", b"100\n")
    assert witness.post(b"old 121\n\n" + ledger.checkpoint())[0] == 400
    assert witness.post(b"old 100\n\n" + ledger.checkpoint())[0] == 422
    unsigned = ledger.checkpoint().replace(b"120", b"130")
    assert witness.post(b"old 100\n\n" + unsigned)[0] == 403


def test_slow_and_silent_clients_hold_nobody_up(tmp_path, ledger, witnesses):
    witness = witnesses[0]
    path = policy(tmp_path, [witness], 1)
    silent = [socket.create_connection(("127.0.0.1", witness.port)) for _ in range(40)]
    slow = socket.create_connection(("127.0.0.1", witness.port))
    slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
    start = time.monotonic()
    assert submit(ledger, path)[0] == 0 and time.monotonic() - start < 3
    while time.monotonic() - start < 45:
        try:
            slow.sendall(b"o")
        except OSError:
            break
        time.sleep(1)
    assert time.monotonic() - start < 40  # sending now and then does not keep it for ever
    for peer in silent:
        peer.settimeout(5)
        assert peer.recv(10) == b""  # closed long ago
        peer.close()
    slow.close()
    ledger.set(150)
    assert submit(ledger, path)[0] == 0


def test_a_full_house_opens_again(tmp_path, ledger, witnesses):
    silent = [socket.create_connection(("127.0.0.1", witnesses[0].port)) for _ in range(100)]  # more than it takes
    status, _ = submit(ledger, policy(tmp_path, witnesses[:1], 1), "--timeout", "20")
    assert status == 0
    for peer in silent:
        peer.close()


def test_follow_asks_for_each_new_checkpoint_and_ends_in_order(tmp_path, ledger, witnesses):
    path = policy(tmp_path, witnesses, 3)
    process = subprocess.Popen(
        [str(GATEHOUSE), "ledger", "witness", "submit", "--ledger", str(ledger.path), "--policy", str(path), "--follow",
         "--every", "1", "--json"], stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(process.stdout.readline())["size"] == 100
        fresh = ledger.path / "log"
        made = tmp_path / "next"
        assert command(MAKE_LOG, made, 300, 1, ledger.keys).returncode == 0
        shutil.copytree(made / "log", fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns("checkpoint"))
        shutil.copy(made / "log" / "checkpoint", fresh / "checkpoint.new")
        os.rename(fresh / "checkpoint.new", fresh / "checkpoint")
        report = json.loads(process.stdout.readline())
        assert report["size"] == 300 and report["kind"] == "witnessed"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.stdout.close()


def events(ledger):
    """What a small ledger holds."""
    found = []
    for path in sorted((ledger / "log" / "tile" / "entries").glob("*.p/*"), key=lambda p: int(p.name))[-1:]:
        data = path.read_bytes()
        while data:
            size = struct.unpack(">H", data[:2])[0]
            found.append(json.loads(data[2:2 + size]))
            data = data[2 + size:]
    return found


def test_a_restored_backup_is_an_alarm_an_event_and_a_proof_for_the_verifier(tmp_path):
    real, backup = tmp_path / "real", tmp_path / "backup"
    assert command(GATEHOUSE, "ledger", "init", "--ledger", real, "--origin", "example.org/shop").returncode == 0
    vkey = (real / "log" / "log.vkey").read_text().strip()
    witness = Witness(tmp_path, "w", vkey).start()
    path = tmp_path / "policy"
    path.write_text(f"log {vkey}\n{witness.line()}quorum w\n")

    def ask():
        done = command(GATEHOUSE, "ledger", "witness", "submit", "--ledger", real, "--policy", path, "--json")
        assert not done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    def grow():
        done = command(GATEHOUSE, "ledger", "append", "--ledger", real, "--action", "system.note", "--user", "root",
                       "--site", "shop", "--outcome", "ok", "--reason", "the day's round")
        assert done.returncode == 0, done.stderr

    try:
        grow()
        assert ask()[0] == 0
        shutil.copytree(real, backup)
        for _ in range(3):
            grow()
            status, report = ask()
            assert status == 0
        verify = command(GATEHOUSE, "ledger", "verify", "--policy", path, real)
        assert verify.returncode == 0 and "quorum is met" in verify.stdout, verify.stdout
        # A proof carries the cosignatures, and convinces who demands them; without them it does not.
        proof, entry = tmp_path / "0.tlog-proof", tmp_path / "0.json"
        prove = command(GATEHOUSE, "ledger", "prove", "--ledger", real, "--output", proof, "--entry", entry, "0")
        assert prove.returncode == 0, prove.stderr
        checked = command(GATEHOUSE, "ledger", "verify-proof", "--entry", entry, "--policy", path, proof)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "example.org/w " in proof.read_text()
        alone = tmp_path / "alone.tlog-proof"
        alone.write_text("".join(s for s in proof.read_text().splitlines(True) if "example.org/w " not in s))
        checked = command(GATEHOUSE, "ledger", "verify-proof", "--entry", entry, "--policy", path, alone)
        assert checked.returncode == 1, checked.stdout + checked.stderr
        shutil.rmtree(real)
        backup.rename(real)
        cosigned = report["size"]
        status, report = ask()
        assert status == 1 and report["size"] < cosigned and report["witnesses"][0]["proven"]
        # Other entries grow over it: the witness is not fooled, and it is told once.
        for _ in range(4):
            grow()
        status, report = ask()
        assert status == 1 and report["witnesses"][0]["state"] == "forked" and report["size"] > cosigned
        alarms = [event for event in events(real) if event["action"] == "ledger.fork"]
        assert len(alarms) == 1 and alarms[0]["detail"]["witness"] == "example.org/w" and alarms[0]["detail"]["proven"]
        assert alarms[0]["detail"]["witness_size"] == cosigned
        proof = report["witnesses"][0]["proof"]
        verify = command(GATEHOUSE, "ledger", "verify", "--from-checkpoint", proof, real)
        assert verify.returncode == 1 and "forked" in verify.stdout
        # The first machine's log itself is whole: nothing but the witness tells.
        assert command(GATEHOUSE, "ledger", "verify", "--key", vkey, real).returncode == 0
    finally:
        witness.stop(signal.SIGKILL)


@pytest.fixture
def proxy(tmp_path, witnesses):
    """nginx with a certificate of its own, with the lines of doc/witness.md, before the first witness: its port."""
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin"):
        pytest.skip("there is no nginx")
    done = command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                   "-subj", "/CN=witness", "-addext", "subjectAltName=IP:127.0.0.1",
                   "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.pem")
    assert done.returncode == 0, done.stderr
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    text = (SOURCE / "doc" / "witness.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("location ")]
    assert len(lines) == 1
    (tmp_path / "nginx.conf").write_text(f"""
        daemon off; master_process off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/nginx.log;
        events {{}}
        http {{
            access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
            fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
            server {{
                listen 127.0.0.1:{port} ssl; ssl_certificate {tmp_path}/tls.pem; ssl_certificate_key {tmp_path}/tls.key;
                {"".join(lines).replace("8460", str(witnesses[0].port))}
            }}
        }}""")
    with open(tmp_path / "nginx.out", "w", encoding="utf-8") as out:
        process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(tmp_path / "nginx.conf")], stdout=out, stderr=out)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


def test_works_behind_nginx_as_the_document_says_and_checks_its_certificate(tmp_path, ledger, witnesses, proxy):
    path = tmp_path / "policy"
    path.write_text(f"witness one {witnesses[0].vkey} https://127.0.0.1:{proxy}/witness\nquorum one\n")
    status, report = submit(ledger, path)
    assert status == 2 and "certificate" in report["witnesses"][0]["words"]
    status, report = submit(ledger, path, "--ca", tmp_path / "tls.pem")
    assert status == 0 and report["kind"] == "witnessed", report
    ledger.set(77)
    shutil.rmtree(ledger.path / "witness")
    status, report = submit(ledger, path, "--ca", tmp_path / "tls.pem")
    assert status == 1 and report["witnesses"][0]["proven"]


def test_is_shut_in_while_it_serves(witnesses):
    with open(f"/proc/{witnesses[0].process.pid}/status", encoding="utf-8") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert status["NoNewPrivs"] == "1" and status["Threads"] == "1"
    assert int(status["CapEff"], 16) & ~2 == 0  # CAP_DAC_OVERRIDE at most
    assert SANITIZED or status["Seccomp"] == "2"


def test_refuses_to_start_where_it_would_be_no_witness(tmp_path, ledger):
    def serve(*more):
        return command(GATEHOUSE, "ledger", "witness", "serve", *more, timeout=10)

    empty = tmp_path / "empty"
    empty.mkdir()
    witness = Witness(tmp_path, "w", ledger.vkey)
    again = command(GATEHOUSE, "ledger", "witness", "init", "--state", witness.state, "--name", "x")
    assert again.returncode == 2 and "already" in again.stderr
    assert os.stat(witness.state / "witness.key").st_mode & 0o777 == 0o600
    for arguments, words in (
            (("--state", empty, "--log", ledger.vkey, "--key", witness.state / "witness.key"), "init makes one"),
            (("--state", witness.state), "no log"),
            (("--state", witness.state, "--log", witness.vkey), "witness, not of a log"),
            (("--state", witness.state, "--log", "nonsense"), "nonsense"),
            (("--state", witness.state, "--log", ledger.vkey, "--key", ledger.keys), "not of a witness"),
            (("--state", witness.state, "--log", ledger.vkey, "--listen", "0.0.0.0:0"), "reverse proxy"),
            (("--state", witness.state, "--log", ledger.vkey, "--listen", "8.8.8.8:80"), "reverse proxy"),
            (("--state", witness.state, "--log", ledger.vkey, "--listen", "localhost"), "ADDRESS:PORT"),
    ):
        done = serve(*arguments)
        assert done.returncode in (2, 64) and words in done.stderr, (arguments, done.stderr)
