// SPDX-License-Identifier: Apache-2.0
#include "ocr/ink/ink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/splitmix.h"

namespace lectio {
namespace {

void fill(Image& image, const Box& box, std::uint8_t level) {
  for (std::int64_t y = box.y0; y < box.y1; ++y) {
    std::fill(image.row(y) + 3 * box.x0, image.row(y) + 3 * box.x1, level);
  }
}

// Letters as a child draws them: an upright and a foot, 6 by 9 pixels.
void letter(Image& image, std::int64_t x, std::int64_t y, std::uint8_t level) {
  fill(image, {x, y, x + 2, y + 9}, level);
  fill(image, {x, y + 7, x + 6, y + 9}, level);
}

// columns x rows letters.
Image page_of_letters(std::int64_t columns, std::int64_t rows, std::uint8_t paper = 255,
                      std::uint8_t ink = 0) {
  Image image(600, 800, paper);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      letter(image, 40 + 9 * column, 50 + 18 * row, ink);
    }
  }
  return image;
}

// Letters as prose has them: seven widths in no order, in words; every `period`-th line begins them
// anew.
Image page_of_words(std::int64_t lines, std::int64_t period) {
  Image image(600, 800, 255);
  Random random(7);
  for (std::int64_t line = 0; line < lines; ++line) {
    if (line % period == 0) random = Random(period == lines ? 7 : 8);
    for (std::int64_t x = 40; x < 540;) {
      const std::int64_t width = random.between(4, 10);
      const std::int64_t height = random.between(7, 10);
      const std::int64_t y = 50 + 18 * line;
      fill(image, {x, y + 10 - height, x + 2, y + 10}, 0);
      fill(image, {x, y + 8, x + width, y + 10}, 0);
      x += width + (random.below(5) == 0 ? 9 : 3);
    }
  }
  return image;
}

TEST(LookAtInk, CountsWhatStandsOnThePageAgain) {
  const InkReport prose = look_at_ink(page_of_words(40, 40));
  EXPECT_GT(prose.characters, 1500);
  EXPECT_EQ(prose.repeated_characters, 0);
  for (const std::int64_t period : {1, 2, 5}) {  // one line all over, two, a paragraph
    const InkReport ink = look_at_ink(page_of_words(40, period));
    const auto again = static_cast<double>(ink.characters * (40 - period)) / 40;
    EXPECT_NEAR(static_cast<double>(ink.repeated_characters), again, 0.05 * again) << period;
  }
}

TEST(LookAtInk, CountsTheMarksOfTheLongestLeader) {
  EXPECT_LT(look_at_ink(page_of_words(40, 40)).marks_in_a_row, 8);
  for (const std::int64_t apart : {4, 6}) {
    Image image(600, 800, 255);
    for (std::int64_t line = 0; line < 30; ++line) {
      const std::int64_t y = 50 + 18 * line;
      for (std::int64_t x = 40; x < 76; x += 9) letter(image, x, y, 0);
      for (std::int64_t i = 0; i < 50 + line; ++i) {
        const std::int64_t x = 90 + apart * i;
        fill(image, {x, y + 7, x + 2, y + 9}, 0);
      }
    }
    EXPECT_EQ(look_at_ink(image).marks_in_a_row, 79) << apart;  // more dots than letters
  }

  // A scan too coarse for single dots, and a rule.
  Image merged(600, 800, 255);
  for (std::int64_t x = 40; x < 76; x += 9) letter(merged, x, 50, 0);
  Image rule = merged;
  for (std::int64_t x = 90; x < 490; x += 4) {
    fill(merged, {x, 57, x + 4, 58}, 0);
    fill(merged, {x, 58, x + 2, 59}, 0);
  }
  EXPECT_EQ(look_at_ink(merged).marks_in_a_row, 100);
  fill(rule, {90, 57, 490, 59}, 0);
  EXPECT_EQ(look_at_ink(rule).marks_in_a_row, 0);
}

double normal(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.unit();
  return sum;
}

void add_noise(Image& image, double deviation, std::uint64_t seed) {
  Random random(seed);
  for (std::int64_t i = 0; i < image.width * image.height; ++i) {
    std::uint8_t* const pixel = image.pixels.data() + 3 * i;
    const double level = pixel[0] + deviation * normal(random);
    std::fill(pixel, pixel + 3, static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0)));
  }
}

// What connected_components means: the least label of a neighbour, until nothing changes.
std::size_t plain_count(const std::vector<std::uint8_t>& mask, std::int64_t width,
                        std::int64_t height) {
  std::vector<std::int64_t> label(mask.size());
  for (std::size_t i = 0; i < mask.size(); ++i) label[i] = static_cast<std::int64_t>(i);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const auto at = static_cast<std::size_t>(y * width + x);
        if (mask[at] == 0) continue;
        for (std::int64_t ny = std::max<std::int64_t>(0, y - 1); ny < std::min(height, y + 2);
             ++ny) {
          for (std::int64_t nx = std::max<std::int64_t>(0, x - 1); nx < std::min(width, x + 2);
               ++nx) {
            const auto near = static_cast<std::size_t>(ny * width + nx);
            if (mask[near] == 0 || label[near] >= label[at]) continue;
            label[at] = label[near];
            changed = true;
          }
        }
      }
    }
  }
  std::map<std::int64_t, int> labels;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 0) ++labels[label[i]];
  }
  return labels.size();
}

TEST(ConnectedComponents, AreThoseOfTheDefinition) {
  Random random(2);
  for (int round = 0; round < 300; ++round) {
    const std::int64_t width = random.between(1, 24);
    const std::int64_t height = random.between(1, 24);
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(width * height));
    const double density = random.uniform(0.05, 0.7);
    for (std::uint8_t& pixel : mask) pixel = random.chance(density) ? 1 : 0;
    const auto parts = connected_components(mask, width, height);
    ASSERT_EQ(parts.size(), plain_count(mask, width, height)) << width << " x " << height;
    std::int64_t area = 0;
    for (const Component& part : parts) {
      area += part.area;
      EXPECT_LE(part.area, part.box.width() * part.box.height());
      EXPECT_GE(part.box.x0, 0);
      EXPECT_LE(part.box.y1, height);
    }
    EXPECT_EQ(area, std::count(mask.begin(), mask.end(), 1));
  }
}

TEST(ConnectedComponents, OfAnEmptyMaskAreNone) {
  EXPECT_TRUE(connected_components({}, 0, 0).empty());
}

TEST(Ink, CountsLettersAndSaysWhereTheyAre) {
  const InkReport ink = look_at_ink(page_of_letters(50, 30));
  EXPECT_FALSE(ink.blank);
  EXPECT_EQ(ink.characters, 1500);
  EXPECT_EQ(ink.components.front().box, (Box{40, 50, 46, 59}));
  EXPECT_NEAR(ink.coverage, 1500 * 26 / (600.0 * 800.0), 1e-9);
  EXPECT_EQ(ink.horizontal_rules, 0);
}

TEST(Ink, DoesNotMindPaperInkAndShadow) {
  EXPECT_EQ(look_at_ink(page_of_letters(50, 30, 20, 230)).characters, 1500) << "white on black";
  EXPECT_EQ(look_at_ink(page_of_letters(50, 30, 200, 90)).characters, 1500) << "grey";
  Image shaded = page_of_letters(50, 30);
  for (std::int64_t y = 0; y < shaded.height; ++y) {
    for (std::int64_t x = 0; x < shaded.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        std::uint8_t& level = shaded.row(y)[3 * x + c];
        level = static_cast<std::uint8_t>(level * (255 - x / 5) / 255);
      }
    }
  }
  EXPECT_EQ(look_at_ink(shaded).characters, 1500) << "a shadow from left to right";
}

TEST(Ink, OneLetterIsNotBlank) {
  Image image(600, 800, 255);
  letter(image, 300, 700, 0);
  EXPECT_FALSE(look_at_ink(image).blank);
}

TEST(Ink, NothingToReadIsBlank) {
  for (const int level : {255, 254, 128, 30, 0}) {
    EXPECT_TRUE(look_at_ink(Image(600, 800, static_cast<std::uint8_t>(level))).blank) << level;
  }
  EXPECT_TRUE(look_at_ink(page_of_letters(50, 30, 250, 215)).blank)
      << "the print of the other side";
  for (const double deviation : {4.0, 15.0, 30.0, 60.0}) {
    for (const int level : {255, 180, 40}) {
      Image noise(600, 800, static_cast<std::uint8_t>(level));
      add_noise(noise, deviation, 7);
      EXPECT_TRUE(look_at_ink(noise).blank) << deviation << " on " << level;
    }
  }
  Image specks(600, 800, 255);
  Random random(5);
  for (int i = 0; i < 600 * 800 / 12; ++i) {
    const auto x = static_cast<std::int64_t>(random.below(600));
    const auto y = static_cast<std::int64_t>(random.below(800));
    fill(specks, {x, y, x + 1, y + 1}, 0);
  }
  EXPECT_TRUE(look_at_ink(specks).blank) << "pepper";
  EXPECT_TRUE(look_at_ink(Image()).blank);
  EXPECT_TRUE(look_at_ink(Image(1, 1, 9)).blank);
}

void disc(Image& image, double x, double y, double radius, std::uint8_t level = 40) {
  const auto first = [&](double at) {
    return std::max<std::int64_t>(0, std::llround(at - radius));
  };
  const auto last = [&](double at, std::int64_t end) {
    return std::min<std::int64_t>(end, std::llround(at + radius) + 1);
  };
  for (std::int64_t row = first(y); row < last(y, image.height); ++row) {
    for (std::int64_t column = first(x); column < last(x, image.width); ++column) {
      const double distance =
          std::hypot(static_cast<double>(column) - x, static_cast<double>(row) - y);
      if (distance <= radius) fill(image, {column, row, column + 1, row + 1}, level);
    }
  }
}

TEST(Ink, StainsAreBlankAndCounted) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    Image image(600, 800, 255);
    const double largest = random.uniform(6, 24);
    for (int i = 0; i < 60; ++i) {
      const double radius = random.uniform(2, largest);
      disc(image, random.uniform(0, 600), random.uniform(0, 800), radius);
    }
    const InkReport ink = look_at_ink(image);
    EXPECT_TRUE(ink.blank) << seed;
    EXPECT_EQ(ink.stains, std::ssize(ink.components)) << seed;
    EXPECT_GT(ink.stains, 30) << seed;
    EXPECT_EQ(ink.characters, 0) << seed;
    // A line of print among them, and a title.
    for (int i = 0; i < 60; ++i) letter(image, 30 + 9 * i, 390, 0);
    const InkReport print = look_at_ink(image);
    EXPECT_FALSE(print.blank) << seed;
    EXPECT_EQ(print.stains, 0) << seed;
  }
}

TEST(Ink, WhatIsLittleOrRoundAndYetWrittenIsNotBlank) {
  const auto expect_print = [](const Image& image, const char* what) {
    const InkReport ink = look_at_ink(image);
    EXPECT_FALSE(ink.blank) << what;
    EXPECT_EQ(ink.stains, 0) << what;
  };
  Image image(600, 800, 255);
  for (int i = 0; i < 5; ++i) {  // rings: the letter O
    disc(image, 100 + 90.0 * i, 200, 36, 0);
    disc(image, 100 + 90.0 * i, 200, 20, 255);
  }
  expect_print(image, "a title of five round letters");
  image = Image(600, 800, 255);
  for (int i = 0; i < 2; ++i) letter(image, 290 + 9 * i, 770, 0);
  expect_print(image, "a page number");
  image = Image(600, 800, 255);
  for (int i = 0; i < 8; ++i) disc(image, 60 + 60.0 * i, 120 + 70.0 * i, 9, 0);
  expect_print(image, "a few spots");
  image = Image(600, 800, 255);
  for (int row = 0; row < 8; ++row) {  // a pen that goes up and down, word by word
    for (int word = 0; word < 4; ++word) {
      for (int step = 0; step < 110; ++step) {
        const double y = 100 + 70.0 * row + 9 * std::sin(0.5 * step);
        disc(image, 40 + 135.0 * word + step, y, 1.5, 60);
      }
    }
  }
  expect_print(image, "handwriting");
  image = Image(600, 800, 255);
  for (int row = 0; row < 10; ++row) {
    for (int cell = 0; cell < 15; ++cell) {  // braille: dots, two beside each other
      disc(image, 40 + 36.0 * cell, 100 + 50.0 * row, 5, 0);
      if (cell % 3 != 0) disc(image, 53 + 36.0 * cell, 100 + 50.0 * row, 5, 0);
    }
  }
  expect_print(image, "dots in rows");
  image = Image(600, 800, 255);
  for (int row = 0; row < 12; ++row) {
    for (int cell = 0; cell < 4; ++cell) letter(image, 60 + 140 * cell, 60 + 60 * row, 0);
  }
  expect_print(image, "single letters far from each other");
  image = Image(600, 800, 255);
  for (int row = 0; row < 20; ++row) {
    disc(image, 50, 55 + 36.0 * row, 4, 0);
    for (int i = 0; i < 3; ++i) letter(image, 70 + 9 * i, 50 + 36 * row, 0);
  }
  expect_print(image, "a list of short words");
}

TEST(Ink, LettersInNoiseAreNotBlank) {
  for (const double deviation : {10.0, 25.0, 40.0}) {
    Image image = page_of_letters(50, 30);
    add_noise(image, deviation, 3);
    const InkReport ink = look_at_ink(image);
    EXPECT_FALSE(ink.blank) << deviation;
    EXPECT_NEAR(static_cast<double>(ink.characters), 1500, 400) << deviation;
  }
}

TEST(Ink, CountsTheLinesOfATable) {
  Image image = page_of_letters(50, 30);
  for (std::int64_t y = 40; y < 640; y += 36) fill(image, {30, y, 500, y + 1}, 0);
  for (std::int64_t x = 30; x <= 500; x += 94) fill(image, {x, 40, x + 2, 617}, 0);
  const InkReport ink = look_at_ink(image);
  EXPECT_EQ(ink.horizontal_rules, 17);
  EXPECT_EQ(ink.vertical_rules, 6);
}

TEST(Ink, LargePagesAreMeasuredInTheirOwnPixels) {
  Image image(4000, 5000, 255);
  fill(image, {1000, 2000, 1060, 2090}, 0);
  const InkReport ink = look_at_ink(image);
  ASSERT_EQ(ink.components.size(), 1U);
  EXPECT_NEAR(static_cast<double>(ink.components[0].box.x0), 1000, 4);
  EXPECT_NEAR(static_cast<double>(ink.components[0].box.y1), 2090, 4);
}

TEST(UnreadInk, IsWhatLiesOutsideOfEveryBox) {
  const InkReport ink = look_at_ink(page_of_letters(50, 30));
  EXPECT_EQ(unread_ink(ink, {{0, 0, 600, 800}}, 600, 800).share, 0);
  const UnreadInk all = unread_ink(ink, {}, 600, 800);
  EXPECT_EQ(all.share, 1);
  EXPECT_EQ(all.region, (Box{40, 50, 40 + 9 * 49 + 6, 50 + 18 * 29 + 9}));
  // The last three of thirty rows.
  const UnreadInk last = unread_ink(ink, {{0, 0, 600, 50 + 18 * 26 + 12}}, 600, 800);
  EXPECT_NEAR(last.share, 0.1, 1e-9);
  EXPECT_EQ(last.region.y0, 50 + 18 * 27);
}

}  // namespace
}  // namespace lectio
