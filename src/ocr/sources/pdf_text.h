// SPDX-License-Identifier: Apache-2.0
// What `pdftotext -bbox-layout` says about a page: its words, lines and blocks, and where they are.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "ocr/pages/page.h"

namespace lectio {

// Lines of a block are separated by a line feed, blocks by an empty line. scale: pixels a point.
// Boxes are cut to the page; words outside of it are left out. kInvalidInput for what is not of
// this form; takes any bytes.
Result<TextLayer> parse_pdf_text(std::string_view xml, double scale, std::int64_t width,
                                 std::int64_t height);

// What `pdfimages -list` says: of a page with this many square inches, the share that the largest
// picture covers, at most 1. 0 without pictures.
double picture_share(std::string_view list, double square_inches);

}  // namespace lectio
