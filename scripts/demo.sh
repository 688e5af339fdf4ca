#!/usr/bin/env bash
# demo.sh BINARY [--once]: a scratch clinic under scratch/demo; the sample papers are dropped into its inbox and the daemon says
# what became of each.
set -euo pipefail
binary=$1
shift
top=$(cd "$(dirname "$0")/.." && pwd)
clinic=$top/scratch/demo

rm -rf "$clinic"
mkdir -p "$clinic"
"$binary" init "$clinic" >/dev/null
cp "$top"/samples/[0-9]* "$clinic/inbox/"

echo "A scratch clinic stands in scratch/demo; $(find "$clinic/inbox" -maxdepth 1 -type f | wc -l) sample papers lie in its inbox."
echo "Alerts will lie in scratch/demo/outbox as .eml files; any mail program opens them."
echo "Drop a scan, a fax or an .eml file into scratch/demo/inbox and watch; Ctrl-C ends it."
echo
exec "$binary" run --config "$clinic/rxintake.toml" "$@"
