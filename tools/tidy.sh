#!/usr/bin/env bash
# Runs clang-tidy; every enabled check is an error (.clang-tidy). Its flags are those of build/tidy, which is configured here:
# a build of several sources at a time does not say how each is compiled.
# usage: tools/tidy.sh [--changed [BASE]] [--seconds N] [FOLDER...]
#   --changed  only files that differ from BASE (default: main)
#   --seconds  start no new file after N seconds, and say how many were not looked at
# Files touched by the latest commits come first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

base="" seconds=86400 folders=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --changed)
      base=main
      if [[ -n ${2:-} && $2 != --* ]] && git rev-parse -q --verify "$2^{commit}" > /dev/null; then base=$2; shift; fi ;;
    --seconds) seconds=$2; shift ;;
    -*) echo "tidy.sh: unknown option '$1'" >&2; exit 2 ;;
    *) folders+=("$1") ;;
  esac
  shift
done
[[ ${#folders[@]} -gt 0 ]] || folders=(src)
database=build/tidy/compile_commands.json
cmake -S . -B build/tidy -G Ninja -DCMAKE_BUILD_TYPE=Release -DBOLIDE_TESTS=ON -DCMAKE_UNITY_BUILD=OFF > /dev/null

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
grep -oE '"file": "[^"]+"' "$database" | cut -d'"' -f4 | sed "s|^$PWD/||" | sort -u > "$scratch/compiled"
{
  if [[ -n $base ]]; then
    git diff --name-only "$base"
  else
    git log -n 20 --name-only --format= 2> /dev/null | awk '!seen[$0]++' || true
    cat "$scratch/compiled"
  fi
} | awk -v folders="${folders[*]}" '
  FNR == NR { compiled[$0] = 1; next }
  !($0 in compiled) || seen[$0]++ { next }
  { n = split(folders, f, " "); for (i = 1; i <= n; i++) { p = f[i]; sub(/\/+$/, "", p); if (index($0, p "/") == 1 || $0 == p) { print; next } } }
' "$scratch/compiled" - > "$scratch/files"

export TIDY_DEADLINE=$(($(date +%s) + seconds)) TIDY_SKIPPED=$scratch/skipped
: > "$TIDY_SKIPPED"
# shellcheck disable=SC2016
one='if [[ $(date +%s) -ge $TIDY_DEADLINE ]]; then echo "$0" >> "$TIDY_SKIPPED"; exit 0; fi
out=$(clang-tidy-14 -p build/tidy --quiet "$0" 2> /dev/null) || { echo "$out"; echo "tidy: $0"; exit 1; }'
status=0
xargs -r -P "$(nproc)" -n 1 bash -c "$one" < "$scratch/files" || status=$?
skipped=$(wc -l < "$TIDY_SKIPPED")
echo "tidy: $(($(wc -l < "$scratch/files") - skipped)) files checked, $skipped not looked at for lack of time"
[[ $status -eq 0 ]] || { echo "tidy.sh: the lines above name the findings" >&2; exit 1; }
