#!/bin/sh
# Runs every test that a user should see pass, and ends with "N passed, N failed".
# Usage: tools/test.sh BUILD-FOLDER [SUITE…]   suites: unit fuzz integration (default: all)
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1
shift
suites="${*:-unit fuzz integration}"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
echo "Building …"
ninja -C "$build" --quiet || { echo "0 passed, 1 failed"; exit 1; }
for suite in $suites; do
    case $suite in
    integration)
        echo "Integration tests (the whole program, in network namespaces of their own) …"
        GATEHOUSE_BUILD=$(realpath "$build") /usr/bin/python3 -m pytest -q -p no:cacheprovider --junitxml="$results/integration.xml" test/integration ||
            echo "integration tests: something failed" >&2
        ;;
    *)
        echo "Suite $suite …"
        meson test -C "$build" --no-rebuild --suite "$suite" --quiet --print-errorlogs ||
            echo "suite $suite: something failed" >&2
        cp "$build/meson-logs/testlog.junit.xml" "$results/$suite.xml" 2>/dev/null || true
        ;;
    esac
done
/usr/bin/python3 tools/count.py "$results"/*.xml
