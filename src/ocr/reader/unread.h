// SPDX-License-Identifier: Apache-2.0
// Lines of print that the text of a page leaves out.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "ocr/document/document.h"
#include "ocr/ink/ink.h"
#include "ocr/pages/page.h"

namespace lectio {

struct UnreadLimits {
  // Without boxes: text with so many of the characters that the ink promises lacks nothing that
  // could be told (docs/verdicts.md has the figures).
  double enough_read = 0.8;
  std::int64_t least_characters = 40;  // of the page, and of a region
  double most_graphics = 0.05;         // of the page: what looks like characters may be a picture
};

// Lines that follow each other, and where their text is missing.
struct UnreadRegion {
  Box box;
  std::size_t at = 0;           // byte of the text behind which they belong
  double share = 0;             // of the page's ink
  std::int64_t characters = 0;  // roughly
};

struct UnreadLines {
  double share = 0;                   // of the page's ink, what stands in lines without text
  std::vector<UnreadRegion> regions;  // in reading order; stray lines are in none
};

// Where the answer has boxes, lines outside of all of them. Else, where the text has fewer
// characters than the ink promises, lines that no word of it fits. Empty: it cannot be told, or
// nothing is missing.
std::optional<UnreadLines> find_unread(const Page& page, const InkReport& ink,
                                       std::string_view answer, const UnreadLimits& limits = {});

}  // namespace lectio
