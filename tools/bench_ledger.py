#!/usr/bin/python3
"""The ledger beside SQLite and PostgreSQL, the same events on the same disk in the same run.

    bench_ledger.py BUILD-FOLDER [--folder DIR] [--seconds 5] [--part peers --part keeper …]

Parts: peers, keeper, log (verify, proofs, search in a log of --entries events). DIR, on the disk to
measure, is made, used and removed; by default BUILD-FOLDER/bench-ledger."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

WRITERS = (1, 8, 64)
WINDOWS = (1, 64)  # events that a writer has under way: as a peer has, as a gateway's worker has
TARGET_RATE, TARGET_TIMES, TARGET_P99, TARGET_SHARE = 200_000, 50, 5, 0.5
SQLITE = [("delete", writers, 1) for writers in WRITERS] + [("wal", writers, 1) for writers in WRITERS]
SQLITE += [("delete", 1, 256), ("wal", 1, 256)]
POSTGRES = [(writers, 1) for writers in WRITERS] + [(1, 256)]
PG_PROGRAMS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
#: Its defaults are careful with memory and wake its checkpointer in the middle of a run; these are kinder.
PG_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": "",
               "shared_buffers": "256MB", "max_wal_size": "4GB", "max_connections": "100", "autovacuum": "off"}


def measured(command):
    """What the program says in its last line, a JSON object; None and its words when it failed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=900, check=False)
    if done.returncode != 0:
        print(f"{pathlib.Path(command[0]).name}: exit {done.returncode}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def sqlite(bench, folder, seconds):
    for journal, writers, batch in SQLITE:
        place = folder / "sqlite"
        place.mkdir()
        yield measured([bench / "peer_sqlite", place / "events.db", journal, str(writers), str(batch), str(seconds)])
        shutil.rmtree(place)


def as_postgres(command):
    """PostgreSQL does not run as root; Debian's package brings a user for it."""
    if os.getuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


def postgres_until_ready(process, socket):
    for _ in range(100):
        asked = subprocess.run([PG_PROGRAMS[0] / "pg_isready", "-q", "-h", socket], check=False)
        if asked.returncode == 0:
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.1)
    return False


def postgres(bench, folder, seconds):
    if not PG_PROGRAMS or not (bench / "peer_postgres").exists():
        print("PostgreSQL: not installed, left out", file=sys.stderr)
        return
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    socket = tempfile.mkdtemp(prefix="bench-pg-")  # a path of a socket is short
    if os.getuid() == 0:
        shutil.chown(data, "postgres", "postgres")
        shutil.chown(socket, "postgres", "postgres")
    process = None
    try:
        subprocess.run(as_postgres([PG_PROGRAMS[0] / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8"]),
                       stdout=subprocess.DEVNULL, check=True, cwd="/")
        settings = [part for name, value in PG_SETTINGS.items() for part in ("-c", f"{name}={value}")]
        process = subprocess.Popen(as_postgres([PG_PROGRAMS[0] / "postgres", "-D", data, "-k", socket, *settings]),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        if not postgres_until_ready(process, socket):
            print("PostgreSQL: did not start, left out", file=sys.stderr)
            return
        for writers, batch in POSTGRES:
            yield measured([bench / "peer_postgres", f"host={socket} user=bench dbname=postgres",
                            str(writers), str(batch), str(seconds)])
    finally:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        shutil.rmtree(socket, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)


class Keeper:
    """A fresh ledger with its keeper, a process of its own behind a real socket."""

    def __init__(self, build, folder):
        self.gatehouse, self.load = build / "gatehouse", build / "test/bench/ledger_load"
        self.where = ["--ledger", folder / "ledger", "--keys", folder / "ledger-keys"]
        self.ledger = folder / "ledger"
        self.process = None

    def __enter__(self):
        subprocess.run([self.gatehouse, "ledger", "init", *self.where, "--origin", "bench.example/ledger"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        self.process = subprocess.Popen([self.gatehouse, "keeper", *self.where], stderr=subprocess.DEVNULL)
        for _ in range(100):
            if (self.ledger / "keeper.sock").exists():
                return self
            time.sleep(0.05)
        raise RuntimeError("the keeper did not open its socket")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def state(self):
        done = subprocess.run([self.gatehouse, "ledger", "status", "--json", *self.where], stdout=subprocess.PIPE, check=False)
        return json.loads(done.stdout)

    def run(self, writers, window, seconds):
        """A load; how long it took besides until a signed checkpoint covered all of it, and what lies on the disk."""
        acks = self.ledger.parent / "acks"
        said = measured([self.load, self.ledger / "keeper.sock", str(writers), str(window), str(seconds), acks])
        ended = time.monotonic()
        while self.state()["published"] < said["acknowledged"] and time.monotonic() - ended < 120:
            time.sleep(0.02)
        late = time.monotonic() - ended
        events = self.state()["published"]
        return {"name": f"Gatehouse, window {window}", "window": window, "writers": writers, "batch": 1,
                "events": said["acknowledged"], "rate": said["per_second"], "late": late,
                "whole_rate": said["acknowledged"] / (said["seconds"] + late), "unclear": said["unknown"] + said["refused"],
                **{name: said[name] for name in ("p50_us", "p99_us", "p999_us")},
                "bytes": bytes_below(self.ledger / "log") / events * said["acknowledged"],
                "journal": bytes_below(self.ledger / "journal"), "acks": acks}


def bytes_below(folder):
    """Blocks of the files, those of the disk's own granularity included."""
    return sum(os.stat(os.path.join(where, name)).st_blocks * 512 for where, _, names in os.walk(folder) for name in names)


def bundles_of(log, size):
    """Paths of the entry bundles of a log of that size, in order."""
    for number in range((size + 255) // 256):
        groups = f"{number:03}" if number < 1000 else f"x{number // 1000:03}/{number % 1000:03}"
        groups = groups if number < 1_000_000 else f"x{number // 1_000_000:03}/x{number // 1000 % 1000:03}/{number % 1000:03}"
        whole = log / "tile/entries" / groups
        yield whole if whole.exists() else pathlib.Path(f"{whole}.p/{size % 256}")


def entries_of(log):
    """Every entry that the log's checkpoint covers, by doc/ledger-format.md and nothing of ours."""
    size = int((log / "checkpoint").read_text(encoding="utf-8").splitlines()[1])
    for path in bundles_of(log, size):
        bundle, at = path.read_bytes(), 0
        while at < len(bundle):
            end = at + 2 + int.from_bytes(bundle[at:at + 2], "big")
            yield bundle[at + 2:end]
            at = end


def missing_of(row, log):
    """How many acknowledged events are not in the log's files at the index that was answered."""
    wanted = dict(line.split() for line in row["acks"].read_text(encoding="ascii").splitlines())
    for number, entry in enumerate(entries_of(log)):
        if wanted.get(str(number), "").encode() in entry and str(number) in wanted:
            del wanted[str(number)]
    return len(wanted)


def ours(build, folder, seconds):
    """Each row's ledger is verified, and every acknowledged event looked for in its files."""
    for window in WINDOWS:
        for writers in WRITERS:
            place = folder / f"keeper-{window}-{writers}"
            place.mkdir()
            with Keeper(build, place) as keeper:
                row = keeper.run(writers, window, seconds)
            verified = subprocess.run([build / "gatehouse", "ledger", "verify", keeper.ledger], stdout=subprocess.DEVNULL, check=False)
            row["verified"] = verified.returncode == 0
            row["missing"] = missing_of(row, keeper.ledger / "log")
            yield row


def print_ours(rows, peers):
    """What is ours alone, then the ratios to the peers of this run."""
    print()
    for row in rows:
        print(f"{row['name']}, {row['writers']} writers: until a checkpoint covers all {row['late']:.2f} s more, "
              f"{row['whole_rate']:,.0f} events/s to there; {'verified' if row['verified'] else 'NOT VERIFIED'}, "
              f"{row['missing']} of {row['events']:,} acknowledged missing, {row['unclear']} unclear")
    print("\nGatehouse to its peers, events/s, the same number of writers:" + "".join(f"{f'window {window}':>12}" for window in WINDOWS))
    for peer in peers:
        times = [rate_of(rows, peer["writers"], window) / peer["rate"] for window in WINDOWS]
        print(f"  {peer['name']}, {peer['writers']} writers, {peer['batch']} a transaction".ljust(64) + "".join(f"{value:12.1f}" for value in times))
    most, one = rate_of(rows, 64, WINDOWS[-1]), [row for row in rows if row["writers"] == 1 and row["window"] == 1]
    print(f"64 writers: {most:,.0f} events/s, target {TARGET_RATE:,}: {met(most >= TARGET_RATE)}")
    for peer in peers:
        if peer["name"].startswith("SQLite") and peer["writers"] == 1 and peer["batch"] == 1:
            times = most / peer["rate"]
            print(f"to {peer['name']}, one row a transaction: {times:.0f} times, target {TARGET_TIMES}: {met(times >= TARGET_TIMES)}")
    print(f"one writer: p99 {one[0]['p99_us'] / 1000:.2f} ms, target {TARGET_P99} ms: {met(one[0]['p99_us'] <= TARGET_P99 * 1000)}")


def median_seconds(command, runs=3):
    """Wall time of a whole process that must end well."""
    took = []
    for _ in range(runs):
        begun = time.monotonic()
        if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode != 0:
            return None
        took.append(time.monotonic() - begun)
    return statistics.median(took)


def large_log(build, folder, entries):
    """Verify, proofs and search in a log that lies ready, its files in the page cache as far as memory goes."""
    bench, gatehouse, log = build / "test/bench", build / "gatehouse", folder / "large"
    subprocess.run([bench / "make_log", log, str(entries)], stderr=subprocess.DEVNULL, check=True)
    size = sum(path.stat().st_size for path in bundles_of(log / "log", entries)) - 2 * entries
    print(f"\nA log of {entries:,} events: {size / entries:.0f} bytes each, {bytes_below(log / 'log') / entries:.0f} on the disk with its hashes")
    for words, more in (("every hash and every event's form", []), ("every hash", ["--hashes-only"])):
        before = measured([bench / "bench_ledger", "sha", str(os.cpu_count())])["bytes_per_second"]
        seconds = median_seconds([gatehouse, "ledger", "verify", "--quiet", *more, log])
        after = measured([bench / "bench_ledger", "sha", str(os.cpu_count())])["bytes_per_second"]
        if seconds is None:
            print(f"verify, {words}: failed")
            continue
        share = size / seconds / ((before + after) / 2)
        print(f"verify, {words}: {seconds:.1f} s, {entries / seconds:,.0f} events/s, {size / seconds / 1e6:,.0f} MB/s; "
              f"{share * 100:.0f} % of SHA-256's {(before + after) / 2e6:,.0f} MB/s, target {TARGET_SHARE * 100:.0f} %: {met(share >= TARGET_SHARE)}")
    proofs = measured([bench / "bench_prove", log, "20000"])
    if proofs:
        print(f"inclusion proofs of random entries: p50 {proofs['p50_us']:.0f} us, p99 {proofs['p99_us']:.0f} us")
    proof = ["--output", folder / "a.tlog-proof", "--entry", folder / "a.json"]
    seconds = median_seconds([gatehouse, "ledger", "prove", "--ledger", log / "log", *proof, str(entries // 3)], 5)
    if seconds:
        print(f"gatehouse ledger prove, the whole command: {seconds * 1000:.0f} ms")
    subprocess.run([bench / "bench_search", log, folder / "index.db"], check=False)


def rate_of(rows, writers, window):
    return next(row["rate"] for row in rows if row["writers"] == writers and row["window"] == window)


def met(good):
    return "met" if good else "not met"


def print_rows(rows):
    print(f"{'':32}{'writers':>8}{'batch':>7}{'events/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'p99.9 ms':>10}{'bytes/event':>13}")
    for row in rows:
        print(f"{row['name']:32}{row['writers']:8}{row['batch']:7}{row['rate']:11,.0f}{row['p50_us'] / 1000:9.2f}"
              f"{row['p99_us'] / 1000:9.2f}{row['p999_us'] / 1000:10.2f}{row['bytes'] / max(1, row['events']):13.0f}")


def disk_of(folder):
    """Kind of the file system that the folder is on."""
    best = ("/", "?")
    for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, where, kind, *_ = line.split()
        if (str(folder) + "/").startswith(where.rstrip("/") + "/") and len(where) >= len(best[0]):
            best = (where, kind)
    return best[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--part", action="append", choices=("peers", "keeper", "log"))
    options = parser.parse_args()
    bench = options.build.resolve() / "test/bench"
    folder = (options.folder or options.build / "bench-ledger").resolve()
    parts = options.part or ["peers", "keeper", "log"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    try:
        print(f"Ledger: {os.cpu_count()} processors, {disk_of(folder)}, {options.seconds} s each, load before {os.getloadavg()[0]:.2f}")
        probe = measured([bench / "bench_ledger", "disk", folder])
        print(f"A write of 4 KiB and its fdatasync: p50 {probe['p50_us']:.0f} us, p99 {probe['p99_us']:.0f} us")
        peers, mine = [], []
        if "keeper" in parts:
            mine = [row for row in ours(options.build.resolve(), folder, options.seconds) if row]
        if "peers" in parts:
            peers = [row for row in (*sqlite(bench, folder, options.seconds), *postgres(bench, folder, options.seconds)) if row]
        if mine or peers:
            print_rows([*mine, *peers])
        if mine:
            print_ours(mine, peers)
        if "log" in parts:
            large_log(options.build.resolve(), folder, options.entries)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
