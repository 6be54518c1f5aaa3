// SPDX-License-Identifier: Apache-2.0
#include "eval/controls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> kinds_of(const std::vector<ControlPage>& pages) {
  std::vector<std::string> kinds;
  for (const ControlPage& page : pages) kinds.push_back(page.kind);
  return kinds;
}

Image print_with_a_stroke() {
  Image print(40, 30, 255);
  for (std::int64_t y = 5; y < 25; ++y) std::fill_n(print.row(y) + 3 * 4, 6, std::uint8_t{0});
  return print;
}

TEST(Controls, OneOfEachKindForEachPrint) {
  const auto pages = pages_without_text({print_with_a_stroke()}, 1);
  EXPECT_THAT(kinds_of(pages),
              ElementsAre("white", "grey", "black", "noise", "picture", "bleed-through"));
  EXPECT_EQ(pages_without_text({2, print_with_a_stroke()}, 1).size(), 12U);
  for (const ControlPage& page : pages) {
    EXPECT_EQ(page.page.image.width, 40);
    EXPECT_EQ(page.page.image.height, 30);
  }
  const auto again = pages_without_text({print_with_a_stroke()}, 1);
  EXPECT_EQ(again[3].page.image, pages[3].page.image);
  EXPECT_EQ(again[4].page.image, pages[4].page.image);
  EXPECT_NE(pages_without_text({print_with_a_stroke()}, 2)[3].page.image, pages[3].page.image);
}

TEST(Controls, BleedThroughIsFaintAndMirrored) {
  const Image image = pages_without_text({print_with_a_stroke()}, 1)[5].page.image;
  EXPECT_EQ(image.row(10)[3 * 4], 255);
  EXPECT_LT(image.row(10)[3 * 35], 255 - 18);
  EXPECT_GT(image.row(10)[3 * 35], 255 - 48);
  EXPECT_EQ(image.row(2)[3 * 35], 255);
}

TEST(Controls, CountWhatWasInventedAndWhatWasFlagged) {
  std::vector<ControlPage> pages;
  for (const char* source : {"nothing", "flagged", "sure", "fails"}) {
    pages.push_back({"white", Page{Image(1, 1), source}});
  }
  pages.push_back({"noise", Page{Image(1, 1), "nothing"}});
  const ControlReader reader = [](const Page& page) -> Result<ControlReading> {
    if (page.source == "flagged") return ControlReading{"once  upon a time", true};
    if (page.source == "sure") return ControlReading{"The", false};
    if (page.source == "fails") return Error(ErrorCode::kTooLarge, "no room");
    return ControlReading{" \n", false};
  };
  const auto scores = score_controls(pages, "model", reader);
  ASSERT_TRUE(scores);
  ASSERT_EQ(scores->size(), 2U);
  const ControlScore& white = scores->front();
  EXPECT_EQ(white.pages, 4);
  EXPECT_EQ(white.failed, 1);
  EXPECT_EQ(white.with_text, 2);
  EXPECT_EQ(white.unflagged, 1);
  EXPECT_EQ(white.characters, 19);
  EXPECT_EQ(white.longest, "once upon a time");
  EXPECT_EQ(scores->back().with_text, 0);
  const ControlsReport report{*scores, {}};
  EXPECT_THAT(to_table(report), HasSubstr("once upon a time"));
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json["without_text"][0]["unflagged"], 1);
  EXPECT_EQ(json["without_text"][1]["page"], "noise");
}

TEST(Controls, EndWhereTheReaderIsStopped) {
  const auto scores = score_controls({{"white", Page{Image(1, 1), "a"}}}, "model", [](const Page&) {
    return Result<ControlReading>(Error(ErrorCode::kCancelled, "stopped"));
  });
  ASSERT_FALSE(scores);
  EXPECT_EQ(scores.error().code(), ErrorCode::kCancelled);
}

// What stands between words, and how long a text is, stays.
std::string shape_of(std::string_view text) {
  std::string shape(text);
  for (char& c : shape) {
    if (c != ' ' && c != '\n') c = 'x';
  }
  return shape;
}

TEST(TextControls, ShuffledWordsAreTheSameWords) {
  const std::string text = " One two  three\nfour five six seven.";
  const std::string shuffled = shuffle_words(text, 3);
  EXPECT_NE(shuffled, text);
  const auto sorted = [](std::string letters) {
    std::ranges::sort(letters);
    return letters;
  };
  EXPECT_EQ(sorted(shuffled), sorted(text));
  for (const char* word : {"One", "two", "three", "four", "five", "six", "seven."}) {
    EXPECT_THAT(shuffled, HasSubstr(word));
  }
  EXPECT_EQ(std::ranges::count(shuffled, '\n'), 1);
  EXPECT_EQ(shuffle_words(text, 3), shuffled);
  EXPECT_NE(shuffle_words(text, 4), shuffled);
  EXPECT_EQ(shuffle_words("", 3), "");
  EXPECT_EQ(shuffle_words(" \n", 3), " \n");
}

TEST(TextControls, LettersAndDigitsAreRandomAndTheRestStays) {
  const std::string text = "In 1984, \xC3\xA9t\xC3\xA9.\nEnd";
  const std::string letters = random_letters(text, 5);
  const std::string digits = random_digits(text, 5);
  EXPECT_EQ(shape_of(letters), shape_of(text));
  EXPECT_EQ(shape_of(digits), shape_of(text));
  EXPECT_THAT(letters,
              testing::MatchesRegex("[A-Z][a-z] [0-9]{4}, \xC3\xA9[a-z]\xC3\xA9.\n[A-Z][a-z]{2}"));
  EXPECT_THAT(digits, testing::MatchesRegex("[0-9]{2} [0-9]{4}, \xC3\xA9[0-9]\xC3\xA9.\n[0-9]{3}"));
  EXPECT_NE(random_digits(text, 6), digits);
}

// Reads the picture's name; where something is given, goes on with the text that begins so: a
// reader that never looks again.
TEST(TextControls, TellAReaderThatLooksFromOneThatGoesOn) {
  const std::vector<TextPage> pages = {{Page{Image(1, 1), "aaaa aaaa"}, "aaaa aaaa"},
                                       {Page{Image(1, 1), "bbbb bbbb"}, "bbbb bbbb"},
                                       {Page{Image(1, 1), "cccc cccc"}, "cccc cccc"}};
  const std::vector<TextControl> controls = text_controls("plain", pages);
  ASSERT_EQ(controls.size(), 12U);
  EXPECT_EQ(controls[5].rest, "aaaa aaaa") << "the text of the page behind the last";
  EXPECT_EQ(controls[6].given, "aaaa");
  EXPECT_EQ(controls[6].rest, " aaaa");
  EXPECT_EQ(controls[9].page.source, "bbbb bbbb");

  const auto precisions = [&](const GivenReader& reader) {
    std::vector<double> values;
    const auto scores = score_texts(controls, reader);
    EXPECT_TRUE(scores);
    for (const TextScore& score : *scores) values.push_back(score.precision);
    return values;
  };
  EXPECT_THAT(precisions([](const Page& page, std::string_view given) -> Result<std::string> {
                return page.source.substr(given.size());
              }),
              ElementsAre(1.0, 1 - 8.0 / 9, 1.0, 0.0));
  EXPECT_THAT(precisions([](const Page& page, std::string_view given) -> Result<std::string> {
                return given.empty() ? page.source : std::string(given);
              }),
              ElementsAre(1.0, 1 - 8.0 / 9, 1.0, 1.0));
}

TEST(TextControls, APageThatFailsCountsAsNothingRead) {
  const std::vector<TextControl> controls = {{"x", Page{Image(1, 1), "a"}, "", "ab"},
                                             {"x", Page{Image(1, 1), "b"}, "", "c  d"}};
  const auto scores =
      score_texts(controls, [](const Page& page, std::string_view) -> Result<std::string> {
        if (page.source == "a") return std::string("ab");
        return Error(ErrorCode::kTooLarge, "no room");
      });
  ASSERT_TRUE(scores);
  ASSERT_EQ(scores->size(), 1U);
  EXPECT_EQ(scores->front().pages, 2);
  EXPECT_EQ(scores->front().failed, 1);
  EXPECT_EQ(scores->front().characters, 5);
  EXPECT_DOUBLE_EQ(scores->front().precision, 0.5);
  const ControlsReport report{{}, *scores};
  EXPECT_THAT(to_table(report), HasSubstr("0.5000"));
  EXPECT_EQ(nlohmann::json::parse(to_json(report))["texts"][0]["character_precision"], 0.5);
  EXPECT_FALSE(score_texts(controls, [](const Page&, std::string_view) {
    return Result<std::string>(Error(ErrorCode::kCancelled, "stopped"));
  }));
}

}  // namespace
}  // namespace lectio
