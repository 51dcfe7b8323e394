#!/usr/bin/env bash
# Makes .venv from the locked requirements: `venv.sh REQUIREMENTS...`; PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Roundsman needs Python 3.11 or newer, $python is $("$python" -V 2>&1). Name another with PYTHON=..." >&2
    exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || deploy/setup/system_packages.sh python3-venv
[ -x .venv/bin/python ] || "$python" -m venv .venv

for requirements in "$@"; do
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
done
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
