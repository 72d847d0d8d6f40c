#!/usr/bin/env bash
# The main job: builds petrel, then counts the words of a text that ships with the repository (or of the file you name).
set -euo pipefail
cd "$(dirname "$0")/.."

text=${1:-plugins/topologies/text.txt}
counts=${2:-target/counts.tsv}
scripts/setup.sh
mkdir -p "$(dirname "$counts")"
cargo build --release --locked -p petrel
target/release/petrel run plugins/topologies/word_count.toml --set lines.path="$text" --set sink.path="$counts" --until-done
echo "The ten most frequent words of $text, from $counts:" >&2
sort -t "$(printf '\t')" -k2,2nr -k1,1 "$counts" | sed -n 1,10p
