#!/usr/bin/env bash
# Fails when a tracked file holds what must not travel: the address of a package registry, a
# path of somebody's machine, a private key, a leftover of a merge.
# (Each pattern is written so that it does not match itself.)
set -euo pipefail
cd "$(dirname "$0")/../.."
patterns=(
    'pypi[.]org' 'python[h]osted[.]org' 'registry[.]npmjs' 'registry[.]yarnpkg' 'npm[m]irror[.]com'
    'deb[.]debian[.]org' 'security[.]debian[.]org' '"resolved"[:] "' '[-][-](extra-)?index-url[ =][a-z]+:'
    "$(pwd | sed 's/./[&]/')/" '/[h]ome/[a-z]+/' '/[r]oot/[.]' '/[w]ork/'
    'BEGIN[ ]([A-Z]+ )?PRIVATE KEY' '^<<<<<<[<] ' '^>>>>>>[>] '
)
arguments=()
for pattern in "${patterns[@]}"; do arguments+=(-e "$pattern"); done
if git grep --line-number --extended-regexp -I "${arguments[@]}" -- . ':!LICENSE'; then
    echo "The lines above hold an address, a path or a key that must not be committed" >&2
    exit 1
fi
