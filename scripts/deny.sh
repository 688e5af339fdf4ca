#!/usr/bin/env bash
# deny.sh: holds the dependencies against .deny.toml where cargo-deny is installed; the rest of the lints do not wait for it.
set -euo pipefail
if ! cargo deny --version >/dev/null 2>&1; then
  echo "cargo-deny is not installed, so licences and bans were not checked (cargo install cargo-deny --locked)."
  exit 0
fi
cargo deny check licenses bans sources
