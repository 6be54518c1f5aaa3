// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/hyphenate.h"

#include <gtest/gtest.h>

#include <string>

namespace lectio::documents {
namespace {

std::string divided(const std::u32string& word, bool syllables = true) {
  const std::vector<char32_t> codes(word.begin(), word.end());
  std::string out;
  std::size_t at = 0;
  for (const HyphenPoint& point : hyphen_points(codes, syllables)) {
    for (; at < point.at; ++at) out.push_back(static_cast<char>(codes[at]));
    out += point.adds_hyphen ? "=" : "|";
  }
  for (; at < codes.size(); ++at) out.push_back(static_cast<char>(codes[at]));
  return out;
}

TEST(Hyphenate, WordsAreDividedBetweenSyllables) {
  EXPECT_EQ(divided(U"reconstructing"), "re=cons=truc=ting");
  EXPECT_EQ(divided(U"reflection"), "re=flec=tion");
  EXPECT_EQ(divided(U"modulation"), "mo=du=la=tion");
  EXPECT_EQ(divided(U"(production),"), "(pro=duc=tion),");
}

TEST(Hyphenate, ShortWordsNumbersAndAddressesStayWhole) {
  for (const char32_t* const word :
       {U"after", U"strength", U"1984", U"v2.1beta", U"www.example.org", U"rhythm", U"", U"a"}) {
    EXPECT_EQ(divided(word).find('='), std::string::npos);
  }
}

TEST(Hyphenate, AWordIsDividedBehindItsOwnHyphen) {
  EXPECT_EQ(divided(U"well-known"), "well-|known");
  EXPECT_EQ(divided(U"two-hour", false), "two-|hour");
  EXPECT_EQ(divided(U"considerable", false), "considerable");
  EXPECT_EQ(divided(U"-considered-"), "-con=si=de=red-");
}

}  // namespace
}  // namespace lectio::documents
