// SPDX-License-Identifier: Apache-2.0
#include "media/render/layout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/splitmix.h"
#include "base/utf8.h"
#include "media/render/draw.h"
#include "media/render/test_fonts.h"

namespace lectio {
namespace {

// A page of a monospaced font at 10 pixels an em: a character is 6.02 pixels wide, and 20 of them
// fill a line.
LayoutConfig mono_page(std::int64_t height = 100) {
  LayoutConfig config;
  config.width = 121;
  config.height = height;
  config.fonts = {mono()};
  config.size = 10;
  config.line_pitch = 1.2F;
  return config;
}

std::vector<std::string> lines_of(std::string_view text, const Layout& layout) {
  std::vector<std::string> lines;
  for (const PlacedLine& line : layout.lines) {
    const auto begin = static_cast<std::size_t>(layout.chars[line.char_begin].byte_begin);
    const std::size_t end = line.char_end < layout.chars.size()
                                ? static_cast<std::size_t>(layout.chars[line.char_end].byte_begin)
                                : layout.bytes_fitted;
    lines.emplace_back(text.substr(begin, end - begin));
  }
  return lines;
}

TEST(Layout, LinesBreakAtSpacesAndKeepThemAtTheirEnds) {
  const std::string text = "one two three four five six seven eight";
  const Layout layout = lay_out(text, mono_page());
  EXPECT_EQ(lines_of(text, layout),
            (std::vector<std::string>{"one two three four ", "five six seven eight"}));
  EXPECT_FALSE(layout.broke_word);
}

TEST(Layout, AWordThatIsWiderThanTheColumnIsCut) {
  const std::string text = "abc ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const Layout layout = lay_out(text, mono_page());
  EXPECT_EQ(lines_of(text, layout),
            (std::vector<std::string>{"abc ", "ABCDEFGHIJKLMNOPQRST", "UVWXYZ"}));
  EXPECT_TRUE(layout.broke_word);
}

TEST(Layout, EveryLineFeedEndsAParagraph) {
  const std::string text = "a\n\nb\r\nc\n";
  const Layout layout = lay_out(text, mono_page());
  EXPECT_EQ(lines_of(text, layout), (std::vector<std::string>{"a\n", "\n", "b\r\n", "c\n"}));
  EXPECT_EQ(layout.bytes_fitted, text.size());
  EXPECT_EQ(layout.lines[3].paragraph, 3);
}

TEST(Layout, EachCodePointHasItsPlace) {
  const std::string text = "Gr\u00FC\u00DFe \U0001F600 \xFF ok\n";
  const Layout layout = lay_out(text, mono_page());
  ASSERT_EQ(static_cast<std::int64_t>(layout.chars.size()), count_code_points(text));
  std::size_t at = 0;
  for (const CharPlace& place : layout.chars) {
    EXPECT_EQ(place.byte_begin, static_cast<std::int64_t>(at));
    at += decode_utf8(text, at).size;
  }
}

TEST(Layout, BoxesAreAdvancesAcrossAndLetterHeightsDown) {
  const FontRef font = mono();
  const Layout layout = lay_out("aB c\n", mono_page());
  const float advance = font->advance(font->glyph(U'a')) * 10;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(layout.chars[i].x0, static_cast<float>(i) * advance, 1e-3F);
    EXPECT_NEAR(layout.chars[i].x1, static_cast<float>(i + 1) * advance, 1e-3F);
    EXPECT_EQ(layout.chars[i].bottom, layout.lines[0].baseline);
  }
  EXPECT_NEAR(layout.chars[0].bottom - layout.chars[0].top, font->x_height() * 10, 1e-3F);
  EXPECT_NEAR(layout.chars[1].bottom - layout.chars[1].top, font->cap_height() * 10, 1e-3F);
  EXPECT_EQ(layout.chars[4].x0, layout.chars[4].x1);
}

TEST(Layout, AlignmentPlacesTheFreeRoom) {
  const std::string text = "one two three four five six";
  LayoutConfig config = mono_page();
  const auto edges = [&](Align align) {
    config.align = align;
    const Layout layout = lay_out(text, config);
    return std::pair(layout.lines[0].x0, layout.lines[0].x1);
  };
  const float width = 18 * mono()->advance(mono()->glyph(U'a')) * 10;
  EXPECT_NEAR(edges(Align::kLeft).first, 0, 0.01);
  EXPECT_NEAR(edges(Align::kLeft).second, width, 0.01);
  EXPECT_NEAR(edges(Align::kRight).second, 121, 0.01);
  EXPECT_NEAR(edges(Align::kCenter).first, (121 - width) / 2, 0.01);
  EXPECT_NEAR(edges(Align::kJustify).first, 0, 0.01);
  EXPECT_NEAR(edges(Align::kJustify).second, 121, 0.01);
  const Layout justified = lay_out(text, config);
  EXPECT_LT(justified.lines[1].x1, 70) << "a paragraph's last line stays ragged";
}

TEST(Layout, WhatDoesNotFitStartsTheNextPage) {
  const std::string text = "one two three four five six seven eight nine ten eleven twelve";
  const Layout layout = lay_out(text, mono_page(30));
  EXPECT_EQ(layout.lines.size(), 2U);
  EXPECT_EQ(text.substr(layout.bytes_fitted), "nine ten eleven twelve");
}

TEST(Layout, APageTooLowForALineStillTakesOne) {
  const Layout layout = lay_out("one two three four five six seven", mono_page(3));
  EXPECT_EQ(layout.lines.size(), 1U);
  EXPECT_GT(layout.bytes_fitted, 0U);
  LayoutConfig narrow = mono_page();
  narrow.margin_left = 500;
  EXPECT_EQ(lay_out("abc", narrow).lines.size(), 3U);
}

TEST(Layout, ColumnsAreFilledInTurn) {
  LayoutConfig config = mono_page(30);
  config.width = 252;
  config.columns = 2;
  config.gutter = 10;
  const std::string text = "one two three four five six seven eight nine ten eleven twelve";
  const Layout layout = lay_out(text, config);
  ASSERT_EQ(layout.lines.size(), 4U);
  EXPECT_EQ(layout.lines[2].column, 1);
  EXPECT_NEAR(layout.lines[2].x0, 131, 0.01);
  EXPECT_EQ(layout.lines[2].baseline, layout.lines[0].baseline);
  EXPECT_EQ(layout.bytes_fitted, text.size());
}

TEST(Layout, ParagraphsHaveIndentSpaceAndStylesOfTheirOwn) {
  LayoutConfig config = mono_page();
  config.paragraph_indent = 15;
  config.paragraph_space = 4;
  config.paragraphs = {{1, sans(), 2.0F, Align::kCenter, 3}};
  const Layout layout = lay_out("a\nb\nc\n", config);
  ASSERT_EQ(layout.lines.size(), 3U);
  EXPECT_NEAR(layout.lines[0].x0, 15, 0.01);
  EXPECT_NEAR(layout.lines[1].top, 12 + 4, 0.01);
  EXPECT_NEAR(layout.lines[2].top, 12 + 4 + 24 + 4 + 3, 0.01);
  EXPECT_EQ(layout.glyphs[1].size, 20 * 64);
  EXPECT_EQ(layout.fonts[static_cast<std::size_t>(layout.glyphs[1].font)]->name(),
            "DejaVu Sans Book");
  EXPECT_NEAR((layout.lines[1].x0 + layout.lines[1].x1) / 2, 60.5, 0.01);
}

TEST(Layout, TheRestOfAParagraphIsNotIndented) {
  LayoutConfig config = mono_page();
  config.paragraph_indent = 15;
  config.continues_paragraph = true;
  const Layout layout = lay_out("rest\nnext", config);
  EXPECT_NEAR(layout.lines[0].x0, 0, 0.01);
  EXPECT_NEAR(layout.lines[1].x0, 15, 0.01);
}

TEST(Layout, TabsReachTheNextStop) {
  const Layout layout = lay_out("ab\tc\td", mono_page());
  const float stop = 4 * mono()->advance(mono()->glyph(U' ')) * 10;
  EXPECT_NEAR(layout.chars[3].x0, stop, 0.01);
  EXPECT_NEAR(layout.chars[5].x0, 2 * stop, 0.01);
}

TEST(Layout, IdeographsBreakAnywhereAndMissingOnesBecomeBoxes) {
  const std::string text =
      "ab \u4E00\u4E8C\u4E09\u56DB\u4E94\u516D\u4E03\u516B\u4E5D\u5341"
      "\u4E00\u4E8C\u4E09\u56DB\u4E94\u516D\u4E03\u516B\u4E5D\u5341";
  const Layout layout = lay_out(text, mono_page());
  ASSERT_EQ(layout.lines.size(), 2U);
  EXPECT_FALSE(layout.broke_word);
  EXPECT_GT(layout.lines[0].x1, 110) << "the break is as late as it can be";
  EXPECT_EQ(layout.glyphs[2].font, -1);
  GlyphCache cache;
  const GreyImage image = draw_grey(layout, cache);
  const auto& box = layout.chars[3];
  bool has_ink = false;
  for (auto x = static_cast<std::int64_t>(box.x0); x < static_cast<std::int64_t>(box.x1); ++x) {
    has_ink = has_ink || image.row(static_cast<std::int64_t>(box.bottom) - 1)[x] < 128;
  }
  EXPECT_TRUE(has_ink) << "a character without a glyph is seen";
}

TEST(Layout, AFallbackFontDrawsWhatTheFirstLacks) {
  LayoutConfig config = mono_page();
  config.fonts = {test_font("DejaVuSansMono-Bold"), sans()};
  const char32_t code = 0x1F600;  // in DejaVu Sans alone
  ASSERT_FALSE(config.fonts[0]->covers(code));
  ASSERT_TRUE(config.fonts[1]->covers(code));
  const Layout layout = lay_out("a\U0001F600", config);
  EXPECT_EQ(layout.glyphs[0].font, 0);
  EXPECT_EQ(layout.glyphs[1].font, 1);
}

TEST(Layout, AnyBytesAreLaidOutWithoutLoss) {
  Random random(7);
  GlyphCache cache;
  LayoutConfig config = mono_page(400);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::int64_t n = random.between(0, 120); n > 0; --n) {
      switch (random.below(4)) {
        case 0:
          text.push_back(static_cast<char>(random.below(256)));
          break;
        case 1:
          append_utf8(text, static_cast<char32_t>(random.below(0x110000)));
          break;
        case 2:
          append_utf8(text, static_cast<char32_t>(random.below(0x3000)));
          break;
        default:
          text.push_back(" \n\t\rab"[random.below(6)]);
          break;
      }
    }
    config.align = static_cast<Align>(random.below(4));
    config.columns = random.between(1, 3);
    const Layout layout = lay_out(text, config);
    ASSERT_EQ(static_cast<std::int64_t>(layout.chars.size()),
              count_code_points(std::string_view(text).substr(0, layout.bytes_fitted)));
    for (const CharPlace& place : layout.chars) {
      ASSERT_TRUE(std::isfinite(place.x0) && std::isfinite(place.x1));
      ASSERT_LE(place.x0, place.x1);
      ASSERT_LE(place.x1, static_cast<float>(layout.width));
    }
    ASSERT_EQ(draw_grey(layout, cache).pixels.size(), 121U * 400U);
  }
}

TEST(Layout, NoFontIsABugOfTheCaller) {
  LayoutConfig config = mono_page();
  config.fonts.clear();
  EXPECT_THROW(lay_out("a", config), InvariantError);
}

}  // namespace
}  // namespace lectio
