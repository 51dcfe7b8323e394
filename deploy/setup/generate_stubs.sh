#!/usr/bin/env bash
# Makes the gRPC stubs from proto/roundsman/v1: `generate_stubs.sh [ROOT]`, below the repository or another folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=${1:-.}
stubs=$root/proto/generated
bin=.venv/bin

rm -rf "$stubs/roundsman"
mkdir -p "$stubs/roundsman/v1"
shopt -s nullglob
protos=(proto/roundsman/v1/*.proto)
if [ "${#protos[@]}" -gt 0 ]; then
    PATH=$PWD/$bin:$PATH "$bin/python" -m grpc_tools.protoc -I proto \
        --python_out="$stubs" --grpc_python_out="$stubs" \
        --mypy_out="quiet:$stubs" --mypy_grpc_out="quiet:$stubs" "${protos[@]}"
fi
echo '"""Generated wire formats, one package per version."""' > "$stubs/roundsman/__init__.py"
echo '"""Version 1 of the wire formats; made from proto/roundsman/v1 by `make generate`."""' > "$stubs/roundsman/v1/__init__.py"
