#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include in src/ against src/layers.txt, and where third-party headers may appear."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Third-party header prefix -> the modules that may include it, and whether a header of ours may.
CONFINED = {
    "torch/": (["train", "apps/trainer"], True),
    "ATen/": (["train"], True),
    "c10/": (["train"], True),
    "cuda": (["compute/cuda"], True),
    "png.h": (["media/image"], False),
    "jpeglib.h": (["media/image"], False),
    "webp/": (["media/image"], False),
    "tiff": (["media/image"], False),
    "gif_lib.h": (["media/image"], False),
    "stb/": (["media/image"], False),
    "qpdf/": (["media/pdf"], False),
    "libexif/": (["media/image"], False),
    "ft2build.h": (["media/render"], False),
    "freetype/": (["media/render"], False),
    "hb": (["media/render"], False),
    "unicode/": (["model/tokenizer", "media/render", "eval", "train", "datagen/corpus"], False),
    "dnnl": (["compute/kernels"], False),
    "CLI/": (["apps/cli", "apps/trainer"], False),
    "spdlog/": (["apps/cli", "apps/trainer"], False),
    "nlohmann/": (None, False),
    "fmt/": (None, False),
}


def read_layers():
    layers = {}
    for line in (ROOT / "layers.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            module, _, allowed = line.partition(":")
            layers[module.strip()] = allowed.split()
    return layers


def module_of(path, layers):
    parts = path.split("/")
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in layers:
            return name
    return None


def may(module, target, allowed):
    if module == target or target in allowed:
        return True
    return any(a.endswith("/*") and target.startswith(a[:-1]) for a in allowed)


def check_project(where, module, include, layers):
    target = module_of(include, layers)
    if target is None:
        return [f"{where}: '{include}' is in no module of layers.txt"]
    if not may(module, target, layers[module]):
        return [f"{where}: {module} may not include {target}"]
    return []


def check_third_party(where, module, include, is_header):
    for prefix, (modules, in_headers) in CONFINED.items():
        if not include.startswith(prefix):
            continue
        problems = []
        if modules is not None and module not in modules:
            problems.append(f"{where}: <{include}> belongs to {', '.join(modules)} alone")
        if is_header and not in_headers:
            problems.append(f"{where}: <{include}> in a header of ours")
        return problems
    return []


def main():
    layers = read_layers()
    problems = []
    for path in sorted(ROOT.rglob("*")):
        if path.suffix not in {".h", ".cpp", ".cu", ".cuh", ".inc"}:
            continue
        relative = path.relative_to(ROOT).as_posix()
        module = module_of(relative, layers)
        if module is None:
            problems.append(f"{relative}: in no module of layers.txt")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            where = f"src/{relative}:{number}"
            kind, include = match.groups()
            if kind == '"':
                problems += check_project(where, module, include, layers)
            else:
                problems += check_third_party(where, module, include, path.suffix in {".h", ".cuh"})
    print("\n".join(problems) if problems else "layers: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
