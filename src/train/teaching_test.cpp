// SPDX-License-Identifier: Apache-2.0
#include "train/teaching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace lectio::train {
namespace {

constexpr TokenId kBefore = 900, kAfter = 1;
constexpr std::int64_t kVocabulary = 1000;

// A text whose tokens are 100, 101, ...: what follows a token is told by the token itself.
std::vector<TeachingStep> counting(std::size_t n) {
  std::vector<TokenId> ids(n);
  std::iota(ids.begin(), ids.end(), 100);
  std::vector<std::int64_t> slots(n);
  std::iota(slots.begin(), slots.end(), 0);
  return teach(kBefore, ids, slots, kAfter);
}

std::vector<TeachingStep> spoiled(std::size_t n, std::size_t most, std::uint64_t seed,
                                  double covered = 0) {
  std::vector<TeachingStep> steps = counting(n);
  Random random(seed);
  spoil(steps, kVocabulary, most, covered, random);
  return steps;
}

TEST(TeachTest, AsksForTheNextTokenAndTheEnd) {
  const std::vector<TeachingStep> steps = counting(3);
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].input, kBefore);
  EXPECT_EQ(steps[0].target, 100);
  EXPECT_EQ(steps[0].slot, 0);
  EXPECT_EQ(steps[3].input, 102);
  EXPECT_EQ(steps[3].target, kAfter);
  EXPECT_EQ(steps[3].slot, kIgnore);
}

TEST(TeachTest, AnEmptyTextAsksForTheEnd) {
  const std::vector<TeachingStep> steps = counting(0);
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].target, kAfter);
}

TEST(SpoilTest, WhatIsAskedForStaysRight) {
  constexpr std::size_t kText = 200, kMost = 240;
  int replaced = 0, skipped = 0, repeated = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const std::vector<TeachingStep> steps = spoiled(kText, kMost, seed);
    ASSERT_LE(steps.size(), kMost);
    ASSERT_EQ(steps[0].input, kBefore);
    std::int64_t last = -1;  // the latest target
    std::size_t hidden = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const TeachingStep& step = steps[i];
      if (step.target == kIgnore) {
        ASSERT_EQ(step.slot, kIgnore);
        ++hidden;
        continue;
      }
      const std::int64_t place = step.target == kAfter ? 100 + kText : step.target;
      ASSERT_EQ(step.slot, step.target == kAfter ? kIgnore : step.target - 100);
      // Onwards by one; further after what was skipped; the same again after what was repeated.
      if (last >= 0 && place > last + 1) ++skipped;
      ASSERT_GE(place, hidden > 0 ? 0 : last);
      last = place;
    }
    if (hidden > 0) ++repeated;
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
      if (steps[i].target != kIgnore && steps[i + 1].input != steps[i].target) ++replaced;
    }
  }
  EXPECT_GT(replaced, 300);
  EXPECT_GT(skipped, 30);
  EXPECT_GT(repeated, 30);
}

TEST(SpoilTest, ARepeatedSpanEndsWhereTheTextGoesOn) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const std::vector<TeachingStep> steps = spoiled(100, 400, seed);
    for (std::size_t i = 1; i < steps.size(); ++i) {
      if (steps[i - 1].target == kIgnore || steps[i].target != kIgnore) continue;
      // Before the second showing and at its end the same token is asked for.
      const std::int64_t wanted = steps[i - 1].target;
      std::size_t end = i;
      while (end < steps.size() && steps[end].target == kIgnore) ++end;
      ASSERT_LT(end, steps.size());
      EXPECT_EQ(steps[end].target, wanted);
    }
  }
}

TEST(SpoilTest, UnderACoveredSpanTheReadingGoesOn) {
  int phrases = 0, elsewhere = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const std::vector<TeachingStep> steps = spoiled(100, 400, seed);
    // Runs of inputs that are not the token asked for one step before, while the targets count on.
    for (std::size_t i = 1; i + 4 < steps.size(); ++i) {
      const auto on = [&](std::size_t k) {
        return steps[k].target == steps[k - 1].target + 1 && steps[k].target < kVocabulary &&
               steps[k].input != steps[k - 1].target && steps[k].input >= 100 &&
               steps[k].input < 200;
      };
      if (!on(i) || !on(i + 1) || !on(i + 2) || !on(i + 3)) continue;
      if (steps[i].input == steps[i + 2].input && steps[i + 1].input == steps[i + 3].input) {
        ++phrases;
      } else if (steps[i + 1].input == steps[i].input + 1 &&
                 steps[i + 3].input == steps[i].input + 3) {
        ++elsewhere;
      }
    }
  }
  EXPECT_GT(phrases, 100);
  EXPECT_GT(elsewhere, 1000);
}

// The share of inputs that are not the token asked for before, over many texts of 1,500 tokens.
double wrong_share(double covered) {
  std::size_t wrong = 0, all = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::vector<TeachingStep> steps = spoiled(1500, 3000, seed, covered);
    for (std::size_t i = 1; i < steps.size(); ++i) {
      if (steps[i - 1].target == kIgnore || steps[i].target == kIgnore) continue;
      ++all;
      if (steps[i].input != steps[i - 1].target) ++wrong;
    }
  }
  return static_cast<double>(wrong) / static_cast<double>(all);
}

TEST(SpoilTest, CoversTakeTheirShare) {
  // Of seven texts in ten, on average half of the share in spans of 31 tokens that may overlap.
  EXPECT_NEAR(wrong_share(0.4) - wrong_share(0), 0.7 * (1 - std::exp(-0.2)) - 0.03, 0.03);
  EXPECT_NEAR(wrong_share(0.01), wrong_share(0), 1e-9);
}

TEST(SpoilTest, ACircleIsShownSeveralTimesAndLeftAnywhere) {
  int circles = 0, left_inside = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const std::vector<TeachingStep> steps = spoiled(100, 400, seed);
    // What is asked for at the ends of the showings, one after another.
    int ends = 0;
    std::vector<std::size_t> hidden;  // between them
    for (std::size_t i = 1, run = 0; i < steps.size(); ++i) {
      if (steps[i].target == kIgnore) {
        ++run;
      } else if (run > 0) {
        ++ends;
        hidden.push_back(run);
        run = 0;
      }
    }
    if (ends < 2) continue;
    ++circles;
    ASSERT_TRUE(std::all_of(hidden.begin(), hidden.end() - 1,
                            [&](std::size_t run) { return run == hidden[0]; }));
    ASSERT_LE(hidden.back(), hidden[0]);
    if (hidden.back() < hidden[0]) ++left_inside;
  }
  EXPECT_GT(circles, 20);
  EXPECT_GT(left_inside, 10);
}

TEST(GuessedTest, NeverTheFirstAndAllOrSpans) {
  Random random(3);
  int all = 0;
  for (int i = 0; i < 200; ++i) {
    const std::vector<bool> guessed = draw_guessed(400, random);
    ASSERT_EQ(guessed.size(), 400U);
    EXPECT_FALSE(guessed[0]);
    const auto count = std::count(guessed.begin(), guessed.end(), true);
    EXPECT_GE(count, 1);
    if (count == 399) {
      ++all;
    } else {
      EXPECT_LE(count, 4 * 60);
    }
  }
  EXPECT_NEAR(all, 120, 28);  // four deviations
  EXPECT_EQ(draw_guessed(1, random), std::vector<bool>{false});
}

}  // namespace
}  // namespace lectio::train
