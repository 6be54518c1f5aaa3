// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/text_source.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lectio {
namespace {

// Words that occur once each.
std::string counting(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) {
    if (i > 0) text.push_back(i % 20 == 0 ? '\n' : ' ');
    text += "w" + std::to_string(i);
  }
  return text;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(ReturningPhrases, TakeTheirShareOfTheWords) {
  constexpr int kWords = 1000;
  for (const double share : {0.1, 0.3, 0.6}) {
    double taken = 0;
    constexpr int kTexts = 40;
    for (std::uint64_t seed = 0; seed < kTexts; ++seed) {
      std::vector<std::string> phrases;
      Random random(seed);
      const std::string text = with_returning_phrases(counting(kWords), share, phrases, random);
      ASSERT_FALSE(phrases.empty());
      std::size_t returned = 0;
      for (const std::string& phrase : phrases) {
        const std::size_t count = occurrences(text + " ", phrase);
        returned += count;
        // Put in just before the place that it was drawn from, at the most.
        EXPECT_LE(occurrences(text, phrase + phrase), 1U) << phrase;
      }
      EXPECT_GT(returned, 3U) << "seed " << seed;
      EXPECT_EQ(text.find("  "), std::string::npos);
      EXPECT_NE(text.back(), ' ');
      std::size_t kept = 0;
      for (int i = 0; i < kWords; ++i) {
        kept += occurrences(" " + text + " ", " w" + std::to_string(i) + " ") > 0 ? 1 : 0;
      }
      taken += 1.0 - static_cast<double>(kept) / kWords;
    }
    // Words of line feeds and of the phrases themselves are counted as kept or lost by chance; one
    // phrase alone cannot follow itself. So the share is met within a fifth and 0.06.
    EXPECT_NEAR(taken / kTexts, share, 0.2 * share + 0.06) << share;
  }
}

TEST(ReturningPhrases, AreTheSameInTheNextTextOfAPage) {
  std::vector<std::string> phrases;
  Random random(5);
  with_returning_phrases(counting(300), 0.3, phrases, random);
  const std::vector<std::string> first = phrases;
  const std::string other = with_returning_phrases(
      "here are other words of which none is a number " + counting(40), 0.6, phrases, random);
  EXPECT_EQ(phrases, first);
}

TEST(ReturningPhrases, AShortTextStaysAsItIs) {
  std::vector<std::string> phrases;
  Random random(5);
  for (const std::string text : {"", "word", "three words here\nand more"}) {
    EXPECT_EQ(with_returning_phrases(text, 0.6, phrases, random), text);
  }
  EXPECT_TRUE(phrases.empty());
}

}  // namespace
}  // namespace lectio
