#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# From a fresh machine to a read page: sets up, builds the reader and reads a picture with the small model.
#
#   tools/read_a_page.sh [IMAGE]              (default: the page in examples/)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
image=$(realpath "${1:-$root/examples/page.png}")
cd "$root"

tools/setup.sh build
train=OFF
if dpkg-query -W libtorch-dev >/dev/null 2>&1; then train=ON; fi
cmake --preset release -DLECTIO_TRAIN=$train -DLECTIO_TESTS=OFF -DLECTIO_BENCH=OFF >&2
cmake --build --preset release --target lectio_cli >&2
exec build/release/lectio read "$image"
