#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the objects that are compiled for one instruction set: lectio_kernels_<isa>.dir/*.o of a build folder.

A weak symbol in one of them could be chosen by the linker for the whole program and then run on a CPU without that
set. And the AVX2 objects must not use AVX-512's registers, while the AVX-512 ones must.
"""
import pathlib
import re
import subprocess
import sys

# Coalesced symbols: W and V weak, u unique, C common.
WEAK = re.compile(r"^\s*[0-9a-f]*\s+([WwVvuC])\s+(.+)$")
WIDE = re.compile(r"%zmm|%k[0-7]\b|%[xy]mm(1[6-9]|2\d|3[01])\b")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def weak_symbols(path):
    symbols = (WEAK.match(line) for line in output_of("nm", "-C", str(path)).splitlines())
    return [f"{path.name}: weak symbol {match[2]}" for match in symbols if match]


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD_FOLDER")
    problems = []
    count = 0
    for isa in ("avx2", "avx512", "avx512bf16"):
        objects = sorted(pathlib.Path(sys.argv[1]).rglob(f"lectio_kernels_{isa}.dir/**/*.o"))
        if not objects:
            problems.append(f"no objects for {isa} under {sys.argv[1]}")
        count += len(objects)
        code = {path: output_of("objdump", "-d", str(path)) for path in objects}
        for path in objects:
            problems += weak_symbols(path)
            if isa == "avx2" and WIDE.search(code[path]):
                problems.append(f"{path.name}: AVX-512 in an AVX2 object")
        if isa != "avx2" and objects and not any("%zmm" in text for text in code.values()):
            problems.append(f"the {isa} objects do not use the wide registers")
    print("\n".join(problems) if problems else f"symbols: ok ({count} objects)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
