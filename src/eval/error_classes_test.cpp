// SPDX-License-Identifier: Apache-2.0
#include "eval/error_classes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/splitmix.h"
#include "eval/alignment.h"
#include "eval/metrics.h"

namespace lectio {
namespace {

constexpr std::u32string_view kBefore = U"it was told of old that ";
constexpr std::u32string_view kBehind = U" and so it ended for us.";

std::u32string around(std::u32string_view middle) {
  return std::u32string(kBefore) + std::u32string(middle) + std::u32string(kBehind);
}

// Every case: the classes add up to the distance.
ErrorClasses classes(std::u32string_view truth, std::u32string_view found) {
  const ErrorClasses result = classify_errors(truth, found);
  EXPECT_EQ(result.all(), levenshtein(truth, found));
  return result;
}

TEST(Alignment, HasAsManyEditsAsTheDistanceHoweverItIsSplit) {
  Random random(9);
  for (int round = 0; round < 400; ++round) {
    std::u32string a, b;
    for (std::int64_t i = random.between(0, 30); i > 0; --i) a += U"abcd"[random.below(4)];
    for (std::int64_t i = random.between(0, 30); i > 0; --i) b += U"abcd"[random.below(4)];
    for (const std::int64_t most_cells : {std::int64_t{1} << 20, std::int64_t{40}}) {
      std::size_t i = 0, j = 0;
      std::int64_t edits = 0;
      for (const Edit edit : align_texts(a, b, most_cells)) {
        if (edit == Edit::kMatch || edit == Edit::kSubstitute) {
          ASSERT_LT(i, a.size());
          ASSERT_LT(j, b.size());
          EXPECT_EQ(a[i] == b[j], edit == Edit::kMatch);
        }
        edits += edit == Edit::kMatch ? 0 : 1;
        i += edit == Edit::kInsert ? 0 : 1;
        j += edit == Edit::kDelete ? 0 : 1;
      }
      EXPECT_EQ(i, a.size());
      EXPECT_EQ(j, b.size());
      EXPECT_EQ(edits, levenshtein(a, b)) << most_cells;
    }
  }
}

// "abxab" without "abx": of the ways to lose three, some leave two gaps.
TEST(Alignment, ALostStretchIsOneGap) {
  using enum Edit;
  const std::u32string truth = U"the cat sat and the cow ran and the dog";
  const std::vector<Edit> edits = align_texts(truth, U"the cat sat and the dog");
  std::int64_t gaps = 0;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    EXPECT_TRUE(edits[i] == kMatch || edits[i] == kDelete);
    gaps += edits[i] == kDelete && (i == 0 || edits[i - 1] != kDelete) ? 1 : 0;
  }
  EXPECT_EQ(gaps, 1);
}

TEST(ErrorClasses, OfEqualTextsAreNone) {
  EXPECT_EQ(classes(around(U"x"), around(U"x")), ErrorClasses());
  EXPECT_EQ(classes(U"", U""), ErrorClasses());
}

TEST(ErrorClasses, SubstitutionsAreOfOneKindEach) {
  ErrorClasses expected;
  expected.letters = 3;      // h: x; m: _; a letter beyond Latin
  expected.digits = 2;       // 7: 1; 0: O
  expected.punctuation = 2;  // ,: ; and a quote
  expected.spaces = 1;
  expected.letter_case = 2;  // B: b; E with an acute: e
  expected.accents = 2;      // e with an acute: e; s: s with a caron
  EXPECT_EQ(classes(U"abcdefgh \u00E9 7 , B ijklmnop 0 \u201C \u0436 qr s \u00C9 uvw xyz",
                    U"abcdefgx e 1 ; b ijkl_nop O \" w qr \u0161 e uvw-xyz"),
            expected);
}

TEST(ErrorClasses, SingleCharactersAreNoRuns) {
  ErrorClasses expected;
  expected.left_out = 2;
  expected.put_in = 1;
  EXPECT_EQ(classes(U"one letter less, two words, more", U"one leter less, twowords, moore"),
            expected);
  // One short of a run.
  const ErrorClasses nearly = classes(around(std::u32string(kRun - 1, U'#')), around(U""));
  EXPECT_EQ(nearly.left_out, static_cast<std::int64_t>(kRun) - 1);
  EXPECT_EQ(nearly.lost, 0);
}

TEST(ErrorClasses, ALineThatIsNotReadIsALostRun) {
  ErrorClasses expected;
  expected.lost = expected.missed = 33;
  expected.runs_lost = 1;
  EXPECT_EQ(classes(around(U"the quick brown foxes jump there "), around(U"")), expected);
  expected.lost = expected.missed = static_cast<std::int64_t>(kRun);
  EXPECT_EQ(classes(around(std::u32string(kRun, U'#')), around(U"")), expected);
  expected.lost = expected.missed = 300;
  EXPECT_EQ(classes(std::u32string(300, U'a'), U""), expected);
}

TEST(ErrorClasses, TextThatIsNowhereOnThePageIsInvented) {
  ErrorClasses expected;
  expected.invented = 33;
  expected.runs_invented = 1;
  EXPECT_EQ(classes(around(U""), around(U"the quick brown foxes jump there ")), expected);
}

TEST(ErrorClasses, APhraseThatIsWrittenTwiceIsRepeated) {
  const std::u32string phrase = U"the quick brown foxes jump there ";
  ErrorClasses expected;
  expected.repeated = 33;
  expected.runs_repeated = 1;
  EXPECT_EQ(classes(around(phrase), around(phrase + phrase)), expected);
  // A loop of words that the page does not have: it is in itself.
  expected.repeated = 60;
  std::u32string loop;
  for (int i = 0; i < 10; ++i) loop += U"XYZUV ";
  EXPECT_EQ(classes(around(U""), around(loop)), expected);
}

TEST(ErrorClasses, APhraseInAnotherPlaceIsOrderAtBothEnds) {
  const std::u32string first = U"AAAABBBBCCCCDDDDEEEEFFFFGGGGHH";             // 30
  const std::u32string second = U"1111222233334444555566667777888899990000";  // 40
  ErrorClasses expected;
  expected.order = 60;
  expected.runs_in_order = 2;
  EXPECT_EQ(classes(around(first + second), around(second + first)), expected);
}

TEST(ErrorClasses, OtherTextInPlaceOfTheTruthIsNoSubstitution) {
  ErrorClasses expected;
  expected.invented = 24;
  expected.lost = 6;
  expected.missed = 30;
  expected.runs_invented = expected.runs_lost = 1;
  EXPECT_EQ(classes(around(U"ABCDEFGHIJKLMNOPQRSTUVWXYZABCD"), around(U"0123456789!#$%&()*+-./:;")),
            expected);
  // One letter of three wrong: badly read, but read.
  const ErrorClasses badly =
      classes(around(U"ABCABCABCABCABCABCABCABCABC"), around(U"A0CA0CA0CA0CA0CA0CA0CA0CA0C"));
  EXPECT_EQ(badly.letters, 9);
}

TEST(ErrorClasses, OfRandomTextsAddUpAndSum) {
  Random random(4);
  ErrorClasses sum;
  std::int64_t distances = 0;
  for (int round = 0; round < 60; ++round) {
    std::u32string a, b;
    for (std::int64_t i = random.between(0, 120); i > 0; --i) a += U"abc 1"[random.below(5)];
    for (std::int64_t i = random.between(0, 120); i > 0; --i) b += U"abc 1"[random.below(5)];
    sum += classes(a, b);
    distances += levenshtein(a, b);
  }
  EXPECT_EQ(sum.all(), distances);
}

}  // namespace
}  // namespace lectio
