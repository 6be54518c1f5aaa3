// SPDX-License-Identifier: Apache-2.0
#include "ocr/reader/text_layer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lectio {
namespace {

// Sixty bars like letters, six lines of ten, and the same text for each line.
Page printed_page() {
  Page page;
  page.image = Image(400, 300, 255);
  TextLayer layer;
  for (std::int64_t line = 0; line < 6; ++line) {
    const std::int64_t top = 30 + line * 40;
    for (std::int64_t letter = 0; letter < 10; ++letter) {
      for (std::int64_t y = top; y < top + 16; ++y) {
        for (std::int64_t x = 0; x < 3 * 6; ++x) {
          page.image.row(y)[3 * (40 + letter * 20) + x] = 0;
        }
      }
    }
    if (line > 0) layer.text += '\n';
    const std::size_t begin = layer.text.size();
    layer.text += "abcdefghij";
    layer.words.push_back({begin, layer.text.size(), Box{38, top - 2, 240, top + 18},
                           static_cast<std::size_t>(line)});
  }
  page.layer = layer;
  return page;
}

class TextLayerTest : public testing::Test {
 protected:
  // True: the model was asked.
  bool is_read(const Page& page, TextLayerUse use = TextLayerUse::kPrefer) {
    bool asked = false;
    CarefulOptions options;
    options.unread = UnreadHandling::kOff;
    const auto reading = read_with_layer(page, look_at_ink(page.image), use, options,
                                         [&](const Page&, const ReadOptions&) -> Result<PageText> {
                                           asked = true;
                                           PageText text;
                                           text.text = "read";
                                           return text;
                                         });
    EXPECT_TRUE(reading);
    reading_ = *reading;
    EXPECT_NE(reading_.evidence.text_layer, asked);
    return asked;
  }
  PageReading reading_;
};

TEST_F(TextLayerTest, IsTakenWhereItAgreesWithTheInk) {
  const Page page = printed_page();
  EXPECT_FALSE(is_read(page));
  EXPECT_EQ(reading_.verdict, Verdict::kOk);
  EXPECT_EQ(reading_.text.text, page.layer->text);
  EXPECT_EQ(reading_.evidence.read_characters, 60);
  EXPECT_EQ(*reading_.evidence.unread_ink, 0);
  EXPECT_TRUE(is_read(page, TextLayerUse::kIgnore));
}

TEST_F(TextLayerTest, IsNotTakenWhereSomethingSpeaksAgainstIt) {
  Page strange = printed_page();
  strange.layer->text.replace(0, 3, "\xEE\x80\x80");  // one private character of 63
  EXPECT_TRUE(is_read(strange));
  EXPECT_FALSE(is_read(strange, TextLayerUse::kOnly));
  EXPECT_EQ(reading_.verdict, Verdict::kDegraded);
  EXPECT_NEAR(reading_.evidence.strange_share, 1.0 / 63, 1e-9);

  Page part = printed_page();
  part.layer->words.pop_back();  // a sixth of the ink
  EXPECT_TRUE(is_read(part));
  Page scan = printed_page();
  scan.layer->picture_share = 0.9;
  EXPECT_TRUE(is_read(scan));
  EXPECT_FALSE(is_read(scan, TextLayerUse::kOnly));
  Page few = printed_page();
  few.layer->text = "abc";
  EXPECT_TRUE(is_read(few));
  Page hidden = printed_page();
  hidden.image = Image(400, 300, 255);
  EXPECT_FALSE(is_read(hidden, TextLayerUse::kOnly));
}

TEST_F(TextLayerTest, IsNotTakenForABlankPage) {
  Page page = printed_page();
  page.image = Image(400, 300, 255);
  const auto reading =
      read_with_layer(page, look_at_ink(page.image), TextLayerUse::kPrefer, {},
                      [](const Page&, const ReadOptions&) { return Result<PageText>(PageText()); });
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->verdict, Verdict::kBlank);
  EXPECT_EQ(reading->text.text, "") << "text that nobody sees";
}

TEST_F(TextLayerTest, OfALittleInkItIsNotAskedWhereItStands) {
  Page page = printed_page();
  for (std::int64_t y = 60; y < page.image.height; ++y) {  // one line of ten bars is left
    std::fill_n(page.image.row(y), 3 * page.image.width, std::uint8_t{255});
  }
  page.layer->text.resize(10);
  page.layer->words = {{0, 10, Box{38, 200, 240, 220}, 0}};  // somewhere else
  EXPECT_FALSE(is_read(page));
  EXPECT_EQ(reading_.verdict, Verdict::kOk);
  EXPECT_FALSE(reading_.evidence.unread_ink);
}

TEST_F(TextLayerTest, APageWithoutOneIsReadOrSkipped) {
  Page page = printed_page();
  page.layer.reset();
  EXPECT_TRUE(is_read(page));
  EXPECT_FALSE(is_read(page, TextLayerUse::kOnly));
  EXPECT_EQ(reading_.verdict, Verdict::kSkipped);
  page.image = Image(400, 300, 255);
  EXPECT_FALSE(is_read(page, TextLayerUse::kOnly));
  EXPECT_EQ(reading_.verdict, Verdict::kBlank);
}

}  // namespace
}  // namespace lectio
