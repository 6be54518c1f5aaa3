// SPDX-License-Identifier: Apache-2.0
// Myers' bit-parallel edit distance in the block form of Hyyro (2003). The table of distances
// D[i][j] between the first i characters of the pattern and the first j of the text has neighbours
// that differ by -1, 0 or 1. A machine word holds the vertical differences of 64 pattern rows as
// two bit vectors, and one column of them advances with some fifteen word operations. Strips of 64
// rows are done one after the other; what a strip hands to the next is the horizontal difference at
// its lower edge, one small number a column. So memory is linear in both lengths.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "eval/metrics.h"

namespace lectio {
namespace {

constexpr std::size_t kWord = 64;

// The vertical differences of one strip: bit i of plus (minus) says that D grows (shrinks) from row
// i to row i+1.
struct Strip {
  std::uint64_t plus = ~std::uint64_t{0};  // column 0: D[i][0] = i
  std::uint64_t minus = 0;
};

// Advances the strip by the text character whose places in the strip are `equal`. above and the
// result are the horizontal differences at the upper edge and below row `last`.
int advance(Strip& strip, std::uint64_t equal, int above, std::size_t last) {
  const std::uint64_t vertical = equal | strip.minus;
  if (above < 0) equal |= 1;
  const std::uint64_t zero = (((equal & strip.plus) + strip.plus) ^ strip.plus) | equal;
  std::uint64_t grows = strip.minus | ~(zero | strip.plus);
  std::uint64_t shrinks = strip.plus & zero;
  const int below = static_cast<int>((grows >> last) & 1) - static_cast<int>((shrinks >> last) & 1);
  grows = (grows << 1) | (above > 0 ? 1U : 0U);
  shrinks = (shrinks << 1) | (above < 0 ? 1U : 0U);
  strip.plus = shrinks | ~(vertical | grows);
  strip.minus = grows & vertical;
  return below;
}

// Characters as small numbers: those of the pattern from 0 on, every other one as `others`.
class Alphabet {
 public:
  explicit Alphabet(std::u32string_view pattern) : known_(pattern.begin(), pattern.end()) {
    std::sort(known_.begin(), known_.end());
    known_.erase(std::unique(known_.begin(), known_.end()), known_.end());
  }
  std::size_t others() const { return known_.size(); }
  std::vector<std::uint32_t> encode(std::u32string_view text) const {
    std::vector<std::uint32_t> codes;
    codes.reserve(text.size());
    for (const char32_t c : text) {
      const auto at = std::lower_bound(known_.begin(), known_.end(), c);
      const bool is_known = at != known_.end() && *at == c;
      codes.push_back(static_cast<std::uint32_t>(
          is_known ? static_cast<std::size_t>(at - known_.begin()) : others()));
    }
    return codes;
  }

 private:
  std::vector<char32_t> known_;
};

// What both ends share costs nothing.
void trim_common_ends(std::u32string_view& a, std::u32string_view& b) {
  const auto begin = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto prefix = static_cast<std::size_t>(begin.first - a.begin());
  a.remove_prefix(prefix);
  b.remove_prefix(prefix);
  const auto end = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  const auto suffix = static_cast<std::size_t>(end.first - a.rbegin());
  a.remove_suffix(suffix);
  b.remove_suffix(suffix);
}

}  // namespace

std::int64_t levenshtein(std::u32string_view a, std::u32string_view b) {
  trim_common_ends(a, b);
  if (a.empty() || b.empty()) return static_cast<std::int64_t>(std::max(a.size(), b.size()));

  const Alphabet alphabet(a);
  const std::vector<std::uint32_t> pattern = alphabet.encode(a);
  const std::vector<std::uint32_t> text = alphabet.encode(b);
  std::vector<std::uint64_t> places(alphabet.others() + 1);  // character -> its rows in the strip
  std::vector<std::int8_t> edge(text.size(), 1);             // D[0][j] - D[0][j-1]
  for (std::size_t begin = 0; begin < pattern.size(); begin += kWord) {
    const std::size_t rows = std::min(kWord, pattern.size() - begin);
    for (std::size_t i = 0; i < rows; ++i) places[pattern[begin + i]] |= std::uint64_t{1} << i;
    Strip strip;
    for (std::size_t j = 0; j < text.size(); ++j) {
      edge[j] = static_cast<std::int8_t>(advance(strip, places[text[j]], edge[j], rows - 1));
    }
    for (std::size_t i = 0; i < rows; ++i) places[pattern[begin + i]] = 0;
  }
  auto distance = static_cast<std::int64_t>(pattern.size());  // D[m][0]
  for (const std::int8_t difference : edge) distance += difference;
  return distance;
}

}  // namespace lectio
