// SPDX-License-Identifier: Apache-2.0
// Words of a text and pieces of ink in the same order, put together by their widths, as sentences
// of two languages are by their lengths (Gale and Church, 1993).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lectio {

struct InkPiece {
  double width = 0;  // pixels
  double begin = 0;  // where it begins and ends across the page
  double end = 0;
  std::int64_t line = 0;
  double height = 0;  // of its line, pixels
};

struct WordWidth {
  double em = 0;             // expected, see width_in_em
  bool begins_line = false;  // the text has a line feed before it
};

// `ink` pieces from first_ink on belong to `words` words from first_word on. One of both may be 0:
// ink that the text does not have, a word that is not on the page.
struct Match {
  std::size_t first_ink = 0, ink = 0;
  std::size_t first_word = 0, words = 0;
};

struct Alignment {
  std::vector<Match> matches;  // in order, all ink and all words
  double cost = 0;             // of the whole; comparable over the same words
};

// pixels_per_em: of the text's type; lines of another height count in proportion.
Alignment align(std::span<const InkPiece> ink, std::span<const WordWidth> words,
                double pixels_per_em);

}  // namespace lectio
