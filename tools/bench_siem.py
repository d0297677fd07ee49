#!/usr/bin/python3
"""The forwarder beside rsyslog's own omfwd: the same records over TLS to the same receiver, on this machine.

    bench_siem.py BUILD-FOLDER [--events 100000] [--rounds 3] [--folder DIR]

The receiver is rsyslog (gtls, x509/name, queue.type="Direct", a file). The peer is another rsyslog: imfile reads the same
records from a file, omfwd sends them by gtls, octet-counted. Time is from the start of the sender's process to the last
record in the receiver's file; for Gatehouse also to the cursor, that is until it is confirmed. Needs rsyslog,
rsyslog-gnutls and openssl."""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
GLOBAL = """
global(workDirectory="{work}" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{work}/../ca.pem"
       defaultNetstreamDriverCertFile="{work}/../{name}.crt" defaultNetstreamDriverKeyFile="{work}/../{name}.key")
"""
RECEIVER = GLOBAL + """
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name"
       permittedPeer=["gatehouse.test"])
input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="r")
template(name="raw" type="list") {{ property(name="rawmsg") constant(value="\\n") }}
ruleset(name="r" queue.type="Direct") {{ action(type="omfile" file="{work}/out" template="raw") }}
"""
SENDER = GLOBAL + """
module(load="imfile")
template(name="line" type="list") {{ property(name="msg") }}
input(type="imfile" file="{records}" tag="x" ruleset="f")
ruleset(name="f") {{ action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" template="line"
    TCP_Framing="octet-counted" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
    StreamDriverPermittedPeers="siem.test") }}
"""


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificates(folder):
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("openssl", "req", "-x509", *curve, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", "/CN=ca")
    for name in ("siem.test", "gatehouse.test"):
        stem = folder / name
        run("openssl", "req", *curve, "-keyout", f"{stem}.key", "-out", f"{stem}.csr", "-subj", f"/CN={name}")
        pathlib.Path(f"{stem}.ext").write_text(f"subjectAltName=DNS:{name}\n", encoding="utf-8")
        run("openssl", "x509", "-req", "-in", f"{stem}.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-out", f"{stem}.crt", "-extfile", f"{stem}.ext")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def rsyslog(folder, text, **words):
    folder.mkdir()
    conf = folder / "conf"
    conf.write_text(text.format(work=folder, **words), encoding="utf-8")
    return subprocess.Popen([RSYSLOGD, "-n", "-f", conf, "-i", folder / "pid"], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def end(process):
    """Ends it; the CPU time that it took, by the kernel's count."""
    stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    process.terminate()
    process.wait()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


class Lines:
    """Counts the lines of a file that grows."""

    def __init__(self, path):
        self.path, self.at, self.count = path, 0, 0

    def look(self):
        if self.path.exists():
            with open(self.path, "rb") as file:
                file.seek(self.at)
                while more := file.read(1 << 20):
                    self.at += len(more)
                    self.count += more.count(b"\n")
        return self.count


def measure(folder, count, start):
    """Seconds until the receiver has all; start(port) begins the sender."""
    receiver_folder, port = folder / "receiver", free_port()
    receiver = rsyslog(receiver_folder, RECEIVER, name="siem.test", port=port)
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.02)
    lines, begun = Lines(receiver_folder / "out"), time.monotonic()
    sender, confirmed = start(port)
    arrived = sure = None
    while arrived is None or sure is None:
        if time.monotonic() - begun > 600:
            raise SystemExit("it never arrived")
        now = time.monotonic() - begun
        arrived = now if arrived is None and lines.look() >= count else arrived
        sure = now if sure is None and (confirmed() if confirmed else arrived) else sure
        time.sleep(0.01)
    memory = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{sender.pid}/status").read_text(encoding="utf-8"))[1]
    cpu = end(sender)
    end(receiver)
    shutil.rmtree(receiver_folder)
    return arrived, sure, cpu, int(memory)


def ours(build, folder, count):
    def start(port):
        state = folder / "siem"
        shutil.rmtree(state, ignore_errors=True)
        (folder / "siem.yaml").write_text(
            f"ledger: ledger\nhost: gate.test\ndestinations:\n  - name: s\n    type: syslog\n    address: 127.0.0.1:{port}\n"
            "    server_name: siem.test\n    ca: ca.pem\n    certificate: gatehouse.test.crt\n    key: gatehouse.test.key\n",
            encoding="utf-8")
        process = subprocess.Popen([build / "gatehouse", "siem", "run", "--config", folder / "siem.yaml"],
                                   stderr=subprocess.DEVNULL)

        def confirmed():
            with contextlib.suppress(OSError):
                return f"\nnext {count}\n" in (state / "s.cursor").read_text(encoding="utf-8")
            return False

        return process, confirmed

    return measure(folder, count, start)


def theirs(folder, count):
    def start(port):
        return rsyslog(folder / "sender", SENDER, name="gatehouse.test", port=port, records=folder / "records"), None

    try:
        return measure(folder, count, start)
    finally:
        shutil.rmtree(folder / "sender", ignore_errors=True)


def write_records(build, folder, count):
    """The records as our file destination writes them."""
    (folder / "siem.yaml").write_text("ledger: ledger\nhost: gate.test\ndestinations:\n  - {name: f, type: file, path: records,"
                                      " format: rfc5424}\n", encoding="utf-8")
    process = subprocess.Popen([build / "gatehouse", "siem", "run", "--config", folder / "siem.yaml"], stderr=subprocess.DEVNULL)
    lines = Lines(folder / "records")
    while lines.look() < count:
        time.sleep(0.05)
    end(process)
    shutil.rmtree(folder / "siem")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if RSYSLOGD is None:
        raise SystemExit("bench_siem.py: needs rsyslog and rsyslog-gnutls")
    build = options.build.resolve()
    folder = (options.folder or options.build / "bench-siem").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        certificates(folder)
        run(build / "test/bench/make_log", folder / "ledger", options.events, 1)
        write_records(build, folder, options.events)
        size = (folder / "records").stat().st_size / options.events
        print(f"SIEM: {options.events:,} records of {size:.0f} bytes over TLS to rsyslog, {os.cpu_count()} processors, "
              f"load before {os.getloadavg()[0]:.2f}, median of {options.rounds}")
        rates = {}
        rows = {"gatehouse": [], "rsyslog omfwd": []}
        for _ in range(options.rounds):  # in turns, so that other load meets both
            rows["gatehouse"].append(ours(build, folder, options.events))
            rows["rsyslog omfwd"].append(theirs(folder, options.events))
        for name, got in rows.items():
            arrived, sure, cpu, memory = (statistics.median(column) for column in zip(*got))
            rates[name] = options.events / sure
            print(f"{name:14} arrived {arrived:.2f} s, confirmed {sure:.2f} s: {options.events / sure:,.0f} events/s; "
                  f"CPU {cpu:.2f} s, memory {memory / 1024:.1f} MiB")
        print(f"ratio {rates['gatehouse'] / rates['rsyslog omfwd']:.2f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
