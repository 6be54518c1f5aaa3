// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/split_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/tokenizer/bpe_trainer.h"

namespace lectio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Pieces = std::vector<std::string>;

Pieces split(const std::vector<std::string>& expressions, std::string_view text) {
  const auto patterns = SplitPatterns::compile(expressions);
  EXPECT_TRUE(patterns) << patterns.error().message();
  Pieces pieces;
  Splitter splitter(*patterns, [&](std::string_view piece) { pieces.emplace_back(piece); });
  splitter.split(text);
  return pieces;
}

std::string error_of(const std::vector<std::string>& expressions) {
  const auto patterns = SplitPatterns::compile(expressions);
  return patterns ? "" : patterns.error().message();
}

// Expected pieces were made with another regular-expression engine (Python's regex module).
TEST(SplitPatterns, CutsTheTextsOfTheSpecification) {
  const std::vector<std::pair<std::string, Pieces>> cases = {
      {"Hello, world!", {"Hello", ",", " world", "!"}},
      {"12345678901234567890", {"123", "456", "789", "012", "345", "678", "90"}},
      {"a  b   c    d", {"a", " ", " b", "  ", " c", "   ", " d"}},
      {"\r\n", {"\r\n"}},
      {"x\r\ny\n\n  z  ", {"x", "\r\n", "y", "\n\n", " ", " z", "  "}},
      {"tail   ", {"tail", "   "}},
      {"  lead", {" ", " lead"}},
      {"tabs\t\tand\u00A0nbsp", {"tabs", "\t", "\tand", "\u00A0nbsp"}},
      {"\u4F60\u597D\uFF0C\u4E16\u754C\uFF01",
       {"\u4F60\u597D", "\uFF0C", "\u4E16\u754C", "\uFF01"}},
      {"\u6DF7\u5408English\u548C\u5B57123\u7684\u3002",
       {"\u6DF7\u5408", "English", "\u548C\u5B57", "123", "\u7684", "\u3002"}},
      {"\u30B3\u30F3\u30FC\u3067OCR\u3092\u5B9F\u3059\u308B\u3002",
       {"\u30B3\u30F3\u30FC\u3067", "OCR", "\u3092\u5B9F\u3059\u308B", "\u3002"}},
      {"\uC548\uB155, \uC138\uACC4!", {"\uC548\uB155", ",", " \uC138\uACC4", "!"}},
      {R"(\frac{a}{b} + \sqrt{x^2 + y^2})",
       {"\\frac", "{a", "}{", "b", "}", " +", " \\", "sqrt", "{x", "^", "2", " +", " y", "^", "2",
        "}"}},
      {"\u0661\u0662\u0663\u0664\u0665 arabic-indic",
       {"\u0661\u0662\u0663", "\u0664\u0665", " arabic", "-indic"}},
      {"don't can\u2019t", {"don", "'t", " can", "\u2019", "t"}},
      {"e\u0301te\u0301", {"e\u0301te\u0301"}},
      {"\u180Ex y", {"\u180Ex", " y"}},  // no white space, whatever some engines say
      {"a\u2028b", {"a", "\u2028b"}},
      {"\U0001F600\U0001F44D\U0001F3FD ok", {"\U0001F600\U0001F44D\U0001F3FD", " ok"}},
      {"3.14 \u20AC5", {"3", ".", "14", " \u20AC", "5"}},
      {"\u00BD\u2167\u00B2", {"\u00BD\u2167\u00B2"}},
      {"<table><tr>", {"<table", "><", "tr", ">"}},
      {"x=1;\ny", {"x", "=", "1", ";\n", "y"}},
      {"", {}},
  };
  for (const auto& [text, pieces] : cases)
    EXPECT_EQ(split(official_expressions(), text), pieces) << text;
}

TEST(SplitPatterns, LetsDigitsStandAloneWhereASmallModelReadsThem) {
  EXPECT_THAT(split(single_digit_expressions(), "page 123"),
              ElementsAre("page", " ", "1", "2", "3"));
}

TEST(SplitPatterns, TreatsU180eAsNoBlankButTheOtherBlanksAsBlanks) {
  EXPECT_THAT(split({R"(\s+)"}, "a\u180Eb"), ElementsAre("a\u180Eb"));
  EXPECT_THAT(split({R"(\s+)"}, "a\u3000\u0085b"), ElementsAre("a", "\u3000\u0085", "b"));
  EXPECT_THAT(split({R"([^\S\n]+)"}, "a \nb"), ElementsAre("a", " ", "\nb"));
  EXPECT_THAT(split({R"(\\s)"}, "a\\s b"), ElementsAre("a", "\\s", " b"));  // an escaped backslash
}

TEST(SplitPatterns, CutsAtEmptyMatchesAndEnds) {
  EXPECT_THAT(split({"x*"}, "ab"), ElementsAre("a", "b"));
  EXPECT_THAT(split({"(?=b)"}, "abab"), ElementsAre("a", "ba", "b"));
  EXPECT_THAT(split({""}, "\u00E4\u00F6"), ElementsAre("\u00E4", "\u00F6"));
  EXPECT_THAT(split({}, "whole"), ElementsAre("whole"));
}

TEST(SplitPatterns, TakesLongRunsWholeAndInLinearTime) {
  constexpr std::size_t kLength = 1 << 20;
  EXPECT_EQ(split(official_expressions(), std::string(kLength, ' ')),
            Pieces({std::string(kLength, ' ')}));
  EXPECT_EQ(split(official_expressions(), std::string(kLength, ' ') + "x"),
            Pieces({std::string(kLength - 1, ' '), " x"}));
  EXPECT_EQ(split(official_expressions(), std::string(kLength, ' ') + "\n"),
            Pieces({std::string(kLength, ' ') + "\n"}));
  EXPECT_EQ(split(official_expressions(), std::string(kLength, 'x')),
            Pieces({std::string(kLength, 'x')}));
  EXPECT_EQ(split(official_expressions(), std::string(kLength, '\n')),
            Pieces({std::string(kLength, '\n')}));
  EXPECT_EQ(split(official_expressions(), std::string(kLength, '!')),
            Pieces({std::string(kLength, '!')}));
  EXPECT_EQ(split(official_expressions(), std::string(kLength, '7')).size(), (kLength + 2) / 3);
}

TEST(SplitPatterns, GivesUpExpressionsThatWouldNotEnd) {
  const std::string text(20000, 'a');
  for (const char* hostile :
       {"(a+)+b", "(a|aa)+$c", "(a*)*b", "(?:a?){30}a{30}b", "(.*)(.*)(.*)(.*)b", "(?R)?a+b"}) {
    const Pieces pieces = split({hostile}, text);
    std::string joined;
    for (const std::string& piece : pieces) joined += piece;
    EXPECT_EQ(joined, text) << hostile;
  }
}

TEST(SplitPatterns, NamesEveryExpressionThatDoesNotCompile) {
  EXPECT_THAT(error_of({"(", "a", "[z-a]"}),
              AllOf(HasSubstr("2 problems"), HasSubstr("expression 0: missing closing parenthesis"),
                    HasSubstr("expression 2: range out of order")));
  EXPECT_THAT(error_of({R"(\C)"}), HasSubstr("expression 0"));
  EXPECT_THAT(error_of({std::string(100, '(') + std::string(100, ')')}), HasSubstr("expression 0"));
  EXPECT_THAT(error_of({"((a{1000}){1000}){1000}"}), HasSubstr("too large"));
  EXPECT_THAT(error_of({std::string(20000, 'a')}), HasSubstr("expected at most 16384 bytes"));
  EXPECT_THAT(error_of(std::vector<std::string>(17, "a")),
              HasSubstr("expected at most 16 expressions"));
}

}  // namespace
}  // namespace lectio
