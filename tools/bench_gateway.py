#!/usr/bin/python3
"""The gateway beside the same nginx without it, with auth_request, and beside HAProxy.

    bench_gateway.py BUILD-FOLDER [--seconds 3] [--rounds 5] [--part rates --part access --part sockets --part ends]

One upstream (nginx, files of 4 KiB and 1 MiB), one worker each; the proxy has a processor of its own, the
upstream and the load the others. Rounds take turns, so that a machine that slows down slows all; requests a
second are medians over rounds, their ratios are of the same round; processor time is compared by the least of all rounds,
since what else runs on the machine only adds to it."""
import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile

import gateway_parts as parts
import gateway_peers as peers

SIZES = (("4 KiB", peers.SMALL), ("1 MiB", peers.LARGE))


def requests_per_second(url, seconds, header, connections=32):
    """What wrk counts, and how many answers were not a 200."""
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-H", f"Cookie: {header}", url]
    if len(peers.LOAD_CPUS) < os.cpu_count():
        command = ["taskset", "-c", ",".join(map(str, peers.LOAD_CPUS)), *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    rate = re.search(r"^Requests/sec: +([0-9.]+)", done.stdout, re.MULTILINE)
    wrong = re.search(r"Non-2xx or 3xx responses: ([0-9]+)", done.stdout)
    return float(rate[1]), int(wrong[1]) if wrong else 0


def one_round(site, name, tls, path, seconds):
    """Requests a second and microseconds of the proxy's processor for each."""
    site.look()
    before = site.seconds_of(name)
    rate, wrong = requests_per_second(site.url(name, tls, path), seconds, site.cookie)
    if wrong != 0:
        words = f"{name}: {wrong} answers were not a 200"
        if name == "gatehouse":
            raise SystemExit(words)
        print(f"  {words}")
    return rate, (site.seconds_of(name) - before) / (rate * seconds) * 1e6


#: What the gateway must reach of a peer: (size, TLS, peer) -> ratio.
TARGETS = {("4 KiB", False, "bare"): 0.95, ("4 KiB", True, "bare"): 0.95, ("1 MiB", True, "bare"): 0.98,
           ("4 KiB", False, "auth asked"): 1.8, ("4 KiB", True, "auth asked"): 1.8}


def verdict(size, tls, name, ratio):
    target = TARGETS.get((size, tls, name))
    return "" if target is None else f"   target >= {target}: {'met' if ratio >= target else 'not met'}"


def rates(site, rounds, seconds):
    """Requests a second of each peer and the processor time of one, plain and TLS, small and large."""
    print(f"Requests a second, 32 keep-alive connections, median of {rounds} rounds of {seconds} s:")
    for tls in (False, True):
        for size, path in SIZES:
            found, cost = {}, {}
            for _ in range(rounds):
                for name in peers.NAMES:
                    rate, processor = one_round(site, name, tls, path, seconds)
                    found.setdefault(name, []).append(rate)
                    cost.setdefault(name, []).append(processor)
            words = f"{'TLS' if tls else 'plain':<5} {size}"
            print(f"  {words}")
            for name in peers.NAMES:
                ratio = statistics.median(a / b for a, b in zip(found["gatehouse"], found[name]))
                less = min(cost[name]) / min(cost["gatehouse"])
                print(f"    {name:<14}{statistics.median(found[name]):>9,.0f}/s {statistics.median(cost[name]):>8.1f} us, least {min(cost[name]):.1f}"
                      f"   gatehouse: {ratio:.3f}x the requests, {less:.3f}x by processor time{verdict(size, tls, name, less)}")
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
                else:
                    site.look()
                    getattr(parts, part)(site)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
