// SPDX-License-Identifier: Apache-2.0
#include "train/page_views.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/splitmix.h"

namespace lectio::train {
namespace {

Print noise_page(std::int64_t width, std::int64_t height) {
  Print page;
  page.width = width;
  page.height = height;
  Random random(3);
  for (std::int64_t i = 0; i < width * height; ++i) {
    page.grey.push_back(static_cast<std::uint8_t>(random.below(256)));
  }
  return page;
}

// White paper with one black rectangle, which is its only character.
Print page_with_box(std::int64_t width, std::int64_t height, const CharBox& box) {
  Print page;
  page.width = width;
  page.height = height;
  page.grey.assign(static_cast<std::size_t>(width * height), 255);
  for (auto y = static_cast<std::int64_t>(box.top); y < static_cast<std::int64_t>(box.bottom);
       ++y) {
    for (auto x = static_cast<std::int64_t>(box.x0); x < static_cast<std::int64_t>(box.x1); ++x) {
      page.grey[static_cast<std::size_t>(y * width + x)] = 0;
    }
  }
  page.text = "x";
  page.boxes = {box};
  return page;
}

ViewPlan plan_for(const Print& page, Mode mode) {
  Result<ViewPlan> plan = plan_views(Family::kV1, page.width, page.height, mode);
  if (!plan) throw std::runtime_error(plan.error().message());
  return *std::move(plan);
}

// The first channel of the engine's picture against a square of a plane.
void expect_same(const Image& image, const PictureView& view, std::int64_t x, std::int64_t y) {
  for (std::int64_t row = 0; row < image.height; ++row) {
    for (std::int64_t column = 0; column < image.width; ++column) {
      ASSERT_EQ(view.grey[static_cast<std::size_t>((y + row) * view.width + x + column)],
                image.row(row)[3 * column])
          << row << ", " << column;
    }
  }
}

TEST(PageViewsTest, TrainingSeesTheBytesThatTheReaderCuts) {
  const Print page = noise_page(700, 910);
  Image image(page.width, page.height);
  for (std::size_t i = 0; i < page.grey.size(); ++i) {
    std::fill_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, page.grey[i]);
  }
  for (const Mode mode : {Mode::kTiny, Mode::kSmall, Mode::kBase, Mode::kGundam}) {
    const ViewPlan plan = plan_for(page, mode);
    const Result<std::vector<Image>> expected = cut_images(image, plan);
    const Result<PageViews> found = cut_page(page, plan);
    ASSERT_TRUE(expected && found);
    expect_same(expected->front(), found->global, 0, 0);
    EXPECT_EQ(found->sheet.grey.empty(), mode != Mode::kGundam);
    for (std::size_t i = 1; i < expected->size(); ++i) {
      const auto tile = static_cast<std::int64_t>(i) - 1;
      expect_same((*expected)[i], found->sheet, tile % plan.tiles->columns * plan.tile_side,
                  tile / plan.tiles->columns * plan.tile_side);
    }
  }
}

// All of the dark pixels, and nothing else, lie in the box; a pixel of slack for the resampling.
void expect_box_on_ink(const PictureView& view) {
  const CharBox& box = view.boxes.front();
  std::int64_t inside = 0, outside = 0;
  for (std::int64_t y = 0; y < view.height; ++y) {
    for (std::int64_t x = 0; x < view.width; ++x) {
      if (view.grey[static_cast<std::size_t>(y * view.width + x)] > 64) continue;
      const auto fx = static_cast<float>(x) + 0.5F, fy = static_cast<float>(y) + 0.5F;
      const bool hit =
          fx > box.x0 - 1 && fx < box.x1 + 1 && fy > box.top - 1 && fy < box.bottom + 1;
      ++(hit ? inside : outside);
    }
  }
  const float area = (box.x1 - box.x0) * (box.bottom - box.top);
  EXPECT_NEAR(static_cast<float>(inside), area, 0.35F * area);
  EXPECT_EQ(outside, 0);
}

TEST(PageViewsTest, BoxesMoveWithThePictureInEveryMode) {
  const CharBox box{100, 140, 600, 630, 0};
  for (const auto& [width, height] :
       {std::pair<std::int64_t, std::int64_t>{700, 910}, {910, 700}}) {
    const Print page = page_with_box(width, height, box);
    for (const Mode mode : {Mode::kTiny, Mode::kBase, Mode::kGundam}) {
      const Result<PageViews> views = cut_page(page, plan_for(page, mode));
      ASSERT_TRUE(views);
      expect_box_on_ink(views->global);
      if (mode == Mode::kGundam) expect_box_on_ink(views->sheet);
    }
  }
}

}  // namespace
}  // namespace lectio::train
