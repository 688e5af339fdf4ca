#!/usr/bin/env bash
# install-packages.sh GROUP…: makes sure that the Debian or Ubuntu packages of each GROUP (build, run, test, bench) are installed.
# Looks first and installs only what is missing, so that a second call takes no time.
set -euo pipefail

build="pkg-config clang libclang-dev libtesseract-dev libleptonica-dev"
run="tesseract-ocr-eng tesseract-ocr-osd"
test="openssl dovecot-imapd exim4-daemon-light qpdf strace binutils util-linux coreutils bsdutils libtiff-tools faketime gcc"

bench="tesseract-ocr ocrmypdf libtiff-tools"

wanted=""
for group in "$@"; do
  case "$group" in
    build) wanted+=" $build" ;;
    run) wanted+=" $run" ;;
    test) wanted+=" $test" ;;
    bench) wanted+=" $bench" ;;
    *) echo "install-packages.sh: no group \`$group\`; there are build, run, test, bench" >&2; exit 2 ;;
  esac
done

missing=""
for package in $wanted; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=" $package"
done

if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null; then
    echo "rxintake needs these packages (Debian names):$missing. There is no apt-get here: install them by hand, then call make again." >&2
    exit 1
  fi
  if [ "$(id -u)" -eq 0 ]; then
    apt="apt-get"
  elif sudo -n true 2>/dev/null; then
    apt="sudo apt-get"
  else
    echo "rxintake needs these packages. Install them as root, then call make again:" >&2
    echo "  sudo apt-get install$missing" >&2
    exit 1
  fi
  echo "Installing$missing"
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # one word a package is meant
  if ! { $apt update && $apt install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "Could not install$missing; the lines above say why." >&2
    exit 1
  fi
  rm -f "$log"
fi

if ! command -v cargo >/dev/null; then
  echo "rxintake is built with Rust 1.95 or newer, and there is no cargo here: install Rust from https://rustup.rs, then call make again." >&2
  exit 1
fi
