#!/usr/bin/env bash
# deb.sh: builds the Debian package, with the man pages and completions made by the program itself, and says where it lies.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo deb --version >/dev/null 2>&1; then
  echo "Installing cargo-deb, which packs the Debian package; this takes some minutes."
  cargo install cargo-deb --locked
fi
cargo build --release --locked --bins
target/release/rxintake manual target/manual
package=$(cargo deb --no-build --locked)
echo "The package is $package. Install it with: sudo apt install $package"
