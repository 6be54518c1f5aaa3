// SPDX-License-Identifier: Apache-2.0
#include "optical/typeset/typeset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/splitmix.h"
#include "base/utf8.h"

namespace lectio {
namespace {

constexpr const char* kFont = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

TypesetConfig small_pages() {
  TypesetConfig config;
  config.width = 200;
  config.height = 120;
  config.fonts = {kFont};
  config.size = 11;
  return config;
}

std::string prose(int sentences) {
  std::string text;
  for (int i = 0; i < sentences; ++i) {
    text += "Sentence " + std::to_string(i) + " says that pages follow each other. ";
    if (i % 5 == 4) text += "\n";
    if (i % 10 == 9) text += "\n";
  }
  return text;
}

void expect_whole(const std::string& text, const std::vector<TypesetPage>& pages) {
  std::size_t at = 0;
  for (const TypesetPage& page : pages) {
    ASSERT_EQ(page.byte_begin, at);
    ASSERT_GT(page.byte_end, at);
    ASSERT_EQ(static_cast<std::int64_t>(page.chars.size()),
              count_code_points(std::string_view(text).substr(at, page.byte_end - at)));
    for (const CharPlace& place : page.chars) {
      ASSERT_EQ(place.byte_begin, static_cast<std::int64_t>(at));
      at += decode_utf8(text, at).size;
    }
    ASSERT_EQ(at, page.byte_end);
  }
  ASSERT_EQ(at, text.size());
}

TEST(Typeset, NothingIsLostBetweenPages) {
  const std::string text = prose(100);
  TypesetConfig config = small_pages();
  for (const std::int64_t columns : {1, 3}) {
    config.columns = columns;
    config.gutter = 5;
    const auto pages = paginate(text, config);
    ASSERT_TRUE(pages);
    EXPECT_GT(pages->size(), 5U);
    expect_whole(text, *pages);
    for (const TypesetPage& page : *pages) {
      EXPECT_EQ(page.image.width, 200);
      EXPECT_EQ(page.image.height, 120);
    }
  }
}

TEST(Typeset, NothingIsLostOfAnyBytes) {
  Random random(21);
  TypesetConfig config = small_pages();
  for (int round = 0; round < 25; ++round) {
    std::string text;
    for (std::int64_t n = random.between(1, 600); n > 0; --n) {
      if (random.chance(0.3)) {
        text.push_back(static_cast<char>(random.below(256)));
      } else {
        append_utf8(text, static_cast<char32_t>(random.below(random.chance(0.5) ? 0x80 : 0x3000)));
      }
    }
    config.size = random.uniform(4, 120);
    config.align = static_cast<Align>(random.below(4));
    const auto pages = paginate(text, config);
    ASSERT_TRUE(pages);
    expect_whole(text, *pages);
  }
}

TEST(Typeset, TheSizeIsChosenForTheCharactersOfAPage) {
  const std::string text = prose(400);
  TypesetConfig config = small_pages();
  config.width = config.height = 512;
  for (const std::int64_t wanted : {200, 1000, 3000}) {
    config.characters_per_page = wanted;
    const auto pages = paginate(text, config);
    ASSERT_TRUE(pages);
    const auto first = static_cast<std::int64_t>((*pages)[0].chars.size());
    EXPECT_GE(first, wanted);
    EXPECT_LE(first, wanted + wanted / 5) << "the rest of a line, and little more";
  }
}

TEST(Typeset, AShortTextIsSetAsDenselyAsItsPageAllows) {
  TypesetConfig config = small_pages();
  config.characters_per_page = 300;
  auto few = Typesetter::create("A few words.", config);
  auto many = Typesetter::create(prose(100), config);
  ASSERT_TRUE(few && many);
  EXPECT_NEAR(few->size(), many->size(), many->size() * 0.2);
}

TEST(Typeset, AParagraphThatGoesOnOverleafIsNotIndentedAgain) {
  TypesetConfig config = small_pages();
  config.paragraph_indent = 2;
  std::string text;
  for (int i = 0; i < 200; ++i) text += "word ";
  const auto pages = paginate(text, config);
  ASSERT_TRUE(pages);
  ASSERT_GT(pages->size(), 1U);
  EXPECT_NEAR((*pages)[0].lines[0].x0, 16 + 22, 0.01);
  EXPECT_NEAR((*pages)[1].lines[0].x0, 16, 0.01);
}

TEST(Typeset, AnEmptyTextHasNoPage) {
  const auto pages = paginate("", small_pages());
  ASSERT_TRUE(pages);
  EXPECT_TRUE(pages->empty());
}

TEST(Typeset, ColoursAreThoseOfTheConfig) {
  TypesetConfig config = small_pages();
  config.paper = {250, 240, 230};
  config.ink = {10, 20, 30};
  const auto pages = paginate("MMMM", config);
  ASSERT_TRUE(pages);
  const Image& image = (*pages)[0].image;
  EXPECT_EQ(image.pixels[0], 250);
  EXPECT_EQ(image.pixels[2], 230);
  EXPECT_LT(*std::min_element(image.pixels.begin(), image.pixels.end()), 30);
}

TEST(Typeset, AMissingFontIsAnErrorThatNamesIt) {
  TypesetConfig config = small_pages();
  config.fonts = {"/nowhere/font.ttf"};
  const auto pages = paginate("a", config);
  ASSERT_FALSE(pages);
  EXPECT_NE(pages.error().message().find("/nowhere/font.ttf"), std::string::npos);
}

TEST(TypesetConfigJson, ReadsBackAsItself) {
  TypesetConfig config = small_pages();
  config.characters_per_page = 1234;
  config.margins = {1, 2.5, 3, 4};
  config.align = Align::kJustify;
  config.hinting = Hinting::kLight;
  config.columns = 2;
  config.letter_spacing = 0.05;
  config.ink = {1, 171, 255};
  const auto read = parse_typeset_config(typeset_config_json(config), "config");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, config);
}

TEST(TypesetConfigJson, WhatIsNotNamedKeepsItsDefault) {
  const auto read = parse_typeset_config(R"({"fonts": ["a.ttf"], "size": 20})", "config");
  ASSERT_TRUE(read);
  TypesetConfig expected;
  expected.fonts = {"a.ttf"};
  expected.size = 20;
  EXPECT_EQ(*read, expected);
}

TEST(TypesetConfigJson, EveryProblemIsNamed) {
  const auto message = [](const char* json) {
    const auto read = parse_typeset_config(json, "page.json");
    return read ? std::string("no error") : read.error().message();
  };
  EXPECT_EQ(message("{"), "page.json: expected a JSON object");
  EXPECT_EQ(message("[1]"), "page.json: expected a JSON object");
  const std::string types = message(
      R"({"width": "wide", "fonts": [1], "align": "middle", "ink": "#12345", "margins": [1], "colour": 3})");
  for (const char* part :
       {"page.json: ", "width: expected a whole number, found \"wide\"",
        "fonts: expected a list of paths", "align: expected one of \"left\"",
        "ink: expected a colour", "margins: expected four numbers", "unknown key \"colour\""}) {
    EXPECT_NE(types.find(part), std::string::npos) << part << " in " << types;
  }
  const std::string ranges =
      message(R"({"width": 3, "fonts": [], "size": -1, "margins": [400, 0, 400, 0]})");
  for (const char* part : {"width: expected 16.0 to 16384.0, found 3.0", "fonts (how many)",
                           "size: expected", "margins left + right"}) {
    EXPECT_NE(ranges.find(part), std::string::npos) << part << " in " << ranges;
  }
  const std::string deep =
      R"({"size": )" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  EXPECT_EQ(message(deep.c_str()), "page.json: size: expected a number, found array");
  EXPECT_NE(message(R"({"fonts": ["a"], "width": 1e30})"), "no error");
  EXPECT_NE(message(R"({"fonts": ["a"], "width": 99999999999999999999})"), "no error");
}

}  // namespace
}  // namespace lectio
