#!/usr/bin/env bash
# Builds everything in build/release and runs all tests. usage: ./test.sh [ctest arguments]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"

./setup.sh test
# A checkout that was moved or mounted elsewhere cannot use the old build folder.
if [[ -f build/release/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" build/release/CMakeCache.txt; then
  rm -rf build/release
fi
# An existing build folder keeps its settings; a new one compiles several sources at a time, which takes a third of the
# time. Who works on the sources configures with -DCMAKE_UNITY_BUILD=OFF.
settings=()
if [[ ! -f build/release/build.ninja ]]; then settings=(-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=8); fi
cmake -S . -B build/release -G Ninja -DCMAKE_BUILD_TYPE=Release -DBOLIDE_TESTS=ON "${settings[@]}"
cmake --build build/release -j "$(nproc)"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export BOLIDE_CACHE_DIR=$scratch/cache
mkdir "$BOLIDE_CACHE_DIR"
export BOLIDE_SHARED=${BOLIDE_SHARED:-$root/../shared}

status=0
ctest --test-dir build/release --output-on-failure --no-tests=error -j "$(nproc)" "$@" || status=$?

log=build/release/Testing/Temporary/LastTest.log
if [[ -f $log ]]; then
  awk '/^\[  PASSED  \] [0-9]+ test/ { passed += $4 }
       /^\[  FAILED  \] [0-9]+ test/ { failed += $4 }
       /^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
       END { printf "GoogleTest cases: %d passed, %d failed, %d not run\n", passed, failed, skipped }' "$log"
fi
exit $status
