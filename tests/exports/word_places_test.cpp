// SPDX-License-Identifier: Apache-2.0
// Word boxes from ink against typeset pages, where every character's place is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/splitmix.h"
#include "ocr/lines/place_words.h"
#include "optical/typeset/typeset.h"

namespace lectio {
namespace {

constexpr const char* kVocabulary[] = {
    "a",     "of",       "the",   "and",     "reading",    "typeface", "if",      "illness", "x",
    "ink",   "is",       "paper", "between", "words",      "line,",    "mimicry", "1984",    "3.5%",
    "wide;", "(narrow)", "I",     "column.", "well-known", "Mr.",      "WWW",     "page",    "it"};

std::string some_text(std::uint64_t seed, int words, int words_a_paragraph) {
  Random random(seed);
  std::string text;
  for (int i = 0; i < words; ++i) {
    if (i > 0) text += i % words_a_paragraph == 0 ? "\n" : " ";
    text += kVocabulary[random.below(std::size(kVocabulary))];
  }
  return text;
}

struct Score {
  double mean = 0;  // intersection over union
  double half = 0;  // share of words with 0.5 or more
  double most = 0;  // share with 0.8 or more
};

double overlap(const Box& a, const Box& b) {
  const Box both{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1),
                 std::min(a.y1, b.y1)};
  if (both.empty()) return 0;
  const auto area = [](const Box& box) { return static_cast<double>(box.width() * box.height()); };
  return area(both) / (area(a) + area(b) - area(both));
}

// Around what is drawn of the word: its characters across, the line's share of the column down.
Box true_box(const TypesetPage& page, const TextWord& word) {
  Box box;
  for (const CharPlace& place : page.chars) {
    const auto at = static_cast<std::size_t>(place.byte_begin) - page.byte_begin;
    if (at < word.begin || at >= word.end) continue;
    const PlacedLine& line = page.lines[static_cast<std::size_t>(place.line)];
    box = united(
        box, {static_cast<std::int64_t>(place.x0), static_cast<std::int64_t>(line.top),
              static_cast<std::int64_t>(place.x1) + 1, static_cast<std::int64_t>(line.bottom) + 1});
  }
  Box drawn{box.x1, box.y1, box.x0, box.y0};
  for (std::int64_t y = box.y0; y < std::min(box.y1, page.image.height); ++y) {
    for (std::int64_t x = box.x0; x < std::min(box.x1, page.image.width); ++x) {
      if (page.image.row(y)[3 * x] > 200) continue;
      drawn = {std::min(drawn.x0, x), std::min(drawn.y0, y), std::max(drawn.x1, x + 1),
               std::max(drawn.y1, y + 1)};
    }
  }
  return drawn;
}

// read: what the model wrote of the page, whose words are compared with the page's by place in the
// list; kept[i] is the place of its i-th word among the page's.
Score score(const TypesetPage& page, const std::string& truth, const std::string& read,
            const std::vector<std::size_t>& kept) {
  const PlacedText placed =
      place_words(find_ink(page.image),
                  std::vector<Box>{{0, 0, page.image.width, page.image.height}}, read, false);
  const std::vector<TextWord> true_words = words_of(truth);
  const std::vector<TextWord> read_words = words_of(read);
  std::map<std::size_t, Box> box_of;  // by where the word begins
  for (const PlacedWord& word : placed.words) box_of.emplace(word.begin, word.box);
  EXPECT_EQ(box_of.size(), placed.words.size());
  Score result;
  for (std::size_t i = 0; i < read_words.size(); ++i) {
    const double iou = overlap(box_of[read_words[i].begin], true_box(page, true_words[kept[i]]));
    result.mean += iou;
    result.half += iou >= 0.5 ? 1 : 0;
    result.most += iou >= 0.8 ? 1 : 0;
  }
  const auto count = static_cast<double>(read_words.size());
  return {result.mean / count, result.half / count, result.most / count};
}

TypesetPage first_page(const std::string& text, const TypesetConfig& config) {
  auto pages = paginate(text, config);
  EXPECT_TRUE(pages) << pages.error().message();
  EXPECT_FALSE(pages->empty());
  return std::move(pages->front());
}

TypesetConfig base_config() {
  TypesetConfig config;
  config.fonts = {"/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"};
  config.width = 900;
  config.height = 1200;
  config.margins = {60, 60, 60, 60};
  return config;
}

struct PageCase {
  const char* name;
  double size;
  std::int64_t columns;
  Align align;
  double line_pitch;
  const char* font;
  double least_mean, least_half;
};

class WordPlaces : public testing::TestWithParam<PageCase> {};

std::vector<std::size_t> all_of(std::size_t count) {
  std::vector<std::size_t> places(count);
  for (std::size_t i = 0; i < count; ++i) places[i] = i;
  return places;
}

TEST_P(WordPlaces, AreWhereTheWordsAreDrawn) {
  const PageCase& c = GetParam();
  TypesetConfig config = base_config();
  config.size = c.size;
  config.columns = c.columns;
  config.align = c.align;
  config.line_pitch = c.line_pitch;
  config.fonts = {std::string("/usr/share/fonts/truetype/dejavu/") + c.font};
  const std::string text = some_text(17, 2000, 45);
  const TypesetPage page = first_page(text, config);
  const std::string truth = text.substr(page.byte_begin, page.byte_end - page.byte_begin);
  const Score got = score(page, truth, truth, all_of(words_of(truth).size()));
  RecordProperty("mean_iou", std::to_string(got.mean));
  RecordProperty("share_at_0.5", std::to_string(got.half));
  RecordProperty("share_at_0.8", std::to_string(got.most));
  EXPECT_GE(got.mean, c.least_mean);
  EXPECT_GE(got.half, c.least_half);
}

INSTANTIATE_TEST_SUITE_P(
    Pages, WordPlaces,
    testing::Values(
        PageCase{"OneColumn", 16, 1, Align::kLeft, 1.2, "DejaVuSerif.ttf", 0.95, 0.985},
        PageCase{"Small", 9, 1, Align::kLeft, 1.2, "DejaVuSerif.ttf", 0.95, 0.985},
        PageCase{"Tight", 14, 1, Align::kLeft, 1.0, "DejaVuSans.ttf", 0.95, 0.985},
        PageCase{"Justified", 16, 1, Align::kJustify, 1.3, "DejaVuSans.ttf", 0.95, 0.985},
        PageCase{"TwoColumns", 14, 2, Align::kLeft, 1.2, "DejaVuSerif.ttf", 0.95, 0.985},
        PageCase{"ThreeColumnsJustified", 12, 3, Align::kJustify, 1.2, "DejaVuSans.ttf", 0.9, 0.9}),
    [](const auto& run) { return std::string(run.param.name); });

// A model that leaves out words, doubles some and misspells others.
TEST(WordPlacesOfAWrongText, StayNearTheWordsThatAreRight) {
  const std::string text = some_text(5, 700, 40);
  const TypesetPage page = first_page(text, base_config());
  const std::string truth = text.substr(page.byte_begin, page.byte_end - page.byte_begin);
  const std::vector<TextWord> words = words_of(truth);
  Random random(3);
  std::string read;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (random.below(20) == 0) continue;
    std::string word = truth.substr(words[i].begin, words[i].end - words[i].begin);
    if (random.below(20) == 0) word += "e";
    if (!read.empty()) read += words[i].begins_line ? "\n" : " ";
    read += word;
    kept.push_back(i);
  }
  const Score got = score(page, truth, read, kept);
  EXPECT_GE(got.half, 0.97);
}

TEST(WordPlacesOfAShortText, AreNotStretchedOverTheWholePage) {
  const std::string text = some_text(6, 700, 40);
  const TypesetPage page = first_page(text, base_config());
  const std::string truth = text.substr(page.byte_begin, page.byte_end - page.byte_begin);
  const std::size_t half = words_of(truth).size() / 2;
  const std::string read = truth.substr(0, words_of(truth)[half].end);
  const Score got = score(page, truth, read, all_of(half + 1));
  EXPECT_GE(got.half, 0.97);
}

TEST(WordPlacesWithoutInk, AreSpreadOverTheRegion) {
  const Image blank(200, 100, 255);
  const std::vector<Box> region = {{10, 20, 110, 60}};
  const PlacedText placed = place_words(find_ink(blank), region, "one two\nthree", false);
  ASSERT_EQ(placed.words.size(), 3U);
  EXPECT_EQ(placed.lines, (std::vector<Box>{{10, 20, 110, 40}, {10, 40, 110, 60}}));
  EXPECT_EQ(placed.words[0].box.x0, 10);
  EXPECT_EQ(placed.words[1].box.x1, 110);
  EXPECT_EQ(placed.words[2].box, (Box{10, 40, 110, 60}));
  EXPECT_EQ(placed.words[2].line, 1U);
}

}  // namespace
}  // namespace lectio
