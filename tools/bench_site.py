#!/usr/bin/python3
"""Inside the demo site: gatehouse and nmap -sV over the same addresses and ports, timed as whole processes.

Packets are the interface's own counters. A device is named right when its vendor or product is found in
the line (nmap) or record (gatehouse) of its address; the truth is the site's own list of transcripts."""
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

GATEHOUSE, DEVICES, WORK = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
SCOPE = "10.20.0.0/24" if DEVICES <= 220 else "10.20.0.0/23"
PORTS = "21,22,23,80,81,82,88,443,445,554,631,1935,1984,2020,5000,7001,8000,8001,8080,8081,8443,8554,8899,8971,9000,9100,34567,37777"
VENDORS = r"hikvision|dahua|axis|reolink|uniview|hanwha|hipcam|milesight|xiongmai|xm530|frigate|zoneminder|blue ?iris|hp\b|officejet"


def counters():
    lines = pathlib.Path("/proc/net/dev").read_text().splitlines()[2:]
    rows = [line.split(":")[1].split() for line in lines if not line.strip().startswith("lo:")]
    return sum(int(r[9]) for r in rows), sum(int(r[1]) for r in rows)


def timed(command):
    sent, _ = counters()
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    return done, seconds, counters()[0] - sent


def main():
    run, seconds, packets = timed([GATEHOUSE, "assess", "--scope", SCOPE, "--store", str(WORK / f"b{DEVICES}.db"),
                                   "--output", str(WORK / f"out{DEVICES}"), "--quiet", "--fail-on", "never"])
    report = json.loads((WORK / f"out{DEVICES}" / "report.json").read_text())
    named = sum(bool(re.search(VENDORS, f"{d['vendor']} {d['model']}", re.I)) for d in report["devices"])
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    peer, peer_seconds, peer_packets = timed(["nmap", "-sV", "-n", "-T4", "-p", PORTS, SCOPE])
    hosts = re.split(r"Nmap scan report for ", peer.stdout)[1:]
    peer_named = sum(bool(re.search(VENDORS, h, re.I)) for h in hosts)
    print(f"{DEVICES} devices, {SCOPE}                gatehouse        nmap -sV    ratio")
    print(f"  wall seconds              {seconds:16.1f} {peer_seconds:15.1f} {peer_seconds / seconds:7.1f}x")
    print(f"  packets sent              {packets:16d} {peer_packets:15d} {peer_packets / max(packets, 1):7.1f}x")
    print(f"  devices seen              {len(report['devices']):16d} {len(hosts):15d}")
    print(f"  with vendor or product    {named:16d} {peer_named:15d}")
    print(f"  log-ins, lock-outs        {report['totals']['logins']:11d}, {report['totals']['lockouts']:3d}               0")
    print(f"  peak memory, MiB          {memory:16d}")
    if run.returncode not in (0, 1):
        print(run.stderr)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(main())
