#!/usr/bin/env bash
# Installs the Debian packages that Bolide needs, and nothing when they are all there.
# usage: ./setup.sh [build|test|ci]
#   build  what the library and the tool need (demo.sh)
#   test   and what the tests need (default, test.sh)
#   ci     and the second compiler, the sanitizers, the formatter and the linter (.ci/run)
set -euo pipefail

level=${1:-test}
packages=(g++ cmake ninja-build ccache pkg-config libprotozero-dev libxxhash-dev libfmt-dev libcli11-dev
  nlohmann-json3-dev libturbojpeg0-dev libspng-dev libzip-dev
  libopenjp2-7-dev libtiff-dev libwebp-dev libre2-dev)
case $level in
  build) ;;
  test) packages+=(libgtest-dev libonnx-testdata python3 git) ;;
  ci) packages+=(libgtest-dev libonnx-testdata python3 git clang clang-format clang-tidy libclang-rt-14-dev) ;;
  *) echo "setup.sh: unknown level '$level'; it is one of build, test, ci" >&2; exit 2 ;;
esac

if ! command -v dpkg > /dev/null; then
  echo "setup.sh: not a Debian system, nothing installed; these packages are needed: ${packages[*]}" >&2
  exit 0
fi
missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f='${Status}' "$package" 2> /dev/null) == *" installed" ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo > /dev/null; then
    echo "setup.sh: missing packages: ${missing[*]}" >&2
    echo "setup.sh: neither root nor sudo; ask an administrator for: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "setup: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >> "$log" 2>&1 < /dev/null; }
# A stale or unreachable mirror shows in the install, so a failing update alone is not the end.
apt update || echo "setup: apt-get update failed, going on with the known package lists" >&2
if ! apt install -y --no-install-recommends "${missing[@]}"; then
  cat "$log" >&2
  echo "setup.sh: could not install ${missing[*]}" >&2
  exit 1
fi
