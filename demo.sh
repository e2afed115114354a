#!/usr/bin/env bash
# Builds the tool and runs its demo; the results are in demo-output/. usage: ./demo.sh [demo arguments]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"

./setup.sh build
if [[ -f build/release/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" build/release/CMakeCache.txt; then
  rm -rf build/release
fi
# An existing build folder keeps its settings, with or without tests in it; a new one compiles several sources at a time,
# which takes a third of the time.
settings=()
if [[ ! -f build/release/build.ninja ]]; then
  settings=(-DBOLIDE_TESTS=OFF -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=8)
fi
cmake -S . -B build/release -G Ninja -DCMAKE_BUILD_TYPE=Release "${settings[@]}"
cmake --build build/release -j "$(nproc)" --target bolide
exec build/release/bolide demo --output demo-output "$@"
