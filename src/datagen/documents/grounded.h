// SPDX-License-Identifier: Apache-2.0
// A document as the answer to "<|grounding|>Convert the document to markdown." (spec 9.1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datagen/documents/document.h"

namespace lectio::documents {

// A digit of a coordinate and the corner of the box that it belongs to, in pixels of the page.
struct CornerDigit {
  std::int64_t byte = 0;
  float x = 0, y = 0;
};

struct GroundedText {
  std::string text;
  std::vector<ShownChar> shown;      // ascending, as are
  std::vector<CornerDigit> corners;  // two digits or more a corner: those of its x and its y
};

// Of each block in reading order, running ones excepted, its label and box, a line feed and its
// Markdown, with a blank line between blocks; figures have no Markdown. Items of a list that stand
// below each other are one block of text. Coordinates are thousandths of the page, 0 to 999.
// Labels: title, sub_title, text, table, image, image_caption, table_caption, footnote.
GroundedText grounded_text(const DocumentPrint& document);

}  // namespace lectio::documents
