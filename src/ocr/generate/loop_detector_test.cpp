// SPDX-License-Identifier: Apache-2.0
#include "ocr/generate/loop_detector.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/splitmix.h"

namespace lectio {
namespace {

// Words become tokens in order of appearance; digits are tokens of their own.
class Script {
 public:
  void say(const std::string& word) {
    const auto [entry, added] = ids_.try_emplace(word, static_cast<std::int32_t>(words_.size()));
    if (added) words_.push_back(word);
    tokens_.push_back(entry->second);
  }
  void number(std::int64_t value) {
    for (const char digit : std::to_string(value)) say(std::string(1, digit));
  }
  void box(const std::string& label, std::int64_t x1, std::int64_t y1, std::int64_t x2,
           std::int64_t y2) {
    for (const char* word : {"<|ref|>", label.c_str(), "<|/ref|>", "<|det|>", "[["}) say(word);
    number(x1);
    for (const std::int64_t value : {y1, x2, y2}) {
      say(", ");
      number(value);
    }
    for (const char* word : {"]]", "<|/det|>", "\n"}) say(word);
  }
  void prose(std::int64_t words, std::uint64_t seed) {
    Random random(seed);
    for (std::int64_t i = 0; i < words; ++i) say("word" + std::to_string(random.below(400)));
  }
  std::int32_t id(const std::string& word) { return ids_.at(word); }
  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }

  // The loop, or nothing if the whole script went through. The stream that was settled before is
  // never taken back.
  std::optional<LoopSpan> run(LoopRule rule = {}) const {
    rule.watch = true;
    LoopDetector detector(rule, [this](std::int32_t token) {
      return std::string_view(words_[static_cast<std::size_t>(token)]);
    });
    std::int64_t settled = 0;
    for (const std::int32_t token : tokens_) {
      if (detector.push(token)) {
        EXPECT_LE(settled, detector.found()->keep);
        return detector.found();
      }
      EXPECT_GE(detector.settled(), 0);
      settled = std::max(settled, detector.settled());
    }
    return std::nullopt;
  }

 private:
  std::map<std::string, std::int32_t> ids_;
  std::vector<std::string> words_;
  std::vector<std::int32_t> tokens_;
};

class LoopOfPeriod : public testing::TestWithParam<std::int64_t> {};

TEST_P(LoopOfPeriod, IsFoundWithFewTokensWastedAndTakenBackToItsFirstUnit) {
  const std::int64_t period = GetParam();
  Script script;
  script.prose(60, 1);
  for (std::int64_t i = 0; i < 2000; ++i) script.say("unit" + std::to_string(i % period));
  const auto loop = script.run();
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->kind, LoopKind::kTokens);
  EXPECT_EQ(loop->begin, 60);
  EXPECT_EQ(loop->period, period);
  EXPECT_EQ(loop->keep, 60 + period);
  EXPECT_LT(loop->begin + loop->length - loop->keep, 200) << "wasted tokens";
}

INSTANTIATE_TEST_SUITE_P(Periods, LoopOfPeriod, testing::Values(1, 2, 3, 7, 30, 80, 81, 200, 512));

TEST(LoopDetector, LeavesProseAlone) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Script script;
    script.prose(3000, seed);
    EXPECT_FALSE(script.run()) << seed;
  }
}

TEST(LoopDetector, LeavesCountingAndCalendarsAlone) {
  Script script;
  for (std::int64_t day = 1; day <= 365; ++day) {
    script.number(day);
    script.say("\n");
  }
  EXPECT_FALSE(script.run());
  LoopRule rule;
  rule.page_characters = 3 * 365;  // as the ink of such a page says, roughly
  EXPECT_FALSE(script.run(rule));
}

TEST(LoopDetector, LeavesDotsDittoMarksAndLabelsAlone) {
  Script script;
  for (int entry = 0; entry < 30; ++entry) {  // a table of contents
    script.prose(4, static_cast<std::uint64_t>(entry));
    for (int dot = 0; dot < 100; ++dot) script.say(".");
    script.number(entry);
    script.say("\n");
  }
  for (int row = 0; row < 40; ++row) {  // a column of ditto marks beside what differs
    script.say("name" + std::to_string(row));
    script.say("\"");
    script.say("\n");
  }
  for (int label = 0; label < 8; ++label) {  // a sheet of the same address
    for (int word = 0; word < 18; ++word) script.say("address" + std::to_string(word));
  }
  EXPECT_FALSE(script.run());
}

TEST(LoopDetector, LetsATableHaveAsManyEmptyRowsAsItsPageHasLinesFor) {
  Script script;
  script.prose(30, 5);
  const auto empty_rows = [&](int rows) {
    for (int row = 0; row < rows; ++row) {
      script.say("<tr>");
      for (int cell = 0; cell < 10; ++cell) {
        script.say("<td>");
        script.say("</td>");
      }
      script.say("</tr>");
    }
  };
  empty_rows(20);
  script.say("</table>");
  LoopRule rule;
  for (const char* tag : {"<tr>", "<td>", "</td>", "</tr>"})
    rule.structural.push_back(script.id(tag));
  rule.structural_tokens = 22 * 24;
  EXPECT_FALSE(script.run(rule));
  empty_rows(200);
  const auto loop = script.run(rule);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->period, 22);
  EXPECT_EQ(loop->begin + loop->length - loop->keep, 1) << "the cells of the page are kept";
}

TEST(LoopDetector, FindsAUnitWithLettersSoonerOnceItIsSaidAgainWhole) {
  LoopRule rule;
  rule.repeated_unit_tokens = 32;
  for (const int period : {1, 7, 32, 50, 160}) {
    Script script;
    script.prose(60, 1);
    for (int i = 0; i < 1000; ++i) script.say("part" + std::to_string(i % period));
    const auto loop = script.run(rule);
    ASSERT_TRUE(loop) << period;
    EXPECT_EQ(loop->keep, 60 + period);
    EXPECT_EQ(loop->length, period + std::max(period, 32));
  }
  Script dots;
  for (int i = 0; i < 100; ++i) dots.say(".");
  EXPECT_FALSE(dots.run(rule)) << "a leader may be this long";
}

TEST(LoopDetector, FindsNumbersThatCountOnBeyondThePage) {
  Script script;
  script.prose(20, 3);
  for (std::int64_t i = 1; i < 5000; ++i) {
    script.number(i);
    script.say("\n");
  }
  LoopRule rule;
  rule.page_characters = 1100;
  const auto loop = script.run(rule);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->kind, LoopKind::kNumbers);
  EXPECT_GE(loop->keep, 1100) << "what the page may hold stays";
  EXPECT_FALSE(script.run()) << "without knowing the page, a count may be true";
}

TEST(LoopDetector, ARepetitionThatThePagesInkHasIsKeptAndNoMoreOfIt) {
  Script script;
  for (int i = 0; i < 400; ++i) script.say("word" + std::to_string(i % 10));  // 5 letters each
  LoopRule rule;
  rule.repeated_characters = 5 * 390;
  EXPECT_FALSE(script.run(rule));
  rule.repeated_characters = 5 * 300;
  const auto loop = script.run(rule);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->keep, 310);
  EXPECT_EQ(loop->begin + loop->length - loop->keep, 1);

  Script dots;  // no letters: they are not among the page's characters
  for (int i = 0; i < 400; ++i) dots.say(".");
  EXPECT_TRUE(dots.run(rule));
}

TEST(LoopDetector, ALeaderHasTheDotsOfThePageAndNoMore) {
  for (const std::string space : {"", " "}) {
    Script script;
    script.prose(30, 4);
    for (int i = 0; i < 400; ++i) {
      script.say(".");
      if (!space.empty()) script.say(space);
    }
    const std::int64_t period = space.empty() ? 1 : 2;
    LoopRule rule;
    rule.repeated_marks = 399;
    EXPECT_FALSE(script.run(rule)) << period;
    rule.repeated_marks = 250;
    const auto loop = script.run(rule);
    ASSERT_TRUE(loop) << period;
    EXPECT_EQ(loop->keep, 30 + period * (1 + 250));
    EXPECT_EQ(loop->begin + loop->length - loop->keep, 1);
  }
}

TEST(LoopDetector, KnowsAUnitThatWasALoopBefore) {
  Script script;
  script.prose(60, 1);
  const std::int64_t begin = script.size();
  for (int i = 0; i < 30; ++i) script.say("part" + std::to_string(i % 7));
  EXPECT_FALSE(script.run());
  LoopRule rule;
  rule.known.emplace_back();
  for (const int part : {3, 4, 5, 6, 0, 1, 2}) {  // wherever it begins
    rule.known.back().push_back(script.id("part" + std::to_string(part)));
  }
  const auto loop = script.run(rule);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->keep, begin + 7);
  EXPECT_EQ(loop->begin + loop->length - loop->keep, LoopDetector::kKnownTokens);
  std::swap(rule.known.back()[1], rule.known.back()[4]);
  EXPECT_FALSE(script.run(rule)) << "another unit of the same length";
}

TEST(LoopDetector, TakesNothingBackOfWhatTheTextBeginsWith) {
  const auto bytes = [](std::int32_t) { return std::string_view("a"); };
  LoopRule rule;
  rule.watch = true;
  rule.repeated_tokens = 20;
  LoopDetector detector(rule, bytes);
  const std::vector<std::int32_t> prefix(100, 1);
  detector.begin_with(prefix);
  for (int i = 1; i < 20; ++i) EXPECT_FALSE(detector.push(1)) << i;
  ASSERT_TRUE(detector.push(1));
  EXPECT_EQ(detector.found()->keep, 100);
}

// Whatever a text is made of, and however little may be wasted.
TEST(LoopDetector, NeverTakesBackMoreThanItMay) {
  const std::vector<std::string> words = {"<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "[[", "]]",
                                          ",",       "9",        "<td>",    "</td>",    "a",  "bc"};
  Random random(6);
  std::map<LoopKind, int> found;
  for (int round = 0; round < 2000; ++round) {
    Script script;
    std::vector<std::string> phrase(1 + random.below(40));
    for (std::string& word : phrase) word = words[random.below(words.size())];
    const bool counts = random.below(3) == 0;
    for (std::int64_t i = 0; script.size() < 1500; ++i) {
      for (const std::string& word : phrase) script.say(word);
      if (counts) script.number(i);
      if (random.below(30) == 0) script.prose(20, static_cast<std::uint64_t>(round));
    }
    script.say("<td>");
    LoopRule rule;
    rule.most_wasted = random.between(1, 199);
    rule.page_characters = random.between(0, 2000);
    rule.repeated_characters = random.between(0, 300);
    rule.repeated_marks = random.between(0, 300);
    rule.structural_tokens = random.between(0, 1) * 400;
    rule.structural = {script.id("<td>")};
    const auto loop = script.run(rule);
    if (!loop) continue;
    ++found[loop->kind];
    EXPECT_LE(loop->begin + loop->length - loop->keep, rule.most_wasted);
  }
  EXPECT_EQ(found.size(), 4U) << "each kind of loop has been tried";
}

TEST(LoopDetector, FindsTextThatGoesFarBeyondThePage) {
  Script script;
  script.prose(3000, 9);
  LoopRule rule;
  rule.page_characters = 1000;
  const auto loop = script.run(rule);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->kind, LoopKind::kSurplus);
  EXPECT_LT(loop->keep, 300);
  EXPECT_LT(loop->length, 200) << "wasted tokens";
}

TEST(LoopDetector, FindsBoxesOnTopOfBoxes) {
  Script script;
  script.box("title", 100, 50, 900, 90);
  script.box("image", 100, 100, 400, 400);
  const std::int64_t good = script.size();
  for (int i = 0; i < 50; ++i) script.box("image", 100 + i % 3, 100, 400, 400 + i % 2);
  const auto loop = script.run();
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->kind, LoopKind::kBoxes);
  EXPECT_EQ(loop->keep, good);
  EXPECT_LT(loop->length, 200);
}

TEST(LoopDetector, FindsBoxesThatAreNone) {
  Script script;
  for (int i = 0; i < 50; ++i) script.box("image", 500, 10 + 7 * i, 500, 30 + 3 * i);
  const auto loop = script.run();
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->kind, LoopKind::kBoxes);
  EXPECT_EQ(loop->keep, 0);
}

TEST(LoopDetector, LeavesAGridOfPicturesAlone) {
  Script script;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t x = 99 * (i % 10);
    const std::int64_t y = 99 * (i / 10);
    script.box("image", x, y, x + 90, y + 90);
  }
  EXPECT_FALSE(script.run());
}

TEST(LoopDetector, SurvivesAnyTokens) {
  const std::vector<std::string> words = {
      "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "[[", "]]", ",", "9", "99999999999999999999",
      "",        "<td>",     "a",       "\xC3"};
  Random random(4);
  for (int round = 0; round < 200; ++round) {
    Script script;
    for (int i = 0; i < 500; ++i) script.say(words[random.below(words.size())]);
    LoopRule rule;
    rule.page_characters = static_cast<std::int64_t>(random.below(100));
    const auto loop = script.run(rule);
    if (!loop) continue;
    EXPECT_GE(loop->begin, 0);
    EXPECT_LE(loop->keep, script.size());
    EXPECT_LE(loop->begin + loop->length, script.size());
  }
}

}  // namespace
}  // namespace lectio
