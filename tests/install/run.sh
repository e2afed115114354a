#!/usr/bin/env bash
# Installs a build into a scratch folder, builds the outside project against it and compiles a model with it.
# usage: tests/install/run.sh [BUILD [MODEL]]   (defaults: build/release, the first MNIST network of BOLIDE_SHARED)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
build=${1:-build/release}
shared=${BOLIDE_SHARED:-$root/../shared}
model=${2:-$(find -L "$shared/models/mnist" -maxdepth 1 -name '*.onnx' 2> /dev/null | sort | head -n 1)}

if [[ ! -f src/api/CMakeLists.txt ]]; then
  echo "install test not run: there is no public library to install"
  exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build" --prefix "$scratch/prefix" > /dev/null
cmake -S tests/install/outside -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$scratch/prefix" > /dev/null
cmake --build "$scratch/build"
if [[ -z $model ]]; then
  echo "the outside program was built but not run: no model in $shared/models/mnist"
  [[ ${CI:-} != true ]] || exit 1
  exit 0
fi
"$scratch/build/outside" "$model"
if [[ -x $scratch/prefix/bin/bolide ]]; then
  "$scratch/prefix/bin/bolide" --help > /dev/null
fi
