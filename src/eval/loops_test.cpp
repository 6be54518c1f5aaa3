// SPDX-License-Identifier: Apache-2.0
#include "eval/loops.h"

#include <gtest/gtest.h>

#include <string>

namespace lectio {
namespace {

std::u32string repeat(std::u32string_view unit, int times) {
  std::u32string text;
  for (int i = 0; i < times; ++i) text += unit;
  return text;
}

TEST(Loops, CountWhatOnlySaysAgain) {
  EXPECT_EQ(longest_repetition(U""), 0);
  EXPECT_EQ(longest_repetition(U"a"), 0);
  EXPECT_EQ(longest_repetition(U"aaaa"), 3);
  EXPECT_EQ(longest_repetition(U"aaa"), 0);
  EXPECT_EQ(longest_repetition(U"so abcabcabcabc on"), 9);
  EXPECT_EQ(longest_repetition(U"so abcabcabcab on"), 0);
}

TEST(Loops, PeriodsHaveALimit) {
  std::u32string unit;
  for (char32_t c = 0; c < 512; ++c) unit.push_back(U'\u1000' + c);
  EXPECT_EQ(longest_repetition(repeat(unit, 4)), 3 * 512);
  unit.push_back(U'x');
  EXPECT_EQ(longest_repetition(repeat(unit, 4)), 0);
}

TEST(Loops, ALoopIsMoreThanThePageRepeats) {
  const std::u32string truth = U"A page without one.";
  EXPECT_TRUE(has_loop(truth, U"A page " + repeat(U"and so ", 20)));
  EXPECT_FALSE(has_loop(truth, U"A page " + repeat(U"and so ", 10)));
  // Dots of a table of contents are on the page.
  EXPECT_FALSE(has_loop(repeat(U".", 200), repeat(U".", 310)));
  EXPECT_TRUE(has_loop(repeat(U".", 200), repeat(U".", 330)));
}

}  // namespace
}  // namespace lectio
