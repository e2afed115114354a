#!/usr/bin/env bash
# Checks or times the CUDA backend on a machine with a GPU, its driver, NVRTC and (for networks) PyTorch; no package index is
# needed. Each call is meant to end within nine minutes: name parts and networks in groups.
#
#   bench/gpu_check.sh correctness [--parts kernels,models,networks,sanitizer] [--nets a,b]
#   bench/gpu_check.sh speed [--nets a,b]      FP16, batch 1 and large, against torch.compile in the same run
#
# What it runs is the folder .gpu that bench/gpu_pack.sh made, or else build/release and ../shared;
# BOLIDE_BIN (bolide, libbolide.so, test programs) and BOLIDE_SHARED name others.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
mode=${1:?correctness or speed}
shift
parts=kernels,models,networks,sanitizer nets=resnet50
while [ $# -gt 0 ]; do
  case $1 in
    --nets) nets=$2; shift 2 ;;
    --parts) parts=$2; shift 2 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
done
work=${BOLIDE_GPU_WORK:-/tmp/bolide-gpu-check}
mkdir -p "$work/nets" "$work/failed"
if [ -d "$here/.gpu" ]; then
  tar -C "$work" -xzf "$here/.gpu/programs.tar.gz"
  bin=${BOLIDE_BIN:-$work/bin} shared=${BOLIDE_SHARED:-$here/.gpu/shared}
  export LD_LIBRARY_PATH=$bin:$work/lib:${LD_LIBRARY_PATH:-}
else
  bin=${BOLIDE_BIN:-$here/build/release} shared=${BOLIDE_SHARED:-$here/../shared}
fi
rm -f "$work/failed"/*
at_once=$(( ($(nproc) + 1) / 2 )) # references run on the host, several threads each

# check NAME SECONDS COMMAND...: runs in the background, a few at once; one line each, its last output only when it fails.
check() {
  while [ "$(jobs -rp | wc -l)" -ge $at_once ]; do wait -n; done
  (
    name=$1 seconds=$2
    shift 2
    log=$work/$(echo "$name" | tr -c 'a-zA-Z0-9\n' _).log
    start=$SECONDS
    if timeout "$seconds" "$@" > "$log" 2>&1; then
      echo "ok      $name ($((SECONDS - start)) s)"
    else
      printf 'FAILED  %s\n%s\n' "$name" "$(grep -vE '^\[ +(OK|RUN)|^\[-+\]' "$log" | tail -n "${LINES_SHOWN:-3}")"
      touch "$work/failed/$(basename "$log")"
    fi
  ) &
}

# ultralytics comes from the wheel that was brought; it imports packages that a forward pass does not call, and a stand-in does for them.
python_path() {
  local wheel package
  wheel=$(ls "$here"/.gpu/wheels/ultralytics-*.whl 2> /dev/null | head -1)
  [ -n "$wheel" ] && ! python3 -c 'import ultralytics' 2> /dev/null || return 0
  mkdir -p "$work/python"
  python3 -m zipfile -e "$wheel" "$work/python"
  for package in cv2 matplotlib polars psutil requests scipy yaml; do
    python3 -c "import $package" 2> /dev/null || cp "$here/bench/stand_in.py" "$work/python/$package.py"
  done
  export PYTHONPATH=$work/python:${PYTHONPATH:-} YOLO_CONFIG_DIR=$work YOLO_OFFLINE=true
}

export_networks() {
  local net
  for net in ${nets//,/ }; do
    while [ "$(jobs -rp | wc -l)" -ge 24 ]; do wait -n; done
    [ -f "$work/nets/$net.onnx" ] || OMP_NUM_THREADS=4 python3 "$shared/bench/networks.py" "$work/nets" "$net" > "$work/export_$net.log" 2>&1 &
  done
  wait
  for net in ${nets//,/ }; do
    [ -f "$work/nets/$net.onnx" ] || { echo "FAILED  export of $net: $(tail -n 1 "$work/export_$net.log")"; touch "$work/failed/export_$net"; }
  done
}

# The peer's kernels are compiled by processes of their own, many at once, into its cache.
compile_peers() {
  local net
  for net in ${nets//,/ }; do
    OMP_NUM_THREADS=4 TORCHINDUCTOR_COMPILE_THREADS=4 python3 "$here/bench/gpu_peers.py" --networks "$shared/bench/networks.py" --nets "$net" --only-compile > "$work/compile_$net.log" 2>&1 &
  done
}

tests() { find -L "$bin" -name 'cuda_*_test' -type f -perm -u+x | sort; }

# Each program in several processes: its references run on the host, a test to a core.
kernels() {
  local path shard
  for path in $(tests); do
    for shard in 0 1 2 3 4 5; do
      LINES_SHOWN=40 check "$(basename "$path"), part $((shard + 1)) of 6" 400 \
        env GTEST_TOTAL_SHARDS=6 GTEST_SHARD_INDEX=$shard "$path" --gtest_filter='-*CompiledFor*'
    done
  done
}

# Quantised models run in integers; a number may lie one step apart where a float sum in another order falls on the other side of a rounding.
models() {
  local model precision precisions
  while IFS= read -r model; do
    precisions='fp32 tf32 fp16 bf16'
    grep -qE "QuantizeLinear|QLinear" "$model" && precisions=best
    for precision in $precisions; do
      check "$(basename "$(dirname "$model")")/$(basename "$model") $precision" 100 "$bin/bolide" compare "$model" --device cuda --precision $precision --quant-steps 1
    done
  done < <(find "$shared/models" -name '*.onnx' | sort)
}

networks() {
  local net precision
  for net in ${nets//,/ }; do
    for precision in fp32 fp16 bf16; do
      [ -f "$work/nets/$net.onnx" ] && check "$net $precision" 200 "$bin/bolide" compare "$work/nets/$net.onnx" --device cuda --precision $precision
    done
  done
}

# Reads and writes of device memory beyond what was allocated, in small networks of every kind and the test programs' smallest cases.
sanitizer() {
  command -v compute-sanitizer > /dev/null || { echo "not run: compute-sanitizer is not on the PATH"; return; }
  local model
  for model in mnist/cnn_mnist_pytorch micro_kws/fp32 super_resolution/super_resolution silero_vad/silero_vad_16k_op15; do
    LINES_SHOWN=20 check "memcheck $model" 240 compute-sanitizer --error-exitcode 9 --leak-check full \
      "$bin/bolide" run "$shared/models/$model.onnx" --device cuda --precision fp16
  done
}

case $mode in
  correctness)
    for part in ${parts//,/ }; do
      case $part in
        kernels | models | sanitizer) ;;
        networks) python_path; export_networks ;;
        *) echo "unknown part $part: kernels, models, networks, sanitizer" >&2; exit 2 ;;
      esac
      "$part"
    done
    wait
    ;;
  speed)
    python_path
    compile_peers
    export_networks
    python3 "$here/bench/gpu_peers.py" --bolide "$bin/bolide" --networks "$shared/bench/networks.py" --models "$work/nets" --nets "$nets" || touch "$work/failed/speed"
    ;;
  *)
    echo "unknown mode $mode: correctness or speed" >&2
    exit 2
    ;;
esac
failures=$(ls "$work/failed" | wc -l)
echo "$failures failed"
exit $((failures > 0))
