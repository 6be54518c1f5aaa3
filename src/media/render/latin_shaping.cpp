// SPDX-License-Identifier: Apache-2.0
#include "media/render/latin_shaping.h"

#include <hb-ot.h>
#include <hb.h>

#include <algorithm>
#include <array>
#include <memory>

namespace lectio {
namespace {

template <typename T, void (*Destroy)(T*)>
struct Destroyer {
  void operator()(T* object) const { Destroy(object); }
};
using Blob = std::unique_ptr<hb_blob_t, Destroyer<hb_blob_t, hb_blob_destroy>>;
using Face = std::unique_ptr<hb_face_t, Destroyer<hb_face_t, hb_face_destroy>>;
using HbFont = std::unique_ptr<hb_font_t, Destroyer<hb_font_t, hb_font_destroy>>;
using Buffer = std::unique_ptr<hb_buffer_t, Destroyer<hb_buffer_t, hb_buffer_destroy>>;

// Sequences that text fonts join by their standard ligatures, longer ones first.
constexpr std::array<std::u32string_view, 14> kCandidates = {U"ffi", U"ffl", U"ffj", U"fft", U"ff",
                                                             U"fi",  U"fl",  U"fj",  U"ft",  U"fb",
                                                             U"fh",  U"fk",  U"tt",  U"Th"};
constexpr float kMostKerning = 0.5F;  // em; a file may claim anything

hb_feature_t feature(const char* tag, std::uint32_t value) {
  return {hb_tag_from_string(tag, -1), value, HB_FEATURE_GLOBAL_START, HB_FEATURE_GLOBAL_END};
}

Buffer shape(hb_font_t* font, std::u32string_view codes, std::span<const hb_feature_t> features) {
  Buffer buffer(hb_buffer_create());
  hb_buffer_add_utf32(buffer.get(), reinterpret_cast<const std::uint32_t*>(codes.data()),
                      static_cast<int>(codes.size()), 0, static_cast<int>(codes.size()));
  hb_buffer_set_direction(buffer.get(), HB_DIRECTION_LTR);
  hb_buffer_set_script(buffer.get(), HB_SCRIPT_LATIN);
  hb_buffer_set_language(buffer.get(), hb_language_from_string("en", -1));
  hb_shape(font, buffer.get(), features.data(), static_cast<unsigned int>(features.size()));
  return buffer;
}

bool has_feature(hb_face_t* face, hb_tag_t table, const char* tag) {
  const hb_tag_t wanted = hb_tag_from_string(tag, -1);
  std::array<hb_tag_t, 256> tags{};
  auto count = static_cast<unsigned int>(tags.size());
  hb_ot_layout_table_get_feature_tags(face, table, 0, &count, tags.data());
  return std::find(tags.begin(), tags.begin() + count, wanted) != tags.begin() + count;
}

// All pairs of characters stand beside each other in one text, whose glyphs say what they moved by.
std::vector<float> read_kerning(hb_face_t* face, hb_font_t* font, char32_t first, char32_t end) {
  if (!has_feature(face, HB_OT_TAG_GPOS, "kern")) return {};
  const auto side = static_cast<std::size_t>(end - first);
  std::u32string text;
  text.reserve(side * (side + 1));
  for (char32_t a = first; a < end; ++a) {
    for (char32_t b = a; b < end; ++b) {
      text.push_back(a);
      text.push_back(b);
    }
    text.push_back(a);
  }
  const std::array<hb_feature_t, 4> features = {feature("kern", 1), feature("liga", 0),
                                                feature("clig", 0), feature("calt", 0)};
  const Buffer buffer = shape(font, text, features);
  unsigned int count = 0;
  const hb_glyph_info_t* infos = hb_buffer_get_glyph_infos(buffer.get(), &count);
  const hb_glyph_position_t* places = hb_buffer_get_glyph_positions(buffer.get(), &count);
  const auto em = static_cast<float>(std::max(1U, hb_face_get_upem(face)));
  std::vector<float> kerning(side * side, 0.0F);
  for (unsigned int i = 0; i + 1 < count; ++i) {
    const std::size_t at = infos[i].cluster;
    if (at + 1 >= text.size() || infos[i + 1].cluster != at + 1) continue;
    const hb_position_t plain = hb_font_get_glyph_h_advance(font, infos[i].codepoint);
    const float moved = static_cast<float>(places[i].x_advance - plain) / em;
    kerning[(text[at] - first) * side + (text[at + 1] - first)] =
        std::clamp(moved, -kMostKerning, kMostKerning);
  }
  return kerning;
}

// The glyph that the whole text becomes; 0 where it stays several.
std::uint32_t single_glyph(hb_font_t* font, std::u32string_view text,
                           std::span<const hb_feature_t> features) {
  const Buffer buffer = shape(font, text, features);
  unsigned int count = 0;
  const hb_glyph_info_t* infos = hb_buffer_get_glyph_infos(buffer.get(), &count);
  return count == 1 ? infos[0].codepoint : 0;
}

}  // namespace

LatinShaping read_latin_shaping(std::span<const std::byte> file, std::int32_t face_index,
                                char32_t first, char32_t end) {
  const Blob blob(hb_blob_create(reinterpret_cast<const char*>(file.data()),
                                 static_cast<unsigned int>(file.size()), HB_MEMORY_MODE_READONLY,
                                 nullptr, nullptr));
  const Face face(hb_face_create(blob.get(), static_cast<unsigned int>(face_index)));
  LatinShaping out;
  if (hb_face_get_glyph_count(face.get()) == 0) return out;
  const HbFont font(hb_font_create(face.get()));
  const auto upem = static_cast<int>(hb_face_get_upem(face.get()));
  hb_font_set_scale(font.get(), upem, upem);
  out.kerning = read_kerning(face.get(), font.get(), first, end);
  if (has_feature(face.get(), HB_OT_TAG_GSUB, "liga")) {
    const std::array<hb_feature_t, 1> features = {feature("calt", 0)};
    for (const std::u32string_view codes : kCandidates) {
      const std::uint32_t glyph = single_glyph(font.get(), codes, features);
      if (glyph != 0) out.ligatures.push_back({codes, glyph});
    }
  }
  if (has_feature(face.get(), HB_OT_TAG_GSUB, "onum")) {
    const std::array<hb_feature_t, 1> features = {feature("onum", 1)};
    for (char32_t digit = U'0'; digit <= U'9'; ++digit) {
      const std::uint32_t glyph = single_glyph(font.get(), {&digit, 1}, features);
      if (glyph != 0) out.old_figures.emplace_back(digit, glyph);
    }
  }
  return out;
}

}  // namespace lectio
