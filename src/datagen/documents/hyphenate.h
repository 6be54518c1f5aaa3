// SPDX-License-Identifier: Apache-2.0
// Where a word may be divided at a line's end.
#pragma once

#include <cstddef>
#include <vector>

namespace lectio::documents {

struct HyphenPoint {
  std::size_t at = 0;       // the second part begins with this character
  bool adds_hyphen = true;  // false behind a hyphen of the word itself
};

// The places of a word in ascending order: behind its own hyphens and, with `syllables`, between
// syllables of pure letter words, as consonants and vowels suggest them: never less than two
// letters before and three behind.
std::vector<HyphenPoint> hyphen_points(const std::vector<char32_t>& word, bool syllables);

}  // namespace lectio::documents
