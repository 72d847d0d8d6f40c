#!/usr/bin/env bash
# The main job: builds petrel, then counts the words of a text that ships with the repository (or of the file you name).
set -euo pipefail
called_in=$PWD
cd "$(dirname "$0")/.."

# A file that is named starts where this was called.
named() { case $1 in /*) echo "$1" ;; *) echo "$called_in/$1" ;; esac; }
text=plugins/topologies/text.txt counts=target/counts.tsv
[ $# -lt 1 ] || text=$(named "$1")
[ $# -lt 2 ] || counts=$(named "$2")
scripts/setup.sh
mkdir -p "$(dirname "$counts")"
cargo build --release --locked -p petrel
target/release/petrel run plugins/topologies/word_count.toml --set lines.path="$text" --set sink.path="$counts" --until-done
echo "The ten most frequent words of $text, from $counts:" >&2
sort -t "$(printf '\t')" -k2,2nr -k1,1 "$counts" | sed -n 1,10p
