#!/usr/bin/python3
"""Passwords of many played cameras changed by gatehouse fix: how fast, how long recording stands still, at what price.

    bench_fix.py BUILD-FOLDER [--devices 50] [--rounds 3]

One in six of the cameras ends its streams when its password changes. What is true is asked of the lab, not of the program."""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1]


def journal_of(site):
    """The newest plan's lines."""
    newest = max(site.folder.glob("state/gatehouse/fix/*/journal.jsonl"), key=lambda path: path.parent.name)
    return [json.loads(line) for line in newest.read_text().splitlines()]


def is_over(site):
    """Whether the newest plan has ended; the look at the whole site afterwards may go on."""
    newest = max(site.folder.glob("state/gatehouse/fix/*/journal.jsonl"), key=lambda path: path.parent.name)
    return b'"end":' in newest.read_bytes()


def one_round(site):
    """Seconds of the assessment, of the rotation and of the look afterwards, and the last line of each step."""
    for part in site.folder.glob("store.db*"):
        part.unlink()
    before = {name: device["logins"] for name, device in site.truth().items()}
    going = site.begin(*site.plan_line("--kind", "rotate", "--apply", "--yes"))
    began, plans = time.monotonic(), len(list(site.folder.glob("state/gatehouse/fix/*/order.json")))
    while len(list(site.folder.glob("state/gatehouse/fix/*/order.json"))) == plans and going.poll() is None:
        time.sleep(0.01)
    planned = time.monotonic()
    while going.poll() is None and not is_over(site):
        time.sleep(0.01)
    rotated = time.monotonic()
    going.wait()
    ended = time.monotonic()
    last = {row["step"]: row for row in journal_of(site) if "step" in row}
    logins = [device["logins"] - before[name] for name, device in site.truth().items()]
    return (planned - began, rotated - planned, ended - rotated), list(last.values()), logins


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    os.environ["GATEHOUSE_BUILD"] = str(args.build.resolve())
    sys.path.insert(0, str(SOURCE / "test" / "integration"))
    from rotating import Rotating  # pylint: disable=import-outside-toplevel,import-error

    rates, gaps, logins, steps, kept = [], [], [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        site = Rotating(pathlib.Path(folder), args.devices)
        try:
            for _ in range(args.rounds):
                (assessed, rotated, looked), rows, spent = one_round(site)
                done = [row for row in rows if row["phase"] == "kept"]
                kept += len(done)
                rates.append(len(done) / rotated * 60)
                gaps += [row["gap_ms"] for row in done]
                logins += spent
                steps += [row["logins"] for row in rows]
                print(f"  assessed in {assessed:.1f} s, {len(done)} of {args.devices} changed and proven in {rotated:.1f} s, "
                      f"looked at again in {looked:.1f} s", flush=True)
            standing = site.standing()
            lockouts = sum(device["lockouts"] for device in site.truth().values())
            wrong = sum(device["credentials_wrong"] for device in site.truth().values())
        finally:
            site.close()
    print(f"Passwords, {args.devices} cameras, {args.rounds} times:")
    print(f"  cameras a minute         {statistics.median(rates):6.0f} (without the assessments before and after)")
    print(f"  recording gap, median    {statistics.median(gaps):6.0f} ms")
    print(f"  recording gap, p99       {percentile(gaps, 0.99):6.0f} ms")
    print(f"  log-ins of a step        {statistics.mean(steps):6.1f}")
    print(f"  log-ins of a camera      {statistics.median(logins):6.0f} (the assessment's too); wrong ones {wrong / args.devices / args.rounds:.1f}")
    print(f"  lock-outs                {lockouts:6}")
    print(f"  nobody knows it          {sum(state == 'unknown' for state in standing.values()):6}")
    print(f"  not kept                 {args.devices * args.rounds - kept:6}")


if __name__ == "__main__":
    main()
