#!/usr/bin/env bash
# Builds the corpus once and measures recheck beside its peers: `benches/peers.sh DIR [MIB] [ROUNDS]`.
# RECHECK_DATA names the reference data. ripgrep 15 is taken from RG, or installed into DIR.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dir=${1:?where the corpus goes} mib=${2:-1024} rounds=${3:-7}
mkdir -p "$dir"

features=()
if [[ -e /usr/include/hs/hs.h ]]; then
    features=(--features recheck-benches/hyperscan)
else
    echo "no Hyperscan: apt-get install libhyperscan-dev" >&2
fi
cargo build --release -p recheck -p recheck-benches "${features[@]}"

rg=${RG:-$dir/bin/rg}
if [[ ! -x $rg ]]; then
    cargo install --locked --root "$dir" --version ^15 ripgrep
fi
target=${CARGO_TARGET_DIR:-target}/release

# A corpus of another size or seed is another corpus.
if [[ $(cat "$dir/size" 2>/dev/null) != "$mib" ]]; then
    rm -rf "$dir"/{plain,long,dense,hits,small,gzip,fingerprints-*,size}
    "$target/bench-peers" build "$dir" --mib "$mib"
    echo "$mib" >"$dir/size"
fi

taskset -c 0 "$target/bench-peers" in-process "$dir" --rounds "$rounds"
"$target/bench-peers" whole-process "$dir" --rounds "$rounds" \
    --recheck "$target/recheck" --rg "$rg"
