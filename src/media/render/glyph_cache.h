// SPDX-License-Identifier: Apache-2.0
// Coverage bitmaps of glyphs, drawn once and kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "media/render/fonts.h"

namespace lectio {

enum class Hinting : std::uint8_t {
  kNone,   // outlines as designed
  kLight,  // FreeType's vertical-only grid fitting
};

// 8-bit coverage, row-major; each row is padded with zeros to a multiple of kCoverageLanes. left
// and top place its upper left corner relative to the pen: column pen_x + left, row baseline - top.
inline constexpr std::int32_t kCoverageLanes = 8;
struct GlyphBitmap {
  const std::uint8_t* coverage = nullptr;
  std::int32_t stride = 0;
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::int32_t left = 0;
  std::int32_t top = 0;
};

// One a thread. Keyed by font, size, hinting, glyph and quarter of a pixel; what it returns is a
// pure function of the key. When it holds more than max_bytes, the sizes that were not used for
// longest are forgotten.
class GlyphCache {
 public:
  explicit GlyphCache(std::size_t max_bytes = std::size_t{128} << 20);
  GlyphCache(GlyphCache&& other) noexcept;
  GlyphCache& operator=(GlyphCache&& other) noexcept;
  ~GlyphCache();

  // size is in 1/64 pixel an em (26.6); quarter in [0, 4) moves the outline right by that many
  // quarters of a pixel. The coverage is valid until the next call. Empty where the glyph has no
  // outline or its font file is broken.
  GlyphBitmap get(const FontRef& font, std::int32_t size, Hinting hinting, std::uint32_t glyph,
                  std::int32_t quarter);

  std::size_t bytes() const;  // held by bitmaps, roughly

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lectio
