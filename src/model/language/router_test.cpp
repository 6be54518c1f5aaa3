// SPDX-License-Identifier: Apache-2.0
#include "model/language/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "model/layers/testing.h"

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::Lt;

struct Choice {
  std::vector<std::int32_t> experts;
  std::vector<float> weights;
};

Choice choose(std::vector<float> scores, std::int64_t k) {
  const Tensor row({1, std::ssize(scores)});
  std::ranges::copy(scores, row.f32());
  const Tensor experts({1, k}, DType::kI32);
  const Tensor weights({1, k});
  choose_experts({row.view(), experts.view(), weights.view()});
  const auto* const first = static_cast<const std::int32_t*>(experts.view().data);
  return {{first, first + k}, {weights.f32(), weights.f32() + k}};
}

TEST(ChooseExperts, ListsTheHighestScoresInDescendingOrder) {
  const Choice choice = choose({0.1F, 0.4F, 0.05F, 0.3F, 0.15F}, 3);
  EXPECT_THAT(choice.experts, ElementsAre(1, 3, 4));
  EXPECT_THAT(choice.weights, ElementsAre(0.4F, 0.3F, 0.15F));
}

TEST(ChooseExperts, PrefersTheLowerIndexAmongEqualScores) {
  EXPECT_THAT(choose({0.2F, 0.2F, 0.2F, 0.2F, 0.2F}, 3).experts, ElementsAre(0, 1, 2));
  EXPECT_THAT(choose({0.1F, 0.3F, 0.1F, 0.3F, 0.1F}, 3).experts, ElementsAre(1, 3, 0));
}

TEST(ChooseExperts, StaysInsideTheListWhenScoresAreNoNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::int32_t expert : choose({nan, nan, nan, nan}, 2).experts) {
    EXPECT_GE(expert, 0);
    EXPECT_LT(expert, 4);
  }
}

TEST(Route, TakesTheSoftmaxOverAllExpertsAndDoesNotRenormalise) {
  lectio::testing::WeightStore store(8);
  lectio::testing::Bench bench;
  const Tensor x = lectio::testing::random_tensor(store.random(), {5, 6});
  const Tensor scores({5, 8});
  const Tensor experts({5, 3}, DType::kI32);
  const Tensor weights({5, 3});
  route(store.matrix(8, 6), bench.run(), x.view(), {scores.view(), experts.view(), weights.view()});
  for (std::int64_t row = 0; row < 5; ++row) {
    const auto all = scores.view().row_range(row, 1).floats();
    const auto chosen = weights.view().row_range(row, 1).floats();
    EXPECT_NEAR(std::accumulate(all.begin(), all.end(), 0.0), 1.0, 1e-6);
    EXPECT_THAT(std::accumulate(chosen.begin(), chosen.end(), 0.0), Lt(0.99));
    EXPECT_EQ(chosen[0], *std::ranges::max_element(all));
  }
}

}  // namespace
}  // namespace lectio
