#!/usr/bin/env bash
# score.sh BINARY [PAPERS]: reads the made papers of a folder and holds what was read against its truth.jsonl.
set -euo pipefail
binary=$1
papers=${2:-samples}
if [ ! -f "$papers/truth.jsonl" ]; then
  echo "There is no $papers/truth.jsonl. Name a folder of made papers with their truth: make score PAPERS=samples" >&2
  exit 2
fi
results=$(mktemp)
trap 'rm -f "$results"' EXIT
find "$papers" -maxdepth 1 -type f ! -name truth.jsonl ! -name '*.md' -print0 | sort -z | xargs -0 "$binary" parse --format jsonl > "$results" || true
cargo run --quiet --locked --example score -- "$papers" "$results" ${V:+-v}
