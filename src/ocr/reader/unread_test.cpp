// SPDX-License-Identifier: Apache-2.0
#include "ocr/reader/unread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <string_view>

#include "ocr/reader/careful.h"
#include "ocr/reader/passage.h"

namespace lectio {
namespace {

constexpr std::int64_t kLines = 16;
constexpr std::int64_t kWords = 6;  // a line, of five letters
constexpr std::int64_t kPitch = 40;
constexpr std::int64_t kLetter = 12;

// Words of two to nine letters, no two lines alike.
std::int64_t length_of(std::int64_t word) { return 2 + (word * 7 + word * word / 9) % 8; }

// Letters are bars with paper between them. columns: the lines stand in so many columns, side by
// side.
Page print(std::int64_t columns = 1) {
  const std::int64_t column_width = 60 + kWords * (9 * kLetter + 12);
  Page page;
  page.image = Image(60 + columns * column_width, 80 + kLines * kPitch, 255);
  for (std::int64_t line = 0; line < columns * kLines; ++line) {
    std::int64_t x = 60 + line / kLines * column_width;
    const std::int64_t top = 60 + line % kLines * kPitch;
    for (std::int64_t word = line * kWords; word < (line + 1) * kWords; ++word) {
      for (std::int64_t letter = 0; letter < length_of(word); ++letter, x += kLetter) {
        for (std::int64_t y = top; y < top + 18; ++y) {
          std::fill_n(page.image.row(y) + 3 * x, 3 * 9, std::uint8_t{0});
        }
      }
      x += 12;
    }
  }
  return page;
}

// The text of lines [begin, end): letters of one width, as the bars are; every word another.
std::string lines_of(std::int64_t begin, std::int64_t end) {
  constexpr std::string_view kLetters = "abdeghnopqu";
  std::string text;
  for (std::int64_t line = begin; line < end; ++line) {
    for (std::int64_t word = line * kWords; word < (line + 1) * kWords; ++word) {
      if (word > line * kWords) text += ' ';
      for (std::int64_t letter = 0; letter < length_of(word); ++letter) {
        text += kLetters[static_cast<std::size_t>((word + letter * (word / 11 + 1)) % 11)];
      }
    }
    text += '\n';
  }
  return text;
}

TEST(FindUnread, NothingIsMissingFromTheWholeText) {
  const Page page = print();
  const InkReport ink = look_at_ink(page.image);
  EXPECT_FALSE(find_unread(page, ink, lines_of(0, kLines)));
}

TEST(FindUnread, FindsTheLinesBehindTheText) {
  const Page page = print();
  const InkReport ink = look_at_ink(page.image);
  const std::string text = lines_of(0, 8);
  const auto unread = find_unread(page, ink, text);
  ASSERT_TRUE(unread);
  EXPECT_NEAR(unread->share, 0.5, 0.06);
  ASSERT_EQ(unread->regions.size(), 1U);
  EXPECT_EQ(unread->regions[0].at, text.size() - 1) << "behind the last word";
  EXPECT_GT(unread->regions[0].box.y0, 60 + 7 * kPitch + 18);
  EXPECT_LE(unread->regions[0].box.y0, 60 + 8 * kPitch);
  EXPECT_GE(unread->regions[0].box.y1, 60 + 15 * kPitch + 18);
  EXPECT_NEAR(static_cast<double>(unread->regions[0].characters),
              unread->regions[0].share * static_cast<double>(ink.characters), 1);
}

TEST(FindUnread, WithoutAnyTextAllIsUnread) {
  const Page page = print();
  const auto unread = find_unread(page, look_at_ink(page.image), "");
  ASSERT_TRUE(unread);
  EXPECT_NEAR(unread->share, 1, 1e-9);
  ASSERT_EQ(unread->regions.size(), 1U);
  EXPECT_EQ(unread->regions[0].at, 0U);
}

TEST(FindUnread, BoxesSayWhatWasReadAndWhereTheRestBelongs) {
  const Page page = print();
  const InkReport ink = look_at_ink(page.image);
  // Lines 0 to 3 and 12 to 15 of 16; what is between is in no box.
  const auto y = [&](std::int64_t line) {
    return std::to_string((60 + line * kPitch) * 999 / page.image.height);
  };
  const std::string first =
      "<|ref|>text<|/ref|><|det|>[[0, 0, 999, " + y(4) + "]]<|/det|>\n" + lines_of(0, 4);
  const std::string last =
      "<|ref|>text<|/ref|><|det|>[[0, " + y(12) + ", 999, 999]]<|/det|>\n" + lines_of(12, 16);
  const auto unread = find_unread(page, ink, first + last);
  ASSERT_TRUE(unread);
  EXPECT_NEAR(unread->share, 0.5, 0.06);
  ASSERT_EQ(unread->regions.size(), 1U);
  EXPECT_GT(unread->regions[0].at, first.size() - 4);
  EXPECT_LE(unread->regions[0].at, first.size());
}

TEST(FindUnread, ColumnsAreRegionsOfTheirOwn) {
  const Page page = print(2);
  const InkReport ink = look_at_ink(page.image);
  const auto unread = find_unread(page, ink, lines_of(0, 8));
  ASSERT_TRUE(unread);
  EXPECT_NEAR(unread->share, 0.75, 0.05);
  ASSERT_EQ(unread->regions.size(), 2U);
  EXPECT_LT(unread->regions[0].box.x1, page.image.width / 2 + 20);
  EXPECT_GT(unread->regions[1].box.x0, page.image.width / 2 - 20);
  EXPECT_LT(unread->regions[1].box.y0, 61);
}

TEST(FindUnread, APictureSaysNothingAboutMissingText) {
  const Page page = print();
  InkReport ink = look_at_ink(page.image);
  ink.graphics = 0.2;
  EXPECT_FALSE(find_unread(page, ink, lines_of(0, 4)));
}

TEST(FindUnread, APageWithLittleInkSaysNothing) {
  const Page page = print();
  InkReport ink = look_at_ink(page.image);
  ink.characters = 39;
  EXPECT_FALSE(find_unread(page, ink, ""));
  ink.characters = 40;
  EXPECT_TRUE(find_unread(page, ink, ""));
}

TEST(FindUnread, AShortLineIsEvidenceAndNoRegion) {
  const Page page = print();
  const InkReport ink = look_at_ink(page.image);
  // All but the last line, which has 33 letters; then all but the last two.
  const auto without_last = [&](std::int64_t lines) {
    const std::string end =
        std::to_string((50 + (kLines - lines) * kPitch) * 999 / page.image.height);
    return find_unread(page, ink,
                       "<|ref|>text<|/ref|><|det|>[[0, 0, 999, " + end + "]]<|/det|>\n" +
                           lines_of(0, kLines - lines));
  };
  const auto one = without_last(1);
  ASSERT_TRUE(one);
  EXPECT_NEAR(one->share, 1.0 / kLines, 0.02);
  EXPECT_TRUE(one->regions.empty());
  const auto two = without_last(2);
  ASSERT_TRUE(two);
  EXPECT_EQ(two->regions.size(), 1U);
}

void wipe(Page& page, const Box& box) {
  for (std::int64_t y = box.y0; y < box.y1; ++y) {
    std::fill(page.image.row(y) + 3 * box.x0, page.image.row(y) + 3 * box.x1, std::uint8_t{255});
  }
}

TEST(FindUnread, ReadsColumnsWhoseLinesDoNotStandBesideEachOther) {
  Page page = print(2);
  const std::int64_t middle = page.image.width / 2;
  wipe(page, {0, 60 + 4 * kPitch, middle, 60 + 6 * kPitch});
  wipe(page, {middle, 60 + 10 * kPitch, page.image.width, 60 + 13 * kPitch});
  for (std::int64_t y = page.image.height - 12; y < page.image.height - 10; ++y) {  // a rule below
    std::fill_n(page.image.row(y) + 3 * 60, 3 * (page.image.width - 120), std::uint8_t{0});
  }
  const std::string text = lines_of(0, 4) + lines_of(6, kLines + 10) + lines_of(kLines + 13, 32);
  UnreadLimits always;
  always.enough_read = 1e9;
  const auto unread = find_unread(page, look_at_ink(page.image), text, always);
  ASSERT_TRUE(unread);
  EXPECT_LT(unread->share, 0.05);
}

PageText tokens_of(const std::string& text, std::size_t bytes = 3) {
  PageText page;
  page.text = text;
  for (std::size_t i = 0; i < text.size(); i += bytes) {
    page.ids.push_back(static_cast<std::int32_t>(i));
    page.text_ends.push_back(static_cast<std::int64_t>(std::min(i + bytes, text.size())));
    page.log_probabilities.push_back(-static_cast<float>(i));
  }
  return page;
}

void expect_whole(const PageText& text) {
  ASSERT_EQ(text.ids.size(), text.text_ends.size());
  ASSERT_EQ(text.ids.size(), text.log_probabilities.size());
  EXPECT_TRUE(std::is_sorted(text.text_ends.begin(), text.text_ends.end()));
  ASSERT_FALSE(text.ids.empty());
  EXPECT_EQ(text.text_ends.back(), std::ssize(text.text));
}

TEST(InsertText, PutsAParagraphBehindTheTokenThatHoldsTheByte) {
  PageText whole = tokens_of("abcdef\nxyz");
  const Passage passage = insert_text(whole, 5, tokens_of("new text"));
  EXPECT_EQ(whole.text, "abcdef\n\nnew text\nxyz");
  EXPECT_EQ(whole.text.substr(passage.begin, passage.end - passage.begin), "new text");
  expect_whole(whole);
  for (const std::size_t at : {0U, 1U, 6U, 9U, 10U}) {
    PageText other = tokens_of("abcdef\nxyz");
    const Passage where = insert_text(other, at, tokens_of("new"));
    EXPECT_EQ(other.text.substr(where.begin, where.end - where.begin), "new") << at;
    expect_whole(other);
  }
  PageText empty;
  EXPECT_EQ(insert_text(empty, 0, tokens_of("new")).end, 3U);
  EXPECT_EQ(empty.text, "new");
  expect_whole(empty);
}

TEST(MoveBoxes, GivesThePlacesOnTheWholePage) {
  Page whole;
  whole.image = Image(1000, 2000, 255);
  const Box part{100, 1200, 900, 1800};
  const PartPage from = part_page(whole, part);
  // The part's corners, as a model would say them that saw the part page.
  const auto on = [&](std::int64_t pixel, std::int64_t side) {
    return std::to_string(
        std::lround(static_cast<double>(pixel) * 999 / static_cast<double>(side)));
  };
  const Image& seen = from.page.image;
  PageText text = tokens_of("<|ref|>text<|/ref|><|det|>[[" + on(from.x, seen.width) + ", " +
                            on(from.y, seen.height) + ", " + on(from.x + 800, seen.width) + ", " +
                            on(from.y + 600, seen.height) + "]]<|/det|>\nwords");
  move_boxes(text, from, part, whole);
  EXPECT_EQ(text.text, "<|ref|>text<|/ref|><|det|>[[100, 600, 899, 899]]<|/det|>\nwords");
  expect_whole(text);
}

TEST(PartPage, HasTheShapeOfThePageAndPaperAroundThePart) {
  Page whole;
  whole.image = Image(1000, 1400, 240);
  for (std::int64_t y = 1000; y < 1010; ++y) {
    std::fill_n(whole.image.row(y) + 300, 300, std::uint8_t{0});
  }
  const PartPage part = part_page(whole, {0, 900, 1000, 1400});
  const Image& image = part.page.image;
  EXPECT_NEAR(static_cast<double>(image.height) / static_cast<double>(image.width), 1.4, 0.01);
  EXPECT_EQ(image.row(0)[0], 240);
  EXPECT_EQ(image.row(part.y + 100)[3 * (part.x + 150)], 0);
  EXPECT_EQ(image.row(image.height - 1)[0], 240);
}

TEST(ShareKnown, CountsThreesOfWords) {
  EXPECT_EQ(share_known("a b c d", "x a b c d y"), 1);
  EXPECT_EQ(share_known("a b c d", "x a b c y d"), 0.5);
  EXPECT_EQ(share_known("a b", "a b"), 0);
}

// A model that leaves lines of the page out, and reads a part of it well; a limit of tokens ends an
// answer, which may be asked for again.
class LazyModel {
 public:
  explicit LazyModel(std::deque<std::string> answers) : answers_(std::move(answers)) {}

  AskModel ask() {
    return [this](const Page& page, const ReadOptions& options) -> Result<PageText> {
      seen.push_back(page);
      PageText text = tokens_of(answers_.front(), token_bytes);
      text.finish = finish;
      EXPECT_TRUE(std::equal(options.prefix.begin(), options.prefix.end(), text.ids.begin()));
      if (std::ssize(text.ids) > options.generate.max_tokens) {
        const auto most = static_cast<std::size_t>(options.generate.max_tokens);
        text = tokens_of(answers_.front().substr(0, most * token_bytes), token_bytes);
        text.finish = FinishReason::kMaxTokens;
      } else {
        answers_.pop_front();
      }
      text.generated_tokens = std::ssize(text.ids) - std::ssize(options.prefix);
      written += text.generated_tokens;
      if (options.on_text) options.on_text(text.text);
      return text;
    };
  }
  std::vector<Page> seen;
  std::int64_t written = 0;
  FinishReason finish = FinishReason::kStop;
  std::size_t token_bytes = 3;

 private:
  std::deque<std::string> answers_;
};

class UnreadRegionTest : public ::testing::Test {
 protected:
  Result<PageReading> read(LazyModel& model, UnreadHandling unread) {
    options_.unread = unread;
    return read_carefully(page_, look_at_ink(page_.image), options_, model.ask());
  }
  Page page_ = print();
  CarefulOptions options_;
};

TEST_F(UnreadRegionTest, IsReadAloneAndItsTextGoesWhereItBelongs) {
  LazyModel model({lines_of(0, 8), lines_of(8, kLines)});
  std::string streamed;
  options_.read.on_text = [&](std::string_view piece) { streamed += piece; };
  const auto reading = read(model, UnreadHandling::kRead);
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->text.text, lines_of(0, 8) + "\n" + lines_of(8, kLines));
  EXPECT_EQ(streamed, reading->text.text);
  expect_whole(reading->text);
  EXPECT_EQ(reading->verdict, Verdict::kDegraded);
  EXPECT_NEAR(*reading->evidence.unread_ink, 0, 0.01);
  ASSERT_EQ(reading->evidence.attempts.size(), 2U);
  const Attempt& attempt = reading->evidence.attempts[1];
  EXPECT_EQ(attempt.why, "unread_region");
  ASSERT_TRUE(attempt.region);
  EXPECT_EQ(reading->text.text.substr(attempt.text_begin, attempt.text_end - attempt.text_begin),
            lines_of(8, kLines));
  // The model saw the lower half alone: half of the ink.
  EXPECT_NEAR(static_cast<double>(look_at_ink(model.seen[1].image).characters),
              0.5 * static_cast<double>(look_at_ink(page_.image).characters), 20);
}

TEST_F(UnreadRegionTest, IsEvidenceWhereNothingIsToBeReadAgain) {
  LazyModel model({lines_of(0, 10)});
  const auto reading = read(model, UnreadHandling::kMark);
  EXPECT_EQ(model.seen.size(), 1U);
  EXPECT_EQ(reading->verdict, Verdict::kDegraded);
  EXPECT_NEAR(*reading->evidence.unread_ink, 6.0 / 16, 0.05);
  LazyModel other({lines_of(0, 10)});
  EXPECT_EQ(read(other, UnreadHandling::kOff)->evidence.unread_ink, std::nullopt);
}

TEST_F(UnreadRegionTest, ALimitOfTokensIsKept) {
  LazyModel model({lines_of(0, 8)});
  model.finish = FinishReason::kMaxTokens;
  const auto reading = read(model, UnreadHandling::kRead);
  EXPECT_EQ(model.seen.size(), 1U);
  EXPECT_EQ(reading->verdict, Verdict::kTruncated);
  EXPECT_NEAR(*reading->evidence.unread_ink, 0.5, 0.05);
}

TEST_F(UnreadRegionTest, WhatTheTextHasAlreadyIsNotTakenAgain) {
  LazyModel model({lines_of(0, 8), lines_of(0, 8)});
  const auto reading = read(model, UnreadHandling::kRead);
  EXPECT_EQ(reading->text.text, lines_of(0, 8));
  EXPECT_EQ(reading->verdict, Verdict::kDegraded);
  EXPECT_NEAR(*reading->evidence.unread_ink, 0.5, 0.05);
  EXPECT_GT(reading->evidence.attempts[1].wasted_tokens, 0);
  EXPECT_EQ(reading->evidence.attempts[1].text_end, 0U);
}

TEST_F(UnreadRegionTest, IsLookedAtBeforeItIsLongerThanWhatMayBeThrownAway) {
  LazyModel good({lines_of(0, 8), lines_of(8, kLines)});
  good.token_bytes = 1;
  const auto reading = read(good, UnreadHandling::kRead);
  const std::string region = lines_of(8, kLines);
  EXPECT_TRUE(reading->text.text.starts_with(lines_of(0, 8)));
  EXPECT_NE(reading->text.text.find(region.substr(0, region.size() - 1)), std::string::npos);
  EXPECT_EQ(good.seen.size(), 3U) << "it went on";
  EXPECT_EQ(good.written, std::ssize(reading->text.ids));
  EXPECT_EQ(reading->text.generated_tokens, good.written);
  ASSERT_EQ(reading->evidence.attempts.size(), 2U);
  EXPECT_EQ(reading->evidence.attempts[1].wasted_tokens, 0);

  LazyModel bad({lines_of(0, 8), lines_of(0, 8)});
  bad.token_bytes = 1;
  const auto other = read(bad, UnreadHandling::kRead);
  EXPECT_EQ(other->text.text, lines_of(0, 8));
  EXPECT_EQ(bad.seen.size(), 2U) << "it was given up";
  EXPECT_EQ(other->evidence.attempts[1].wasted_tokens, kMostWasted);
  EXPECT_EQ(bad.written, std::ssize(other->text.ids) + kMostWasted);
}

}  // namespace
}  // namespace lectio
