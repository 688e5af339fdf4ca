#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET…]: sends made-up bytes into each target of fuzz/ for so many seconds; fails where one crashes.
# The inputs begin with small pieces of the sample papers; what was found to be of interest stays in fuzz/corpus.
set -euo pipefail
seconds=$1
shift
cd "$(dirname "$0")/.."
targets=${*:-protocol tiff picture mail}

if ! cargo +nightly --version >/dev/null 2>&1; then
  if ! command -v rustup >/dev/null; then
    echo "Fuzzing needs a nightly Rust, and there is no rustup here: install it from https://rustup.rs, then call make again." >&2
    exit 1
  fi
  echo "Installing the nightly toolchain of Rust: the fuzzer's instruments are in no stable one. It builds nothing else."
  rustup toolchain install nightly --profile minimal
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
  echo "Installing cargo-fuzz, which runs the fuzzer; this takes a minute."
  cargo install cargo-fuzz --locked
fi

cargo run --quiet --locked --example seeds -- fuzz/corpus
cargo +nightly fuzz build
failed=""
for target in $targets; do
  echo "$target: $seconds s"
  log=$(mktemp)
  # an input of ten seconds is a hang, one of 2 GB a bomb
  if cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 >"$log" 2>&1; then
    grep -E '^Done|^stat::(average_exec_per_sec|peak_rss_mb)' "$log" || true
  else
    tail -n 40 "$log" >&2
    failed+=" $target"
  fi
  rm -f "$log"
done
if [ -n "$failed" ]; then
  echo "These failed:$failed. The lines above say why; where an input made one crash, it lies in fuzz/artifacts." >&2
  exit 1
fi
echo "No crash."
