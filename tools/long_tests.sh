#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What takes too long for every change: 10,000 pages through the pipeline, 1 % of them poison, and 10,000 picture files
# through lectio read into a folder with a tiny model. Resident memory must stay flat, every page must have a verdict.
#
#   tools/long_tests.sh [PAGES]      after tools/run_tests.sh
set -euo pipefail
cd "$(dirname "$0")/.."

pages=${1:-10000}
LECTIO_LONG_PAGES=$pages build/dev/lectio_pipeline_test --gtest_filter='*MemoryStaysFlat*'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
for ((i = 0; i < pages; ++i)); do
  name=$(printf '%s/in/%05d.png' "$work" "$i")
  # What stands behind the end of a picture makes it another file, and so another page.
  if ((i % 100 == 50)); then printf '\x89PNG\r\n\x1a\n%d' "$i" >"$name"; else { cat tests/golden/images/A.png; echo "$i"; } >"$name"; fi
done
build/dev/lectio read -q --progress none --model tests/golden/tiny-v1 --mode tiny --max-tokens 8 --format txt -o "$work/out" \
  "$work/in" 2>/dev/null &
reader=$!
resident() { awk '/VmRSS/ {print $2}' "/proc/$reader/status" 2>/dev/null || true; }
early=0 last=0
while kill -0 "$reader" 2>/dev/null; do
  now=$(resident)
  finished=$({ find "$work/out" -name '*.txt' 2>/dev/null || true; } | wc -l)
  if [[ -n $now ]]; then
    last=$now
    if ((early == 0 && finished > pages / 10)); then early=$now; fi
  fi
  sleep 1
done
code=0
wait "$reader" || code=$?
python3 - "$work/out/report.json" "$pages" "$code" "$early" "$last" <<'PYTHON'
import json, sys
report, pages, code, early, last = json.load(open(sys.argv[1])), *map(int, sys.argv[2:])
totals = report["totals"]
print(f"{totals}; code {code}; resident {early} kB early, {last} kB late")
assert totals["pages"] == pages and totals["failed"] == pages // 100 and code == 11
assert last - early < 32 * 1024, "resident memory grew"
PYTHON
