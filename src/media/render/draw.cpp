// SPDX-License-Identifier: Apache-2.0
#include "media/render/draw.h"

#include <algorithm>
#include <array>
#include <cmath>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace lectio {
namespace {

// pixel + (ink - pixel) * coverage / 255, rounded; exact at both ends. All steps fit 16 bits: 255 *
// 255 + 127, and for m below 65,535 the division m / 255 is (m + 1 + m / 256) / 256.
std::uint8_t blend(std::uint8_t pixel, std::uint8_t ink, std::uint8_t coverage) {
  const auto rest = static_cast<std::uint16_t>(255 - coverage);
  const auto mixed = static_cast<std::uint16_t>(pixel * rest + ink * coverage + 127);
  return static_cast<std::uint8_t>(static_cast<std::uint16_t>(mixed + 1 + (mixed >> 8)) >> 8);
}

// blend() of kCoverageLanes pixels; compilers do not find it by themselves.
void blend_lanes(std::uint8_t* pixels, std::uint8_t ink, const std::uint8_t* coverage) {
#ifdef __SSE2__
  const __m128i zero = _mm_setzero_si128();
  const auto widen = [zero](const std::uint8_t* from) {
    return _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)), zero);
  };
  const __m128i cover = widen(coverage);
  const __m128i rest = _mm_sub_epi16(_mm_set1_epi16(255), cover);
  __m128i mixed = _mm_add_epi16(_mm_mullo_epi16(widen(pixels), rest),
                                _mm_mullo_epi16(_mm_set1_epi16(ink), cover));
  mixed = _mm_add_epi16(mixed, _mm_set1_epi16(127));
  mixed = _mm_add_epi16(_mm_add_epi16(mixed, _mm_set1_epi16(1)), _mm_srli_epi16(mixed, 8));
  mixed = _mm_srli_epi16(mixed, 8);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(pixels), _mm_packus_epi16(mixed, zero));
#else
  for (std::int32_t lane = 0; lane < kCoverageLanes; ++lane) {
    pixels[lane] = blend(pixels[lane], ink, coverage[lane]);
  }
#endif
}

struct Canvas {
  GreyImage& image;
  std::uint8_t ink;

  void span(std::int64_t x, std::int64_t y, const std::uint8_t* coverage,
            std::int64_t count) const {
    std::uint8_t* row = image.row(y) + x;
    for (std::int64_t i = 0; i < count; ++i) row[i] = blend(row[i], ink, coverage[i]);
  }
  void point(std::int64_t x, std::int64_t y, std::uint8_t coverage) const {
    std::uint8_t& pixel = image.row(y)[x];
    pixel = blend(pixel, ink, coverage);
  }
};

void draw_bitmap(const Canvas& canvas, const GlyphBitmap& bitmap, std::int64_t x, std::int64_t y) {
  const std::int64_t skip_left = std::max<std::int64_t>(0, -x);
  const std::int64_t width =
      std::min<std::int64_t>(bitmap.width, canvas.image.width - x) - skip_left;
  const std::int64_t first = std::max<std::int64_t>(0, -y);
  const std::int64_t end = std::min<std::int64_t>(bitmap.height, canvas.image.height - y);
  if (width <= 0) return;
  for (std::int64_t row = first; row < end; ++row) {
    canvas.span(x + skip_left, y + row, bitmap.coverage + row * bitmap.stride + skip_left, width);
  }
}

// A glyph that lies inside the page with its padding, which covers nothing: whole lanes, no ragged
// ends.
void draw_inside(const Canvas& canvas, const GlyphBitmap& bitmap, std::int64_t x, std::int64_t y) {
  const std::uint8_t* coverage = bitmap.coverage;
  for (std::int32_t row = 0; row < bitmap.height; ++row) {
    std::uint8_t* pixels = canvas.image.row(y + row) + x;
    for (std::int32_t begin = 0; begin < bitmap.stride; begin += kCoverageLanes) {
      blend_lanes(pixels + begin, canvas.ink, coverage + begin);
    }
    coverage += bitmap.stride;
  }
}

void draw_glyph(const Canvas& canvas, const GlyphBitmap& bitmap, std::int64_t x, std::int64_t y) {
  const bool inside = x >= 0 && x + bitmap.stride <= canvas.image.width && y >= 0 &&
                      y + bitmap.height <= canvas.image.height;
  if (inside) {
    draw_inside(canvas, bitmap, x, y);
  } else {
    draw_bitmap(canvas, bitmap, x, y);
  }
}

// How much of [pixel, pixel + 1) lies in [low, high).
float overlap(std::int64_t pixel, float low, float high) {
  const auto p = static_cast<float>(pixel);
  return std::clamp(std::min(p + 1, high) - std::max(p, low), 0.0F, 1.0F);
}

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
      canvas.point(x, y, static_cast<std::uint8_t>(std::lround(area * 255.0F)));
    }
  }
}

// U+25A1 without a font: an empty box half an em wide and as high as a capital.
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

// Across, the pen stands on a quarter of a pixel, or on a half for large glyphs, where less shows;
// down, on a whole.
std::int64_t pen_quarters(const PlacedGlyph& glyph) {
  constexpr std::int32_t kLarge = 20 * 64;
  if (glyph.size >= kLarge) return static_cast<std::int64_t>(std::floor(glyph.x * 2.0F + 0.5F)) * 2;
  return static_cast<std::int64_t>(std::floor(glyph.x * 4.0F + 0.5F));
}

void draw_on(const Canvas& canvas, const Layout& layout, GlyphCache& cache) {
  for (const PlacedGlyph& glyph : layout.glyphs) {
    if (glyph.font < 0) {
      draw_replacement(canvas, glyph);
      continue;
    }
    const std::int64_t quarters = pen_quarters(glyph);
    const auto baseline = static_cast<std::int64_t>(std::lround(glyph.baseline));
    const GlyphBitmap bitmap =
        cache.get(layout.fonts[static_cast<std::size_t>(glyph.font)], glyph.size, layout.hinting,
                  glyph.glyph, static_cast<std::int32_t>(quarters & 3));
    draw_glyph(canvas, bitmap, (quarters >> 2) + bitmap.left, baseline - bitmap.top);
  }
  for (const Rule& rule : layout.rules) draw_rule(canvas, rule);
}

}  // namespace

GreyImage draw_grey(const Layout& layout, GlyphCache& cache) {
  GreyImage image(layout.width, layout.height, layout.paper[0]);
  draw_on(Canvas{image, layout.ink[0]}, layout, cache);
  return image;
}

void draw_over(GreyImage& image, const Layout& layout, GlyphCache& cache) {
  draw_on(Canvas{image, layout.ink[0]}, layout, cache);
}

// All ink has one colour, so that its coverage decides all channels.
Image draw_rgb(const Layout& layout, GlyphCache& cache) {
  GreyImage coverage(layout.width, layout.height, 0);
  draw_on(Canvas{coverage, 255}, layout, cache);
  std::array<std::array<std::uint8_t, 3>, 256> colours{};
  for (std::size_t level = 0; level < colours.size(); ++level) {
    for (std::size_t c = 0; c < 3; ++c) {
      colours[level][c] = blend(layout.paper[c], layout.ink[c], static_cast<std::uint8_t>(level));
    }
  }
  Image image(layout.width, layout.height);
  std::uint8_t* to = image.pixels.data();
  for (const std::uint8_t level : coverage.pixels) to = std::copy_n(colours[level].data(), 3, to);
  return image;
}

}  // namespace lectio
