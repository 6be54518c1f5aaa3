#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes one PDF document of PNG pictures, a page each, as a scanner would; the standard library is enough.

A PNG's compressed rows are what PDF calls FlateDecode with predictor 15, so the pixels are copied as they are. Grey or RGB
pictures of 8 bits, not interlaced; 144 pixels an inch.
"""
import argparse
import struct

DPI = 144


def picture(path):
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{path}: expected a PNG file"
    at, rows, head = 8, b"", None
    while at < len(data):
        (size,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            rows += body
        at += 12 + size
    width, height, bits, colour, _, _, interlace = head
    assert bits == 8 and colour in (0, 2) and interlace == 0, f"{path}: expected 8 bits, grey or RGB, found {head}"
    return width, height, 1 if colour == 0 else 3, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT.pdf")
    parser.add_argument("pictures", metavar="PICTURE.png", nargs="+")
    arguments = parser.parse_args()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    pages = []
    for path in arguments.pictures:
        width, height, channels, rows = picture(path)
        across, down = width * 72 / DPI, height * 72 / DPI
        space = "DeviceGray" if channels == 1 else "DeviceRGB"
        content = f"{across:g} 0 0 {down:g} 0 0 cm /Im Do".encode()
        number = len(objects) + 1
        pages.append(number)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {across:g} {down:g}]/Contents {number + 1} 0 R"
            f"/Resources<</XObject<</Im {number + 2} 0 R>>>>>>".encode()
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
        objects.append(
            f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 8/ColorSpace/{space}"
            f"/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors {channels}/Columns {width}>>"
            f"/Length {len(rows)}>>stream\n".encode() + rows + b"\nendstream"
        )
    kids = " ".join(f"{number} 0 R" for number in pages)
    objects[1] = f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode()
    with open(arguments.out, "wb") as file:
        file.write(b"%PDF-1.5\n")
        places = []
        for number, body in enumerate(objects, 1):
            places.append(file.tell())
            file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        start = file.tell()
        file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
        for place in places:
            file.write(b"%010d 00000 n \n" % place)
        file.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))


main()
