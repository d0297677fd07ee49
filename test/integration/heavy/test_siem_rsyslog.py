"""Debian's rsyslog with TLS (gtls, x509/name) as receiver: killed and started again in the middle of 100,000 events."""
import contextlib
import os
import random
import re
import shutil
import socket
import subprocess
import time

import pytest

from siem_rig import Authority, Forwarder, free_port, make_log, once_each, tls_syslog, until

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
COUNT = int(os.environ.get("GATEHOUSE_SIEM_EVENTS", "100000"))
pytestmark = pytest.mark.skipif(RSYSLOGD is None, reason="needs rsyslog and rsyslog-gnutls")

#: queue.type="Direct": what rsyslog has read when it closes is in the file, not in its memory.
CONF = """
global(workDirectory="{work}" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{ca}"
       defaultNetstreamDriverCertFile="{crt}" defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name"
       permittedPeer=["gatehouse.test"])
input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="gatehouse")
template(name="raw" type="list") {{ property(name="rawmsg") constant(value="\\n") }}
ruleset(name="gatehouse" queue.type="Direct") {{
    action(type="omfile" file="{out}" template="raw")
}}
"""


class Rsyslog:
    """rsyslogd in the foreground."""

    def __init__(self, folder, authority):
        folder.mkdir()
        self.out, self.conf, self.folder, self.port = folder / "out.log", folder / "r.conf", folder, free_port()
        crt, key = authority.make("siem.test")
        self.conf.write_text(CONF.format(work=folder, ca=authority.pem, crt=crt, key=key, port=self.port, out=self.out))
        self.process = None

    def start(self):
        with open(self.folder / "said", "a", encoding="utf-8") as said:
            self.process = subprocess.Popen([RSYSLOGD, "-n", "-f", self.conf, "-i", self.folder / "pid"],
                                            stdout=said, stderr=said)
        until(self.answers)
        return self

    def answers(self):
        assert self.process.poll() is None, (self.folder / "said").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def kill(self):
        self.process.kill()
        self.process.wait()
        (self.folder / "pid").unlink(missing_ok=True)

    def records(self):
        """(index, id) of every whole record; what a kill tore has no end of line before the next one."""
        found = []
        for piece in re.split(rb"(?=<\d+>1 \d{4}-)", self.out.read_bytes() if self.out.exists() else b""):
            if piece.endswith(b"\n"):
                found.append((int(re.search(rb'index="(\d+)" ', piece)[1]), re.search(rb' id="([^"]+)"', piece)[1]))
        return found

    __enter__ = start

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


@pytest.fixture(name="authority", scope="module")
def fixture_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("siem-ca"))


def row(receiver, authority, host="gatehouse.test", **more):
    crt, key = authority.make(host)
    return tls_syslog(receiver.port, authority, certificate=str(crt), key=str(key), **more)


def test_killed_rsyslog_misses_nothing_of_100000_events(tmp_path, authority):
    make_log(tmp_path / "ledger", COUNT)
    chance, kills = random.Random(11), 0
    with Rsyslog(tmp_path / "rsyslog", authority) as receiver, Forwarder(
            tmp_path, [row(receiver, authority, batch=1000)]) as forwarder:
        while forwarder.cursor("s") < COUNT:
            time.sleep(chance.uniform(0.05, 0.6))
            if kills < 25 and forwarder.cursor("s") < COUNT:
                receiver.kill()
                kills += 1
                time.sleep(chance.uniform(0, 0.3))
                receiver.start()
        until(lambda: forwarder.row("s")["state"] == "caught up")
        assert forwarder.row("s")["delivered"] == COUNT
        receiver.kill()  # what it has confirmed outlives it
        records = receiver.records()
        assert kills >= 3, f"only {kills} kills: it was too fast to be disturbed"
    repeats = once_each([index for index, _ in records], COUNT)
    assert len(set(records)) == COUNT, "a repeat has another id than the first"
    print(f"{kills} kills, {repeats} repeats")


def test_orderly_end_of_rsyslog_misses_nothing(tmp_path, authority):
    make_log(tmp_path / "ledger", COUNT // 5)
    with Rsyslog(tmp_path / "rsyslog", authority) as receiver, Forwarder(
            tmp_path, [row(receiver, authority, batch=500)]) as forwarder:
        for _ in range(4):
            time.sleep(0.3)
            receiver.process.terminate()
            receiver.process.wait(timeout=30)
            receiver.start()
        forwarder.wait("s", COUNT // 5)
        receiver.kill()
        once_each([index for index, _ in receiver.records()], COUNT // 5)


def test_rogue_certificate_gets_nothing_in_and_is_not_told_otherwise(tmp_path, authority):
    """Signed by the right authority, for another name: rsyslog closes after the handshake and says nothing."""
    make_log(tmp_path / "ledger", 1000)
    with Rsyslog(tmp_path / "rsyslog", authority) as receiver, Forwarder(
            tmp_path, [row(receiver, authority, "rogue.test"),
                       *[row(receiver, authority, "rogue.test", name=f"small{i}", batch=1) for i in range(12)]]) as forwarder:
        forwarder.wait_for_trouble("s", "it asked for our certificate and may have refused it")
        time.sleep(10)
        assert {name: forwarder.cursor(name) for name in ["s", *[f"small{i}" for i in range(12)]]} == dict.fromkeys(
            ["s", *[f"small{i}" for i in range(12)]], 0)
        assert receiver.records() == []
        refused = (receiver.folder / "said").read_text().count("peer name not authorized")
        assert refused >= 13, refused
