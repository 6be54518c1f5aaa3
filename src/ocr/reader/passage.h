// SPDX-License-Identifier: Apache-2.0
// A part of a page read alone: as a page of its own, and its text back in the page's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ocr/document/document.h"
#include "ocr/pages/page.h"

namespace lectio {

// The part as a page of the whole page's shape, so that a view shows it as it shows pages: paper
// around it, in the part's most frequent colour.
struct PartPage {
  Page page;
  std::int64_t x = 0, y = 0;  // where the part stands on it
};
PartPage part_page(const Page& whole, const Box& part);

// Boxes in the text of a part page, in the coordinates of the whole page.
void move_boxes(PageText& text, const PartPage& from, const Box& part, const Page& whole);

// Puts a text into another, as a paragraph of its own, behind the token that holds the byte `at`,
// and returns where it stands. The blanks around it belong to the tokens before and at its end.
// Tokens and their probabilities come along; how the text ended, how it was read and the timings
// stay.
struct Passage {
  std::size_t begin = 0, end = 0;  // bytes of the whole text
};
Passage insert_text(PageText& whole, std::size_t at, const PageText& part);

// Of the words of `text`, by threes, the share that stands in `other`, too; 0 for fewer than three.
double share_known(std::string_view text, std::string_view other);

}  // namespace lectio
