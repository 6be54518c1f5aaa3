// SPDX-License-Identifier: Apache-2.0
// How text is set on pages, as data and as JSON.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "media/render/layout.h"

namespace lectio {

// Lengths that follow the font are in em, those of the page in pixels.
struct TypesetConfig {
  std::int64_t width = 640;
  std::int64_t height = 640;
  std::vector<std::string> fonts;  // paths; the first that has a character draws it; at least one
  double size = 16;                // pixels an em; not used where characters_per_page is given
  std::int64_t characters_per_page =
      0;                    // chooses the size: so many characters just fit a page; 0: size counts
  double line_pitch = 1.2;  // baseline to baseline
  std::array<double, 4> margins{16, 16, 16, 16};  // left, top, right, bottom
  Align align = Align::kLeft;
  std::int64_t columns = 1;
  double gutter = 24;
  double paragraph_indent = 0;  // em
  double paragraph_space = 0;   // em
  double letter_spacing = 0;    // em
  Hinting hinting = Hinting::kNone;
  std::array<std::uint8_t, 3> ink{0, 0, 0};
  std::array<std::uint8_t, 3> paper{255, 255, 255};

  bool operator==(const TypesetConfig&) const = default;
};

// An object with any of the keys width, height, fonts, size, characters_per_page, line_pitch,
// margins, align ("left", "justify", "right", "center"), columns, gutter, paragraph_indent,
// paragraph_space, letter_spacing, hinting ("none", "light"), ink and paper ("#rrggbb"); what is
// not named keeps its default. An unknown key, a wrong type or a value out of range is
// kInvalidArgument with all problems of the text; `name` leads the message.
Result<TypesetConfig> parse_typeset_config(std::string_view json, std::string_view name);

// All keys; reads back as the same config.
std::string typeset_config_json(const TypesetConfig& config);

// The ranges that parsing checks, for configs made otherwise.
Result<void> check_typeset_config(const TypesetConfig& config, std::string_view name);

}  // namespace lectio
