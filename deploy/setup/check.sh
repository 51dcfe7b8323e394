#!/usr/bin/env bash
# All checks, each named; goes on after a failure and says at the end which failed.
set -uo pipefail
cd "$(dirname "$0")/../.."
bin=.venv/bin
node=deploy/setup/node.sh
code=(core geofence fleet perception missions incidents api agent cli sim tests benchmarks)
folders=()
for folder in "${code[@]}"; do [ -d "$folder" ] && folders+=("$folder"); done
failed=()

run() {
    local name=$1 started=$SECONDS
    shift
    echo "── $name"
    if "$@"; then echo "   ok, $((SECONDS - started)) s"; else failed+=("$name"); fi
}

run "format" $bin/ruff format --check --quiet "${folders[@]}"
run "lint" $bin/ruff check --quiet "${folders[@]}"
run "types" $bin/mypy --no-error-summary "${folders[@]}"
run "imports" $bin/lint-imports --no-logo
run "generated files" deploy/setup/check_generated.sh
run "translations" $node npm --prefix web run --silent translations
run "web types" $node npm --prefix web run --silent typecheck
run "web lint" $node npm --prefix web run --silent lint
run "forbidden text" deploy/setup/check_forbidden.sh

if [ "${#failed[@]}" -gt 0 ]; then
    printf 'FAILED: %s\n' "${failed[@]}" >&2
    exit 1
fi
echo "All checks passed"
