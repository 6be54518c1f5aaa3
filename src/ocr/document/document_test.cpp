// SPDX-License-Identifier: Apache-2.0
#include "ocr/document/document.h"

#include <gtest/gtest.h>

#include <limits>

namespace lectio {
namespace {

TEST(ToPixels, TruncatesAsTheOfficialRunnerDoes) {
  EXPECT_EQ(to_pixels({0, 0, 999, 999}, 1240, 1754), (Box{0, 0, 1240, 1754}));
  // 330/999*1000 = 330.33, 198/999*500 = 99.099, 559/999*1000 = 559.56, 230/999*500 = 115.1
  EXPECT_EQ(to_pixels({330, 198, 559, 230}, 1000, 500), (Box{330, 99, 559, 115}));
  EXPECT_EQ(to_pixels({998, 1, 999, 2}, 10, 10), (Box{9, 0, 10, 0}));
}

TEST(ToPixels, KeepsInsideThePage) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(to_pixels({-5, -1e300, 1200, 1e300}, 100, 50), (Box{0, 0, 100, 50}));
  EXPECT_TRUE(to_pixels({kNan, kNan, kNan, kNan}, 100, 50).empty());
  EXPECT_TRUE(to_pixels({500, 0, 400, 999}, 100, 50).empty());
}

TEST(ToModel, IsTheWayBackWithinHalfACoordinateAndAPixel) {
  for (std::int64_t x = 0; x <= 857; ++x) {
    const ModelBox box = to_model({x, 0, 857, 1109}, 857, 1109);
    EXPECT_NEAR(static_cast<double>(to_pixels(box, 857, 1109).x0), static_cast<double>(x), 1);
  }
}

TEST(Box, AnEmptyOneDoesNotCountInAUnion) {
  EXPECT_EQ(united({}, {3, 4, 5, 6}), (Box{3, 4, 5, 6}));
  EXPECT_EQ(united({3, 4, 5, 6}, {9, 9, 9, 10}), (Box{3, 4, 5, 6}));
  EXPECT_EQ(united({3, 4, 5, 6}, {0, 5, 4, 9}), (Box{0, 4, 5, 9}));
}

TEST(BlockKind, EveryKindHasItsOwnName) {
  for (int a = 0; a <= static_cast<int>(BlockKind::kOther); ++a) {
    const std::string_view name = block_kind_name(static_cast<BlockKind>(a));
    EXPECT_FALSE(name.empty());
    for (int b = 0; b < a; ++b) EXPECT_NE(name, block_kind_name(static_cast<BlockKind>(b)));
  }
}

TEST(BlockKind, KnowsTheLabelsOfTheModelAndNoOthers) {
  EXPECT_EQ(block_kind_of_label("sub_title"), BlockKind::kSubTitle);
  EXPECT_EQ(block_kind_of_label("image"), BlockKind::kFigure);
  EXPECT_EQ(block_kind_of_label("table_caption"), BlockKind::kCaption);
  EXPECT_EQ(block_kind_of_label("Title"), std::nullopt);
  EXPECT_EQ(block_kind_of_label(""), std::nullopt);
}

TEST(Block, LiesAroundItsBoxesAndElseItsLines) {
  Block block;
  EXPECT_TRUE(block.box().empty());
  block.lines = {{{1, 2, 3, 4}, {}}, {{2, 5, 9, 8}, {}}};
  EXPECT_EQ(block.box(), (Box{1, 2, 9, 8}));
  block.boxes = {{10, 10, 20, 20}, {15, 5, 30, 12}};
  EXPECT_EQ(block.box(), (Box{10, 5, 30, 20}));
}

}  // namespace
}  // namespace lectio
