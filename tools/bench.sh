#!/bin/sh
# Measures what doc/performance.md states: the enlarged demo site against nmap -sV in the same run, banners,
# checks, memory. Usage: tools/bench.sh BUILD-FOLDER [DEVICES…]   (default 64 254)
set -eu
cd "$(dirname "$0")/.."
build=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for devices in ${*:-64 254}; do
    "$build/lab/gatehouse-lab" --site lab/demo.yaml --devices "$devices" --stats "$work/stats-$devices.json" -- \
        /usr/bin/python3 tools/bench_site.py "$build/gatehouse" "$devices" "$work"
done
echo
[ ! -x "$build/test/bench/bench_fingerprint" ] || "$build/test/bench/bench_fingerprint" ${RECOG:+"$RECOG"}
[ ! -x "$build/test/bench/bench_check" ] || "$build/test/bench/bench_check"
[ ! -x "$build/test/bench/bench_memory" ] || "$build/test/bench/bench_memory"
