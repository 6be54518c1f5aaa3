#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fills data/ with what training needs: text and fonts from packages of Debian 12 "main", nothing else.
# Packages are downloaded and unpacked in a folder of their own; nothing is installed and no package script runs.
#
#   tools/fetch_data.sh [DATA_FOLDER]        (default: data/ of this checkout; needs apt-get, dpkg-deb, python3, xz)
#
# LECTIO_DATA_CACHE names a folder that keeps the downloaded packages (default: DATA_FOLDER/cache).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
data=${1:-$root/data}
mkdir -p "$data"
data=$(cd "$data" && pwd)
cache=${LECTIO_DATA_CACHE:-$data/cache}
list=$root/tools/data_packages.txt
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for tool in apt-get dpkg-deb python3 xz; do
  command -v "$tool" >/dev/null || { echo "fetch_data: $tool is needed" >&2; exit 1; }
done

mapfile -t packages < <(awk '$1 == "corpus" || $1 == "font" {print $2}' "$list" | sort -u)
mkdir -p "$cache" "$scratch/unpacked"

missing=()
for package in "${packages[@]}"; do
  compgen -G "$cache/${package}_*.deb" >/dev/null || missing+=("$package")
done
if ((${#missing[@]})); then
  echo "fetch_data: downloading ${#missing[@]} packages"
  (cd "$cache" && apt-get download -q -o APT::Sandbox::User=root "${missing[@]}" >"$scratch/download.log") ||
    { cat "$scratch/download.log" >&2; echo "fetch_data: download failed; is 'apt-get update' due?" >&2; exit 1; }
fi
for package in "${packages[@]}"; do
  mkdir "$scratch/unpacked/$package"
  dpkg-deb -x "$(compgen -G "$cache/${package}_*.deb" | sort | tail -1)" "$scratch/unpacked/$package"
done

echo "fetch_data: fonts"
rm -rf "$data/fonts" "$data/corpus"
mkdir -p "$data/fonts/train" "$data/fonts/heldout" "$data/corpus"
while read -r kind package part glob; do
  [[ $kind == font ]] || continue
  found=0
  while IFS= read -r -d '' file; do
    install -m 644 "$file" "$data/fonts/$part/$(basename "$file" | tr ' ' '-')"
    found=1
  done < <(find "$scratch/unpacked/$package" -type f -path "$scratch/unpacked/$package/$glob" -print0)
  ((found)) || { echo "fetch_data: $package holds no $glob" >&2; exit 1; }
done <"$list"

echo "fetch_data: text"
python3 "$root/tools/corpus_from_packages.py" "$list" "$scratch/unpacked" "$data/corpus/train"
cat "$data"/corpus/train/*.txt | xz -T0 -6 -c >"$data/corpus.txt.xz"

python3 "$root/tools/data_manifest.py" "$list" "$cache" "$scratch/unpacked" "$data"
echo "fetch_data: done"
du -sh "$data/corpus/train" "$data/corpus.txt.xz" "$data/fonts/train" "$data/fonts/heldout"
