#!/usr/bin/env bash
# Installs the programs that some tests need and this machine lacks.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
packages=()

compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || packages+=(postgresql)
command -v nats-server >/dev/null || packages+=(nats-server)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || packages+=(chromium)
fc-list :lang=zh 2>/dev/null | grep -q . || packages+=(fonts-noto-cjk)

[ "${#packages[@]}" -eq 0 ] || "$here/system_packages.sh" "${packages[@]}"
