"""The forwarder against receivers on this machine: slow, dead, lying, refusing, and honest ones."""
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from conftest import GATEHOUSE, SANITIZED, SOURCE, command
from keeping import LOAD, Keeper, init
from siem_rig import (Authority, Collector, Forwarder, Receiver, babbling, clinging, closing, curt, deaf, free_port, honest,
                      indexes, make_log, once_each, resetting, server_context, syslog, tls_syslog, until)

COUNT = 3000


@pytest.fixture(name="log", scope="module")
def fixture_log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("siem-log")
    make_log(folder / "ledger", COUNT)
    return folder / "ledger"


@pytest.fixture(name="authority", scope="module")
def fixture_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("siem-ca"))


def lines(path):
    return path.read_bytes().splitlines() if path.exists() else []


def sent_by(receiver):
    return indexes(receiver.messages())


def test_all_arrive_in_order_at_a_file_and_over_tcp_and_tls(tmp_path, log, authority):
    tls = server_context(*authority.make("siem.test"))
    with Receiver(honest) as plain, Receiver(honest, tls=tls) as shut, Receiver(curt, tls=tls) as short:
        with Forwarder(tmp_path, [
                {"name": "f", "type": "file", "path": "out.log", "format": "rfc5424", "flush_seconds": 1},
                syslog(plain.port, "plain", batch=700), tls_syslog(shut.port, authority, "shut", batch=700),
                tls_syslog(short.port, authority, "short", batch=700)], ledger=log) as forwarder:
            for name in ("f", "plain", "shut", "short"):
                forwarder.wait(name, COUNT)
            until(lambda: command(GATEHOUSE, "siem", "status", "--config", forwarder.config).returncode == 0)
            row = forwarder.row("shut")
            assert row["state"] == "caught up" and row["delivered"] == COUNT and row["lag"]["records"] == 0
            assert forwarder.end() == 0
        assert indexes(lines(tmp_path / "out.log")) == list(range(COUNT))
        for receiver in (plain, shut, short):
            assert sent_by(receiver) == list(range(COUNT))


def test_filter_leaves_out_what_is_not_asked_for_and_the_cursor_passes_it(tmp_path, log):
    rows = [{"name": name, "type": "file", "path": name, "format": "ecs", "flush_seconds": 1, **more}
            for name, more in (("all", {}), ("playbacks", {"actions": ["footage.playback"]}))]
    with Forwarder(tmp_path, rows, ledger=log) as forwarder:
        forwarder.wait("all", COUNT)
        until(lambda: forwarder.cursor("playbacks") == COUNT)
        actions = [json.loads(line)["event"]["action"] for line in lines(tmp_path / "all")]
        assert len(actions) == COUNT and 0 < actions.count("footage.playback") < COUNT
        until(lambda: len(lines(tmp_path / "playbacks")) == actions.count("footage.playback"))
        assert forwarder.row("playbacks")["delivered"] == actions.count("footage.playback")


def test_lines_instead_of_octet_counts_when_asked(tmp_path, log):
    with Receiver(honest) as receiver, Forwarder(
            tmp_path, [syslog(receiver.port, framing="lf")], ledger=log) as forwarder:
        forwarder.wait("s", COUNT)
        assert indexes(b"".join(receiver.got).splitlines()) == list(range(COUNT))


@pytest.mark.parametrize("manner", [closing, resetting])
@pytest.mark.parametrize("secure", [False, True], ids=["tcp", "tls"])
def test_receiver_that_closes_without_reading_has_nothing(tmp_path, log, authority, manner, secure):
    tls = server_context(*authority.make("siem.test")) if secure else None
    with Receiver(manner, tls=tls) as rude:
        port = rude.port
        row = tls_syslog(port, authority) if secure else syslog(port)
        with Forwarder(tmp_path, [row], ledger=log) as forwarder:
            forwarder.wait_for_trouble("s", "the receiver cut the connection")
            assert forwarder.cursor("s") == 0 and forwarder.row("s")["state"] == "waiting"
            assert command(GATEHOUSE, "siem", "status", "--config", forwarder.config).returncode == 1
            rude.close()
            with Receiver(honest, port, tls) as better:
                forwarder.wait("s", COUNT)
                once_each(sent_by(better), COUNT)


#: A receiver in a process of its own: reads all, keeps nothing, and says so; for kill -9.
FORGETFUL = """
import socket, ssl, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
print("up", flush=True)
one, _ = listener.accept()
one = context.wrap_socket(one, server_side=True) if len(sys.argv) > 2 else one
got = b""
while got.count(b"index=") < int(10):
    got += one.recv(65536)
raw = one
import time
time.sleep(0.5)
raw.setblocking(False)
try:
    while raw.recv(65536):
        pass
except OSError:
    pass
print("read", flush=True)
time.sleep(3600)
"""


@pytest.mark.parametrize("secure", [False, True], ids=["tcp", "tls"])
def test_receiver_killed_with_all_read_and_nothing_kept_gets_it_again(tmp_path, log, authority, secure):
    """Its kernel closes in order, and nothing was unread: only that nobody lives afterwards tells."""
    pair = authority.make("siem.test") if secure else ()
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", FORGETFUL, str(port), *map(str, pair)],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    row = tls_syslog(port, authority, batch=10) if secure else syslog(port, batch=10)
    with Forwarder(tmp_path, [row], ledger=log) as forwarder:
        assert process.stdout.readline() == "read\n"
        process.kill()
        process.wait()
        forwarder.wait_for_trouble("s", "")
        until(lambda: forwarder.row("s")["trouble"] != "")
        assert forwarder.cursor("s") == 0
        with Receiver(honest, port, server_context(*pair) if secure else None) as better:
            forwarder.wait("s", 500)
            assert sent_by(better)[:500] == list(range(500))


def test_dead_receiver_gets_everything_when_it_is_back(tmp_path, log):
    port = free_port()
    with Forwarder(tmp_path, [syslog(port)], ledger=log) as forwarder:
        forwarder.wait_for_trouble("s", "Connection refused")
        assert forwarder.row("s")["lag"]["records"] == COUNT
        with Receiver(honest, port) as receiver:
            forwarder.wait("s", COUNT)
            assert sent_by(receiver) == list(range(COUNT))


def test_deaf_receiver_stops_neither_appends_nor_the_others(tmp_path):
    init(tmp_path / "ledger")
    with Receiver(deaf) as bad, Receiver(honest) as good, Keeper(tmp_path / "ledger"), Forwarder(
            tmp_path, [syslog(bad.port, "bad", confirm_seconds=1), syslog(good.port, "good")]) as forwarder:
        done = command(LOAD, tmp_path / "ledger" / "keeper.sock", 2, 16, 3, tmp_path / "acks")
        assert done.returncode == 0, done.stderr
        appended = len(lines(tmp_path / "acks"))
        assert appended > 1000
        forwarder.wait("good", appended)
        once_each(sent_by(good), forwarder.cursor("good"))
        assert forwarder.cursor("bad") == 0
        assert forwarder.row("bad")["lag"]["records"] >= appended


@pytest.mark.parametrize("way", ["hold", "accept"])
def test_receiver_that_never_closes_is_unconfirmed(tmp_path, log, way):
    with Receiver(clinging) as receiver, Forwarder(
            tmp_path, [syslog(receiver.port, batch=COUNT, confirm_seconds=1, unconfirmed=way)], ledger=log) as forwarder:
        until(lambda: forwarder.row("s")["state"] == "unconfirmed")
        assert command(GATEHOUSE, "siem", "status", "--config", forwarder.config).returncode == 1
        if way == "hold":
            assert forwarder.cursor("s") == 0 and "does not close its side" in forwarder.row("s")["trouble"]
        else:
            forwarder.wait("s", COUNT)
            assert once_each(sent_by(receiver), COUNT) == 0


def test_bytes_that_never_left_do_not_count_even_by_accept(tmp_path, log):
    with Receiver(deaf, room=2048) as receiver, Forwarder(
            tmp_path, [syslog(receiver.port, batch=200, confirm_seconds=1, unconfirmed="accept")], ledger=log) as forwarder:
        until(lambda: forwarder.row("s")["trouble"] != "")
        assert forwarder.cursor("s") == 0 and "before it had read" in forwarder.row("s")["trouble"]


@pytest.mark.parametrize("secure", [False, True])
def test_receiver_that_talks_without_an_end_is_left(tmp_path, log, authority, secure):
    tls = server_context(*authority.make("siem.test"))
    with Receiver(babbling, tls=tls if secure else None) as receiver:
        row = tls_syslog(receiver.port, authority) if secure else syslog(receiver.port)
        with Forwarder(tmp_path, [row], ledger=log) as forwarder:
            forwarder.wait_for_trouble("s", "it talks back")
            assert forwarder.cursor("s") == 0


def test_key_with_a_passphrase_is_an_error_not_a_question(tmp_path, log, authority):
    crt, key = authority.make("gatehouse.test")
    locked = tmp_path / "locked.key"
    authority.openssl("pkey", "-in", key, "-aes-256-cbc", "-passout", "pass:secret", "-out", locked)
    tls = server_context(*authority.make("siem.test"))
    with Receiver(honest, tls=tls) as receiver:
        one = Forwarder(tmp_path, [tls_syslog(receiver.port, authority, certificate=str(crt), key=str(locked))], ledger=log)
        done = subprocess.run([GATEHOUSE, "siem", "test", "--config", one.config], input="secret\n", capture_output=True,
                              text=True, timeout=30, check=False, start_new_session=True)
    assert done.returncode == 1 and "has a passphrase" in done.stdout and "pass phrase" not in done.stdout + done.stderr


def test_rogue_receiver_gets_nothing(tmp_path, log, authority):
    other = Authority(tmp_path, "other")
    wrong_name = server_context(*authority.make("rogue.test"))
    wrong_signer = server_context(*other.make("siem.test"))
    with Receiver(honest, tls=wrong_name) as one, Receiver(honest, tls=wrong_signer) as two, Receiver(honest) as plain:
        with Forwarder(tmp_path, [tls_syslog(one.port, authority, "name"), tls_syslog(two.port, authority, "signer"),
                                  tls_syslog(plain.port, authority, "plain")], ledger=log) as forwarder:
            forwarder.wait_for_trouble("name", "is not for siem.test; nothing was sent")
            forwarder.wait_for_trouble("signer", "is not believed")
            until(lambda: plain.connections > 0)
            assert [forwarder.cursor(name) for name in ("name", "signer", "plain")] == [0, 0, 0]
        assert one.got == [] and two.got == []
        assert not any(b"gatehouse@" in part for part in plain.got)


def test_refused_client_certificate_is_told_and_nothing_counts(tmp_path, log, authority):
    """TLS 1.3: the handshake and the first writes succeed, the refusal comes later."""
    other = Authority(tmp_path, "other")
    crt, key = other.make("gatehouse.test")
    tls = server_context(*authority.make("siem.test"), clients=authority.pem)
    with Receiver(honest, tls=tls) as receiver, Forwarder(
            tmp_path, [tls_syslog(receiver.port, authority, certificate=str(crt), key=str(key)),
                       tls_syslog(receiver.port, authority, "none")], ledger=log) as forwarder:
        forwarder.wait_for_trouble("s", "refuses our certificate: it does not know who signed it")
        forwarder.wait_for_trouble("none", "refuses our certificate: it wants one")
        assert forwarder.cursor("s") == forwarder.cursor("none") == 0 and receiver.got == []
        good, its_key = authority.make("gatehouse.test")
        crt.write_bytes(good.read_bytes())  # renewed in place
        key.write_bytes(its_key.read_bytes())
        forwarder.wait("s", COUNT)


def test_test_button_says_what_happened_at_each_stage(tmp_path, log, authority):
    crt, key = authority.make("siem.test")
    with Receiver(honest, tls=server_context(crt, key)) as good, Receiver(
            honest, tls=server_context(*authority.make("rogue.test"))) as rogue, Receiver(
            honest, tls=server_context(crt, key, clients=authority.pem)) as strict:
        forwarder = Forwarder(tmp_path, [
            tls_syslog(good.port, authority, "good"), tls_syslog(rogue.port, authority, "rogue"),
            tls_syslog(strict.port, authority, "strict"), syslog(free_port(), "dead"),
            {"name": "f", "type": "file", "path": "out.log", "format": "rfc5424"}], ledger=log)
        done = command(GATEHOUSE, "siem", "test", "--config", forwarder.config)
        assert done.returncode == 1
        said = dict(re.findall(r"^(\w+)\n((?:  .*\n)+)", done.stdout, re.M))
        for words in ("resolved: ", "connected: 127.0.0.1 port ", "TLSv1.3: the certificate is /CN=siem.test",
                      "has the name siem.test", "sent: ", "confirmed: ", "delivered; its id is siem-test-"):
            assert words in said["good"], done.stdout
        assert "NOT DELIVERED: the receiver's certificate is not for siem.test" in said["rogue"]
        assert "asked for one, and we have none" in said["strict"] and "refuses our certificate" in said["strict"]
        assert "NOT DELIVERED: " in said["dead"] and "Connection refused" in said["dead"]
        assert len(lines(tmp_path / "out.log")) == 1 and b"TEST of this destination" in lines(tmp_path / "out.log")[0]
        assert b"TEST of this destination" in good.messages()[0] and rogue.got == []
        assert forwarder.cursor("good") == 0
        one = command(GATEHOUSE, "siem", "test", "--config", forwarder.config, "good")
        assert one.returncode == 0 and "dead" not in one.stdout


def test_killed_forwarder_leaves_no_gap(tmp_path, log, authority):
    chance = random.Random(7)
    with Receiver(curt, tls=server_context(*authority.make("siem.test"))) as receiver:
        forwarder = Forwarder(tmp_path, [
            tls_syslog(receiver.port, authority, batch=50),
            {"name": "f", "type": "file", "path": "out.log", "format": "rfc5424", "batch": 50}], ledger=log)
        for _ in range(12):
            forwarder.start()
            time.sleep(chance.uniform(0.02, 0.35))
            forwarder.kill()
        with forwarder:
            forwarder.wait("s", COUNT)
            forwarder.wait("f", COUNT)
        once_each(sent_by(receiver), COUNT)
        whole = [line for line in lines(tmp_path / "out.log") if line.startswith(b"<") and b"index=" in line]
        once_each(indexes(whole), COUNT)


def splunk_ok(_body):
    return 200, {"text": "Success", "code": 0}


def http_row(port, shape="splunk", **more):
    path = "_bulk" if shape == "elasticsearch" else "services/collector/event"
    return {"name": "h", "type": "http", "url": f"http://127.0.0.1:{port}/{path}", "shape": shape, "flush_seconds": 1,
            **more}


def splunk_events(body):
    return [json.loads(line) for line in body.splitlines()]


def test_splunk_gets_all_with_the_sealed_token(tmp_path, log):
    done = command(GATEHOUSE, "secret", "set", "splunk", "--file", tmp_path / "v", "--key", tmp_path / "k",
                   input="0b7cc5c2-8a8c-4e9a-9d0a-token\n")
    assert done.returncode == 0, done.stderr
    with Collector(splunk_ok) as collector, Forwarder(
            tmp_path, [http_row(collector.port, format="rfc5424", token="splunk", index="main")], ledger=log,
            more="secrets: v\nsecrets_key: k\n") as forwarder:
        forwarder.wait("h", COUNT)
        events = [event for _, body in collector.bodies for event in splunk_events(body)]
        assert indexes([event["event"].encode() for event in events]) == list(range(COUNT))
        assert events[0]["host"] == "gate.test" and events[0]["index"] == "main" and events[0]["time"] > 1.7e9
        assert set(collector.tokens) == {"Splunk 0b7cc5c2-8a8c-4e9a-9d0a-token"}
    assert "token" not in (tmp_path / "forwarder.log").read_text()


@pytest.mark.parametrize("lie", [(200, {"text": "Server is busy", "code": 9}), (200, b"OK"), (204, b""),
                                 (503, b""), (302, b"")], ids=["busy", "text", "empty", "503", "redirect"])
def test_http_answer_that_is_not_a_yes_counts_nothing(tmp_path, log, lie):
    truth = []
    with Collector(lambda body: splunk_ok(body) if truth else lie) as collector, Forwarder(
            tmp_path, [http_row(collector.port, format="rfc5424")], ledger=log) as forwarder:
        until(lambda: forwarder.row("h")["trouble"] != "")
        assert forwarder.cursor("h") == 0
        truth.append(True)
        forwarder.wait("h", COUNT)


@pytest.mark.parametrize("way", ["stop", "aside"])
def test_refused_record_is_found_and_told_and_never_lost_silently(tmp_path, log, way):
    bad = b'index=\\"1234\\" '

    def judge(body):
        return (400, {"text": "Invalid data format", "code": 6}) if bad in body else splunk_ok(body)

    with Collector(judge) as collector, Forwarder(
            tmp_path, [http_row(collector.port, format="rfc5424", refused=way)], ledger=log) as forwarder:
        if way == "stop":
            forwarder.wait_for_trouble("h", "entry 1234 is refused for what it is")
            assert forwarder.cursor("h") == 1234 and forwarder.row("h")["state"] == "stopped"
            return
        forwarder.wait("h", COUNT)
        until(lambda: forwarder.row("h")["set_aside"] == 1)
        kept = [event["event"].encode() for status, body in collector.bodies if status == 200
                for event in splunk_events(body)]
        assert sorted(set(indexes(kept))) == [i for i in range(COUNT) if i != 1234]
        assert indexes(lines(tmp_path / "siem" / "h.refused")) == [1234]


def test_chain_of_ocsf_goes_on_over_batches_that_are_full(tmp_path, log):
    """A batch of so many records is full by its bytes before: the record that does not fit comes in the next."""
    with Collector(splunk_ok) as collector, Forwarder(
            tmp_path, [http_row(collector.port, format="ocsf", batch=100000)], ledger=log) as forwarder:
        forwarder.wait("h", COUNT)
        events = [row["event"] for _, body in collector.bodies for row in splunk_events(body)]
    assert len(collector.bodies) > 1 and len(events) == COUNT
    before = None
    for event in events:
        claim = event["attestation_list"][0]
        assert claim.get("prev_event", {}).get("uid") == before
        before = event["metadata"]["uid"]


def test_receiver_that_refuses_everything_does_not_get_the_log_set_aside(tmp_path, log):
    with Collector(lambda body: (400, {"text": "Invalid data format", "code": 6})) as collector, Forwarder(
            tmp_path, [http_row(collector.port, format="rfc5424", refused="aside")], ledger=log) as forwarder:
        forwarder.wait_for_trouble("h", "after 20 that were set aside")
        assert forwarder.cursor("h") == 20 and forwarder.row("h")["state"] == "stopped"
        assert indexes(lines(tmp_path / "siem" / "h.refused")) == list(range(20))


def test_refusal_that_names_no_record_sets_nothing_aside(tmp_path, log):
    with Collector(lambda body: (400, b"<html>no</html>")) as collector, Forwarder(
            tmp_path, [http_row(collector.port, format="rfc5424", refused="aside")], ledger=log) as forwarder:
        forwarder.wait_for_trouble("h", "does not say which record")
        assert forwarder.cursor("h") == 0 and not (tmp_path / "siem" / "h.refused").exists()


def test_elasticsearch_takes_repeats_and_errors_of_items_are_read(tmp_path, log):
    documents, state = {}, {"tries": 0}

    def judge(body):
        rows = body.splitlines()
        assert len(rows) % 2 == 0
        state["tries"] += 1
        items = []
        for action, document in zip(rows[::2], rows[1::2]):
            create = json.loads(action)["create"]
            assert create["_index"] == "gatehouse"
            if state["tries"] <= 2 and len(items) == 5:
                items.append({"create": {"status": 429, "error": {"type": "es_rejected_execution_exception"}}})
            elif create["_id"] in documents:
                items.append({"create": {"status": 409, "error": {"type": "version_conflict_engine_exception"}}})
            else:
                documents[create["_id"]] = json.loads(document)
                items.append({"create": {"status": 201}})
        return 200, {"errors": any(item["create"]["status"] >= 300 for item in items), "items": items}

    with Collector(judge) as collector, Forwarder(
            tmp_path, [http_row(collector.port, "elasticsearch", index="gatehouse")],
            ledger=log) as forwarder:
        forwarder.wait("h", COUNT)
    assert sorted(int(name.split("/")[-2]) for name in documents) == list(range(COUNT))
    for name, document in documents.items():  # what is another entry at the same index is no repeat
        assert name.endswith("/" + document["event"]["hash"][:16])


def test_status_believes_no_state_of_a_process_before(tmp_path, log):
    with Receiver(clinging) as receiver, Forwarder(
            tmp_path, [syslog(receiver.port, confirm_seconds=1)], ledger=log) as forwarder:
        until(lambda: forwarder.row("s")["trouble"] != "")
        state = tmp_path / "siem" / "state.json"
        old = json.loads(state.read_text())
        forwarder.kill()
        old["destinations"][0].update(trouble="", state="caught up")
        forwarder.start()
        until(lambda: json.loads(state.read_text())["process"] == forwarder.process.pid)
        state.write_text(json.dumps(old))
        assert forwarder.row("s")["state"] != "caught up"


def test_bad_settings_name_file_line_value_and_way_out(tmp_path):
    (tmp_path / "siem.yaml").write_text("destinations:\n  - name: a\n    type: smtp\n")
    for part in ("run", "status", "test"):
        done = command(GATEHOUSE, "siem", part, "--config", tmp_path / "siem.yaml")
        assert done.returncode == 2
        assert 'siem.yaml:3: destinations[0].type: "smtp" is not' in done.stderr and "file, syslog or http" in done.stderr


def test_two_forwarders_do_not_share_a_state(tmp_path, log):
    with Forwarder(tmp_path, [syslog(free_port())], ledger=log) as forwarder:
        until(lambda: (tmp_path / "siem" / "state.json").exists())
        done = command(GATEHOUSE, "siem", "run", "--config", forwarder.config)
        assert done.returncode == 2 and f"process {forwarder.process.pid} forwards" in done.stderr


def test_forwarder_is_shut_in(tmp_path, log):
    with Forwarder(tmp_path, [syslog(free_port())], ledger=log) as forwarder:
        until(lambda: (tmp_path / "siem" / "state.json").exists())
        for task in pathlib.Path(f"/proc/{forwarder.process.pid}/task").iterdir():
            status = (task / "status").read_text()
            assert SANITIZED or re.search(r"^Seccomp:\t2$", status, re.M)
            assert re.search(r"^NoNewPrivs:\t1$", status, re.M)


def children(pid):
    return [int(one) for one in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_process_that_looks_names_up_outlives_sigterm_and_its_end_is_told(tmp_path, log):
    with Receiver(honest) as receiver, Forwarder(tmp_path, [syslog(receiver.port)], ledger=log) as forwarder:
        forwarder.wait("s", COUNT)
        child, = children(forwarder.process.pid)
        os.kill(child, signal.SIGTERM)
        time.sleep(0.5)
        assert children(forwarder.process.pid) == [child] and forwarder.process.poll() is None
        os.kill(child, signal.SIGKILL)
        assert forwarder.process.wait(timeout=10) != 0
        assert "the process that looks names up has ended" in forwarder.said.read_text()


def test_certificates_behind_links_are_read(tmp_path, log, authority):
    """As certbot lays them out: live/NAME has links into archive/NAME."""
    crt, key = authority.make("siem.test")
    archive, live = tmp_path / "archive", tmp_path / "live"
    archive.mkdir()
    live.mkdir()
    (archive / "ca1.pem").write_bytes(authority.pem.read_bytes())
    (live / "ca.pem").symlink_to("../archive/ca1.pem")
    with Receiver(honest, tls=server_context(crt, key)) as receiver:
        row = tls_syslog(receiver.port, authority) | {"ca": str(live / "ca.pem")}
        with Forwarder(tmp_path, [row], ledger=log) as forwarder:
            forwarder.wait("s", COUNT)


def test_status_tells_keeper_and_forwarder(tmp_path):
    init(tmp_path / "ledger")
    with Receiver(honest) as receiver, Keeper(tmp_path / "ledger"):
        forwarder = Forwarder(tmp_path, [syslog(receiver.port)])
        asked = [GATEHOUSE, "status", "--ledger", tmp_path / "ledger"]
        environment = {"GATEHOUSE_GATEWAY": str(tmp_path), "PATH": "/usr/bin"}
        down = command(*asked, env=environment)
        assert down.returncode == 1 and "forwarder    does not run" in down.stdout and "keeper       process" in down.stdout
        with forwarder:
            forwarder.wait("s", 1)
            until(lambda: command(*asked, env=environment).returncode == 0, 10, 0.2)
            until(lambda: forwarder.row("s")["state"] == "caught up")
            state = json.loads(command(*asked, "--json", env=environment).stdout)
            assert state["keeper"]["size"] >= 1 and state["siem"]["destinations"][0]["state"] == "caught up"
            assert forwarder.end() == 0
    gone = command(*asked, env=environment)
    assert gone.returncode == 1 and "keeper       does not run" in gone.stdout and "ledger init" not in gone.stdout
    assert json.loads(command(*asked, "--json", env=environment).stdout)["keeper"] == {"running": False}
    nothing = command(GATEHOUSE, "status", "--ledger", tmp_path / "none", env={"PATH": "/usr/bin", "HOME": str(tmp_path)})
    assert nothing.returncode == 1 and f"there is none at {tmp_path / 'none'}; `gatehouse ledger init`" in nothing.stdout


def test_example_of_the_manual_is_taken(tmp_path):
    page = (SOURCE / "man" / "gatehouse-siem.yaml.5").read_text()
    example = re.search(r"^\.Bd -literal -offset indent\n(.*?)^\.Ed", page, re.M | re.S)[1]
    (tmp_path / "siem.yaml").write_text(example)
    done = command(GATEHOUSE, "siem", "status", "--json", "--config", tmp_path / "siem.yaml")
    assert done.returncode == 1, done.stderr  # it does not run, but it was understood
    assert len(json.loads(done.stdout)["destinations"]) == example.count("- name: ") >= 3


def test_memory_does_not_grow_with_the_log(tmp_path):
    peaks = []
    for count in (2000, 60000):
        folder = tmp_path / str(count)
        folder.mkdir()
        make_log(folder / "ledger", count)
        with Receiver(honest) as receiver, Forwarder(folder, [syslog(receiver.port)]) as forwarder:
            forwarder.wait("s", count)
            status = pathlib.Path(f"/proc/{forwarder.process.pid}/status").read_text()
            peaks.append(int(re.search(r"^VmHWM:\s+(\d+)", status, re.M)[1]))
    assert peaks[1] < peaks[0] + 4096, peaks


def test_ends_in_order_with_what_is_under_way(tmp_path, log):
    with Receiver(honest) as receiver, Forwarder(
            tmp_path, [syslog(receiver.port, batch=100000, flush_seconds=3600)], ledger=log) as forwarder:
        until(lambda: receiver.connections > 0)
        time.sleep(1)
        assert forwarder.cursor("s") == 0
        assert forwarder.end(signal.SIGTERM) == 0
        assert forwarder.cursor("s") == COUNT and sent_by(receiver) == list(range(COUNT))
