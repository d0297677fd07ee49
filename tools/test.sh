#!/bin/sh
# Runs every test that a user should see pass, and ends with "N passed, N failed".
# Usage: tools/test.sh BUILD-FOLDER [SUITE…]
# Suites: those of meson (unit, fuzz), "programs" for all of meson's, integration. Default: all.
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1
shift
suites="${*:-programs integration}"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
echo "Building …"
ninja -C "$build" --quiet || { echo "0 passed, 1 failed"; exit 1; }
for suite in $suites; do
    files="${files:-} $results/$suite.xml"
    case $suite in
    integration)
        echo "Integration tests (the whole program, in network namespaces of their own) …"
        # The leak sanitizer, where it is built in, can't attach to a process in a namespace of its own.
        GATEHOUSE_BUILD=$(realpath "$build")
        ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
        export GATEHOUSE_BUILD ASAN_OPTIONS
        # Large sites one after the other: they share the kernel's neighbour table. The rest mostly waits.
        alone="test_counterparts test_demo test_hostile test_truth"
        few=""
        large=""
        for name in $alone; do
            few="$few --ignore=test/integration/$name.py"
            large="$large test/integration/$name.py"
        done
        beside=""
        ends=""
        /usr/bin/python3 -c "import xdist" 2>/dev/null && beside="-n 4 --dist loadfile"
        /usr/bin/python3 -c "import pytest_timeout" 2>/dev/null && ends="--timeout=400"
        # shellcheck disable=SC2086
        /usr/bin/python3 -m pytest -q -p no:cacheprovider --junitxml="$results/integration.xml" $beside $ends \
            --ignore=test/integration/heavy $few test/integration ||
            echo "integration tests: something failed" >&2
        # shellcheck disable=SC2086
        /usr/bin/python3 -m pytest -q -p no:cacheprovider --junitxml="$results/large.xml" $ends $large ||
            echo "integration tests of large sites: something failed" >&2
        files="$files $results/large.xml"
        ;;
    *)
        echo "Suite $suite …"
        chosen="--suite $suite"
        [ "$suite" != programs ] || chosen=""
        rm -f "$build/meson-logs/testlog.junit.xml"
        # shellcheck disable=SC2086
        meson test -C "$build" --no-rebuild $chosen --quiet --print-errorlogs ||
            echo "suite $suite: something failed" >&2
        cp "$build/meson-logs/testlog.junit.xml" "$results/$suite.xml" || true
        ;;
    esac
done
# shellcheck disable=SC2086
/usr/bin/python3 tools/count.py $files
