// SPDX-License-Identifier: Apache-2.0
#include "media/render/fonts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "media/render/test_fonts.h"

namespace lectio {
namespace {

std::filesystem::path write_temporary(const std::string& name, const std::string& bytes) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(Fonts, AMonospacedFontGivesAllLettersTheSameAdvance) {
  const FontRef font = mono();
  EXPECT_EQ(font->name(), "DejaVu Sans Mono Book");
  const float advance = font->advance(font->glyph(U'i'));
  EXPECT_NEAR(advance, 0.602F, 0.001F);  // 1,233 of 2,048 units
  for (char32_t c = 0x20; c < 0x7F; ++c) EXPECT_EQ(font->advance(font->glyph(c)), advance);
}

TEST(Fonts, HeightsAreThoseOfTheGlyphs) {
  const FontRef font = sans();
  EXPECT_NEAR(font->x_height(), 1120.0F / 2048, 0.001F);
  EXPECT_NEAR(font->cap_height(), 1493.0F / 2048, 0.001F);
  EXPECT_GT(font->ascent(), font->cap_height());
  EXPECT_GT(font->descent(), 0);
}

TEST(Fonts, PairsAreKernedAndUnknownOnesAreNot) {
  const FontRef font = sans();
  EXPECT_LT(font->kerning(U'A', U'V'), 0);
  EXPECT_EQ(font->kerning(U'n', U'n'), 0);
  EXPECT_EQ(font->kerning(0x4E00, U'n'), 0);
  EXPECT_EQ(font->kerning(U'n', 0x1F600), 0);
}

TEST(Fonts, LigaturesAreTheLongestThatBegin) {
  const FontRef font = sans();
  const LigatureGlyph* ffi = font->ligature(U"ffine");
  ASSERT_NE(ffi, nullptr);
  EXPECT_EQ(ffi->codes, U"ffi");
  EXPECT_EQ(ffi->glyph, font->glyph(0xFB03));  // the font names the same glyph as a character
  const LigatureGlyph* fl = font->ligature(U"fl");
  ASSERT_NE(fl, nullptr);
  EXPECT_EQ(fl->glyph, font->glyph(0xFB02));
  EXPECT_EQ(font->ligature(U"f"), nullptr);
  EXPECT_EQ(font->ligature(U"xfi"), nullptr);
  EXPECT_EQ(font->ligature(U""), nullptr);
  EXPECT_EQ(mono()->ligature(U"fi"), nullptr);
}

TEST(Fonts, FiguresWithoutAnOldStyleAreTheirOwn) {
  const FontRef font = sans();
  EXPECT_EQ(font->old_figure(U'3'), font->glyph(U'3'));
  EXPECT_EQ(font->old_figure(U'a'), font->glyph(U'a'));
}

TEST(Fonts, CoverageIsKnownInsideAndOutsideOfLatin) {
  const FontRef font = sans();
  EXPECT_TRUE(font->covers(U'A'));
  EXPECT_TRUE(font->covers(0x20AC));
  EXPECT_FALSE(font->covers(0x4E00));
  EXPECT_FALSE(font->covers(0x10FFFF));
  EXPECT_EQ(font->advance(0xFFFFFFFF), 0);
}

TEST(Fonts, WhatIsNoFontIsAnErrorThatNamesTheFile) {
  const Result<FontRef> missing = Font::open("/nowhere/font.ttf");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("/nowhere/font.ttf"), std::string::npos);
  const Result<FontRef> text = Font::open(write_temporary("text.ttf", "This is no font."));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), ErrorCode::kInvalidInput);
  EXPECT_NE(text.error().message().find("text.ttf"), std::string::npos);
  EXPECT_FALSE(Font::open(write_temporary("empty.ttf", "")));
}

TEST(Fonts, ATruncatedFontOpensOrFailsButNeverCrashes) {
  const FontRef font = sans();
  const std::string whole(reinterpret_cast<const char*>(font->file().data()), font->file().size());
  for (std::size_t size = whole.size(); size > 64; size = size * 2 / 3) {
    const Result<FontRef> cut = Font::open(write_temporary("cut.ttf", whole.substr(0, size)));
    EXPECT_TRUE(!cut || (*cut)->x_height() > 0);
  }
}

TEST(Fonts, AFolderGivesItsFontsInTheOrderOfTheirPaths) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "lectio-fonts-in-order";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "b");
  const std::filesystem::path installed = "/usr/share/fonts/truetype/dejavu";
  for (const auto& [from, to] :
       {std::pair("DejaVuSans.ttf", "c.ttf"), std::pair("DejaVuSans-Bold.ttf", "b/x.ttf"),
        std::pair("DejaVuSansMono.ttf", "a.ttf")}) {
    std::filesystem::copy_file(installed / from, folder / to);
  }
  const auto fonts = open_fonts(folder);
  ASSERT_TRUE(fonts);
  std::vector<std::string> names;
  for (const FontRef& font : *fonts) names.push_back(font->name());
  EXPECT_EQ(names, (std::vector<std::string>{"DejaVu Sans Mono Book", "DejaVu Sans Bold",
                                             "DejaVu Sans Book"}));
  const auto none = open_fonts(LECTIO_SOURCE_DIR "/cmake");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lectio
