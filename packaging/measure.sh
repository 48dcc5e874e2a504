#!/bin/sh
# Packs each crate as it would be published, and prints its size. The registry takes at most 10 MB per crate.
#
#   sh packaging/measure.sh
set -eu
cd "$(dirname "$0")/.."

cargo package --workspace --no-verify --allow-dirty --quiet
limit=10000000
status=0
for crate in "${CARGO_TARGET_DIR:-target}"/package/*.crate; do
    bytes=$(wc -c <"$crate")
    if [ "$bytes" -le "$limit" ]; then
        word=ok
    else
        word='TOO LARGE'
        status=1
    fi
    printf '%9d bytes  %-9s %s\n' "$bytes" "$word" "$(basename "$crate")"
done
exit $status
