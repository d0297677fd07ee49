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
import subprocess
import sys
import tempfile
import time

WRITERS = (1, 8, 64)
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
        if "peers" in parts:
            rows = [*sqlite(bench, folder, options.seconds), *postgres(bench, folder, options.seconds)]
            print_rows([row for row in rows if row])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
