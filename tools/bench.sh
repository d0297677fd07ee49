#!/bin/sh
# Measures what doc/performance.md states: the enlarged demo site against nmap -sV in the same run, banners,
# checks, memory. Usage: tools/bench.sh BUILD-FOLDER [DEVICES…]   (default 64 254)
# Then every transcript of test/transcript against the truth: false alarms and misses of each check.
# RUNS=3 runs of gatehouse for each size, PEER=no leaves nmap out, RECOG=DIR measures that Recog database too,
# NMAP_SCRIPTS=default gives nmap its scripts that only look.
# Then the ledger beside SQLite and PostgreSQL (tools/bench_ledger.py), and the gateway beside nginx without it and
# HAProxy (tools/bench_gateway.py). Then passwords of 50 cameras, changed by gatehouse fix (tools/bench_fix.py),
# and packages verified (tools/bench_evidence.py).
# Then the forwarder beside rsyslog (tools/bench_siem.py).
# PARTS="ledger" runs only that part; the parts are: sites, verdicts, small, ledger, search, gateway, fix, evidence, siem.
set -eu
cd "$(dirname "$0")/.."
build=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A fresh site for every run: its devices count log-ins, and the budget of a run before would spare some.
site() {
    scope=10.20.0.0/24
    [ "$1" -le 220 ] || scope=10.20.0.0/23
    peer=nmap
    [ "${PEER:-yes}" = yes ] || peer=
    folders=
    run=1
    while [ "$run" -le "${RUNS:-3}" ]; do
        folder=$work/$1-$run
        mkdir "$folder"
        "$build/lab/gatehouse-lab" --site lab/demo.yaml --devices "$1" --stats "$folder/stats.json" -- \
            /usr/bin/python3 tools/bench_site.py run "$build/gatehouse" "$scope" "$folder" $peer
        peer=
        folders="$folders $folder"
        run=$((run + 1))
    done
    # shellcheck disable=SC2086
    /usr/bin/python3 tools/bench_site.py score "$scope" $folders
    echo
}

# Every transcript at once, without and with the owner's passwords, against the truth of test/truth.
verdicts() {
    folder=$work/corpus
    /usr/bin/python3 test/truth/corpus.py site "$folder"
    for scope in "--scope 10.60.0.0/24" "--site $folder/owner.yaml"; do
        rm -f "$folder/store.db"
        # shellcheck disable=SC2086
        "$build/lab/gatehouse-lab" --site "$folder/corpus.yaml" --stats "$folder/stats.json" -- \
            "$build/gatehouse" assess $scope --store "$folder/store.db" --output "$folder" --fail-on never --quiet >/dev/null
        echo "Verdicts, ${scope%% *}:"
        /usr/bin/python3 test/truth/corpus.py score "$folder" "$folder/stats.json" || echo "not met: a verdict is wrong"
        echo
    done
}

small() {
    "$build/test/bench/bench_fingerprint" catalog/fingerprints
    [ -z "${RECOG:-}" ] || "$build/test/bench/bench_fingerprint" "$RECOG"
    "$build/test/bench/bench_check"
    "$build/test/bench/bench_board"
    "$build/test/bench/bench_memory"
    "$build/test/bench/bench_merkle"
}

# A build folder from before libpq-dev was there has no peer_postgres yet.
ledger() {
    if ! [ -x "$build/test/bench/peer_postgres" ] && pkg-config --exists libpq; then
        meson setup --reconfigure "$build" >/dev/null
        ninja -C "$build" --quiet
    fi
    /usr/bin/python3 tools/bench_ledger.py "$build"
}

# A log of a busy site, searched; SEARCH_EVENTS=10000000 needs 5 GB in TMPDIR.
search() {
    "$build/test/bench/make_log" "$work/log" "${SEARCH_EVENTS:-1000000}"
    "$build/test/bench/bench_search" "$work/log"
    rm -rf "$work/log" "$work/log-keys"
}

# The module needs an nginx of Debian's; ROUNDS=9 rounds of each peer.
gateway() {
    /usr/bin/python3 tools/bench_gateway.py "$build" --rounds "${ROUNDS:-5}"
}

fix() {
    /usr/bin/python3 tools/bench_fix.py "$build" --rounds "${RUNS:-3}"
}

siem() {
    /usr/bin/python3 tools/bench_siem.py "$build" --rounds "${RUNS:-3}"
}

evidence() {
    /usr/bin/python3 tools/bench_evidence.py "$build" --rounds "${ROUNDS:-5}"
}

for part in ${PARTS:-sites verdicts small ledger search gateway fix evidence siem}; do
    case $part in
    sites) for devices in ${*:-64 254}; do site "$devices"; done ;;
    verdicts | small | ledger | search | gateway | fix | evidence | siem) "$part" ;;
    *)
        echo "PARTS: there is no part \"$part\": sites, verdicts, small, ledger, search, gateway, fix, evidence, siem" >&2
        exit 2
        ;;
    esac
done
