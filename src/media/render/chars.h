// SPDX-License-Identifier: Apache-2.0
// What layout must know of a character besides its glyph.
#pragma once

#include <cstdint>

namespace lectio {

enum class CharKind : std::uint8_t {
  kVisible,
  kIdeograph,  // visible, and a line may break on either side
  kSpace,      // a line may break after it
  kTab,
  kLineFeed,   // ends a paragraph
  kInvisible,  // takes no room and draws nothing: controls, joiners, direction marks
};

CharKind char_kind(char32_t code);

// The height that a character reaches above the baseline.
enum class CharHeight : std::uint8_t { kXHeight, kCapital, kFull };
CharHeight char_height(char32_t code);

}  // namespace lectio
