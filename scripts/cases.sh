#!/usr/bin/env bash
# cases.sh phrases|notes BINARY FILE: reads a table of frequency phrases or of clinical notes and says how each came out.
set -euo pipefail
kind=$1
binary=$2
file=${3:-}
if [ -z "$file" ] || [ ! -f "$file" ]; then
  echo "There is no file '$file'. Name a table: make $kind FILE=table" >&2
  exit 2
fi
cargo run --quiet --locked --example cases -- "$kind" "$binary" "$file"
