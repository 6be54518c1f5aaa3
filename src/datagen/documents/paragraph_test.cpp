// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/paragraph.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "media/render/test_fonts.h"

namespace lectio::documents {
namespace {

Typefaces test_faces() {
  Typefaces faces;
  for (Typeface& face : faces) face.font = test_font("DejaVuSans");
  return faces;
}

constexpr float kWide = 1e6F;

TEST(Paragraph, LinesHoldWhatFitsAndNoMore) {
  const Typefaces faces = test_faces();
  const Runs runs = {{"one two three four five six seven eight nine ten eleven", kBodyFace, 1, 0}};
  for (const float width : {60.0F, 100.0F, 200.0F, 5000.0F}) {
    Paragraph paragraph(runs, faces, {12, 0, 1}, kWide);
    TypeLine line;
    std::size_t next = 0;
    while (paragraph.next(width, {}, line)) {
      EXPECT_EQ(line.first, next);
      EXPECT_LE(line.width, width + 0.01F);
      next = line.end;
      if (line.is_last) continue;
      const Paragraph::Word& word = paragraph.words()[next];
      EXPECT_GT(line.width + word.gap + word.width, width) << "the next word had room";
    }
    EXPECT_EQ(next, paragraph.words().size());
    EXPECT_TRUE(line.is_last);
  }
}

TEST(Paragraph, DividedWordsKeepAllTheirCharacters) {
  const Typefaces faces = test_faces();
  const std::string text = "considerable reconstruction of well-established manufacturing";
  int hyphens = 0;
  for (float width = 80; width < 200; width += 5) {
    Paragraph paragraph({{text, kBodyFace, 1, 0}}, faces, {12, 0, 1}, kWide);
    TypeLine line;
    std::string seen;
    while (paragraph.next(width, {true, 0, 0}, line)) {
      for (std::size_t w = line.first; w < line.end; ++w) {
        const Paragraph::Word& word = paragraph.words()[w];
        if (!seen.empty() && !word.continues) seen.push_back(' ');
        for (std::size_t i = word.begin; i < word.end; ++i) {
          seen.push_back(static_cast<char>(paragraph.items()[i].code));
        }
        if (word.hyphen) ++hyphens;
      }
    }
    EXPECT_EQ(seen, text) << width;
  }
  EXPECT_GE(hyphens, 20);
}

TEST(Paragraph, ALigatureIsDrawnOnceAndIsAsWideAsItsGlyph) {
  const Typefaces faces = test_faces();
  const Font& font = *faces[kBodyFace].font;
  const Runs runs = {{"office", kBodyFace, 1, 0}};
  const TypeSize type = {64, 0, 1, true, false};
  const Paragraph joined(runs, faces, type, kWide);
  ASSERT_EQ(joined.items().size(), 6U);
  int drawn = 0;
  for (const TypeItem& item : joined.items()) drawn += item.is_joined ? 0 : 1;
  EXPECT_EQ(drawn, 4);
  EXPECT_EQ(joined.items()[1].glyph, font.glyph(0xFB03));
  EXPECT_EQ(joined.items()[2].code, U'f');  // the text keeps its characters
  float expected = 0;
  for (const char32_t c : {char32_t{U'o'}, char32_t{0xFB03}, char32_t{U'c'}, char32_t{U'e'}}) {
    expected += font.advance(font.glyph(c)) * 64;
  }
  for (const auto& [left, right] : {std::pair(U'o', U'f'), {U'i', U'c'}, {U'c', U'e'}}) {
    expected += font.kerning(left, right) * 64;
  }
  EXPECT_NEAR(joined.natural_width(), expected, 1e-3F);  // a dozen sums of floats below 256
}

TEST(Paragraph, AWordIsNeverDividedInsideOfALigature) {
  const Typefaces faces = test_faces();
  const TypeSize type = {12, 0, 1, true, false};
  for (float width = 20; width < 90; ++width) {
    Paragraph paragraph({{"stuffing difficulty offering", kBodyFace, 1, 0}}, faces, type, kWide);
    TypeLine line;
    while (paragraph.next(width, {true, 0, 0}, line)) {
      const Paragraph::Word& first = paragraph.words()[line.first];
      EXPECT_FALSE(paragraph.items()[first.begin].is_joined);
    }
  }
}

TEST(Paragraph, WordsWiderThanTheColumnAreLeftOut) {
  const Typefaces faces = test_faces();
  const Paragraph paragraph({{"a incomprehensibilities b", kBodyFace, 1, 0}}, faces, {12, 0, 1},
                            60);
  EXPECT_EQ(paragraph.words().size(), 2U);
  EXPECT_EQ(paragraph.items().size(), 2U);
}

}  // namespace
}  // namespace lectio::documents
