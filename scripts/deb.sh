#!/usr/bin/env bash
# deb.sh: builds the Debian package, with the man pages and completions made by the program itself, checks that everything is in
# it, and says where it lies.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo deb --version >/dev/null 2>&1; then
  echo "Installing cargo-deb, which packs the Debian package; this takes some minutes."
  cargo install cargo-deb --locked
fi
cargo build --release --locked --bins
rm -rf target/manual # pages of commands that are no more
target/release/rxintake manual target/manual
package=$(cargo deb --no-build --locked)

# what the package must hold, whatever the patterns in Cargo.toml match
expected="usr/bin/rxintake usr/bin/rxintake-reader usr/lib/systemd/system/rxintake.service
usr/share/bash-completion/completions/rxintake usr/share/zsh/vendor-completions/_rxintake
usr/share/fish/vendor_completions.d/rxintake.fish
usr/share/doc/rxintake/README.md usr/share/doc/rxintake/copyright usr/share/doc/rxintake/changelog.Debian.gz"
for page in target/manual/*.1; do expected+=" usr/share/man/man1/$(basename "$page").gz"; done
for rules in rules/*.toml rules/senders/*.toml; do expected+=" usr/share/doc/rxintake/$rules"; done
contents=$(dpkg-deb --contents "$package" | awk '{ print $6 }')
missing=""
for file in $expected; do
  grep -qxF "./$file" <<<"$contents" || missing+=" $file"
done
scripts=$(dpkg-deb --ctrl-tarfile "$package" | tar -tf -)
for script in postinst prerm postrm; do
  grep -qxF "./$script" <<<"$scripts" || missing+=" $script"
done
if [ -n "$missing" ]; then
  echo "The package $package lacks:$missing" >&2
  exit 1
fi
echo "The package is $package. Install it with: sudo apt install $package"
