// SPDX-License-Identifier: Apache-2.0
// What the model wrote about one page becomes blocks (spec 9).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ocr/document/document.h"

namespace lectio {

struct ParsedAnswer {
  std::vector<Block> blocks;
  std::vector<std::string> problems;  // of grounded items, with what was done about each
};

// Grounded items become blocks of their label's kind with boxes in pixels; where no item has text
// behind it and a label is no layout class, the labels are the text (kPhrase). Text outside of
// items, all of an answer without items, is cut into paragraphs, headings, list items, tables,
// formulas and code. A geometry (spec 9.3) is one figure with its drawing. Every byte that is not
// white space or control mark is in exactly one block's text, label or boxes. Takes any bytes;
// never fails.
ParsedAnswer parse_answer(std::string_view answer, std::int64_t page_width,
                          std::int64_t page_height);

// How deep a heading is, from 1: by its # marks, else 1 for a title and 2 for a sub-title; 0 for
// any other block.
std::int64_t heading_level(const Block& block);

}  // namespace lectio
