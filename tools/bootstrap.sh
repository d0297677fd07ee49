#!/bin/sh
# Installs the Debian packages that are missing for: build, demo, test, ci, heavy, bench (arguments; default
# build demo). Says what and why; uses sudo when not root; does nothing when nothing is missing.
set -eu
cd "$(dirname "$0")/.."
wanted="${*:-build demo}"
missing=""
for need in $wanted; do
    for package in $(awk -v need="$need" '!/^#/ && $NF == need { print $1 }' tools/packages); do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0
if [ ! -r /etc/debian_version ] || ! command -v apt-get >/dev/null; then
    echo "gatehouse: this is not Debian; please install the equivalents of:$missing" >&2
    exit 1
fi
echo "Installing Debian packages that Gatehouse needs (for $wanted):"
for package in $missing; do
    awk -v name="$package" '$1 == name { need = $NF; $1 = ""; $NF = ""; printf "  %-24s%s\n", name, $0 }' tools/packages
done
become=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "gatehouse: not root and no sudo: run as root: apt-get install$missing" >&2; exit 1; }
    become="sudo"
fi
export DEBIAN_FRONTEND=noninteractive
$become apt-get -o DPkg::Lock::Timeout=300 -qq update || true
# No recommends: miniupnpd-nftables is the program alone, its service is a package of its own.
# shellcheck disable=SC2086
$become env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends $missing >/tmp/gatehouse-apt.$$ 2>&1 ||
    { tail -5 /tmp/gatehouse-apt.$$ >&2; echo "gatehouse: apt-get could not install:$missing" >&2; rm -f /tmp/gatehouse-apt.$$; exit 1; }
rm -f /tmp/gatehouse-apt.$$
echo "Done."
