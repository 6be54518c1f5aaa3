// SPDX-License-Identifier: Apache-2.0
// A font as immutable data: its file in memory and the measures that layout needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "media/render/latin_shaping.h"

namespace lectio {

// Lengths are in em: multiply by the size in pixels. Immutable after open, so any number of threads
// may share one. Layout reads only this class; FreeType's own objects live in each thread's
// GlyphCache.
class Font {
 public:
  // A scalable font file that FreeType reads (TrueType, OpenType, Type 1). face_index picks one of
  // a collection.
  static Result<std::shared_ptr<const Font>> open(const std::filesystem::path& path,
                                                  std::int32_t face_index = 0);

  const std::string& name() const { return name_; }  // "DejaVu Sans Bold"
  std::span<const std::byte> file() const {
    return std::as_bytes(std::span(file_.data(), file_.size()));
  }
  std::int32_t face_index() const { return face_index_; }

  // 0 where the font has no glyph for the code point.
  std::uint32_t glyph(char32_t code) const;
  bool covers(char32_t code) const { return glyph(code) != 0; }

  float advance(std::uint32_t glyph) const {
    return glyph < advances_.size() ? advances_[glyph] : 0.0F;
  }
  // What a pair moves closer (negative) or apart, by the GPOS or the kern table; known for the
  // printable characters of Latin-1.
  float kerning(char32_t left, char32_t right) const;

  // The standard ligature ("ffi") that the first of these characters begin, the longest; null where
  // they begin none.
  const LigatureGlyph* ligature(std::u32string_view codes) const;
  // The font's old-style figure of a digit; glyph() where it has no other.
  std::uint32_t old_figure(char32_t digit) const;

  float ascent() const { return ascent_; }    // above the baseline, positive
  float descent() const { return descent_; }  // below the baseline, positive
  float x_height() const { return x_height_; }
  float cap_height() const { return cap_height_; }

 private:
  static constexpr char32_t kDirectCodes = 0x250;  // Latin, looked up without a search
  static constexpr char32_t kKerningFirst = 0x20;
  static constexpr char32_t kKerningEnd = 0x100;
  friend struct FontReader;

  Font() = default;

  std::string name_;
  std::string file_;
  std::int32_t face_index_ = 0;
  std::array<std::uint32_t, kDirectCodes> direct_{};
  std::vector<std::pair<char32_t, std::uint32_t>> glyphs_;  // sorted by code point
  std::vector<float> advances_;                             // by glyph
  std::vector<float>
      kerning_;  // [left][right] of [kKerningFirst, kKerningEnd); empty without kerning
  std::vector<LigatureGlyph> ligatures_;  // longer ones first
  std::vector<std::pair<char32_t, std::uint32_t>> old_figures_;
  float ascent_ = 0;
  float descent_ = 0;
  float x_height_ = 0;
  float cap_height_ = 0;
};

using FontRef = std::shared_ptr<const Font>;

// A font file itself, or all font files (.ttf, .otf, .ttc, .pfb) below a folder in the order of
// their paths. kNotFound where there is none.
Result<std::vector<std::filesystem::path>> font_files(const std::filesystem::path& path);
// All of them opened; the first that cannot be is the error.
Result<std::vector<FontRef>> open_fonts(const std::filesystem::path& path);

}  // namespace lectio
