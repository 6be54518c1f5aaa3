// SPDX-License-Identifier: Apache-2.0
// How wide print is, before anything is known of its typeface.
#pragma once

#include <string_view>

namespace lectio {

inline constexpr double kSpaceWidth = 0.27;  // em

// In em, from the usual proportions of text faces: i narrow, m wide, ideographs square. A LaTeX
// command counts as one letter, braces and ^ and _ as nothing.
double width_in_em(std::string_view text);

// Ideographs and kana, which are set without spaces between words.
bool is_ideograph(char32_t code);

}  // namespace lectio
