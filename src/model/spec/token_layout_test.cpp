// SPDX-License-Identifier: Apache-2.0
#include "model/spec/token_layout.h"

#include <gtest/gtest.h>

#include "base/check.h"

namespace lectio {
namespace {

using Kind = VisionSlot::Kind;

TEST(TokenLayout, CountsAsTheSpecificationDoes) {
  struct Case {
    Family family;
    std::int64_t global;
    std::optional<TileGrid> tiles;
    std::int64_t tile;
    std::int64_t count;
    std::int64_t content;
  };
  const std::vector<Case> cases = {
      {Family::kV1, 512, {}, 0, 73, 64},
      {Family::kV1, 640, {}, 0, 111, 100},
      {Family::kV1, 1024, {}, 0, 273, 256},
      {Family::kV1, 1280, {}, 0, 421, 400},
      {Family::kV1, 1024, TileGrid{2, 1}, 640, 483, 456},
      {Family::kV1, 1024, TileGrid{1, 2}, 640, 493, 456},
      {Family::kV1, 1024, TileGrid{2, 2}, 640, 693, 656},
      {Family::kV1, 1024, TileGrid{2, 3}, 640, 903, 856},
      {Family::kV1, 1024, TileGrid{3, 2}, 640, 893, 856},
      {Family::kV1, 1024, TileGrid{3, 3}, 640, 1203, 1156},
      {Family::kV1, 1280, TileGrid{2, 2}, 1024, (16 * 2 + 1) * 16 * 2 + 421, 4 * 256 + 400},
      {Family::kV2, 768, {}, 0, 145, 144},
      {Family::kV2, 1024, {}, 0, 257, 256},
      {Family::kV2, 1024, TileGrid{2, 1}, 768, 545, 544},
      {Family::kV2, 1024, TileGrid{2, 3}, 768, 1121, 1120},
  };
  for (const Case& c : cases) {
    const TokenLayout layout = token_layout(c.family, c.global, c.tiles, c.tile);
    EXPECT_EQ(layout.count(), c.count) << c.global;
    EXPECT_EQ(layout.content_tokens(), c.content) << c.global;
  }
}

// Labels every feature with its place on the page and checks that v1 reads the stitched picture
// line by line.
void expect_stitched(TileGrid grid) {
  constexpr std::int64_t kSide = 10;
  const TokenLayout layout = token_layout(Family::kV1, 1024, grid, 640);
  std::size_t slot = 0;
  for (std::int64_t page_row = 0; page_row < grid.rows * kSide; ++page_row) {
    for (std::int64_t page_column = 0; page_column < grid.columns * kSide; ++page_column) {
      const std::int64_t tile = page_row / kSide * grid.columns + page_column / kSide;
      const std::int64_t place = page_row % kSide * kSide + page_column % kSide;
      ASSERT_EQ(layout.slots[slot].kind, Kind::kTile) << slot;
      ASSERT_EQ(layout.slots[slot].index, tile * kSide * kSide + place) << slot;
      ++slot;
    }
    ASSERT_EQ(layout.slots[slot++].kind, Kind::kNewline);
  }
  for (std::int64_t row = 0; row < 16; ++row) {
    for (std::int64_t column = 0; column < 16; ++column) {
      ASSERT_EQ(layout.slots[slot].kind, Kind::kGlobal) << slot;
      ASSERT_EQ(layout.slots[slot++].index, row * 16 + column);
    }
    ASSERT_EQ(layout.slots[slot++].kind, Kind::kNewline);
  }
  ASSERT_EQ(layout.slots[slot++].kind, Kind::kSeparator);
  EXPECT_EQ(slot, layout.slots.size());
}

TEST(TokenLayout, StitchesTwoColumnsByThreeRows) { expect_stitched({2, 3}); }
TEST(TokenLayout, StitchesThreeColumnsByTwoRows) { expect_stitched({3, 2}); }

TEST(TokenLayout, KeepsTheTilesOfV2OneAfterAnother) {
  const TokenLayout layout = token_layout(Family::kV2, 1024, TileGrid{2, 3}, 768);
  for (std::size_t i = 0; i < 6 * 144; ++i) {
    ASSERT_EQ(layout.slots[i].kind, Kind::kTile);
    ASSERT_EQ(layout.slots[i].index, static_cast<std::int64_t>(i));
  }
  for (std::size_t i = 0; i < 256; ++i) {
    ASSERT_EQ(layout.slots[6 * 144 + i].kind, Kind::kGlobal);
    ASSERT_EQ(layout.slots[6 * 144 + i].index, static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(layout.slots.back().kind, Kind::kSeparator);
}

TEST(TokenLayout, TakesNoTilesAsNothingRatherThanOneTile) {
  EXPECT_THROW(token_layout(Family::kV1, 1024, TileGrid{1, 1}, 640), InvariantError);
  EXPECT_THROW(token_layout(Family::kV1, 1000, {}, 0), InvariantError);
}

TEST(TokenLayout, NamesEveryMode) {
  for (const Mode mode :
       {Mode::kTiny, Mode::kSmall, Mode::kBase, Mode::kLarge, Mode::kGundam, Mode::kGundamM}) {
    EXPECT_EQ(mode_from_name(mode_name(mode)), mode);
  }
  EXPECT_EQ(mode_name(Mode::kGundamM), "gundam-m");
  EXPECT_EQ(mode_from_name("Gundam"), std::nullopt);
}

}  // namespace
}  // namespace lectio
