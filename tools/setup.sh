#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing of the named groups of tools/debian-packages.txt.
#
#   tools/setup.sh build test        (groups: build test bench train develop)
set -euo pipefail

list=$(dirname "$0")/debian-packages.txt
(($#)) || { echo "usage: tools/setup.sh GROUP...   groups: $(awk '/^[a-z]/ {print $1}' "$list" | uniq | xargs)" >&2; exit 2; }

missing=()
for group in "$@"; do
  grep -q "^$group " "$list" || { echo "setup: no group '$group' in $list" >&2; exit 2; }
  while read -r package; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == "install ok installed" ]] || missing+=("$package")
  done < <(awk -v group="$group" '$1 == group {print $2}' "$list")
done
((${#missing[@]})) || exit 0

install=(env DEBIAN_FRONTEND=noninteractive apt-get)
if ((EUID != 0)); then
  command -v sudo >/dev/null || { echo "setup: please install as root: apt-get install ${missing[*]}" >&2; exit 1; }
  install=(sudo "${install[@]}")
fi
echo "setup: installing ${missing[*]}" >&2
"${install[@]}" -q update >&2 </dev/null
"${install[@]}" -q -y --no-install-recommends install "${missing[@]}" >&2 </dev/null
