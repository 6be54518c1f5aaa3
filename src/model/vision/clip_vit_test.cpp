// SPDX-License-Identifier: Apache-2.0
#include "model/vision/clip_vit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/layers/testing.h"

namespace lectio {
namespace {

using lectio::testing::Bench;
using lectio::testing::random_tensor;
using lectio::testing::WeightStore;

constexpr std::int64_t kWidth = 8;

class ClipVitTest : public ::testing::Test {
 protected:
  ClipVitTest() {
    spec_.width = kWidth;
    spec_.layers = 1;
    spec_.heads = 2;
    spec_.table_side = 2;
    spec_.mlp_ratio = 2;
    clip_.class_embedding = random_tensor(store_.random(), {kWidth});
    clip_.positions = random_tensor(store_.random(), {5, kWidth});
    clip_.pre_norm = store_.layer_norm(kWidth);
    clip_.layers.push_back({.norm1 = store_.layer_norm(kWidth),
                            .qkv = store_.linear(3 * kWidth, kWidth),
                            .out = store_.linear(kWidth, kWidth),
                            .norm2 = store_.layer_norm(kWidth),
                            .fc1 = store_.linear(2 * kWidth, kWidth),
                            .fc2 = store_.linear(kWidth, 2 * kWidth)});
  }

  Tensor features(const Tensor& sam, std::int64_t batch, const StageObserver& observe = {}) {
    Tensor out({sam.shape()[0], 2 * kWidth});
    forward(clip_, spec_, bench_.run(observe), batch, sam.view(), out.view());
    return out;
  }

  ClipSpec spec_;
  WeightStore store_{6};
  ClipVit clip_;
  Bench bench_;
};

TEST_F(ClipVitTest, PutsItsOwnTokensBeforeTheSamFeatures) {
  const Tensor sam = random_tensor(store_.random(), {8, kWidth});
  Tensor tokens({10, kWidth});
  const Tensor out = features(sam, 2, [&](std::string_view stage, TensorView value) {
    if (stage == "clip.layer0") std::ranges::copy(value.floats(), tokens.f32());
  });
  for (std::int64_t row = 0; row < 8; ++row) {
    const auto joined = out.view().row_range(row, 1).floats();
    const auto clip_row = tokens.view().row_range(row / 4 * 5 + 1 + row % 4, 1).floats();
    EXPECT_TRUE(std::ranges::equal(joined.first(kWidth), clip_row));
    EXPECT_TRUE(std::ranges::equal(joined.last(kWidth), sam.view().row_range(row, 1).floats()));
  }
}

TEST_F(ClipVitTest, GivesRowZeroOfThePositionsToTheClassTokenAtEverySize) {
  for (const std::int64_t side : {2, 3}) {
    const Tensor sam = random_tensor(store_.random(), {side * side, kWidth});
    features(sam, 1, [&](std::string_view stage, TensorView value) {
      if (stage != "clip.embed") return;
      ASSERT_EQ(value.shape, (Shape{1, side * side + 1, kWidth}));
      for (std::int64_t i = 0; i < kWidth; ++i) {
        EXPECT_EQ(value.f32()[i], clip_.class_embedding.f32()[i] + clip_.positions.f32()[i]);
        if (side == 3) continue;
        EXPECT_EQ(value.f32()[kWidth + i], sam.f32()[i] + clip_.positions.f32()[kWidth + i]);
      }
    });
  }
}

TEST_F(ClipVitTest, TreatsViewsOfABatchAlone) {
  const Tensor both = random_tensor(store_.random(), {8, kWidth});
  Tensor second({4, kWidth});
  std::ranges::copy(both.view().row_range(4, 4).floats(), second.f32());
  const Tensor from_batch = features(both, 2);
  EXPECT_TRUE(
      std::ranges::equal(features(second, 1).floats(), from_batch.view().row_range(4, 4).floats()));
}

TEST_F(ClipVitTest, RefusesTokensThatAreNoSquare) {
  EXPECT_THROW(features(random_tensor(store_.random(), {6, kWidth}), 1), InvariantError);
}

}  // namespace
}  // namespace lectio
