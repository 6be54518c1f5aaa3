// SPDX-License-Identifier: Apache-2.0
// Where the words of a text stand on a page, from the page's ink alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ocr/document/document.h"
#include "ocr/lines/ink_mask.h"

namespace lectio {

struct TextWord {
  std::size_t begin = 0, end = 0;  // in the text
  bool begins_line = false;        // behind a line feed
};

// Cut at white space; every ideograph is a word.
std::vector<TextWord> words_of(std::string_view text);

struct PlacedWord {
  std::size_t begin = 0, end = 0;  // in the text; a word that is broken over two lines is two
  Box box;                         // around its ink
  std::size_t line = 0;            // in PlacedText::lines
};

struct PlacedText {
  std::vector<Box> lines;         // around their ink, in reading order
  std::vector<PlacedWord> words;  // in the text's order; lines never go back
};

// regions: where the text stands, in order; the whole page where that is not known. Every word gets
// a place: between its neighbours where there is no ink for it, and evenly spread over the first
// region where there is no ink at all. rows: the text goes straight across, as a table's does;
// otherwise columns are tried, too, and what fits better is taken.
PlacedText place_words(const InkMask& mask, std::span<const Box> regions, std::string_view text,
                       bool rows);

}  // namespace lectio
