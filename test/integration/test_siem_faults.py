"""The forwarder when the ground gives way: other authorities, hostile certificates, locked keys, new folders, pruned entries."""
import json
import os
import pty
import select
import time
import unicodedata

import pytest

from conftest import GATEHOUSE, command
from siem_rig import (Authority, Collector, Forwarder, Receiver, honest, indexes, make_log, server_context, tls_syslog, until)

COUNT = 600
#: What a terminal, a line of a log or an eye would take for something else: escape, line end, C1, right to left, zero width.
WILD = "si\x1b[31mem\r\nOK\x9b1m\u202emeis\u200b\ufeff"


@pytest.fixture(name="log", scope="module")
def fixture_log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("siem-log")
    make_log(folder / "ledger", COUNT)
    return folder / "ledger"


@pytest.fixture(name="authority", scope="module")
def fixture_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("siem-ca"))


@pytest.fixture(name="other", scope="module")
def fixture_other(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("siem-other"), "other")


def splunk_ok(_body):
    return 200, {"text": "Success", "code": 0}


def secure(collector, pair):
    """The collector speaks TLS from now on."""
    collector.socket = server_context(*pair).wrap_socket(collector.socket, server_side=True)
    return collector


def https(port, ca=None, **more):
    row = {"name": "h", "type": "http", "url": f"https://siem.test:{port}/services/collector/event", "shape": "splunk",
           "format": "rfc5424", "flush_seconds": 1, **more}
    return row | ({"ca": str(ca)} if ca else {})


def can_mount():
    return os.geteuid() == 0 and command("unshare", "-m", "true").returncode == 0


def with_system_authority(folder, pem, *words):
    """Runs it where the system's authorities are that one, and siem.test is this machine."""
    folder.mkdir(exist_ok=True)
    (folder / "ca-certificates.crt").write_bytes(pem.read_bytes())
    name = command("openssl", "x509", "-hash", "-noout", "-in", pem).stdout.strip()
    (folder / f"{name}.0").write_bytes(pem.read_bytes())
    hosts = folder.parent / "hosts"
    hosts.write_text("127.0.0.1 siem.test localhost\n")
    script = 'mount --bind "$1" /etc/ssl/certs && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"'
    return command("unshare", "-m", "sh", "-c", script, "sh", folder, hosts, *words)


@pytest.mark.skipif(not can_mount(), reason="no mounts of its own here")
@pytest.mark.parametrize("kind", ["syslog", "http"])
def test_with_a_ca_the_systems_authorities_do_not_count(tmp_path, log, authority, other, kind):
    pair = other.make("siem.test")
    with Receiver(honest, tls=server_context(*pair)) as receiver, Collector(splunk_ok) as collector:
        secure(collector, pair)
        for ca in (None, authority.pem):
            row = https(collector.port, ca) if kind == "http" else tls_syslog(receiver.port, authority)
            if ca is None:
                row.pop("ca", None)
            one = Forwarder(tmp_path, [row], ledger=log)
            done = with_system_authority(tmp_path / "certs", other.pem, GATEHOUSE, "siem", "test", "--config", one.config)
            if ca is None:  # the receiver is good for the system
                assert done.returncode == 0, done.stdout + done.stderr
                receiver.got.clear()
                collector.bodies.clear()
            else:
                assert done.returncode == 1 and "is not believed" in done.stdout, done.stdout
                assert receiver.got == [] and collector.bodies == []


def wild_certificate(authority, folder, host=None):
    """Its subject is wild; without a host it has no other name."""
    crt, key, csr, ext = (folder / f"wild.{end}" for end in ("crt", "key", "csr", "ext"))
    authority.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8", "-keyout", key, "-out", csr,
                      "-subj", f"/CN={WILD}/O={WILD}")
    ext.write_text(f"subjectAltName=DNS:{host}\n" if host else "basicConstraints=CA:FALSE\n")
    authority.openssl("x509", "-req", "-in", csr, "-CA", authority.pem, "-CAkey", authority.folder / f"{authority.name}.key",
                      "-CAcreateserial", "-out", crt, "-days", "30", "-extfile", ext)
    return crt, key


def assert_tame(text):
    """Nothing in it moves a cursor, begins a line or turns the eye."""
    bad = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
    assert not bad and "\nOK" not in text, ascii(text)


def test_what_a_rogue_certificate_calls_itself_is_harmless_in_status_log_and_test(tmp_path, log, authority):
    pair = wild_certificate(authority, tmp_path)
    with Receiver(honest, tls=server_context(*pair)) as receiver, Collector(splunk_ok) as collector:
        secure(collector, pair)
        row = https(collector.port, authority.pem) | {"url": f"https://127.0.0.1:{collector.port}/services/collector/event"}
        with Forwarder(tmp_path, [row, tls_syslog(receiver.port, authority)], ledger=log) as forwarder:
            forwarder.wait_for_trouble("h", "not believed")
            forwarder.wait_for_trouble("s", "is not for siem.test")
            for words in (("status",), ("status", "--json"), ("test",)):
                done = command(GATEHOUSE, "siem", *words, "--config", forwarder.config)
                assert done.returncode == 1
                assert_tame(done.stdout + done.stderr)
            assert_tame(json.dumps(forwarder.status(), ensure_ascii=False))
            assert_tame(forwarder.said.read_text())
            assert_tame(json.dumps(json.loads((tmp_path / "siem" / "state.json").read_text()), ensure_ascii=False))
        assert receiver.got == [] and collector.bodies == []


def test_what_a_believed_certificate_calls_itself_is_harmless_in_the_test(tmp_path, log, authority):
    with Receiver(honest, tls=server_context(*wild_certificate(authority, tmp_path, "siem.test"))) as receiver:
        one = Forwarder(tmp_path, [tls_syslog(receiver.port, authority)], ledger=log)
        done = command(GATEHOUSE, "siem", "test", "--config", one.config)
    assert done.returncode == 0 and "the certificate is /CN=" in done.stdout
    assert_tame(done.stdout)


def on_a_terminal(words, seconds=20):
    """Runs it with a terminal of its own; its exit status and what stood there."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(words[0], [str(word) for word in words])
    said, end = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                said += os.read(terminal, 65536)
    except OSError:  # its end
        pass
    else:
        os.kill(child, 9)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode()


@pytest.mark.parametrize("kind", ["syslog", "http"])
def test_key_with_a_passphrase_is_told_and_no_terminal_is_asked(tmp_path, log, authority, kind):
    crt, key = authority.make("gatehouse.test")
    locked = tmp_path / "locked.key"
    authority.openssl("pkey", "-in", key, "-aes-256-cbc", "-passout", "pass:secret", "-out", locked)
    pair = authority.make("localhost")
    own = {"certificate": str(crt), "key": str(locked)}
    with Receiver(honest, tls=server_context(*pair)) as receiver, Collector(splunk_ok) as collector:
        secure(collector, pair)
        row = https(collector.port, authority.pem, **own) if kind == "http" else tls_syslog(
            receiver.port, authority, host="localhost", **own)
        if kind == "http":
            row["url"] = f"https://localhost:{collector.port}/services/collector/event"
        one = Forwarder(tmp_path, [row], ledger=log)
        status, said = on_a_terminal([GATEHOUSE, "siem", "test", "--config", one.config])
        assert receiver.got == [] and collector.bodies == []
    assert status == 1 and "has a passphrase" in said and "pass phrase" not in said, said


def test_authority_that_is_renewed_in_place_is_read_anew_by_http(tmp_path, log, authority, other):
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.pem.read_bytes())
    with Collector(splunk_ok) as collector:
        secure(collector, other.make("localhost"))
        row = https(collector.port, ca, batch=100) | {"url": f"https://localhost:{collector.port}/services/collector/event"}
        with Forwarder(tmp_path, [row], ledger=log) as forwarder:
            forwarder.wait_for_trouble("h", "is not believed")
            ca.write_bytes(other.pem.read_bytes())
            forwarder.wait("h", COUNT, 20)


def test_http_shows_its_certificate_for_each_connection(tmp_path, log, authority):
    """A session that is resumed shows none, so what was revoked or has expired would go on."""
    seen = []
    with Collector(splunk_ok) as collector:
        context = server_context(*authority.make("localhost"))
        listener = collector.socket

        class Watching:
            def accept(self):
                raw, address = listener.accept()
                one = context.wrap_socket(raw, server_side=True)
                seen.append(one.session_reused)
                return one, address

            def __getattr__(self, name):
                return getattr(listener, name)

        collector.socket = Watching()
        collector.RequestHandlerClass.protocol_version = "HTTP/1.0"  # a connection for each batch
        row = https(collector.port, authority.pem, batch=100) | {"url": f"https://localhost:{collector.port}/services/collector/event"}
        with Forwarder(tmp_path, [row], ledger=log) as forwarder:
            forwarder.wait("h", COUNT, 20)
    assert len(seen) >= 3 and not any(seen)


@pytest.mark.parametrize("how", ["missing", "replaced"])
def test_log_folder_that_is_made_later_is_told_with_the_way_out(tmp_path, log, how):
    folder = tmp_path / "logs"
    row = {"name": "f", "type": "file", "path": "logs/out.log", "format": "rfc5424", "flush_seconds": 1, "batch": 100}
    (tmp_path / "there").mkdir()
    forwarder = Forwarder(
        tmp_path, [row, {"name": "g", "type": "file", "path": "there/g.log", "format": "rfc5424"}], ledger=log)
    if how == "replaced":
        (folder / "out.log").mkdir(parents=True)
    with forwarder:
        if how == "missing":
            forwarder.wait_for_trouble("f", "its folder is not there; make it, then start the forwarder again")
        else:
            forwarder.wait_for_trouble("f", "Is a directory")
            folder.rename(tmp_path / "logs.old")
        folder.mkdir()
        forwarder.wait_for_trouble("f", "was made or mounted after the forwarder began, which is shut in")
        assert "start the forwarder again" in forwarder.row("f")["trouble"] and forwarder.cursor("f") == 0
        forwarder.wait("g", COUNT)
        forwarder.kill()
        forwarder.start()
        forwarder.wait("f", COUNT)
    assert indexes((folder / "out.log").read_bytes().splitlines()) == list(range(COUNT))


def test_record_set_aside_after_one_that_was_cut_short_begins_a_line(tmp_path, log):
    (tmp_path / "siem").mkdir()
    (tmp_path / "siem" / "h.refused").write_bytes(b"<110>1 cut by a full disk")

    def judge(body):
        return (400, {"text": "Invalid data format", "code": 6}) if b'index=\\"7\\" ' in body else splunk_ok(body)

    with Collector(judge) as collector, Forwarder(
            tmp_path, [https(0, refused="aside") | {"url": f"http://127.0.0.1:{collector.port}/services/collector/event"}],
            ledger=log) as forwarder:
        forwarder.wait("h", COUNT)
    kept = (tmp_path / "siem" / "h.refused").read_bytes().splitlines()
    assert kept[0] == b"<110>1 cut by a full disk" and indexes(kept[1:]) == [7]


def test_ledger_whose_name_is_cut_in_the_middle_of_a_character_is_told(tmp_path):
    """Words of a fault end anywhere; JSON takes whole characters only."""
    for ahead in range(3):
        ledger = "a" * ahead + "\u20ac" * 80
        one = Forwarder(tmp_path, [{"name": "f", "type": "file", "path": "out.log"}], ledger=ledger)
        for words in (("--json",), ()):
            done = command(GATEHOUSE, "siem", "status", "--config", one.config, *words)
            assert done.returncode == 1 and done.stderr == "" and "\u20ac" in done.stdout, done.stderr


def test_state_that_can_not_be_written_is_told_once_and_tried_again(tmp_path, log):
    blocked = tmp_path / "siem" / "state.json.new"
    blocked.mkdir(parents=True)
    with Forwarder(tmp_path, [{"name": "f", "type": "file", "path": "out.log", "format": "rfc5424"}], ledger=log) as forwarder:
        forwarder.wait("f", COUNT)
        time.sleep(2.2)  # two more tries
        assert forwarder.said.read_text().count("state.json: Is a directory") == 1
        blocked.rmdir()
        until(lambda: forwarder.row("f")["state"] == "caught up", 10)
