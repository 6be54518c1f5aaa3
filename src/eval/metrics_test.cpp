// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/splitmix.h"

namespace lectio {
namespace {

// The textbook table, row by row.
std::int64_t plain_levenshtein(std::u32string_view a, std::u32string_view b) {
  std::vector<std::int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::int64_t diagonal = row[0];
    row[0] = static_cast<std::int64_t>(i) + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::int64_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::u32string random_text(Random& random, std::int64_t length, std::uint64_t alphabet) {
  std::u32string text;
  for (std::int64_t i = 0; i < length; ++i) {
    text.push_back(static_cast<char32_t>(0x1F600 + random.below(alphabet)));
  }
  return text;
}

// Edits a text at a rate, so that distances of every size come up.
std::u32string edited(Random& random, const std::u32string& text, double rate) {
  std::u32string out;
  for (const char32_t c : text) {
    if (!random.chance(rate)) {
      out.push_back(c);
      continue;
    }
    const std::uint64_t kind = random.below(3);
    if (kind != 0) out.push_back(U'x');  // substituted or inserted before
    if (kind == 2) out.push_back(c);
  }
  return out;
}

TEST(Levenshtein, KnowsTheTextbookDistances) {
  EXPECT_EQ(levenshtein(U"kitten", U"sitting"), 3);
  EXPECT_EQ(levenshtein(U"", U""), 0);
  EXPECT_EQ(levenshtein(U"", U"abc"), 3);
  EXPECT_EQ(levenshtein(U"abc", U""), 3);
  EXPECT_EQ(levenshtein(U"abc", U"abc"), 0);
  EXPECT_EQ(levenshtein(U"flaw", U"lawn"), 2);
}

// Every length around the borders of a word, texts that share all, some or nothing.
TEST(Levenshtein, AgreesWithThePlainTableAroundTheBordersOfAWord) {
  Random random(64);
  for (const std::int64_t m : {1, 2, 3, 62, 63, 64, 65, 127, 128, 129, 200}) {
    for (const std::int64_t n : {1, 2, 31, 63, 64, 65, 128, 190}) {
      for (const std::uint64_t alphabet : {1U, 2U, 4U, 90U}) {
        const auto a = random_text(random, m, alphabet);
        const auto b = random_text(random, n, alphabet);
        ASSERT_EQ(levenshtein(a, b), plain_levenshtein(a, b)) << m << " " << n << " " << alphabet;
      }
    }
  }
}

TEST(Levenshtein, AgreesWithThePlainTableOnEditedTexts) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const auto a = random_text(random, random.between(1, 400), 1 + random.below(60));
    const auto b = edited(random, a, random.uniform(0, 0.6));
    ASSERT_EQ(levenshtein(a, b), plain_levenshtein(a, b)) << round;
    ASSERT_EQ(levenshtein(b, a), plain_levenshtein(a, b)) << round;
  }
}

TEST(Levenshtein, ComparesPagesOfTenThousandCharacters) {
  Random random(5);
  const auto a = random_text(random, 10'000, 80);
  const auto b = random_text(random, 10'000, 80);
  const auto distance = levenshtein(a, b);
  EXPECT_GT(distance, 7'000);
  EXPECT_LE(distance, 10'000);
  EXPECT_EQ(levenshtein(a, a + U"x"), 1);
}

TEST(CollapseWhitespace, LeavesSingleBlanksBetweenWords) {
  EXPECT_EQ(collapse_whitespace("  a \n\n b\tc \r\n"), U"a b c");
  EXPECT_EQ(collapse_whitespace(" \n"), U"");
  EXPECT_EQ(collapse_whitespace("a\xC2\xA0\xE3\x80\x80z"), U"a z");  // no-break, ideographic
}

TEST(CollapseWhitespace, CountsCodePointsAndReplacesWhatIsNoUtf8) {
  EXPECT_EQ(collapse_whitespace("\xC3\xA9\xF0\x9F\x98\x80"), U"\u00E9\U0001F600");
  EXPECT_EQ(collapse_whitespace("a\xFFz"), U"a\uFFFDz");
}

TEST(CharacterPrecision, IsOneMinusTheShareOfEditsInTheLongerText) {
  EXPECT_DOUBLE_EQ(character_precision(U"abcd", U"abcx"), 0.75);
  EXPECT_DOUBLE_EQ(character_precision(U"ab", U"abcd"), 0.5);
  EXPECT_DOUBLE_EQ(character_precision(U"abcd", U""), 0);
  EXPECT_DOUBLE_EQ(character_precision(U"", U""), 1);
}

TEST(WordSetScore, CountsEachWordOnce) {
  const WordScore score = word_set_score(U"the cat and the dog", U"the the the bird");
  EXPECT_DOUBLE_EQ(score.precision, 1.0 / 2);
  EXPECT_DOUBLE_EQ(score.recall, 1.0 / 4);
}

TEST(WordSetScore, KnowsWhatEmptyTextsAreWorth) {
  EXPECT_EQ(word_set_score(U"", U"").precision, 1);
  EXPECT_EQ(word_set_score(U"", U"").recall, 1);
  EXPECT_EQ(word_set_score(U"a", U"").precision, 0);
  EXPECT_EQ(word_set_score(U"a", U"").recall, 0);
  EXPECT_EQ(word_set_score(U"", U"a").precision, 0);
  EXPECT_EQ(word_set_score(U"", U"a").recall, 1);
}

// For n values of standard deviation s the interval is about mean +- 1.96 s / sqrt(n).
TEST(Bootstrap, HasTheWidthThatTheNormalApproximationGives) {
  Random random(1);
  std::vector<double> values(400);
  for (double& value : values) value = random.unit();
  const Interval interval = bootstrap_mean_95(values);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 400;
  const double half = 1.96 * std::sqrt(1.0 / 12) / 20;
  EXPECT_NEAR(interval.low, mean - half, 0.15 * half);
  EXPECT_NEAR(interval.high, mean + half, 0.15 * half);
}

TEST(Bootstrap, IsNoWiderThanItsValues) {
  const double one[] = {0.7};
  EXPECT_DOUBLE_EQ(bootstrap_mean_95(one).low, 0.7);
  EXPECT_DOUBLE_EQ(bootstrap_mean_95(one).high, 0.7);
  EXPECT_EQ(bootstrap_mean_95({}).high, 0);
}

}  // namespace
}  // namespace lectio
