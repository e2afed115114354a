#!/usr/bin/env bash
# Brings together what a GPU machine without package mirrors needs for bench/gpu_check.sh: stripped binaries of a build, the Debian
# libraries they link, the test data of ../shared, and a wheel of ultralytics (for YOLOv5s; left out without a package index).
# usage: bench/gpu_pack.sh [BUILD_FOLDER]    (default build/release; the folder made is .gpu, at most 64 MiB)
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
shared=${BOLIDE_SHARED:-../shared}
wheel=ultralytics==8.4.190
out=.gpu
limit_mib=64
rm -rf "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/bin" "$stage/lib" "$out/wheels" "$out/shared/bench"
find -L "$build" \( -name bolide -o -name 'libbolide.so.[0-9]' -o -name 'cuda_*_test' \) -type f -exec cp {} "$stage/bin" \;
strip "$stage"/bin/*
# The GPU machine has a C and C++ library of its own, at least as new.
for file in "$stage"/bin/*; do
  ldd "$file" | awk '$3 ~ /^\// {print $3}'
done | sort -u | grep -vE '/(libbolide|libc|libm|libstdc\+\+|libgcc_s|libpthread|libdl|librt)[.-]' | xargs -r cp -L -t "$stage/lib"
tar -C "$stage" -czf "$out/programs.tar.gz" bin lib
cp "$shared/bench/networks.py" "$out/shared/bench"
cp -r "$shared/models" "$out/shared"
python3 -m pip download -q --no-deps --dest "$out/wheels" "$wheel" || echo "gpu_pack: no wheel of $wheel: YOLOv5s is left out on the GPU machine" >&2
size=$(du -sm "$out" | cut -f1)
echo "gpu_pack: $out holds $size MiB"
[ "$size" -le "$limit_mib" ] || { echo "gpu_pack: more than $limit_mib MiB" >&2; exit 1; }
