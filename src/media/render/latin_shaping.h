// SPDX-License-Identifier: Apache-2.0
// What a font's OpenType tables do with Latin text, asked of HarfBuzz once and kept as data: so
// that setting a page looks it up, whatever its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace lectio {

// One glyph for several characters that follow each other.
struct LigatureGlyph {
  std::u32string_view codes;  // of static storage
  std::uint32_t glyph = 0;
};

struct LatinShaping {
  // What each pair of [first, end) moves closer (negative) or apart, [left][right], in em; empty
  // where the font kerns by no GPOS table.
  std::vector<float> kerning;
  std::vector<LigatureGlyph> ligatures;                         // longer ones first
  std::vector<std::pair<char32_t, std::uint32_t>> old_figures;  // digits and their glyphs
};

// `file` is read during the call only. A file without OpenType tables, or a broken one, gives
// nothing.
LatinShaping read_latin_shaping(std::span<const std::byte> file, std::int32_t face_index,
                                char32_t first, char32_t end);

}  // namespace lectio
