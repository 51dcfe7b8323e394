#!/usr/bin/env bash
# Makes every generated file: `generate.sh [ROOT]`, below the repository or below another folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=${1:-.}

deploy/setup/generate_stubs.sh "$root"
mkdir -p "$root/docs" "$root/web/src/api"
.venv/bin/roundsman openapi > "$root/docs/openapi.json.new"
mv "$root/docs/openapi.json.new" "$root/docs/openapi.json"
types=$(cd "$root/web/src/api" && pwd)/schema.ts
deploy/setup/node.sh web/node_modules/.bin/openapi-typescript "$root/docs/openapi.json" --output "$types" >/dev/null
