// SPDX-License-Identifier: Apache-2.0
#include "ocr/generate/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "ocr/generate/repeat_guard.h"

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using Ids = std::vector<std::int32_t>;
using Kind = NoRepeatRule::Kind;

struct GoldenCase {
  std::string name;
  NoRepeatRule rule;
  Ids tokens;
  Ids banned;
};

std::vector<GoldenCase> golden_cases() {
  const auto text = read_file(LECTIO_SOURCE_DIR "/tests/golden/ngram.json");
  EXPECT_TRUE(text);
  std::vector<GoldenCase> cases;
  const auto json = nlohmann::json::parse(*text);
  for (const auto& item : json.at("cases")) {
    GoldenCase one;
    one.name = item.at("name").get<std::string>();
    const bool windowed = item.at("rule") == "window";
    one.rule.kind = windowed ? Kind::kWindow : Kind::kWholeSequence;
    one.rule.n = item.at("n").get<std::int64_t>();
    if (windowed) one.rule.window = item.at("W").get<std::int64_t>();
    one.rule.whitelist = item.at("whitelist").get<Ids>();
    one.tokens = item.at("tokens").get<Ids>();
    one.banned = item.at("banned").get<Ids>();
    cases.push_back(std::move(one));
  }
  EXPECT_EQ(cases.size(), 91U);
  return cases;
}

TEST(BannedTokens, AgreesWithTheNinetyOneGoldenDecisions) {
  for (const GoldenCase& one : golden_cases()) {
    EXPECT_THAT(banned_tokens(one.rule, {}, one.tokens), ElementsAreArray(one.banned)) << one.name;
  }
}

TEST(BannedTokens, CountsThePromptForTheWholeSequenceAlone) {
  const Ids prompt = {5, 6, 7};
  const Ids output = {5, 6};
  EXPECT_THAT(banned_tokens({Kind::kWholeSequence, 3, 0, {}}, prompt, output), ElementsAre(7));
  EXPECT_THAT(banned_tokens({Kind::kWindow, 3, 90, {}}, prompt, output), IsEmpty());
}

TEST(BannedTokens, BansEverySeenTokenWhenTheNGramIsOneTokenLong) {
  EXPECT_THAT(banned_tokens({Kind::kWholeSequence, 1, 0, {}}, Ids{9}, Ids{4, 9, 2}),
              ElementsAre(2, 4, 9));
}

TEST(BannedTokens, BansNothingWithoutARule) {
  EXPECT_THAT(banned_tokens({}, Ids{1, 1, 1}, Ids{1, 1, 1}), IsEmpty());
}

TEST(RepeatGuard, AgreesWithTheNinetyOneGoldenDecisions) {
  for (const GoldenCase& one : golden_cases()) {
    RepeatGuard guard(one.rule, {}, static_cast<std::int64_t>(one.tokens.size()));
    for (const std::int32_t token : one.tokens) guard.push(token);
    EXPECT_THAT(guard.banned(), ElementsAreArray(one.banned)) << one.name;
  }
}

// Small alphabets make repeats and hash neighbours frequent; every step of every sequence is
// compared.
TEST(RepeatGuard, SaysWhatThePlainRuleSaysAtEveryStepOfRandomSequences) {
  Random random(20);
  std::size_t bans = 0;
  for (int round = 0; round < 300; ++round) {
    NoRepeatRule rule;
    rule.kind = random.chance(0.5) ? Kind::kWindow : Kind::kWholeSequence;
    rule.n = random.between(1, 5);
    rule.window = random.between(0, 40);
    rule.whitelist = {static_cast<std::int32_t>(random.below(6))};
    const std::uint64_t alphabet = 2 + random.below(6);
    const auto draw = [&] { return static_cast<std::int32_t>(random.below(alphabet)); };
    Ids prompt(static_cast<std::size_t>(random.below(20)));
    for (auto& token : prompt) token = draw();

    constexpr std::int64_t kSteps = 60;
    RepeatGuard guard(rule, prompt, kSteps);
    Ids output;
    for (std::int64_t step = 0; step < kSteps; ++step) {
      const Ids expected = banned_tokens(rule, prompt, output);
      ASSERT_THAT(guard.banned(), ElementsAreArray(expected))
          << "round " << round << " step " << step;
      bans += expected.size();
      output.push_back(draw());
      guard.push(output.back());
    }
  }
  EXPECT_GT(bans, 1000U);
}

std::int32_t greedy(std::vector<float> logits, const Ids& banned = {}) {
  Random random(0);
  return choose_token(logits, banned, 0, random);
}

TEST(IsSure, ComparesTheLikeliestTokenWithTheRule) {
  const std::vector<float> logits = {std::log(0.2F), std::log(0.7F), std::log(0.1F)};
  const double log_sum = log_sum_exp(logits);
  NoRepeatRule rule{Kind::kWindow, 5, 256, {}};
  EXPECT_FALSE(is_sure(rule, logits, log_sum));  // always holds unless it says otherwise
  rule.sure = 0.71;
  EXPECT_FALSE(is_sure(rule, logits, log_sum));
  rule.sure = 0.69;
  EXPECT_TRUE(is_sure(rule, logits, log_sum));
  const std::vector<float> none = {std::nanf(""), std::nanf("")};
  EXPECT_FALSE(is_sure(rule, none, log_sum_exp(none)));
}

TEST(ChooseToken, TakesTheLargestLogitAndTheLowestIdOnATie) {
  EXPECT_EQ(greedy({1, 3, 2}), 1);
  EXPECT_EQ(greedy({1, 3, 3}), 1);
  EXPECT_EQ(greedy({-2}), 0);
}

TEST(ChooseToken, NeverTakesABannedTokenWhileAnotherIsLeft) {
  EXPECT_EQ(greedy({1, 3, 2}, {1}), 2);
  EXPECT_EQ(greedy({1, 3, 2}, {1, 2}), 0);
  EXPECT_EQ(greedy({1, 3, 2}, {-1, 3, 900}), 1);  // ids without a logit
}

TEST(ChooseToken, PrefersNumbersToNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(greedy({nan, -5, nan}), 1);
  std::vector<float> logits = {nan, -5, nan};
  Random random(3);
  EXPECT_EQ(choose_token(logits, {}, 1.0, random), 1);
}

// A draw of p = 1/(1+e) out of 20,000 has a standard deviation of 63; six of them decide.
TEST(ChooseToken, DrawsWithTheProbabilitiesOfTheSoftmax) {
  constexpr int kDraws = 20000;
  Random random(7);
  int second = 0;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<float> logits = {2.0F, 0.0F, 9.0F};
    const auto id = choose_token(logits, Ids{2}, 2.0, random);
    ASSERT_NE(id, 2);
    second += id;
  }
  EXPECT_NEAR(second, kDraws / (1 + std::exp(1.0)), 6 * 63);
}

TEST(ChooseToken, RepeatsItsDrawsFromTheSameSeed) {
  Random first(11);
  Random second(11);
  for (int i = 0; i < 100; ++i) {
    std::vector<float> a = {0.1F, 0.2F, 0.3F, 0.4F};
    std::vector<float> b = a;
    EXPECT_EQ(choose_token(a, {}, 1.0, first), choose_token(b, {}, 1.0, second));
  }
}

TEST(ChooseToken, IsGreedyInTheLimitOfASmallTemperature) {
  Random random(1);
  std::vector<float> logits = {1.0F, 1.5F, 1.4F};
  for (int i = 0; i < 50; ++i) EXPECT_EQ(choose_token(logits, {}, 1e-300, random), 1);
}

// Against the plain sum. Small terms are raised by at most n * e^-25; a float difference is off by
// half an ulp of 64, and so is its term, relatively; the terms are off by 3e-7 and 64 sums of
// floats by 64 half ulps of their sum.
TEST(LogSumExp, IsTheLogarithmOfThePlainSum) {
  Random random(3);
  for (const std::size_t n : {1U, 2U, 7U, 1000U, 129280U}) {
    for (const double spread : {0.1, 5.0, 60.0}) {
      std::vector<float> logits(n);
      for (float& logit : logits) logit = static_cast<float>((random.unit() - 0.5) * spread);
      long double sum = 0;
      for (const float logit : logits) sum += std::exp(static_cast<long double>(logit));
      const double tolerance =
          static_cast<double>(n) * std::exp(-25.0) + 64 * 6e-8 + 3e-7 + 64 * 6e-8;
      EXPECT_NEAR(log_sum_exp(logits), static_cast<double>(std::log(sum)), tolerance)
          << n << ' ' << spread;
    }
  }
}

TEST(LogSumExp, StandsExtremesAndBannedTokens) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_NEAR(log_sum_exp(std::vector<float>{1000, -kInfinity}), 1000, 1e-9);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NEAR(log_sum_exp(std::vector<float>{nan, 3, nan}), 3, 1e-9);
  EXPECT_NEAR(log_sum_exp(std::vector<float>{-3e38F, -3e38F}), -3e38, 1e32);
  EXPECT_TRUE(std::isnan(log_sum_exp(std::vector<float>{-kInfinity})));
  EXPECT_TRUE(std::isnan(log_sum_exp(std::vector<float>{kInfinity, 0})));
}

}  // namespace
}  // namespace lectio
