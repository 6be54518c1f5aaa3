// SPDX-License-Identifier: Apache-2.0
#include "eval/loops.h"

#include <algorithm>
#include <cstddef>

namespace lectio {
namespace {

constexpr std::size_t kLongestPeriod = 512;
constexpr std::int64_t kLeastPeriods = 3;

}  // namespace

std::int64_t longest_repetition(std::u32string_view text) {
  std::int64_t longest = 0;
  for (std::size_t period = 1; period <= kLongestPeriod && period < text.size(); ++period) {
    std::int64_t run = 0;
    std::int64_t best = 0;
    for (std::size_t i = period; i < text.size(); ++i) {
      run = text[i] == text[i - period] ? run + 1 : 0;
      best = std::max(best, run);
    }
    if (best >= kLeastPeriods * static_cast<std::int64_t>(period))
      longest = std::max(longest, best);
  }
  return longest;
}

bool has_loop(std::u32string_view expected, std::u32string_view found) {
  const std::int64_t repeated = longest_repetition(found);
  return repeated >= kLoopCharacters && repeated >= longest_repetition(expected) + kLoopCharacters;
}

}  // namespace lectio
