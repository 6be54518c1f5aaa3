// SPDX-License-Identifier: Apache-2.0
#include "media/render/draw.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lectio {
namespace {

// pixel + (ink - pixel) * coverage / 255, rounded; exact at both ends.
std::uint8_t blend(std::uint8_t pixel, std::uint8_t ink, std::uint32_t coverage) {
  const std::uint32_t mixed = pixel * (255 - coverage) + ink * coverage + 127;
  return static_cast<std::uint8_t>((mixed * 257 + 257) >> 16);
}

struct GreyCanvas {
  GreyImage& image;
  std::uint8_t ink;

  void span(std::int64_t x, std::int64_t y, const std::uint8_t* coverage, std::int64_t count) const {
    std::uint8_t* row = image.row(y) + x;
    for (std::int64_t i = 0; i < count; ++i) row[i] = blend(row[i], ink, coverage[i]);
  }
  void point(std::int64_t x, std::int64_t y, std::uint32_t coverage) const {
    std::uint8_t& pixel = image.row(y)[x];
    pixel = blend(pixel, ink, coverage);
  }
};

struct RgbCanvas {
  Image& image;
  std::array<std::uint8_t, 3> ink;

  void span(std::int64_t x, std::int64_t y, const std::uint8_t* coverage, std::int64_t count) const {
    for (std::int64_t i = 0; i < count; ++i) point(x + i, y, coverage[i]);
  }
  void point(std::int64_t x, std::int64_t y, std::uint32_t coverage) const {
    std::uint8_t* pixel = image.row(y) + x * 3;
    for (std::size_t c = 0; c < 3; ++c) pixel[c] = blend(pixel[c], ink[c], coverage);
  }
};

template <typename Canvas>
void draw_bitmap(const Canvas& canvas, const GlyphBitmap& bitmap, std::int64_t x, std::int64_t y) {
  const std::int64_t skip_left = std::max<std::int64_t>(0, -x);
  const std::int64_t width = std::min<std::int64_t>(bitmap.width, canvas.image.width - x) - skip_left;
  const std::int64_t first = std::max<std::int64_t>(0, -y);
  const std::int64_t end = std::min<std::int64_t>(bitmap.height, canvas.image.height - y);
  if (width <= 0) return;
  for (std::int64_t row = first; row < end; ++row) {
    canvas.span(x + skip_left, y + row, bitmap.coverage + row * bitmap.width + skip_left, width);
  }
}

// How much of [pixel, pixel + 1) lies in [low, high).
float overlap(std::int64_t pixel, float low, float high) {
  const auto p = static_cast<float>(pixel);
  return std::clamp(std::min(p + 1, high) - std::max(p, low), 0.0F, 1.0F);
}

template <typename Canvas>
void draw_rule(const Canvas& canvas, const Rule& rule) {
  const auto clip = [](float v, std::int64_t size) {
    return static_cast<std::int64_t>(std::clamp(v, 0.0F, static_cast<float>(size)));
  };
  const std::int64_t x_end = clip(std::ceil(rule.x1), canvas.image.width);
  const std::int64_t y_end = clip(std::ceil(rule.y1), canvas.image.height);
  for (std::int64_t y = clip(std::floor(rule.y0), canvas.image.height); y < y_end; ++y) {
    const float high = overlap(y, rule.y0, rule.y1);
    for (std::int64_t x = clip(std::floor(rule.x0), canvas.image.width); x < x_end; ++x) {
      const float area = high * overlap(x, rule.x0, rule.x1);
      canvas.point(x, y, static_cast<std::uint32_t>(std::lround(area * 255.0F)));
    }
  }
}

// U+25A1 without a font: an empty box half an em wide and as high as a capital.
template <typename Canvas>
void draw_replacement(const Canvas& canvas, const PlacedGlyph& glyph) {
  const float em = static_cast<float>(glyph.size) / 64.0F;
  const float stroke = std::max(1.0F, em * 0.06F);
  const float x0 = glyph.x + em * 0.06F;
  const float x1 = glyph.x + em * 0.54F;
  const float y0 = glyph.baseline - em * 0.68F;
  const float y1 = glyph.baseline;
  draw_rule(canvas, {x0, y0, x1, y0 + stroke});
  draw_rule(canvas, {x0, y1 - stroke, x1, y1});
  draw_rule(canvas, {x0, y0 + stroke, x0 + stroke, y1 - stroke});
  draw_rule(canvas, {x1 - stroke, y0 + stroke, x1, y1 - stroke});
}

template <typename Canvas>
void draw_on(const Canvas& canvas, const Layout& layout, GlyphCache& cache) {
  for (const PlacedGlyph& glyph : layout.glyphs) {
    if (glyph.font < 0) {
      draw_replacement(canvas, glyph);
      continue;
    }
    // The pen stands on a quarter of a pixel across and on a whole one down.
    const auto quarters = static_cast<std::int64_t>(std::floor(glyph.x * 4.0F + 0.5F));
    const auto baseline = static_cast<std::int64_t>(std::lround(glyph.baseline));
    const GlyphBitmap bitmap =
        cache.get(layout.fonts[static_cast<std::size_t>(glyph.font)], glyph.size, layout.hinting,
                  glyph.glyph, static_cast<std::int32_t>(quarters & 3));
    draw_bitmap(canvas, bitmap, (quarters >> 2) + bitmap.left, baseline - bitmap.top);
  }
  for (const Rule& rule : layout.rules) draw_rule(canvas, rule);
}

}  // namespace

GreyImage draw_grey(const Layout& layout, GlyphCache& cache) {
  GreyImage image(layout.width, layout.height, layout.paper[0]);
  draw_on(GreyCanvas{image, layout.ink[0]}, layout, cache);
  return image;
}

Image draw_rgb(const Layout& layout, GlyphCache& cache) {
  Image image(layout.width, layout.height);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = layout.paper[i % 3];
  draw_on(RgbCanvas{image, layout.ink}, layout, cache);
  return image;
}

}  // namespace lectio
