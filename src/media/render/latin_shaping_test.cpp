// SPDX-License-Identifier: Apache-2.0
#include "media/render/latin_shaping.h"

#include <gtest/gtest.h>
#include <hb.h>

#include <cmath>
#include <span>
#include <string>

#include "base/splitmix.h"
#include "media/render/test_fonts.h"

namespace lectio {
namespace {

// The plain way: one pair, shaped alone.
float shaped_kerning(const Font& font, char32_t left, char32_t right) {
  hb_blob_t* const blob = hb_blob_create(reinterpret_cast<const char*>(font.file().data()),
                                         static_cast<unsigned int>(font.file().size()),
                                         HB_MEMORY_MODE_READONLY, nullptr, nullptr);
  hb_face_t* const face = hb_face_create(blob, 0);
  hb_font_t* const shaper = hb_font_create(face);
  hb_buffer_t* const buffer = hb_buffer_create();
  const std::uint32_t codes[2] = {left, right};
  hb_buffer_add_utf32(buffer, codes, 2, 0, 2);
  hb_buffer_guess_segment_properties(buffer);
  const hb_feature_t off[] = {{hb_tag_from_string("liga", -1), 0, 0, 2},
                              {hb_tag_from_string("calt", -1), 0, 0, 2}};
  hb_shape(shaper, buffer, off, 2);
  unsigned int count = 0;
  const hb_glyph_position_t* places = hb_buffer_get_glyph_positions(buffer, &count);
  const hb_glyph_info_t* infos = hb_buffer_get_glyph_infos(buffer, &count);
  const float moved = static_cast<float>(places[0].x_advance -
                                         hb_font_get_glyph_h_advance(shaper, infos[0].codepoint)) /
                      static_cast<float>(hb_face_get_upem(face));
  hb_buffer_destroy(buffer);
  hb_font_destroy(shaper);
  hb_face_destroy(face);
  hb_blob_destroy(blob);
  return moved;
}

TEST(LatinShaping, KerningIsThatOfEachPairAlone) {
  for (const char* name : {"DejaVuSans", "DejaVuSerif", "DejaVuSans-Bold"}) {
    const FontRef font = test_font(name);
    Random random(7);
    int kerned = 0;
    for (int i = 0; i < 2000; ++i) {
      const auto left = static_cast<char32_t>(random.between(0x21, 0x7E));
      const auto right = static_cast<char32_t>(random.between(0x21, i % 2 == 0 ? 0x7E : 0xFF));
      const float expected = shaped_kerning(*font, left, right);
      // Both are a whole number of units over the same em.
      ASSERT_FLOAT_EQ(font->kerning(left, right), expected)
          << name << ": " << static_cast<int>(left) << " " << static_cast<int>(right);
      if (expected != 0) ++kerned;
    }
    EXPECT_GT(kerned, 20) << name;
  }
}

TEST(LatinShaping, WhatIsNoFontGivesNothing) {
  for (const std::string& bytes : {std::string(), std::string("OTTO"), std::string(2000, 'x')}) {
    const LatinShaping shaping =
        read_latin_shaping(std::as_bytes(std::span(bytes.data(), bytes.size())), 0, 0x20, 0x100);
    EXPECT_TRUE(shaping.kerning.empty());
    EXPECT_TRUE(shaping.ligatures.empty());
    EXPECT_TRUE(shaping.old_figures.empty());
  }
}

// Every field of the tables is an offset or a count that a broken file may get wrong.
TEST(LatinShaping, BrokenFontsNeverCrash) {
  const FontRef font = test_font("DejaVuSansMono-Bold");
  const std::string whole(reinterpret_cast<const char*>(font->file().data()), font->file().size());
  Random random(3);
  for (int i = 0; i < 60; ++i) {
    std::string broken = whole;
    for (int n = 0; n < 20; ++n) {
      // Half of the damage goes into the directory of tables.
      const std::uint64_t at = random.below(n % 2 == 0 ? 400 : broken.size());
      broken[at] = static_cast<char>(random.below(256));
    }
    if (i % 3 == 0) broken.resize(random.below(broken.size()));
    const LatinShaping shaping =
        read_latin_shaping(std::as_bytes(std::span(broken.data(), broken.size())), 0, 0x20, 0x80);
    for (const float k : shaping.kerning) ASSERT_LE(std::abs(k), 0.5F);
  }
}

}  // namespace
}  // namespace lectio
