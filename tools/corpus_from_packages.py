#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the unpacked trees of Debian packages into paragraphs of English prose.

Reads a list of sources (tools/data_packages.txt) and a folder with one unpacked tree per package, and writes one
UTF-8 file per package: paragraphs of 20 to 2000 characters, one per line, separated by one blank line. Code, tables,
navigation, licence boilerplate, text that is not English and paragraphs that another package already gave are left out.
Only Python's standard library is used. The output depends on nothing but the input trees.
"""

import argparse
import gzip
import hashlib
import html.parser
import io
import json
import lzma
import pathlib
import re
import struct
import sys
import unicodedata
import zlib

MIN_CHARS = 20
MAX_CHARS = 2000

# The most frequent words of English running text; a paragraph without them is a table, a list of names or not English.
FUNCTION_WORDS = frozenset(
    "the of and to a in is it you that he was for on are with as i his they be at one have this from or had by not but "
    "what all were when we there can an your which their said if do will each about how up out them then she many some "
    "so these would other into has more her two like him see could no make than been its who now my may did over only "
    "our after must should us me very any".split())

BOILERPLATE = re.compile(
    r"permission is (hereby )?granted|without (any )?warranty|all rights reserved|\bcopyright\b|\(c\) ?(19|20)\d\d|"
    r"general public licen[cs]e|free documentation licen[cs]e|creative commons|redistribution and use|"
    r"merchantability|©|table of contents|last (modified|updated|generated)|this page was generated", re.IGNORECASE)

# What the text fonts of the training set all have: Latin letters and the typographic characters of English.
UNPRINTABLE = re.compile("[^\x20-\x7e\u00a1-\u017f\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u2032\u2033\u20ac\u2122]")

CODE = re.compile(r"[{}\\|=<>~^#@$*_`]|::|\(\)|->|//|(?<!\w)--[a-z]|\.(c|h|py|html|txt|org|com|xml)\b")


def clean(text):
    """Normalises white space and drops characters that no font prints; typographic characters stay as they are."""
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"[\u00ad\u00b6\u200b-\u200f\u2028-\u202f\u2060\ufeff]", "", text)
    text = re.sub(r"[\s\u00a0\x00-\x1f\x7f-\x9f]+", " ", text)
    text = re.sub(r"(?<!\w)_([^_]{1,80})_(?!\w)", r"\1", text)  # _emphasis_ of plain-text books
    return re.sub(r" ([,.;:!?)])(?=\s|$)", r"\1", text).strip()


def is_prose(text):
    """True for a sentence or more of English with little code, few digits and few foreign letters."""
    if not MIN_CHARS <= len(text) or "\ufffd" in text:
        return False
    letters = sum(c.isalpha() for c in text)
    spaces = text.count(" ")
    if letters + spaces < 0.82 * len(text) or spaces < 2 or UNPRINTABLE.search(text):
        return False
    if sum(c.isdigit() for c in text) > 0.12 * len(text):
        return False
    if len(CODE.findall(text)) > 0.006 * len(text) or "http" in text or "www." in text:
        return False
    if sum(c.isupper() for c in text) > 0.25 * letters or BOILERPLATE.search(text):
        return False
    words = [w.strip(".,;:!?\"'()“”‘’[]") for w in text.lower().split()]
    if max(len(w) for w in words) > 28:
        return False
    return sum(w in FUNCTION_WORDS for w in words) >= (0.22 if len(words) >= 12 else 0.15) * len(words)


def split_long(text):
    """Cuts at sentence ends so that no piece is longer than MAX_CHARS; what cannot be cut is left out."""
    piece = ""
    for sentence in re.split(r"(?<=[.!?][\"')”’]) +|(?<=[.!?]) +", text):
        if piece and len(piece) + 1 + len(sentence) > MAX_CHARS:
            yield piece
            piece = ""
        if len(sentence) <= MAX_CHARS:
            piece = f"{piece} {sentence}".strip()
    if piece:
        yield piece


class HtmlText(html.parser.HTMLParser):
    """Collects the text of paragraphs, list items and quotations of HTML, DocBook and Mallard."""

    BLOCKS = frozenset("p para simpara li dd dt blockquote div section h1 h2 h3 h4 h5 h6 br hr table tr td th title "
                       "body item listitem note body2".split())
    WANTED = frozenset("p para simpara li dd blockquote".split())
    SKIPPED = frozenset("script style pre nav table header footer head math svg form button select programlisting screen "
                        "synopsis code-block code2 figure media info listing literallayout aside".split())
    VOID = frozenset("br hr img input meta link area base col embed source track wbr".split())

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.paragraphs = []
        self._text = []
        self._open = []
        self._skip = 0

    def _flush(self):
        if any(wanted for _, _, wanted in self._open):
            self.paragraphs.append("".join(self._text))
        self._text = []

    def handle_starttag(self, tag, attrs):
        if tag in self.BLOCKS:
            self._flush()
        if tag in self.VOID:
            return
        attributes = dict(attrs)
        role = f"{attributes.get('class') or ''} {attributes.get('role') or ''} {attributes.get('id') or ''}"
        navigation = re.search(r"\b(nav|navheader|navfooter|toc|footer|sidebar|sphinxsidebar|highlight|related|"
                               r"navigation|breadcrumbs?|headerlink|footnote-?ref)\b", role)
        skipped = tag in self.SKIPPED or (navigation is not None and tag not in ("body", "html"))
        self._skip += skipped
        wanted = tag in self.WANTED or attributes.get("class") in ("para", "simpara")
        self._open.append((tag, skipped, wanted))

    def handle_endtag(self, tag):
        if tag in self.BLOCKS:
            self._flush()
        for i in range(len(self._open) - 1, max(-1, len(self._open) - 12), -1):
            if self._open[i][0] == tag:
                self._skip -= sum(skipped for _, skipped, _ in self._open[i:])
                del self._open[i:]
                return

    def handle_data(self, data):
        if not self._skip:
            self._text.append(data)


def decode(data):
    """UTF-8 where it is valid, else Latin-1 with the Windows quotation marks."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_bytes(path):
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.GzipFile(fileobj=io.BytesIO(data)).read()
    elif data[:6] == b"\xfd7zXZ\0":
        data = lzma.decompress(data)
    return data


def from_html(path):
    parser = HtmlText()
    parser.feed(decode(read_bytes(path)))
    parser.close()
    return parser.paragraphs


def from_plain(text):
    """Blocks between blank lines; a block whose lines are indented unevenly is verse, code or a drawing: left out."""
    for block in re.split(r"\n[ \t]*\n", text.replace("\r", "")):
        lines = [line.expandtabs() for line in block.split("\n") if line.strip()]
        if not lines or any(re.search(r"\S {4,}\S", line) for line in lines):
            continue
        indents = [len(line) - len(line.lstrip()) for line in lines[1:]]
        if indents and max(indents) - min(indents) > 1:
            continue
        yield re.sub(r"(?<=[a-z])-\n\s*(?=[a-z])", "-", "\n".join(lines))


def from_text(path):
    return from_plain(decode(read_bytes(path)))


def from_pod(path):
    """Perl's Pod: running paragraphs only; C<...> and its like are unwrapped."""
    for block in from_plain(decode(read_bytes(path))):
        if block.startswith((" ", "\t", "=")):
            continue
        for _ in range(3):
            block = re.sub(r"[BCIFSL]<([^<>|]*)(\|[^<>]*)?>", r"\1", block)
        yield block


def from_rst(path):
    """reStructuredText: paragraphs at the margin, without directives, literals or roles."""
    for block in from_plain(decode(read_bytes(path))):
        if block.startswith((" ", "..", ":", "=", "-", "+", "|", "*")):
            continue
        yield re.sub(r":\w+:`([^`<]*)(<[^`]*>)?`", r"\1", block).replace("``", "").replace("**", "")


def from_fortunes(path):
    """A fortune file: entries between lines of one per cent sign; the attribution stays out."""
    for entry in decode(path.read_bytes()).split("\n%\n"):
        for block in from_plain(re.sub(r"\n\s*--+ .*", "", entry, flags=re.DOTALL)):
            yield re.sub(r"^\s*([QA]:|%)\s*", "", block)


def from_dict(path):
    """A dictd database: the running text of the definitions."""
    for block in from_plain(decode(read_bytes(path))):
        if "\\" in block.split("\n", 1)[0]:
            continue  # the head of an entry: pronunciation and etymology
        block = re.sub(r"\[[^\]]*\]", "", block).strip()
        block = re.sub(r"\s+--\s?[A-Z(][\w.,\s()&']*$", "", block)  # whom the example is from
        yield re.sub(r"[{}]", "", re.sub(r"^(\(?\w\)|\d+\.|<[^>]*>)\s+", "", block))


def from_r_data(path):
    """An R lazy-load database of character vectors (a novel, one string per printed line)."""
    data = path.read_bytes()
    pos = 0
    while pos + 8 < len(data):
        inflate = zlib.decompressobj()
        try:
            stream = inflate.decompress(data[pos + 4:])
        except zlib.error:
            return
        if not inflate.eof:
            return
        pos = len(data) - len(inflate.unused_data)
        strings = []
        at = 0
        while True:  # CHARSXP: flags (type 9 in the low byte), length, bytes
            found = re.compile(rb"\x00[\x00\x04]\x00\x09").search(stream, at)
            if not found or found.end() + 4 > len(stream):
                break
            length = struct.unpack(">I", stream[found.end():found.end() + 4])[0]
            begin = found.end() + 4
            if length > 10000:
                at = found.start() + 1
                continue
            strings.append(decode(stream[begin:begin + length]))
            at = begin + length
        yield from from_plain("\n".join(strings))


def from_sword(path):
    """A compressed SWORD module: entries of a commentary, or verses of a Bible joined to paragraphs.

    `path` is the file of verse records (.?zv); beside it lie the block table (.?zs) and the blocks (.?zz).
    """
    stem = str(path)[:-1]
    blocks, data, records = pathlib.Path(stem + "s").read_bytes(), pathlib.Path(stem + "z").read_bytes(), path.read_bytes()
    bible = "/texts/" in stem
    conf = "".join(decode(f.read_bytes()) for f in path.parents[4].glob("mods.d/*.conf"))
    # Some modules call themselves zCom4 and hold the records of zCom: the size of the file decides.
    layout = "<III" if re.search(r"ModDrv=z(Com|Text)4", conf) and len(records) % 12 == 0 else "<IIH"
    size = struct.calcsize(layout)
    cache = {}
    verses = []
    seen = set()
    for at in range(0, len(records) - size + 1, size):
        block, start, length = struct.unpack_from(layout, records, at)
        if length == 0 or (block, start) in seen or (block + 1) * 12 > len(blocks):
            continue
        seen.add((block, start))
        if block not in cache:
            offset, packed, _ = struct.unpack_from("<III", blocks, block * 12)
            cache = {block: zlib.decompress(data[offset:offset + packed])}
        text = decode(cache[block][start:start + length])
        text = re.sub(r"<note\b.*?</note>|<title\b.*?</title>|<RF>.*?<Rf>", "", text, flags=re.DOTALL)
        parts = re.split(r"<(?:p|/p|br|div|/div|lb|CM|lg|/lg)\b[^>]*>", text)
        parts = [re.sub(r"<[^>]*>", "", part) for part in parts]
        if not bible:
            yield from (html.unescape(part) for part in parts)
            continue
        verses.append(html.unescape(" ".join(parts)))
        if sum(map(len, verses)) > 150 + (at * 7919) % 900:  # paragraphs of many lengths, the same on every run
            yield " ".join(verses)
            verses = []
    yield " ".join(verses)


def from_endless_sky(path):
    """Conversations and descriptions of the game's missions: text between backticks or quotes."""
    for line in decode(path.read_bytes()).split("\n"):
        found = re.match(r"\s+(?:description |dialog )?[`\"](.{60,})[`\"]\s*$", line)
        if found and "<" not in line:
            yield found.group(1)


def from_cataclysm(path):
    """Descriptions, books, notes and dialogue of the game's JSON."""

    def walk(node, key):
        if isinstance(node, dict):
            for name, value in node.items():
                yield from walk(value, name)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value, key)
        elif isinstance(node, str) and key in ("description", "text", "dynamic_line", "str", "desc", "sound"):
            if "<" not in node:
                yield from node.split("\n")

    try:
        yield from walk(json.loads(decode(path.read_bytes())), "")
    except json.JSONDecodeError:
        return


READERS = {
    "html": from_html,
    "text": from_text,
    "pod": from_pod,
    "rst": from_rst,
    "fortunes": from_fortunes,
    "dict": from_dict,
    "rdata": from_r_data,
    "sword": from_sword,
    "endless-sky": from_endless_sky,
    "cataclysm": from_cataclysm,
}


def paragraphs_of(tree, pattern, reader, cap, seen):
    """The accepted paragraphs of one package, at most `cap` bytes of them.

    The files are read in an order by hash; what is over the cap is thinned evenly and not cut at the end.
    """
    files = [path for path in tree.glob(pattern) if path.is_file() and not path.is_symlink()]
    files.sort(key=lambda path: hashlib.blake2b(str(path.relative_to(tree)).encode()).digest())
    accepted = []
    held = 0
    for path in files:
        if re.search(r"(changelog|copyright|genindex|release[-_]?notes|/COPYING|licen[cs]e)", str(path), re.IGNORECASE):
            continue
        if held > cap and len(files) > 20:
            break  # many small files in an order by hash: what is read so far is a fair sample
        for raw in READERS[reader](path):
            text = clean(raw)
            if len(text) < MIN_CHARS:
                continue
            for piece in split_long(text):
                if not is_prose(piece):
                    continue
                key = hashlib.blake2b(re.sub(r"[^a-z]", "", piece.lower())[:400].encode(), digest_size=8).digest()
                if key not in seen:
                    seen.add(key)
                    accepted.append(piece)
                    held += len(piece.encode()) + 2
    total = sum(len(piece.encode()) + 2 for piece in accepted)
    if total <= cap:
        return accepted
    kept = []
    taken = given = 0
    for piece in accepted:
        given += len(piece.encode()) + 2
        if taken * total < given * cap and taken + len(piece.encode()) + 2 <= cap:
            kept.append(piece)
            taken += len(piece.encode()) + 2
    return kept


def read_sources(path):
    """Lines `corpus PACKAGE READER CAP_KB GLOB`; other lines are for other tools."""
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields and fields[0] == "corpus":
            yield fields[1], fields[2], int(fields[3]) * 1000, " ".join(fields[4:])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("sources", type=pathlib.Path, help="tools/data_packages.txt")
    arguments.add_argument("unpacked", type=pathlib.Path, help="folder with one unpacked tree per package")
    arguments.add_argument("out", type=pathlib.Path, help="folder for PACKAGE.txt")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    seen = set()
    grand = 0
    for package, reader, cap, pattern in read_sources(options.sources):
        tree = options.unpacked / package
        paragraphs = paragraphs_of(tree, pattern, reader, cap, seen)
        body = "\n\n".join(paragraphs) + "\n" if paragraphs else ""
        (options.out / f"{package}.txt").write_text(body, encoding="utf-8")
        grand += len(body.encode())
        print(f"{package:32} {len(paragraphs):7} paragraphs {len(body.encode()) / 1e6:7.2f} MB", flush=True)
        if not paragraphs:
            print(f"{package}: no paragraph found under '{pattern}'", file=sys.stderr)
            return 1
    print(f"{'total':32} {'':7}            {grand / 1e6:7.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
