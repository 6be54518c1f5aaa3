// SPDX-License-Identifier: Apache-2.0
// Text to placed glyphs: greedy line breaking on a page with columns, and where each character
// stands.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "media/render/fonts.h"
#include "media/render/glyph_cache.h"

namespace lectio {

enum class Align : std::uint8_t { kLeft, kJustify, kRight, kCenter };

// What differs from the rest of the page for one paragraph. Paragraphs are what line feeds
// separate, counted from 0.
struct ParagraphStyle {
  std::int64_t paragraph = 0;
  FontRef font;             // null: as the page
  float size_scale = 1.0F;  // times LayoutConfig::size
  Align align = Align::kLeft;
  float space_after = 0;  // pixels, in addition to paragraph_space
};

// Lengths in pixels.
struct LayoutConfig {
  std::int64_t width = 512;
  std::int64_t height = 512;
  float margin_left = 0, margin_top = 0, margin_right = 0, margin_bottom = 0;
  std::vector<FontRef> fonts;  // the first that has a character draws it; at least one
  float size = 16;             // pixels an em
  Hinting hinting = Hinting::kNone;
  float line_pitch = 1.2F;  // baseline to baseline, in sizes
  Align align = Align::kLeft;
  std::int64_t columns = 1;
  float gutter = 0;
  float paragraph_indent = 0;
  bool continues_paragraph =
      false;  // the text begins inside a paragraph: no indent before its first line
  float paragraph_space = 0;
  float letter_spacing = 0;
  float tab_stop = 4;                      // distance of tab stops, in widths of a space
  std::vector<ParagraphStyle> paragraphs;  // ascending by paragraph
  std::array<std::uint8_t, 3> ink{0, 0, 0};
  std::array<std::uint8_t, 3> paper{255, 255, 255};
};

struct PlacedGlyph {
  float x = 0;         // pen position
  float baseline = 0;  // a whole number unless moved after layout
  std::uint32_t glyph = 0;
  std::int32_t size = 0;   // 1/64 pixel an em
  std::int32_t font = -1;  // into Layout::fonts; -1: the visible replacement, an empty box
  std::int32_t line = 0;
};

// Where one code point of the text stands. Spaces, line feeds and invisible characters have places
// too.
struct CharPlace {
  float x0 = 0, x1 = 0;  // advance box; empty for a line feed
  float top = 0,
        bottom =
            0;  // x-height band above the baseline; to the height of capitals for what is that tall
  std::int64_t byte_begin = 0;
  std::int32_t line = 0;
};

struct PlacedLine {
  float x0 = 0, x1 = 0;       // of its visible characters
  float top = 0, bottom = 0;  // the line's share of the column: baseline pitch high
  float baseline = 0;
  float size = 0;  // pixels an em
  std::size_t char_begin = 0, char_end = 0;
  std::int32_t column = 0;
  std::int64_t paragraph = 0;
};

struct Rule {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;  // filled with ink
};

// A page ready to draw. A plain value.
struct Layout {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<FontRef> fonts;
  Hinting hinting = Hinting::kNone;
  std::array<std::uint8_t, 3> ink{}, paper{};
  std::vector<PlacedGlyph> glyphs;
  std::vector<CharPlace> chars;  // one a code point of text[0, bytes_fitted), in the text's order
  std::vector<PlacedLine> lines;
  std::vector<Rule> rules;
  std::size_t bytes_fitted = 0;
  bool broke_word = false;  // a word was wider than its column
};

// Sets the text on one page. Pure: the same arguments give the same layout on every machine with
// the same FreeType. Breaks lines at spaces and between ideographs; a word wider than the column is
// cut. A line that would not fit whole is left out, and so is the text from there on: bytes_fitted
// says where the next page begins. Always places at least one line, so that a page never makes no
// progress. Invalid UTF-8 is drawn as U+FFFD.
Layout lay_out(std::string_view text, const LayoutConfig& config);

}  // namespace lectio
