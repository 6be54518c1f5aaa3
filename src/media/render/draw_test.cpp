// SPDX-License-Identifier: Apache-2.0
#include "media/render/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "media/render/test_fonts.h"

namespace lectio {
namespace {

LayoutConfig page(float size) {
  LayoutConfig config;
  config.width = 200;
  config.height = 120;
  config.margin_left = config.margin_top = config.margin_right = config.margin_bottom = 6;
  config.fonts = {sans()};
  config.size = size;
  return config;
}

constexpr const char* kText =
    "The quick brown fox jumps over the lazy dog. 0123456789 AVAVA (fi) \u00C4\u00F6\u00FC";

TEST(Draw, InkLiesInTheBoxesOfItsCharacters) {
  GlyphCache cache;
  const Layout layout = lay_out("HHH nnn HHH nnn", page(24));
  const float bearing = 0.098F * 24;  // of an H: its left stem begins so far behind the box's edge
  const GreyImage image = draw_grey(layout, cache);
  // Upright letters without overhang: their ink is inside of the boxes, and reaches top and bottom
  // within a pixel.
  std::vector<std::uint8_t> allowed(image.pixels.size(), 0);
  for (const CharPlace& place : layout.chars) {
    std::uint8_t darkest_top = 255;
    std::uint8_t darkest_bottom = 255;
    for (auto x = static_cast<std::int64_t>(place.x0); x <= static_cast<std::int64_t>(place.x1);
         ++x) {
      const auto top = static_cast<std::int64_t>(place.top);
      const auto bottom = static_cast<std::int64_t>(place.bottom);
      for (std::int64_t y = top - 1; y < bottom + 1; ++y) {
        allowed[static_cast<std::size_t>(y * image.width + x)] = 1;
      }
      darkest_top = std::min(darkest_top, image.row(top + 1)[x]);
      darkest_bottom = std::min(darkest_bottom, image.row(bottom - 1)[x]);
    }
    if (place.bottom - place.top > 16) {  // an H
      const auto stem = static_cast<std::int64_t>(place.x0 + bearing + 0.5F);
      EXPECT_LT(image.row(static_cast<std::int64_t>(place.top) + 3)[stem + 1], 60);
      EXPECT_GT(image.row(static_cast<std::int64_t>(place.top) + 3)[stem - 2], 200);
    }
    if (place.x1 - place.x0 > 10) {  // wider than a space
      EXPECT_LT(darkest_top, 128);
      EXPECT_LT(darkest_bottom, 128);
    }
  }
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    ASSERT_TRUE(image.pixels[i] >= 200 || allowed[i] == 1) << "ink outside of all boxes at " << i;
  }
}

TEST(Draw, FullCoverageIsInkAndNoneIsPaper) {
  GlyphCache cache;
  LayoutConfig config = page(60);
  config.ink = {30, 60, 90};
  config.paper = {200, 210, 220};
  const Image image = draw_rgb(lay_out("H", config), cache);
  std::int64_t inked = 0;
  for (std::int64_t y = 0; y < image.height; ++y) {
    for (std::int64_t x = 0; x < image.width; ++x) {
      const std::uint8_t* p = image.row(y) + 3 * x;
      ASSERT_TRUE(p[0] >= 30 && p[0] <= 200 && p[2] >= 90 && p[2] <= 220);
      if (p[0] == 30 && p[1] == 60 && p[2] == 90) ++inked;
    }
  }
  EXPECT_GT(inked, 200);
  EXPECT_EQ(image.row(0)[0], 200);
}

TEST(Draw, GreyAndColourAgree) {
  GlyphCache cache;
  for (const float x : {0.0F, -3.0F, 180.0F}) {  // inside, and clipped left and right
    LayoutConfig config = page(13);
    config.margin_left = x;
    config.margin_right = -50;
    const Layout layout = lay_out(kText, config);
    const GreyImage grey = draw_grey(layout, cache);
    const Image rgb = draw_rgb(layout, cache);
    for (std::size_t i = 0; i < grey.pixels.size(); ++i) {
      // Where glyphs overlap, one is rounded after the other: in grey levels here, in coverage
      // there.
      ASSERT_NEAR(grey.pixels[i], rgb.pixels[3 * i], 1) << "pixel " << i;
    }
  }
}

TEST(Draw, AQuarterPixelMovesTheInk) {
  GlyphCache cache;
  const auto centre = [&](float margin) {
    LayoutConfig config = page(14);
    config.margin_left = margin;
    const GreyImage image = draw_grey(lay_out("l", config), cache);
    double sum = 0;
    double ink = 0;
    for (std::int64_t y = 0; y < image.height; ++y) {
      for (std::int64_t x = 0; x < image.width; ++x) {
        sum += (255.0 - image.row(y)[x]) * static_cast<double>(x);
        ink += 255.0 - image.row(y)[x];
      }
    }
    return sum / ink;
  };
  // A pixel that is covered to a share f counts at its middle: each edge of the 1.27 pixels wide
  // stem is wrong by at most f (1 - f) / 2 / 1.27 < 0.1.
  const double start = centre(6);
  EXPECT_NEAR(centre(6.25F) - start, 0.25, 0.1);
  EXPECT_NEAR(centre(6.5F) - start, 0.5, 0.1);
  EXPECT_NEAR(centre(7.75F) - start, 1.75, 0.1);
}

TEST(Draw, TheBytesDependNeitherOnTheCacheNorOnTheThread) {
  GlyphCache fresh;
  std::vector<Layout> layouts;
  for (const float size : {9.0F, 11.0F, 14.0F, 24.0F}) {
    LayoutConfig config = page(size);
    config.hinting = size > 10 ? Hinting::kLight : Hinting::kNone;
    layouts.push_back(lay_out(kText, config));
  }
  std::vector<GreyImage> expected;
  for (const Layout& layout : layouts) expected.push_back(draw_grey(layout, fresh));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      GlyphCache tiny(4096);  // forgets nearly everything
      for (std::size_t i = 0; i < 20; ++i) {
        const std::size_t k = (i + t) % layouts.size();
        if (!(draw_grey(layouts[k], tiny) == expected[k])) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(Draw, TheCacheStaysNearItsLimit) {
  GlyphCache cache(std::size_t{256} << 10);
  for (int size = 8; size < 60; ++size) {
    draw_grey(lay_out(kText, page(static_cast<float>(size))), cache);
    ASSERT_LT(cache.bytes(), std::size_t{1} << 20);
  }
  EXPECT_GT(cache.bytes(), 0U);
}

TEST(Draw, RulesCoverTheirAreaWithSoftEdges) {
  GlyphCache cache;
  Layout layout;
  layout.width = 10;
  layout.height = 4;
  layout.paper = {255, 255, 255};
  layout.rules = {{1.5F, 1, 8, 2}, {-5, 3, 50, 9}};
  const GreyImage image = draw_grey(layout, cache);
  EXPECT_EQ(image.row(1)[0], 255);
  EXPECT_NEAR(image.row(1)[1], 127, 1);
  EXPECT_EQ(image.row(1)[2], 0);
  EXPECT_EQ(image.row(1)[8], 255);
  EXPECT_EQ(image.row(2)[4], 255);
  EXPECT_EQ(image.row(3)[9], 0);
}

}  // namespace
}  // namespace lectio
