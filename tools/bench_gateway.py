#!/usr/bin/python3
"""The gateway beside the same nginx without it, with auth_request, and beside HAProxy.

    bench_gateway.py BUILD-FOLDER [--seconds 3] [--rounds 5] [--part rates --part access --part sockets --part ends]

One upstream (nginx, files of 4 KiB and 1 MiB), one worker each; the proxy has a processor of its own, the
upstream and the load the others. Rounds take turns, so that a machine that slows down slows all; figures are
medians over rounds, ratios are of the same round."""
import argparse
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import gateway_peers as peers

SIZES = (("4 KiB", peers.SMALL), ("1 MiB", peers.LARGE))



def requests_per_second(url, seconds, header, connections=32):
    """What wrk counts; None when any answer was not a 200."""
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-H", f"Cookie: {header}", url]
    if len(peers.LOAD_CPUS) < os.cpu_count():
        command = ["taskset", "-c", ",".join(map(str, peers.LOAD_CPUS)), *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    if "Non-2xx" in done.stdout:
        raise SystemExit(f"{url}: not every answer was a 200\n{done.stdout}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("Requests/sec"))
    return float(line.split()[1])


def rates(site, rounds, seconds):
    """Requests a second of each peer and the processor time of one, plain and TLS, small and large."""
    print(f"Requests a second, 32 keep-alive connections, median of {rounds} rounds of {seconds} s:")
    for tls in (False, True):
        for size, path in SIZES:
            found, cost = {}, {}
            for _ in range(rounds):
                for name in peers.NAMES:
                    before = site.seconds_of(name)
                    rate = requests_per_second(site.url(name, tls, path), seconds, site.cookie)
                    found.setdefault(name, []).append(rate)
                    cost.setdefault(name, []).append((site.seconds_of(name) - before) / (rate * seconds) * 1e6)
            words = "TLS  " if tls else "plain"
            for name in peers.NAMES:
                ratio = statistics.median(a / b for a, b in zip(found["gatehouse"], found[name]))
                less = statistics.median(b / a for a, b in zip(cost["gatehouse"], cost[name]))
                print(f"  {words} {size}  {name:<14}{statistics.median(found[name]):>9,.0f}/s {statistics.median(cost[name]):>7.1f} us"
                      f"   gatehouse is {ratio:.3f}x, by its processor time {less:.3f}x")
    print()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--seconds", type=int, default=3)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--part", action="append", choices=("rates", "access", "sockets", "ends"))
    given = options.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        with peers.Site(given.build.resolve(), folder) as site:
            for part in given.part or ("rates", "access", "sockets", "ends"):
                if part == "rates":
                    rates(site, given.rounds, given.seconds)
                elif part == "access":
                    peers.access(site)
                elif part == "sockets":
                    peers.sockets(site)
                else:
                    peers.ends(site)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
