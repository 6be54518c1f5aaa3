// SPDX-License-Identifier: Apache-2.0
// A font whose every character is half an em wide and draws nothing.
#pragma once

#include <string>

namespace lectio {

inline constexpr int kGlyphlessUnits = 1000;  // an em
inline constexpr int kGlyphlessAdvance = 500;
inline constexpr int kGlyphlessAscent = 800;    // above the baseline
inline constexpr int kGlyphlessDescent = -200;  // below it

// A TrueType file of two empty glyphs, 0 and 1: enough to be embedded in a PDF as a CIDFontType2.
std::string glyphless_font();

}  // namespace lectio
