#!/usr/bin/env bash
# Fails when a generated file differs from what its source makes.
set -euo pipefail
cd "$(dirname "$0")/../.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
deploy/setup/generate.sh "$fresh"

status=0
for path in proto/generated docs/openapi.json web/src/api/schema.ts; do
    diff --recursive --brief --exclude=__pycache__ "$path" "$fresh/$path" || status=1
done
[ "$status" -eq 0 ] || echo "Generated files are out of date: run 'make generate' and commit the result" >&2
exit "$status"
