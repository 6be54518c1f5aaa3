// SPDX-License-Identifier: Apache-2.0
// The grounded items in what the model wrote (spec 9.1). The text is untrusted: nothing is
// evaluated, and what is no item stays text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ocr/document/document.h"

namespace lectio {

// <|ref|>LABEL<|/ref|><|det|>BOXES<|/det|>, or LABEL[[x0, y0, x1, y1]] at the start of a line
// where control tokens were left out of the text.
struct GroundedItem {
  std::size_t begin = 0, end = 0;              // of the whole item in the text
  std::size_t label_begin = 0, label_end = 0;  // of LABEL
  std::vector<ModelBox> boxes;                 // those of four numbers
  std::string problem;                         // what is wrong with it; empty: nothing

  std::string_view label(std::string_view text) const {
    return text.substr(label_begin, label_end - label_begin);
  }
};

// In the text's order, not overlapping. An item whose boxes are broken ends where the list that
// was begun ends, so that the text behind it stays.
std::vector<GroundedItem> find_items(std::string_view text);

struct BoxList {
  std::vector<ModelBox> boxes;
  std::size_t size = 0;   // bytes of the list that was read, from its [ on
  bool complete = false;  // all brackets closed and every inner list four finite numbers
};
// A list of lists of four numbers, or one list of four: [[1, 2, 3, 4], ...]. Reads from text[0],
// which must be [; nothing else gives size 0. Stops at the first byte that cannot belong to it.
BoxList parse_boxes(std::string_view text);

// The text without <|ref|>, <|/ref|>, <|det|>, <|/det|> and <|grounding|>.
std::string without_marks(std::string_view text);
// How many bytes of such a mark stand at text[at]; 0: none.
std::size_t mark_size(std::string_view text, std::size_t at);

}  // namespace lectio
