#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records where the training data came from: data/manifest.json, data/README and a Markdown table for docs/data.md."""

import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys

PACKAGE_README = """Training data for Lectio, made by tools/fetch_data.sh from packages of Debian 12 "main".

corpus/train/PACKAGE.txt  paragraphs of English prose, one per line, one blank line between; UTF-8
corpus.txt.xz             all of them in one file, in the order of the file names
fonts/train/              faces that the training pages are set in
fonts/heldout/            faces for measuring; no training page uses them
manifest.json             every package: version, sha256 of its .deb, licences, what was taken
cache/                    the downloaded packages; may be deleted

Each text and each font keeps the licence of its package (manifest.json, "licences"; the full text is in the package's
usr/share/doc/PACKAGE/copyright). Nothing in this folder is part of Lectio's repository.
"""

# Packages whose copyright file is free text and not machine-readable; read by a person.
FREE_TEXT_LICENCES = {
    "dict-gcide": "GPL-2+",
    "dict-foldoc": "GFDL-1.1+ (no invariant sections)",
    "debian-faq": "copies and changes allowed under the same notice",
    "fonts-liberation": "GPL-2 with font exception",
    "fortunes": "BSD-3-clause",
    "fortunes-min": "BSD-3-clause",
    "gimp-help-en": "GFDL-1.2+ (no invariant sections)",
}


def licences(tree, package):
    """The short names in the machine-readable copyright file, or what a person read in a free-text one."""
    path = tree / "usr/share/doc" / package / "copyright"
    if not path.exists():  # a link into another package of the same source
        return [FREE_TEXT_LICENCES.get(package, "see the source package")]
    text = path.read_text(encoding="utf-8", errors="replace")
    if re.search(r"^Format:", text, re.MULTILINE):
        # Licences of the packaging itself (Files: debian/*) say nothing about the text or the font.
        stanzas = [s for s in re.split(r"\n\s*\n", text) if not re.search(r"^Files:\s*debian/", s, re.MULTILINE)]
        names = [n.strip() for s in stanzas if re.search(r"^Files:", s, re.MULTILINE)
                 for n in re.findall(r"^License:\s*(\S.*)$", s, re.MULTILINE)]
        if names:
            return sorted(set(names))
    if package in FREE_TEXT_LICENCES:
        return [FREE_TEXT_LICENCES[package]]
    guesses = {
        "GFDL": r"Free Documentation License", "GPL": r"GNU General Public License|\bGPL\b", "LPPL": r"LaTeX Project Public",
        "OFL-1.1": r"Open Font License|\bOFL\b", "Apache-2.0": r"Apache License", "CC-BY-SA": r"Attribution[- ]ShareAlike",
        "public-domain": r"public domain", "PostgreSQL": r"PostgreSQL", "BSD": r"\bBSD\b|University of California",
        "MIT": r"Permission is hereby granted, free of charge", "GUST": r"GUST Font License", "PSF": r"Python Software Foundation",
        "Bitstream Vera": r"Bitstream Vera", "Open Publication": r"Open Publication License",
    }
    return sorted(name for name, pattern in guesses.items() if re.search(pattern, text)) or ["see its copyright file"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("sources", "cache", "unpacked", "data"):
        arguments.add_argument(name, type=pathlib.Path)
    options = arguments.parse_args()

    taken = {}
    for line in options.sources.read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if not fields or fields[0] not in ("corpus", "font"):
            continue
        package = fields[1]
        entry = taken.setdefault(package, {"text_bytes": 0, "fonts": []})
        if fields[0] == "corpus":
            entry["text_bytes"] = (options.data / "corpus/train" / f"{package}.txt").stat().st_size
        else:
            pattern = " ".join(fields[3:])
            found = sorted(p.name.replace(" ", "-") for p in (options.unpacked / package).glob(pattern))
            entry["fonts"] += [f"{fields[2]}/{name}" for name in found]

    packages = []
    for package, entry in sorted(taken.items()):
        deb = sorted(options.cache.glob(f"{package}_*.deb"))[-1]
        version = subprocess.run(["dpkg-deb", "-f", str(deb), "Version"], check=True, capture_output=True,
                                 text=True).stdout.strip()
        packages.append({
            "package": package,
            "version": version,
            "sha256": hashlib.sha256(deb.read_bytes()).hexdigest(),
            "deb_bytes": deb.stat().st_size,
            "licences": licences(options.unpacked / package, package),
            **entry,
        })
    (options.data / "manifest.json").write_text(json.dumps({"packages": packages}, indent=1) + "\n", encoding="utf-8")
    (options.data / "README").write_text(PACKAGE_README, encoding="utf-8")

    rows = ["| package | version | taken | licence |", "|---|---|---|---|"]
    for p in packages:
        what = f"{p['text_bytes'] / 1e6:.2f} MB text" if p["text_bytes"] else ", ".join(p["fonts"])
        rows.append(f"| {p['package']} | {p['version']} | {what} | {'; '.join(p['licences'])} |")
    (options.data / "packages.md").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
