#!/usr/bin/env bash
# All tests: the workspace's, the standard plugins' own, and the book's code blocks.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cargo test --release --locked --workspace "$@"
(cd plugins && cargo test --locked --workspace "$@")
