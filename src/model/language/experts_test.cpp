// SPDX-License-Identifier: Apache-2.0
#include "model/language/experts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "model/layers/testing.h"

namespace lectio {
namespace {

using lectio::testing::Bench;
using lectio::testing::random_tensor;
using lectio::testing::WeightStore;

constexpr std::int64_t kWidth = 6;
constexpr std::int64_t kHidden = 5;

class ExpertsTest : public ::testing::Test {
 protected:
  ExpertsTest() {
    spec_.width = kWidth;
    spec_.experts = 7;
    spec_.experts_per_token = 3;
    spec_.expert_hidden = kHidden;
    spec_.shared_experts = 2;
    moe_.gate = lectio::testing::random_tensor(store_.random(), {7, kWidth}, 0, 0.5);
    for (int i = 0; i < 7; ++i) moe_.experts.push_back(store_.gated_mlp(kWidth, kHidden));
    moe_.shared = store_.gated_mlp(kWidth, 2 * kHidden);
  }

  // Token by token, choice by choice.
  Tensor plain(TensorView x) {
    Tensor y({x.rows(), kWidth});
    for (std::int64_t row = 0; row < x.rows(); ++row) {
      const TensorView token = x.row_range(row, 1);
      const TensorView sum = y.view().row_range(row, 1);
      const Tensor scores({1, 7});
      const Tensor experts({1, 3}, DType::kI32);
      const Tensor weights({1, 3});
      route(moe_.gate.view(), bench_.run(), token, {scores.view(), experts.view(), weights.view()});
      forward(moe_.shared, bench_.run(), token, sum);
      for (int place = 0; place < 3; ++place) {
        const auto expert =
            static_cast<std::size_t>(static_cast<std::int32_t*>(experts.view().data)[place]);
        const Tensor out({1, kWidth});
        forward(moe_.experts[expert], bench_.run(), token, out.view());
        for (std::int64_t i = 0; i < kWidth; ++i)
          sum.f32()[i] += weights.f32()[place] * out.f32()[i];
      }
    }
    return y;
  }

  DecoderSpec spec_;
  WeightStore store_{9};
  MixtureOfExperts moe_;
  Bench bench_;
};

TEST_F(ExpertsTest, GiveTheSameTogetherAsTokenByToken) {
  for (const std::int64_t tokens : {1, 2, 17, 800}) {
    const Tensor x = random_tensor(store_.random(), {tokens, kWidth});
    const Tensor expected = plain(x.view());
    Tensor y({tokens, kWidth});
    forward(moe_, spec_, bench_.run(), 1, x.view(), y.view());
    for (std::size_t i = 0; i < y.floats().size(); ++i) {
      // The order of three additions differs; every term is below 4.
      EXPECT_NEAR(y.floats()[i], expected.floats()[i], 2e-6F) << tokens << " tokens, number " << i;
    }
  }
}

// As many rows as it takes to have several pieces an expert, and several groups of experts for few
// threads; wide enough that every thread comes to work. Whether threads share pieces or a product,
// the sums are the same.
TEST_F(ExpertsTest, GiveTheSameBitsForAnyNumberOfThreads) {
  constexpr std::int64_t kWide = 40;
  spec_.width = kWide;
  spec_.expert_hidden = kWide;
  moe_.gate = random_tensor(store_.random(), {7, kWide}, 0, 0.5);
  for (GatedMlp& expert : moe_.experts) expert = store_.gated_mlp(kWide, kWide);
  moe_.shared = store_.gated_mlp(kWide, 2 * kWide);
  const Tensor x = random_tensor(store_.random(), {800, kWide});
  const StageObserver nobody;
  for (const std::string_view name : kernels::available()) {
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 5, 16}) {
      ThreadPool pool(threads);
      Arena scratch;
      kernels::Context context{pool, scratch};
      Tensor y({800, kWide});
      const lectio::Run run{*kernels::by_name(name), context, Stages(nobody)};
      forward(moe_, spec_, run, 1, x.view(), y.view());
      if (first.empty()) first.assign(y.floats().begin(), y.floats().end());
      EXPECT_TRUE(std::ranges::equal(y.floats(), first)) << name << ", " << threads << " threads";
    }
  }
}

TEST_F(ExpertsTest, LeaveExpertsThatNobodyChoseAlone) {
  const Tensor x = random_tensor(store_.random(), {4, kWidth});
  const Tensor scores({4, 7});
  const Tensor experts({4, 3}, DType::kI32);
  const Tensor weights({4, 3});
  auto* const chosen = static_cast<std::int32_t*>(experts.view().data);
  for (int i = 0; i < 12; ++i) chosen[i] = i % 3;  // never experts 3 to 6
  for (std::size_t e = 3; e < 7; ++e) moe_.experts[e] = {};
  Tensor y({4, kWidth});
  add_routed(moe_.experts, bench_.run(), {scores.view(), experts.view(), weights.view()}, x.view(),
             y.view());
  EXPECT_TRUE(std::ranges::all_of(y.floats(),
                                  [](float value) { return value == 0; }));  // all weights are zero
}

}  // namespace
}  // namespace lectio
