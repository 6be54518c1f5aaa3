#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the pipeline costs beside the model: the stages of reading documents, with a model that is nearly none.

  tools/bench_pipeline.py [--binary build/release/lectio] [--pages 40] [--side 1024] [--rounds 3] [--model models/lectio-nano]

Typesets pages, makes PNG files and a PDF of them, and reads these with the tiny model of tests/golden and one token a page. A stage's
time is the difference of two runs that differ in it alone, made in turns, each in a folder of its own. A line a stage: the medians of
both, the median difference a page, pages a second at that, and the median of the pairs' ratios.

  decode    PNG files to text, beside one page (opening the model)
  views     mode base beside tiny: preparing and encoding larger views
  verdict   looking for lines without text beside not
  render    a PDF beside its PNG files
  md,json   these formats beside text alone: the places of words, confidence; hocr and pdf likewise
  again     files of a finished document that are missing, beside reading it for the first time: below 1, there is no model in it

With --model, only this: the pages as PNG files through lectio read to md and json (mode base, 400 tokens a page), one page at a time
and four together, beside the seconds that lectio eval pages counts in the engine for the same pages; the last column is the share of
the engine's own throughput that the pipeline has.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

WORDS = "the river runs past an old mill where every child of the town has borrowed some book about ships and stars".split()


def text_of(pages, characters):
    words, size, state = [], 0, 1
    while size < pages * characters:
        state = (state * 1103515245 + 12345) % 2**31
        words.append(WORDS[(state >> 16) % len(WORDS)])
        size += len(words[-1]) + 1
    return " ".join(words)


def run(command):
    begin = time.monotonic()
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: code {result.returncode}\n{result.stderr[-2000:]}")
    return time.monotonic() - begin


def beside_the_engine(arguments, work, pictures):
    asked = ["--model", arguments.model, "--mode", "base", "--max-tokens", "400", "--no-repeat", "image"]
    entries = [{"image": picture.name, "text": "", "deepseek_tokens": 1} for picture in pictures]
    (work / "text.json").write_text(json.dumps(entries))

    def engine():
        run([arguments.binary, "-q", "eval", "pages", work, "--images", "set", "--json", work / "report.json", *asked])
        return json.loads((work / "report.json").read_text())["total"]["seconds"]

    def pipeline(together, round_):
        return run([arguments.binary, "read", "-q", "--progress", "none", "--loops", "off", "--unread", "off", "--together", together,
                    "--format", "md,json", "-o", work / f"read{together}-{round_}", *asked, *pictures])

    rounds = [(engine(), pipeline(1, i), pipeline(4, i)) for i in range(arguments.rounds)]
    print(f"{arguments.pages} pages of {arguments.side} x {arguments.side}, median of {arguments.rounds} rounds")
    print(f"{'':<14}{'s':>8}{'pages/s':>10}{'share':>8}")
    for i, name in enumerate(("engine", "read, one", "read, four")):
        seconds = statistics.median(r[i] for r in rounds)
        share = statistics.median(r[0] / r[i] for r in rounds)
        print(f"{name:<14}{seconds:>8.2f}{arguments.pages / seconds:>10.2f}{share:>8.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/lectio")
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model")
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        (work / "text.txt").write_text(text_of(arguments.pages, arguments.side**2 // 180))
        run([arguments.binary, "-q", "typeset", work / "text.txt", "-o", work / "set", "--width", arguments.side, "--height",
             arguments.side, "--size", "20"])
        pictures = sorted((work / "set").iterdir())[: arguments.pages]
        assert len(pictures) == arguments.pages, f"expected {arguments.pages} pages, found {len(pictures)}"
        if arguments.model:
            beside_the_engine(arguments, work, pictures)
            return
        book = work / "book.pdf"
        run([sys.executable, root / "tools" / "pictures_to_pdf.py", book, *pictures])
        outputs = iter(range(10**6))

        def read(inputs, formats, mode="tiny", unread="off", out=None):
            out = out or work / f"out{next(outputs)}"
            return run([arguments.binary, "read", "-q", "--progress", "none", "--model", root / "tests/golden/tiny-v1", "--mode",
                        mode, "--max-tokens", "1", "--dpi", "72", "--threads", "1", "--loops", "off", "--unread", unread,
                        "--format", formats, "-o", out, *inputs])

        def made_again():
            out = work / f"out{next(outputs)}"
            read([book], "md,json,hocr,pdf", out=out)
            for mark in (out / ".lectio" / "documents").iterdir():
                mark.unlink()
            return read([book], "md,json,hocr,pdf", out=out)

        stages = {
            "decode": (lambda: read(pictures, "txt"), lambda: read(pictures[:1], "txt")),
            "views": (lambda: read(pictures, "txt", mode="base"), lambda: read(pictures, "txt")),
            "verdict": (lambda: read(pictures, "txt", unread="mark"), lambda: read(pictures, "txt")),
            "render": (lambda: read([book], "txt"), lambda: read(pictures, "txt")),
            "md,json": (lambda: read([book], "txt,md,json"), lambda: read([book], "txt")),
            "hocr": (lambda: read([book], "txt,hocr"), lambda: read([book], "txt")),
            "pdf": (lambda: read([book], "txt,pdf"), lambda: read([book], "txt")),
            "again": (made_again, lambda: read([book], "md,json,hocr,pdf")),
        }
        print(f"{arguments.pages} pages of {arguments.side} x {arguments.side}, median of {arguments.rounds} rounds")
        print(f"{'stage':<10}{'with, s':>10}{'without, s':>12}{'ms/page':>10}{'pages/s':>10}{'ratio':>8}")
        for stage, (with_it, without) in stages.items():
            pairs = [(with_it(), without()) for _ in range(arguments.rounds)]
            cost = statistics.median(a - b for a, b in pairs) / arguments.pages
            ratio = statistics.median(a / b for a, b in pairs)
            rate = f"{1 / cost:.1f}" if cost > 1e-4 else "-"
            print(f"{stage:<10}{statistics.median(a for a, _ in pairs):>10.2f}{statistics.median(b for _, b in pairs):>12.2f}"
                  f"{1000 * cost:>10.1f}{rate:>10}{ratio:>8.3f}", flush=True)


if __name__ == "__main__":
    main()
