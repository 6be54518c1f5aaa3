// SPDX-License-Identifier: Apache-2.0
#include "model/vision/causal_flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "model/layers/testing.h"

namespace lectio {
namespace {

using lectio::testing::Bench;
using lectio::testing::random_tensor;
using lectio::testing::WeightStore;

constexpr std::int64_t kWidth = 8;

class CausalFlowTest : public ::testing::Test {
 protected:
  CausalFlowTest() {
    spec_.width = kWidth;
    spec_.layers = 2;
    spec_.heads = 2;
    spec_.kv_heads = 1;
    spec_.hidden = 12;
    spec_.queries_768 = 4;
    spec_.queries_1024 = 9;
    flow_.queries_768 = random_tensor(store_.random(), {4, kWidth});
    flow_.queries_1024 = random_tensor(store_.random(), {9, kWidth});
    flow_.norm = store_.rms_norm(kWidth);
    for (int i = 0; i < 2; ++i) flow_.layers.push_back(random_layer());
    sam_ = random_tensor(store_.random(), {4, kWidth});
  }

  FlowLayer random_layer() {
    return {.norm1 = store_.rms_norm(kWidth),
            .q = store_.linear(kWidth, kWidth),
            .k = store_.linear(kWidth / 2, kWidth),
            .v = store_.linear(kWidth / 2, kWidth),
            .o = store_.linear(kWidth, kWidth, false),
            .norm2 = store_.rms_norm(kWidth),
            .mlp = store_.gated_mlp(kWidth, 12)};
  }

  Tensor features(const Tensor& sam, std::int64_t batch = 1, const StageObserver& observe = {}) {
    Tensor out(sam.shape());
    forward(flow_, spec_, bench_.run(observe), batch, sam.view(), out.view());
    return out;
  }

  static bool same_row(const Tensor& a, const Tensor& b, std::int64_t row) {
    return std::ranges::equal(a.view().row_range(row, 1).floats(),
                              b.view().row_range(row, 1).floats());
  }

  FlowSpec spec_;
  WeightStore store_{5};
  CausalFlow flow_;
  Tensor sam_;
  Bench bench_;
};

TEST_F(CausalFlowTest, LetsAQuerySeeItselfAndEarlierQueriesAlone) {
  const Tensor before = features(sam_);
  flow_.queries_768.f32()[2 * kWidth] += 1.0F;
  const Tensor after = features(sam_);
  EXPECT_TRUE(same_row(before, after, 0));
  EXPECT_TRUE(same_row(before, after, 1));
  EXPECT_FALSE(same_row(before, after, 2));
  EXPECT_FALSE(same_row(before, after, 3));
}

TEST_F(CausalFlowTest, LetsImageRowsSeeAllImageRowsAndNoQuery) {
  std::map<std::string, Tensor> rows;
  const auto keep = [&](const std::string& prefix) {
    return [&rows, prefix](std::string_view stage, TensorView value) {
      Tensor copy({value.rows(), kWidth});
      std::ranges::copy(value.floats(), copy.f32());
      rows[prefix + std::string(stage)] = std::move(copy);
    };
  };
  features(sam_, 1, keep("before."));
  for (float& value : flow_.queries_768.floats()) value += 1.0F;
  features(sam_, 1, keep("queries."));
  sam_.f32()[3 * kWidth] += 1.0F;
  features(sam_, 1, keep("image."));
  for (std::int64_t row = 0; row < 4; ++row) {
    EXPECT_TRUE(same_row(rows["before.qwen.layer1"], rows["queries.qwen.layer1"], row));
    EXPECT_FALSE(same_row(rows["queries.qwen.layer0"], rows["image.qwen.layer0"], row));
  }
}

TEST_F(CausalFlowTest, KnowsTheOrderOfImageTokens) {
  const Tensor before = features(sam_);
  std::swap_ranges(sam_.f32(), sam_.f32() + kWidth, sam_.f32() + kWidth);
  EXPECT_FALSE(same_row(before, features(sam_), 0));
}

TEST_F(CausalFlowTest, EndsWithItsNorm) {
  std::ranges::fill(flow_.norm.weight.floats(), 1.0F);
  const Tensor out = features(sam_);
  for (std::int64_t row = 0; row < 4; ++row) {
    double squares = 0;
    for (const float value : out.view().row_range(row, 1).floats()) {
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    EXPECT_NEAR(squares / kWidth, 1.0, 1e-4);
  }
}

TEST_F(CausalFlowTest, PicksTheQueriesBySizeOfTheView) {
  const Tensor large_sam = random_tensor(store_.random(), {9, kWidth});
  const Tensor small = features(sam_);
  const Tensor large = features(large_sam);
  flow_.queries_1024.f32()[0] += 1.0F;
  EXPECT_TRUE(same_row(small, features(sam_), 0));
  EXPECT_FALSE(same_row(large, features(large_sam), 0));
}

TEST_F(CausalFlowTest, RefusesViewsThatItHasNoQueriesFor) {
  EXPECT_THROW(features(random_tensor(store_.random(), {6, kWidth})), InvariantError);
}

TEST_F(CausalFlowTest, TreatsViewsOfABatchAlone) {
  const Tensor both = random_tensor(store_.random(), {8, kWidth});
  Tensor second({4, kWidth});
  std::ranges::copy(both.view().row_range(4, 4).floats(), second.f32());
  const Tensor from_batch = features(both, 2);
  EXPECT_TRUE(
      std::ranges::equal(features(second).floats(), from_batch.view().row_range(4, 4).floats()));
}

}  // namespace
}  // namespace lectio
