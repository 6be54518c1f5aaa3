#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Sets up, builds and runs all tests: the `dev` preset, and the trainer's tests where libtorch is installed.
#
#   tools/run_tests.sh [CTEST_ARGUMENTS]      for example: tools/run_tests.sh -R Tokenizer
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh build test
train=OFF
if dpkg-query -W libtorch-dev >/dev/null 2>&1; then train=ON; fi
cmake --preset dev -DLECTIO_TRAIN=$train
cmake --build --preset dev
ctest --preset dev "$@"
