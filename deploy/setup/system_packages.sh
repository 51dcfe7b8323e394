#!/usr/bin/env bash
# Installs the named Debian packages, where that is possible: `system_packages.sh PACKAGE...`.
# Does nothing, and says so, when the machine is no Debian or we are not root; what needs the
# programs then says by itself that they are missing.
set -euo pipefail

missing=()
for package in "$@"; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$'; then
        missing+=("$package")
    fi
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "Not installed here (needs root on Debian): ${missing[*]}" >&2
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
install_them() { apt-get install -y --no-install-recommends "${missing[@]}"; }
echo "Installing with apt-get: ${missing[*]}"
install_them >/dev/null 2>&1 || { apt-get update && install_them; } >&2
