// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <vector>

namespace lectio {
namespace {

std::vector<char32_t> decode_all(std::string_view text) {
  std::vector<char32_t> codes;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar c = decode_utf8(text, at);
    codes.push_back(c.code);
    at += c.size;
  }
  return codes;
}

TEST(Utf8, EveryScalarValueSurvivesTheRoundTrip) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, code);
    const DecodedChar c = decode_utf8(text, 0);
    ASSERT_TRUE(c.valid) << std::hex << static_cast<std::uint32_t>(code);
    ASSERT_EQ(c.code, code);
    ASSERT_EQ(c.size, text.size());
  }
}

// The examples of the Unicode Standard, section 3.9, tables 3-8 to 3-11: one U+FFFD a maximal
// ill-formed piece.
TEST(Utf8, IllFormedPiecesBecomeOneReplacementEach) {
  constexpr char32_t R = kReplacementCharacter;
  using Codes = std::vector<char32_t>;
  EXPECT_EQ(decode_all("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            (Codes{R, R, R, R, R, R, R, R, 'A'}));
  EXPECT_EQ(decode_all("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            (Codes{R, R, R, R, R, R, R, R, 'A'}));
  EXPECT_EQ(decode_all("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            (Codes{R, R, R, R, R, 'A', R, R, 'B'}));
  EXPECT_EQ(decode_all("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), (Codes{R, R, R, R, 'A'}));
}

TEST(Utf8, ATextThatEndsInsideOfASequenceEndsInAReplacement) {
  EXPECT_EQ(decode_all("a\xE2\x82"), (std::vector<char32_t>{'a', kReplacementCharacter}));
  EXPECT_EQ(count_code_points("\xF0"), 1);
  EXPECT_EQ(count_code_points(""), 0);
}

TEST(Utf8, WhatIsNoScalarValueIsWrittenAsAReplacement) {
  std::string surrogate;
  append_utf8(surrogate, 0xD800);
  std::string huge;
  append_utf8(huge, 0x110000);
  EXPECT_EQ(surrogate, "\xEF\xBF\xBD");
  EXPECT_EQ(huge, "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace lectio
