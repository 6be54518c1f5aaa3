// SPDX-License-Identifier: Apache-2.0
#include "model/vision/vision_tokens.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace lectio {
namespace {

constexpr float kGlobalLabel = 100;
constexpr float kNewlineLabel = 200;
constexpr float kSeparatorLabel = 300;

// What a row of the sequence shows: which view it comes from, and where in that view.
using Label = std::tuple<float, float, float>;
constexpr Label kNewline{kNewlineLabel, 0, 0};
constexpr Label kSeparator{kSeparatorLabel, 0, 0};

Tensor labelled(std::int64_t views, std::int64_t side, float first_label) {
  Tensor tensor({views * side * side, 3});
  float* next = tensor.f32();
  for (std::int64_t i = 0; i < views * side * side; ++i) {
    *next++ = first_label + static_cast<float>(i / (side * side));
    *next++ = static_cast<float>(i / side % side);
    *next++ = static_cast<float>(i % side);
  }
  return tensor;
}

std::vector<Label> sequence(Family family, TileGrid grid, std::int64_t tile_pixels) {
  const TokenLayout layout = token_layout(family, 1024, grid, tile_pixels);
  const Tensor tiles = labelled(grid.columns * grid.rows, layout.tile_side, 0);
  const Tensor global = labelled(1, 16, kGlobalLabel);
  const Tensor newline({3});
  const Tensor separator({3});
  newline.f32()[0] = kNewlineLabel;
  separator.f32()[0] = kSeparatorLabel;
  Tensor out({layout.count(), 3});
  arrange(layout, {tiles.view(), global.view(), newline.view(), separator.view()}, out.view());
  std::vector<Label> labels;
  for (std::int64_t i = 0; i < layout.count(); ++i) {
    const float* const row = out.f32() + 3 * i;
    labels.emplace_back(row[0], row[1], row[2]);
  }
  return labels;
}

TEST(Arrange, StitchesTheTilesOfVersionOneRowByRowAndPutsTheGlobalViewBehind) {
  for (const TileGrid grid : {TileGrid{2, 3}, TileGrid{3, 2}}) {
    std::vector<Label> expected;
    for (std::int64_t y = 0; y < 10 * grid.rows; ++y) {
      for (std::int64_t x = 0; x < 10 * grid.columns; ++x) {
        expected.emplace_back(static_cast<float>(y / 10 * grid.columns + x / 10),
                              static_cast<float>(y % 10), static_cast<float>(x % 10));
      }
      expected.push_back(kNewline);
    }
    for (int y = 0; y < 16; ++y) {
      for (int x = 0; x < 16; ++x) {
        expected.emplace_back(kGlobalLabel, static_cast<float>(y), static_cast<float>(x));
      }
      expected.push_back(kNewline);
    }
    expected.push_back(kSeparator);
    EXPECT_EQ(sequence(Family::kV1, grid, 640), expected) << grid.columns << "x" << grid.rows;
  }
}

TEST(Arrange, PutsTheTilesOfVersionTwoOneAfterAnother) {
  std::vector<Label> expected;
  for (int tile = 0; tile < 6; ++tile) {
    for (int i = 0; i < 144; ++i) {
      expected.emplace_back(static_cast<float>(tile), static_cast<float>(i / 12),
                            static_cast<float>(i % 12));
    }
  }
  for (int i = 0; i < 256; ++i) {
    expected.emplace_back(kGlobalLabel, static_cast<float>(i / 16), static_cast<float>(i % 16));
  }
  expected.push_back(kSeparator);
  EXPECT_EQ(sequence(Family::kV2, {2, 3}, 768), expected);
}

TEST(Arrange, NeedsFeaturesForEverySlot) {
  const TokenLayout layout = token_layout(Family::kV1, 512, std::nullopt, 0);
  const Tensor global = labelled(1, 8, kGlobalLabel);
  Tensor out({layout.count(), 3});
  EXPECT_THROW(arrange(layout, {{}, global.view(), {}, {}}, out.view()), InvariantError);
}

}  // namespace
}  // namespace lectio
