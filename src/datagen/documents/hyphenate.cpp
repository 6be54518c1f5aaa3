// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/hyphenate.h"

#include <algorithm>
#include <string_view>

namespace lectio::documents {
namespace {

constexpr std::size_t kShortestWord = 6;
constexpr std::size_t kLettersBefore = 2;
constexpr std::size_t kLettersBehind = 3;

char32_t lower(char32_t c) {
  const bool capital = (c >= U'A' && c <= U'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7);
  return capital ? c + 0x20 : c;
}

bool is_letter(char32_t c) {
  c = lower(c);
  return (c >= U'a' && c <= U'z') || (c >= 0xDF && c <= 0x17F && c != 0xF7);
}

bool is_vowel(char32_t c) {
  static constexpr std::u32string_view kVowels =
      U"aeiouy\u00E4\u00F6\u00FC\u00E0\u00E1\u00E2\u00E8"
      U"\u00E9\u00EA\u00ED\u00F3\u00FA";
  return kVowels.find(lower(c)) != std::u32string_view::npos;
}

// Two consonants that begin a syllable together.
bool begins_together(char32_t a, char32_t b) {
  static constexpr std::u32string_view kPairs =
      U"blbrchclcrdrflfrghglgrphplprqushskslspsttrthtwwhwr";
  a = lower(a);
  b = lower(b);
  for (std::size_t i = 0; i < kPairs.size(); i += 2) {
    if (kPairs[i] == a && kPairs[i + 1] == b) return true;
  }
  return false;
}

// Whether a syllable may begin at letter i of w[begin, end).
bool begins_syllable(const std::vector<char32_t>& w, std::size_t begin, std::size_t i,
                     std::size_t end) {
  if (is_vowel(w[i])) return false;
  const bool vowel_before = is_vowel(w[i - 1]);
  if (i + 1 < end && is_vowel(w[i + 1])) {
    // One consonant before a vowel: behind a vowel, or behind a consonant that it does not begin
    // a syllable with.
    return vowel_before || (i >= begin + 2 && !begins_together(w[i - 1], w[i]));
  }
  // A pair of consonants before a vowel.
  return i + 2 < end && is_vowel(w[i + 2]) && begins_together(w[i], w[i + 1]);
}

void add_syllables(const std::vector<char32_t>& word, std::size_t begin, std::size_t end,
                   std::vector<HyphenPoint>& points) {
  if (end - begin < kShortestWord) return;
  for (std::size_t i = begin + kLettersBefore; i + kLettersBehind <= end; ++i) {
    const bool has_vowel = std::any_of(word.begin() + static_cast<std::ptrdiff_t>(begin),
                                       word.begin() + static_cast<std::ptrdiff_t>(i), is_vowel);
    if (has_vowel && begins_syllable(word, begin, i, end)) points.push_back({i, true});
  }
}

}  // namespace

std::vector<HyphenPoint> hyphen_points(const std::vector<char32_t>& word, bool syllables) {
  std::vector<HyphenPoint> points;
  for (std::size_t i = 2; i + 2 < word.size(); ++i) {
    if (word[i] == U'-' && is_letter(word[i - 1]) && is_letter(word[i + 1])) {
      points.push_back({i + 1, false});
    }
  }
  if (!syllables || !points.empty()) return points;
  // The letters between punctuation; a word with anything else inside stays whole.
  std::size_t begin = 0;
  while (begin < word.size() && !is_letter(word[begin])) ++begin;
  std::size_t end = begin;
  while (end < word.size() && is_letter(word[end])) ++end;
  for (std::size_t i = end; i < word.size(); ++i) {
    if (is_letter(word[i]) || (word[i] >= U'0' && word[i] <= U'9')) return points;
  }
  for (std::size_t i = 0; i < begin; ++i) {
    if (word[i] >= U'0' && word[i] <= U'9') return points;
  }
  add_syllables(word, begin, end, points);
  return points;
}

}  // namespace lectio::documents
