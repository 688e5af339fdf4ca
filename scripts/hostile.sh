#!/usr/bin/env bash
# hostile.sh BINARY [FOLDER]: every file of a folder of damaged and odd papers goes through `parse`; says how many ended how.
# Fails where a file gave no line.
set -euo pipefail
binary=$1
folder=${2:-}
if [ -z "$folder" ] || [ ! -d "$folder" ]; then
  echo "There is no folder '$folder'. Name a folder of damaged papers: make hostile PAPERS=folder" >&2
  exit 2
fi
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
files=$(find "$folder" -type f ! -name '*.md' ! -name '*.csv' | wc -l)
start=$(date +%s)
# a folder may hold many files: parse is called for some hundreds at a time
find "$folder" -type f ! -name '*.md' ! -name '*.csv' -print0 | sort -z | xargs -0 -n 200 "$binary" parse --format jsonl > "$lines" || true
echo "$files files in $(($(date +%s) - start)) s, by how they ended:"
sed -E 's/.*"error":(null|\{"code":"([a-z_]*)").*/\1 \2/; s/^null .*/read whole/; s/^\{.* //' "$lines" | sort | uniq -c | sort -rn
if [ "$(wc -l < "$lines")" -ne "$files" ]; then
  echo "$(wc -l < "$lines") lines for $files files: some gave none" >&2
  exit 1
fi
