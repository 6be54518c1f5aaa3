// SPDX-License-Identifier: Apache-2.0
// Whether a text that was read repeats itself where the page does not. A plain measure of the
// finished text that knows nothing of tokens, so that it can judge the watch over them.
#pragma once

#include <cstdint>
#include <string_view>

namespace lectio {

// Characters of the longest stretch that only says again what stands one period before it. Periods
// are at most 512 characters, and the stretch is at least three of them long, so that the same
// stands there four times. 0: there is none.
std::int64_t longest_repetition(std::u32string_view text);

// A page's text has a loop where it repeats itself for so many characters more than the truth does.
inline constexpr std::int64_t kLoopCharacters = 120;
bool has_loop(std::u32string_view expected, std::u32string_view found);

}  // namespace lectio
