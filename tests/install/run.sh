#!/usr/bin/env bash
# Installs a build into a scratch folder, builds the outside project against it and reads a digit with it.
# usage: tests/install/run.sh [BUILD]   (default: build/release)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
build=${1:-build/release}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build" --prefix "$scratch/prefix" > /dev/null
cmake -S tests/install/outside -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$scratch/prefix" > /dev/null
cmake --build "$scratch/build"
"$scratch/build/outside" models/digits/digits.onnx
"$scratch/prefix/bin/bolide" --help > /dev/null
