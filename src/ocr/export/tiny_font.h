// SPDX-License-Identifier: Apache-2.0
// Letters of five by seven pixels, for labels on pictures.
#pragma once

#include <cstdint>

namespace lectio {

inline constexpr std::int64_t kTinyWidth = 5;
inline constexpr std::int64_t kTinyHeight = 7;

// Whether a pixel of the character is set. Small letters look like capitals; digits, _ - . are
// there; others are blank.
bool tiny_pixel(char c, std::int64_t column, std::int64_t row);

}  // namespace lectio
