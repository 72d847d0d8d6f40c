#!/usr/bin/env bash
# Coverage-guided fuzzing of one target: scripts/fuzz.sh frame|topology|boundary [TIME, such as 60s or 2h]
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?which target: frame, topology or boundary}
time=${2:-60s}
package=petrel-fuzz
test=$target::$target
folder=tests/fuzz/targets
if [ "$target" = boundary ]; then
    package=petrel-fuzz-boundary
    test=boundary
    folder=tests/fuzz/boundary/targets
fi
seeds=$folder/__fuzz__/$target
[ -d "$seeds/corpus" ] || { echo "there is no target $target" >&2; exit 2; }
command -v cargo-bolero >/dev/null || { echo "cargo-bolero is missing: cargo install cargo-bolero --locked" >&2; exit 1; }

# What the fuzzer finds worth keeping goes into the target folder: the corpus of the repository is only read.
found=$PWD/target/fuzz-corpus/$target
mkdir -p "$found" "$seeds/crashes"
cp -n "$seeds"/corpus/* "$found"/
# Sanitizers need a nightly compiler; coverage does not.
exec cargo bolero test "$test" --package "$package" --rustc-bootstrap --sanitizer NONE --target-dir target/fuzz \
    --corpus-dir "$found" --crashes-dir "$PWD/$seeds/crashes" -T "$time"
