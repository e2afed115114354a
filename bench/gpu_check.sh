#!/usr/bin/env bash
# Checks or times the CUDA backend on a machine with a GPU, its driver, NVRTC and (for networks) PyTorch; no network and
# no package is needed. Each call is meant to end within nine minutes: give the networks in groups.
#
#   bench/gpu_check.sh correctness [--nets a,b]   kernel tests, models of ../shared, networks against the CPU reference
#   bench/gpu_check.sh speed [--nets a,b]         FP16, batch 1 and large, against torch.compile in the same run
#
# BOLIDE_BIN: folder with `bolide`, libbolide.so and the test programs (default build/release).
# BOLIDE_SHARED: the shared folder (default ../shared), for bench/networks.py and models.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
mode=${1:?correctness or speed}
shift
nets=resnet50
while [ $# -gt 0 ]; do
  case $1 in
    --nets) nets=$2; shift 2 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
done
bin=${BOLIDE_BIN:-$here/build/release}
shared=${BOLIDE_SHARED:-$here/../shared}
work=${BOLIDE_GPU_WORK:-/tmp/bolide-gpu-check}
mkdir -p "$work"
failures=0
# run NAME SECONDS COMMAND...: one line a check, its output only when it fails.
run() {
  local name=$1 seconds=$2
  shift 2
  if timeout "$seconds" "$@" > "$work/log" 2>&1; then
    echo "ok      $name"
  else
    echo "FAILED  $name"
    tail -n "${LINES_SHOWN:-12}" "$work/log"
    failures=$((failures + 1))
  fi
}
export_networks() {
  for net in ${nets//,/ }; do
    [ -f "$work/nets/$net.onnx" ] || python3 "$shared/bench/networks.py" "$work/nets" "$net" || true
  done
}

case $mode in
  correctness)
    for test in cuda_kernels_test cuda_contraction_test; do
      path=$(find "$bin" -name "$test" -type f 2>/dev/null | head -1)
      [ -n "$path" ] && LINES_SHOWN=40 run "$test" 300 "$path" --gtest_filter='-*CompiledFor*'
    done
    if [ -d "$shared/models" ]; then
      while IFS= read -r model; do
        for precision in fp32 tf32 fp16 bf16; do
          LINES_SHOWN=3 run "$(basename "$model") $precision" 60 "$bin/bolide" compare "$model" --device cuda --precision $precision
        done
      done < <(find "$shared/models" -name '*.onnx' -size -20M | sort)
    fi
    export_networks
    for net in ${nets//,/ }; do
      for precision in fp32 fp16; do
        LINES_SHOWN=3 run "$net $precision" 120 "$bin/bolide" compare "$work/nets/$net.onnx" --device cuda --precision $precision
      done
    done
    ;;
  speed)
    export_networks
    python3 "$here/bench/gpu_peers.py" --bolide "$bin/bolide" --networks "$shared/bench/networks.py" --models "$work/nets" --nets "$nets" || failures=$((failures + 1))
    ;;
  *)
    echo "unknown mode $mode: correctness or speed" >&2
    exit 2
    ;;
esac
exit $((failures > 0))
