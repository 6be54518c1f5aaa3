#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What takes too long for every change: 10,000 pages through the pipeline, 1 % of them poison, and 10,000 picture files
# through lectio read into a folder with a tiny model. Resident memory must stay flat, every page must have a verdict.
#
# Then as a user would, with the shipped model: a book of 300 pages that is killed three times and must end with the bytes of
# a run that was not; twelve pages as one PDF; a folder of everything, broken files too.
#
#   tools/long_tests.sh [PAGES]      after tools/run_tests.sh; PAGES 0: only the user's part
#
# LECTIO: the program (build/dev/lectio). BOOK_PAGES: 300. TEXT: a file to set as the book (this repository's own text).
# TWELVE: a folder of PNG pages to be read as one PDF (the first pages of the book).
set -euo pipefail
cd "$(dirname "$0")/.."

pages=${1:-10000}
lectio=$(realpath "${LECTIO:-build/dev/lectio}")
book_pages=${BOOK_PAGES:-300}
work=$(mktemp -d)
reader=""
finish() {
  if [[ -n $reader ]]; then kill -9 "$reader" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

many_pages() {
  LECTIO_LONG_PAGES=$pages build/dev/lectio_pipeline_test --gtest_filter='*MemoryStaysFlat*'

  mkdir "$work/in"
  for ((i = 0; i < pages; ++i)); do
    name=$(printf '%s/in/%05d.png' "$work" "$i")
    # What stands behind the end of a picture makes it another file, and so another page.
    if ((i % 100 == 50)); then printf '\x89PNG\r\n\x1a\n%d' "$i" >"$name"; else { cat tests/golden/images/A.png; echo "$i"; } >"$name"; fi
  done
  "$lectio" read -q --progress none --model tests/golden/tiny-v1 --mode tiny --max-tokens 8 --format txt -o "$work/out" \
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
  rm -rf "$work/in" "$work/out"
  reader=""
}

read_book() { exec "$lectio" read -q --progress none --mode tiny --format md,json,hocr,pdf -o "$1" "$work/book.pdf" 2>/dev/null; }
results_of() { (cd "$1" && find . -name .lectio -prune -o -type f -print0 | sort -z | xargs -0 sha256sum); }
same() {
  if ! diff <(results_of "$1") <(results_of "$2"); then
    echo "$2: other bytes than $1"
    exit 1
  fi
}

make_book() {
  local text=${TEXT:-}
  if [[ -z $text ]]; then
    text=$work/text.txt
    # Over and over; a number a round keeps the pages different.
    for ((i = 0; i < 6; ++i)); do echo "Round $i."; cat README.md ARCHITECTURE.md CONTRIBUTING.md docs/*.md; done >"$text"
  fi
  head -c $((book_pages * 2000)) "$text" | "$lectio" -q typeset - -o "$work/book" --width 512 --height 512 >/dev/null 2>&1 || true
  mapfile -t pictures < <(find "$work/book" -name '*.png' | sort | head -n "$book_pages")
  ((${#pictures[@]} == book_pages)) || { echo "expected $book_pages pages, found ${#pictures[@]}"; exit 1; }
  tools/pictures_to_pdf.py "$work/book.pdf" "${pictures[@]}"
}

# Killed in the middle, three times, at a moment that nobody chose.
killed_book() {
  (read_book "$work/whole")
  for part in 1 2 3; do
    local until=$((book_pages * part / 4 + RANDOM % (book_pages / 4 + 1)))
    read_book "$work/killed" &
    reader=$!
    while kill -0 "$reader" 2>/dev/null &&
      (($({ find "$work/killed/.lectio/pages" -name '*.json' 2>/dev/null || true; } | wc -l) < until)); do sleep 0.05; done
    sleep "0.$((RANDOM % 10))"
    kill -9 "$reader" 2>/dev/null || true
    wait "$reader" 2>/dev/null || true
    reader=""
    echo "killed behind page $(find "$work/killed/.lectio/pages" -name '*.json' | wc -l)"
  done
  (read_book "$work/killed")
  same "$work/whole" "$work/killed"
  [[ -z $(ls "$work/killed/.lectio/made") && -z $(find "$work/killed" -name '*.tmp.*') ]] ||
    { echo "left behind: $(find "$work/killed" -name '*.tmp.*') $(ls "$work/killed/.lectio/made")"; exit 1; }
  (read_book "$work/killed")
  same "$work/whole" "$work/killed"
  echo "a book of $book_pages pages, killed three times: the same bytes"
}

twelve_pages() {
  local twelve=("${pictures[@]:0:12}")
  if [[ -n ${TWELVE:-} ]]; then mapfile -t twelve < <(find "$TWELVE" -name '*.png' | sort -V | head -n 12); fi
  tools/pictures_to_pdf.py "$work/twelve.pdf" "${twelve[@]}"
  "$lectio" read -q --progress none --format md,json,hocr,pdf,alto -o "$work/twelve" "$work/twelve.pdf"
  python3 - "$work/twelve/report.json" "$work/twelve/twelve/twelve.json" "${#twelve[@]}" <<'PYTHON'
import json, sys
report, document, pages = json.load(open(sys.argv[1])), json.load(open(sys.argv[2])), int(sys.argv[3])
totals = report["totals"]
print(f"one PDF of {pages} pages: {totals}")
assert totals["pages"] == len(document["pages"]) == pages and totals["failed"] == totals["skipped"] == 0
assert all(page["answer"] for page in document["pages"])
PYTHON
  if command -v pdftotext >/dev/null; then
    (($(pdftotext "$work/twelve/twelve/twelve.pdf" - | wc -w) > 500)) || { echo "no text in the searchable PDF"; exit 1; }
  fi
}

# Good, broken, cut, encrypted, empty, misnamed, unreadable: each has a verdict, and nothing else is hurt by it.
mixed_folder() {
  local in=$work/mixed
  mkdir -p "$in/sub/deep" "$in/.hidden"
  cp "${pictures[0]}" "$in/good.png"
  cp "${pictures[1]}" "$in/sub/deep/name with blanks.png"
  cp "${pictures[2]}" "$in/picture.pdf"     # a PNG under another name is a PNG
  cp "${pictures[3]}" "$in/.hidden/not.png" # never looked at
  head -c 3000 "${pictures[4]}" >"$in/cut.png"
  tools/pictures_to_pdf.py "$in/three.pdf" "${pictures[@]:5:3}"
  head -c 20000 "$in/three.pdf" >"$in/cut.pdf"
  : >"$in/empty.png"
  : >"$in/empty.pdf"
  head -c 5000 /dev/urandom >"$in/noise.jpg"
  echo "notes" >"$in/notes.xyz"
  if command -v qpdf >/dev/null; then qpdf --encrypt secret owner 256 -- "$in/three.pdf" "$in/locked.pdf"; fi
  ln -s "$in" "$in/sub/round"
  ln -s nowhere "$in/dangling.png"
  mkfifo "$in/pipe.png"
  local code=0
  "$lectio" read -q --progress none --mode tiny -o "$work/mixed-out" "$in" 2>"$work/mixed.err" || code=$?
  python3 - "$work/mixed-out/report.json" "$code" <<'PYTHON'
import json, sys
report, code = json.load(open(sys.argv[1])), int(sys.argv[2])
verdicts = {d["place"]: [p["verdict"] for p in d["pages"]] for d in report["documents"]}
print(f"a mixed folder: code {code}, {report['totals']}")
read = {"ok", "degraded", "low_confidence", "repetition", "truncated"}
for place, pages in {"good": 1, "sub/deep/name with blanks": 1, "picture": 1, "three": 3}.items():
    assert len(verdicts[place]) == pages and set(verdicts[place]) <= read, (place, verdicts[place])
bad = {p: v for p, v in verdicts.items() if p.startswith(("cut", "empty", "noise", "locked", "dangling", "pipe"))}
assert all("failed" in v for v in bad.values()) and len(bad) >= 6, bad
assert verdicts["notes"] == ["skipped"] and not any(".hidden" in p or "round" in p for p in verdicts), verdicts
assert code == 11, code
for document in report["documents"]:
    for page in document["pages"]:
        assert page["verdict"] != "failed" or page["evidence"]["error"], document
PYTHON
  results_of "$work/mixed-out" >"$work/first"
  "$lectio" read -q --progress none --mode tiny -o "$work/mixed-out" "$in" 2>/dev/null || true
  results_of "$work/mixed-out" | diff "$work/first" - || { echo "a second run changed the results"; exit 1; }
}

if ((pages > 0)); then many_pages; fi
make_book
twelve_pages
mixed_folder
killed_book
