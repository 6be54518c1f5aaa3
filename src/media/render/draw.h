// SPDX-License-Identifier: Apache-2.0
// Layouts to pixels.
#pragma once

#include <cstdint>
#include <vector>

#include "media/image/image.h"
#include "media/render/glyph_cache.h"
#include "media/render/layout.h"

namespace lectio {

// Row-major, one byte a pixel, no padding. A plain value.
struct GreyImage {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> pixels;  // [height, width]

  GreyImage() = default;
  GreyImage(std::int64_t w, std::int64_t h, std::uint8_t value = 0)
      : width(w),
        height(h),
        pixels(static_cast<std::size_t>(w * h), value) {}
  std::uint8_t* row(std::int64_t y) { return pixels.data() + y * width; }
  const std::uint8_t* row(std::int64_t y) const { return pixels.data() + y * width; }
  bool operator==(const GreyImage&) const = default;
};

// The page on fresh paper, clipped to its size. Grey takes the first channel of ink and paper.
GreyImage draw_grey(const Layout& layout, GlyphCache& cache);
// The same on top of what the image holds, in the first channel of the layout's ink.
void draw_over(GreyImage& image, const Layout& layout, GlyphCache& cache);
Image draw_rgb(const Layout& layout, GlyphCache& cache);

}  // namespace lectio
