#!/usr/bin/python3
"""Evidence packages verified: how fast beside the machine's own SHA-256, and in how much memory.

    bench_evidence.py BUILD-FOLDER [--mib 1024] [--small 16] [--rounds 5]

The clip is an MP4 with pictures of a camera's size and a signature in each second. In each round openssl and sha256sum hash the same file
in turn with gatehouse, from the page cache."""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1]
PICTURE, GROUP = 40 * 1024, 25


def box(kind, *parts):
    """A box of an MP4."""
    return (8 + sum(map(len, parts))).to_bytes(4, "big") + kind + b"".join(parts)


def numbers(*values):
    """Big-endian numbers of 32 bits."""
    return b"".join(value.to_bytes(4, "big") for value in values)


def make_clip(path, mib, sei):
    """Writes a clip of about that size."""
    count, sizes = mib * 1024 * 1024 // PICTURE, []
    noise = os.urandom(PICTURE * 64)
    head = box(b"ftyp", b"isom", numbers(0)) + numbers(1) + b"mdat"
    with open(path, "wb") as out:
        out.write(head + bytes(8))
        for i in range(count):
            start = i % 63 * PICTURE + i % 97
            nal = (b"\x65" if i % GROUP == 0 else b"\x41") + b"\x88" + noise[start:start + PICTURE - 6]
            sample = len(nal).to_bytes(4, "big") + nal
            if i % GROUP == 0:
                sample = len(sei).to_bytes(4, "big") + sei + sample
            out.write(sample)
            sizes.append(len(sample))
        end = out.tell()
        entry = box(b"avc1", bytes(78), box(b"avcC", bytes([1, 77, 0, 30, 0xff, 0xe0, 0])))
        stbl = box(b"stbl", box(b"stsd", numbers(0, 1), entry), box(b"stsc", numbers(0, 1, 1, count, 1)),
                   box(b"stsz", numbers(0, 0, count), numbers(*sizes)), box(b"stco", numbers(0, 1, len(head) + 8)))
        out.write(box(b"moov", box(b"trak", box(b"tkhd", numbers(0, 0, 0, 1)), box(b"mdia", box(b"minf", stbl)))))
        out.seek(len(head))
        out.write((end - len(head) + 8).to_bytes(8, "big"))


def timed(*args):
    """Seconds, peak KiB, what it printed, and seconds of processor of a command."""
    began = time.monotonic()
    done = subprocess.run(["/usr/bin/time", "-f", "%M %U %S", *map(str, args)], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stdout + done.stderr
    peak, user, system = done.stderr.strip().splitlines()[-1].split()
    return seconds, int(peak), done.stdout, float(user) + float(system)


def main():
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--small", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    os.environ["GATEHOUSE_BUILD"] = str(args.build.resolve())
    sys.path.insert(0, str(SOURCE / "test" / "integration"))
    import packing  # pylint: disable=import-outside-toplevel,import-error
    import signing  # pylint: disable=import-outside-toplevel,import-error

    sei = signing.sei("h264", signing.message(5, signing.payload("onvif")))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        folder = pathlib.Path(folder)
        ledger, peaks = packing.Ledger(folder / "ledger"), {}
        for mib in (args.small, args.mib):
            make_clip(folder / "clip.mp4", mib, sei)
            line = ["evidence", "verify", "--json", "--key", ledger.key, "--clip", folder / "clip.mp4", folder / "package"]
            whole = (folder / "clip.mp4").read_bytes()
            packing.write(packing.Package(ledger, whole, inside=False, signed_video="present").seal().files, folder / "package")
            del whole
            subprocess.run(["cat", folder / "clip.mp4"], stdout=subprocess.DEVNULL, check=True)
            ours, theirs, coreutils, work = [], [], [], []
            for _ in range(args.rounds if mib == args.mib else 1):
                seconds, peaks[mib], said, busy = timed(args.build / "gatehouse", *line)
                states = {c["id"]: c["state"] for c in json.loads(said)["claims"]}
                assert states["clip"] == states["signed-video"] == "holds", said
                ours.append(seconds)
                work.append(busy)
                theirs.append(timed("openssl", "dgst", "-sha256", folder / "clip.mp4")[0])
                coreutils.append(timed("sha256sum", folder / "clip.mp4")[0])
        size = (folder / "clip.mp4").stat().st_size / 1e6
        speed = subprocess.run(["openssl", "speed", "-evp", "sha256", "-bytes", "16384", "-seconds", "2"], capture_output=True, text=True,
                               check=True).stdout
        pure = float(re.findall(r"([\d.]+)k", speed)[-1]) / 1000
    rates = [size / seconds for seconds in ours]
    print(f"evidence verify of {args.mib} MiB: {statistics.median(rates):.0f} MB/s (worst {min(rates):.0f})")
    print(f"  openssl dgst of the same file:   {statistics.median(size / s for s in theirs):.0f} MB/s, "
          f"verify at {statistics.median(t / o for t, o in zip(theirs, ours)):.0%}")
    print(f"  sha256sum of the same file:      {statistics.median(size / s for s in coreutils):.0f} MB/s, "
          f"verify at {statistics.median(t / o for t, o in zip(coreutils, ours)):.0%}")
    print(f"  openssl speed, no file at all:   {pure:.0f} MB/s, verify at {statistics.median(rates) / pure:.0%}")
    print(f"  the same by time of the processor: {size / statistics.median(work) / pure:.0%} (openssl speed counts only that)")
    print("  peak memory: " + ", ".join(f"{peak / 1024:.1f} MiB for {mib} MiB" for mib, peak in peaks.items()))


if __name__ == "__main__":
    main()
