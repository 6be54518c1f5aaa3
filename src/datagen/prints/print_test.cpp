// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/print.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/utf8.h"
#include "media/render/test_fonts.h"

namespace lectio {
namespace {

std::string many_paragraphs() {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += "In the year " + std::to_string(1000 + i) +
            " the \u201Cold\u201D library of M\u00FCnster was moved \u2014 all of its 3\u00A0000 "
            "\uFB01ne books, "
            "\u4E66\u7C4D and charts \u2014 to a new house. Some were lost on the way.\n\n";
  }
  return text;
}

std::shared_ptr<const Corpus> test_corpus() {
  return std::make_shared<const Corpus>(*Corpus::from_text(many_paragraphs()));
}

PrintFactory test_factory() {
  Result<PrintFactory> factory = PrintFactory::create(
      {sans(), mono(), test_font("DejaVuSerif-Bold")}, test_corpus(), Corpus::Split::kTrain);
  if (!factory) throw std::runtime_error(factory.error().message());
  return *std::move(factory);
}

struct Case {
  const char* name;
  PrintRecipe recipe;
};

const Case kCases[] = {
    {"line crops", {512, 128, 8, 60, 0.5, true, 0.3}},
    {"small pages", {256, 256, 40, 150, 0.5, true, 0.3}},
    {"pages", {512, 512, 300, 800, 0.5, true, 0.5}},
    {"dense pages", {512, 512, 1200, 2200, 0.5, true, 0.0}},
    {"loose pages", {384, 640, 100, 300, 0.5, false, 0.0}},
    {"one letter", {64, 64, 1, 1, 0.5, true, 0.0}},
};

TEST(Print, EveryCharacterHasABoxOnThePageInReadingOrder) {
  const PrintFactory factory = test_factory();
  GlyphCache cache;
  for (const Case& c : kCases) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      SCOPED_TRACE(std::string(c.name) + ", seed " + std::to_string(seed));
      const Print print = factory.make(seed, c.recipe, cache);
      ASSERT_EQ(static_cast<std::int64_t>(print.boxes.size()), count_code_points(print.text));
      std::size_t at = 0;
      float line = 0;
      for (std::size_t i = 0; i < print.boxes.size(); ++i) {
        const CharBox& box = print.boxes[i];
        ASSERT_EQ(box.byte_begin, static_cast<std::int64_t>(at));
        at += decode_utf8(print.text, at).size;
        ASSERT_TRUE(0 <= box.x0 && box.x0 <= box.x1 && box.x1 <= static_cast<float>(print.width));
        ASSERT_TRUE(0 <= box.top && box.top <= box.bottom &&
                    box.bottom <= static_cast<float>(print.height));
        const bool next_column =
            i > 0 && box.bottom < line && box.x0 > static_cast<float>(print.width) * 0.4F;
        const bool right_of_last = i > 0 && box.bottom == line && box.x0 >= print.boxes[i - 1].x0;
        ASSERT_TRUE(i == 0 || box.bottom > line || right_of_last || next_column)
            << "character " << i;
        line = box.bottom;
      }
    }
  }
}

TEST(Print, SizesAndLengthsAreThoseOfTheRecipe) {
  const PrintFactory factory = test_factory();
  GlyphCache cache;
  for (const Case& c : kCases) {
    std::int64_t shorter = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      const Print print = factory.make(seed, c.recipe, cache);
      ASSERT_EQ(print.width, c.recipe.width);
      ASSERT_EQ(print.height, c.recipe.height);
      ASSERT_EQ(static_cast<std::int64_t>(print.grey.size()), print.width * print.height);
      const std::int64_t chars = count_code_points(print.text);
      ASSERT_LE(chars, c.recipe.max_chars);
      ASSERT_GE(chars, 1);
      if (chars < c.recipe.min_chars) ++shorter;
    }
    // Words that the font lacks are left out of the text: a few prints near the lower end fall
    // below it.
    EXPECT_LE(shorter, 20) << c.name;
  }
}

// How much the pixels in a box differ from the paper, whose level the upper left corner has.
double ink_in(const Print& print, const CharBox& box) {
  double ink = 0;
  double pixels = 0;
  for (auto y = static_cast<std::int64_t>(box.top); y < static_cast<std::int64_t>(box.bottom);
       ++y) {
    for (auto x = static_cast<std::int64_t>(box.x0 + 1); x < static_cast<std::int64_t>(box.x1 - 1);
         ++x) {
      ink += std::abs(print.grey[static_cast<std::size_t>(y * print.width + x)] - print.grey[0]);
      ++pixels;
    }
  }
  return ink / std::max(pixels, 1.0);
}

TEST(Print, LettersHaveInkInTheirBoxesAndSpacesHaveNone) {
  const PrintFactory factory = test_factory();
  GlyphCache cache;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Print print = factory.make(seed, {512, 512, 300, 800, 0.5, true, 0.0}, cache);
    double letters = 0;
    double spaces = 0;
    double letter_count = 0;
    double space_count = 0;
    for (const CharBox& box : print.boxes) {
      const char c = print.text[static_cast<std::size_t>(box.byte_begin)];
      const double ink = ink_in(print, box);
      (c == ' ' ? spaces : letters) += ink;
      (c == ' ' ? space_count : letter_count) += 1;
    }
    ASSERT_LT(spaces / space_count, 0.1 * letters / letter_count) << "seed " << seed;
  }
}

TEST(Print, TheTextFillsThePage) {
  const PrintFactory factory = test_factory();
  GlyphCache cache;
  double lowest = 0;
  constexpr int kPrints = 100;
  for (std::uint64_t seed = 0; seed < kPrints; ++seed) {
    const Print print = factory.make(seed, {512, 512, 300, 800, 0.5, true, 0.0}, cache);
    float bottom = 0;
    for (const CharBox& box : print.boxes) bottom = std::max(bottom, box.bottom);
    lowest += static_cast<double>(bottom) / 512 / kPrints;
  }
  EXPECT_GT(lowest, 0.8);
}

TEST(Print, TheSeedDecidesWhateverTheThreadAndTheCache) {
  const PrintFactory factory = test_factory();
  const PrintRecipe recipe{256, 256, 40, 290, 0.5, true, 0.5};
  constexpr std::uint64_t kPrints = 40;
  GlyphCache cache;
  std::vector<Print> expected;
  for (std::uint64_t seed = 0; seed < kPrints; ++seed)
    expected.push_back(factory.make(seed, recipe, cache));
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      GlyphCache own(t % 2 == 0 ? 1 << 12 : 1 << 26);
      for (std::uint64_t i = 0; i < kPrints; ++i) {
        const std::uint64_t seed = (i * 7 + t) % kPrints;
        const Print print = factory.make(seed, recipe, own);
        const Print& other = expected[seed];
        if (print.grey != other.grey || print.text != other.text) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
  EXPECT_NE(expected[0].grey, expected[1].grey);
}

TEST(Print, TheShareOfRandomTextIsThatOfTheRecipe) {
  const PrintFactory factory = test_factory();
  GlyphCache cache;
  for (const double share : {0.0, 0.25, 1.0}) {
    PrintRecipe recipe{128, 64, 5, 20, share, true, 0.0};
    int natural = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed)
      natural += factory.make(seed, recipe, cache).natural ? 1 : 0;
    EXPECT_NEAR(natural, (1 - share) * 400, share == 0.25 ? 35 : 0);  // four deviations
  }
}

TEST(Print, OnlyWhatTheFontShowsIsInTheText) {
  const PrintFactory factory = test_factory();
  GlyphCache cache;
  std::string all;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    all += factory.make(seed, {512, 512, 300, 800, 0.0, true, 0.0}, cache).text;
  }
  EXPECT_EQ(all.find("\u4E66"), std::string::npos);
  EXPECT_EQ(all.find("\uFB01"), std::string::npos);
  EXPECT_EQ(all.find("  "), std::string::npos);
  EXPECT_NE(all.find(" fine books"), std::string::npos);
  EXPECT_NE(all.find("M\u00FCnster"), std::string::npos);
  EXPECT_NE(all.find("\u201Cold\u201D"), std::string::npos);
}

TEST(Print, FontsAndTextMustBeUsable) {
  const auto corpus = test_corpus();
  EXPECT_FALSE(PrintFactory::create({}, corpus, Corpus::Split::kTrain));
  const auto small = std::make_shared<const Corpus>(*Corpus::from_text("One paragraph."));
  const auto held_out = PrintFactory::create({sans()}, small, Corpus::Split::kHeldOut);
  ASSERT_FALSE(held_out);
  EXPECT_EQ(held_out.error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace lectio
