#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/splits.json: how the official pre-tokenizer cuts a corpus of difficult texts.

The pieces come from a plain scanner over general categories below, written from the words of the specification (10.1)
without a regular expression, and must agree with the expressions run by Python's `regex` module (pip install regex).
Neither is what the library runs.
"""
import json
import pathlib
import unicodedata

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/splits.json"
BLANKS = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(0x09, 0x0E), *range(0x2000, 0x200B)}
ASCII_MARKS = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
ASCII_LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def kind(c):
    return unicodedata.category(c)[0]


def blank(c):
    return ord(c) in BLANKS


def run(text, at, test):
    end = at
    while end < len(text) and test(text[end]):
        end += 1
    return end


def numbers(text):
    """Digits in threes; what lies between stays."""
    pieces, at = [], 0
    while at < len(text):
        digit = kind(text[at]) == "N"
        end = run(text, at, lambda c: (kind(c) == "N") == digit)
        pieces += [text[i:min(i + 3, end)] for i in range(at, end, 3)] if digit else [text[at:end]]
        at = end
    return pieces


def ideographs(text):
    def test(c):
        return 0x4E00 <= ord(c) <= 0x9FA5 or 0x3040 <= ord(c) <= 0x30FF
    pieces, at = [], 0
    while at < len(text):
        inside = test(text[at])
        end = run(text, at, lambda c: test(c) == inside)
        pieces.append(text[at:end])
        at = end
    return pieces


def word_end(text, at):
    """The end of what the third expression takes at `at`, or None: then the character joins the gap."""
    size = len(text)
    if text[at] in ASCII_MARKS and at + 1 < size and text[at + 1] in ASCII_LETTERS:
        return run(text, at + 1, lambda c: c in ASCII_LETTERS)
    begin = at + 1 if text[at] not in "\r\n" and kind(text[at]) not in "LPS" else at
    for start in (begin, at):  # the leading character is given back where no letter follows it
        end = run(text, start, lambda c: kind(c) in "LM")
        if end > start:
            return end
    start = at + 1 if text[at] == " " else at
    end = run(text, start, lambda c: kind(c) in "PS")
    if end > start:
        return run(text, end, lambda c: c in "\r\n")
    blanks = run(text, at, blank)
    if blanks == at:
        return None
    newline = max((i for i in range(at, blanks) if text[i] in "\r\n"), default=None)
    if newline is not None:
        return newline + 1
    return blanks if blanks == size or blanks == at + 1 else blanks - 1


def words(text):
    pieces, at, gap = [], 0, ""
    while at < len(text):
        end = word_end(text, at)
        if end is None:
            gap += text[at]
            at += 1
            continue
        pieces += ([gap] if gap else []) + [text[at:end]]
        gap, at = "", end
    return pieces + ([gap] if gap else [])


def split(text):
    return [w for n in numbers(text) for i in ideographs(n) for w in words(i)]


def by_expressions(text):
    import regex
    expressions = [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
                   r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
                   r"""| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""]
    pieces = [text]
    for expression in expressions:
        cut = []
        for piece in pieces:
            at = 0
            for match in regex.finditer(expression, piece):
                cut += [piece[at:match.start()], match.group()]
                at = match.end()
            cut.append(piece[at:])
        pieces = [p for p in cut if p]
    return pieces


WORDS = ["Hello, world!", "The quick brown fox jumps over the lazy dog.", "don't can't it's", "e-mail re-read", "A.B.C.",
         "snake_case camelCase PascalCase", "www.example.org/path?query=1&x=y#frag", "name@example.com", "C++ C# F# .NET",
         "ALL CAPS TEXT", "iPhone MacBook", "Straße Müßiggang", "naïve café résumé", "Ångström Øre Æther", "œuvre ﬁne ﬂow",
         "Ελληνικά κείμενο", "Русский текст, ещё раз", "Українська мова", "שלום עולם", "مرحبا بالعالم", "हिन्दी पाठ",
         "ไทย ภาษา", "தமிழ் உரை", "ქართული", "Tiếng Việt", "e\u0301te\u0301 combining", "a\u0308o\u0308u\u0308",
         "\u0301leading mark", "l'été d'août", "\u2019tis \u2018quoted\u2019 \u201Ctwice\u201D", "x", " x", "x ", ""]
NUMBERS = ["0", "12", "123", "1234", "12345", "1234567", "12345678901234567890", "3.14159", "1,234,567.89", "-42 +7 ±3", "1e-10",
           "0xDEADBEEF", "2026-11-26T01:30:00Z", "10:45", "50%", "€5 $10 £20 ¥30", "½ ¼ ¾", "Ⅷ Ⅻ", "x² m³ H₂O", "①②③ ㈠",
           "١٢٣٤٥ arabic-indic", "۱۲۳۴", "१२३४५", "๑๒๓", "１２３４５ full", "page 1 of 100", "v1.2.3", "a1b2c3", "1st 2nd 3rd",
           "𝟏𝟐𝟑𝟒", "1 000 000", "12 34 56", "007"]
CJK = ["你好，世界！", "中文混合English和数字123的文本。", "コンピューターでOCRを実行する。", "ひらがなカタカナ漢字", "안녕하세요, 세계!", "한국어 텍스트 123",
       "先天下之忧而忧", "繁體中文測試", "「引用」『二重』", "。、！？", "全角　空格", "龥龦龧", "㐀㐁 extension A", "𠀀𠀁 extension B", "々〆ヶ",
       "ゔゖ゙゚ゝゞゟ", "゠ァヿ", "ㄅㄆㄇ bopomofo", "ﾊﾝｶｸ ｶﾅ", "Ｆｕｌｌ ｗｉｄｔｈ", "中 文 空 格", "中\n文", "第3章 第12節", "3月14日", "中文。English.中文"]
MARKS = ["...", "!!!", "?!?!", "---", "***bold***", "# Heading", "## 2.1 Title", "- item\n- item", "1. one\n2. two", "> quote", "`code`",
         "```python\nprint(1)\n```", "[link](http://a.b)", "| a | b |\n|---|---|", "\\frac{a}{b} + \\sqrt{x^2 + y^2}", "$\\alpha \\le \\beta$",
         "\\[ E = mc^2 \\]", "<table><tr><td>A</td></tr></table>", "&amp; &lt;", "{\"key\": [1, 2]}", "a=b;c!=d", "x->y=>z", "(a)(b)",
         "\u2026 \u2013 \u2014", "« guillemets »", "→ ← ↑ ↓", "∑∫√∞≠≤≥", "© ® ™ § ¶", "☑ ☐ ✓", "\u00A1Hola! \u00BFQu\u00E9?", "a/b\\c", "~tilde~",
         "''", "\"\"", " . , ;", ".a ,b ;c", "!\n!\r\n", ";\n\n\n"]
BLANK_TEXTS = [" ", "  ", "   ", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", "\t", "\t\t", " \n", "\n ", " \n ", "  \n  \n  ", "a  b   c    d",
               "tail   ", "  lead", "  both  ", "tabs\t\tand\ttext", "line one\nline two\n", "line one\r\nline two\r\n", "a\n\n\n\nb",
               "a \n b", "indent:\n    four\n        eight", "\u00A0nbsp\u00A0", "a\u00A0b", "\u3000ideographic", "\u2003em \u2009thin",
               "a\u2028b\u2029c", "a\u0085b", "\u180Ex y", "a\u200Bb zero", "\uFEFFbom", "a\u00ADsoft", "x\fform", "x\vtab"]
EMOJI = ["😀", "😀😀", "👍🏽 ok", "👨‍👩‍👧‍👦 family", "🇩🇪🇫🇷 flags", "1️⃣2️⃣", "❤️ heart", "text😀text", "😀 ", " 😀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "♥♦♣♠"]
CONTROL = ["\x00", "a\x00b", "\x1B[31mred", "\x7F", "\u0080\u0081", "\uE000 private", "\uFFFD", "\U0010FFFF", "\u0378 unassigned"]


def main():
    corpus = WORDS + NUMBERS + CJK + MARKS + BLANK_TEXTS + EMOJI + CONTROL
    corpus += ["  ".join(WORDS[:8]), "\r\n".join(NUMBERS[:8]), "".join(CJK), "\n".join(MARKS), "".join(BLANK_TEXTS), "".join(EMOJI)]
    assert len(corpus) == len(set(corpus))
    for text in corpus:
        assert split(text) == by_expressions(text), (text, split(text), by_expressions(text))
        assert "".join(split(text)) == text
    items = [{"text": text, "pieces": split(text)} for text in corpus]
    lines = ",\n".join(json.dumps(item) for item in items)
    OUT.write_text('{"cases": [\n' + lines + "\n]}\n")
    print(f"{len(items)} texts")


if __name__ == "__main__":
    main()
