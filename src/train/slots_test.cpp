// SPDX-License-Identifier: Apache-2.0
#include "train/slots.h"

#include <gtest/gtest.h>

namespace lectio::train {
namespace {

PictureView view(std::int64_t width, std::int64_t height, std::vector<CharBox> boxes) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height)),
          std::move(boxes)};
}

CharBox box(float x0, float x1, float top, float bottom) { return {x0, x1, top, bottom, 0}; }

TEST(Slots, WithoutTilesTheGlobalViewHasTheCharacter) {
  PageViews views;
  views.global = view(256, 192, {box(0, 10, 0, 10), box(70, 80, 130, 140), box(250, 290, 60, 66)});
  EXPECT_EQ(char_slot(views, 0, 0), 0);
  EXPECT_EQ(char_slot(views, 0, 1), 2 * 5 + 1);
  EXPECT_EQ(char_slot(views, 0, 2), 0 * 5 + 3);  // its centre lies outside; y 63 is the first row's
  EXPECT_EQ(point_slot(views, 64, 64), 1 * 5 + 1);
  EXPECT_EQ(point_slot(views, -3, 500), 2 * 5);
}

TEST(Slots, CharactersThatAnEdgeOfTilesCutsAreInTheGlobalView) {
  PageViews views;
  views.global = view(
      128, 128, {box(0, 0, 0, 0), box(100, 104, 30, 34), box(62, 66, 10, 14), box(60, 64, 10, 14)});
  views.sheet = view(256, 256,
                     {box(120, 128, 128, 140), box(200, 208, 122, 134), box(124, 132, 20, 28),
                      box(120, 128, 20, 28)});
  const std::int64_t tiles = 4 * 5;
  EXPECT_EQ(char_slot(views, 128, 0), 2 * 5 + 1);          // touches two edges, cut by none
  EXPECT_EQ(char_slot(views, 128, 1), tiles + 0 * 3 + 1);  // between two rows of tiles
  EXPECT_EQ(char_slot(views, 128, 2), tiles + 0 * 3 + 1);  // between two columns
  EXPECT_EQ(char_slot(views, 128, 3), 0 * 5 + 1);
  EXPECT_EQ(point_slot(views, 10, 100), tiles + 1 * 3);
}

}  // namespace
}  // namespace lectio::train
