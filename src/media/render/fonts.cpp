// SPDX-License-Identifier: Apache-2.0
#include "media/render/fonts.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_ADVANCES_H

#include <algorithm>
#include <cmath>
#include <string_view>
#include <system_error>

#include "base/file.h"

namespace lectio {
namespace {

constexpr std::uint64_t kMaxFontBytes = std::uint64_t{256} << 20;

struct LibraryCloser {
  void operator()(FT_Library library) const { FT_Done_FreeType(library); }
};
struct FaceCloser {
  void operator()(FT_Face face) const { FT_Done_Face(face); }
};
using Library = std::unique_ptr<FT_LibraryRec_, LibraryCloser>;
using Face = std::unique_ptr<FT_FaceRec_, FaceCloser>;

// A file may claim anything: a length outside of this many em is taken as the fallback.
constexpr float kMaxEm = 8.0F;

float in_em(FT_Pos units, FT_Face face) {
  return static_cast<float>(units) / static_cast<float>(face->units_per_EM);
}

float sane(float em, float fallback) {
  return std::isfinite(em) && em > 0 && em < kMaxEm ? em : fallback;
}

float glyph_top(FT_Face face, FT_ULong code, float fallback) {
  const FT_UInt glyph = FT_Get_Char_Index(face, code);
  if (glyph == 0 || FT_Load_Glyph(face, glyph, FT_LOAD_NO_SCALE) != 0) return fallback;
  return sane(in_em(face->glyph->metrics.horiBearingY, face), fallback);
}

std::vector<float> read_advances(FT_Face face) {
  const auto count = static_cast<std::size_t>(std::max<FT_Long>(face->num_glyphs, 0));
  std::vector<float> advances(count, 0.0F);
  for (std::size_t glyph = 0; glyph < count; ++glyph) {
    FT_Fixed units = 0;
    if (FT_Get_Advance(face, static_cast<FT_UInt>(glyph), FT_LOAD_NO_SCALE, &units) != 0) continue;
    const float em = in_em(units, face);
    advances[glyph] = em >= 0 && em < kMaxEm ? em : 0.0F;
  }
  return advances;
}

}  // namespace

// Fills a Font from a FreeType face.
struct FontReader {
  static void read_names(FT_Face face, const std::filesystem::path& path, Font& font) {
    font.name_ = face->family_name != nullptr ? face->family_name : path.stem().string();
    if (face->style_name != nullptr) font.name_ += std::string(" ") + face->style_name;
  }

  static void read_glyphs(FT_Face face, Font& font) {
    FT_UInt glyph = 0;
    for (FT_ULong code = FT_Get_First_Char(face, &glyph); glyph != 0;
         code = FT_Get_Next_Char(face, code, &glyph)) {
      if (code > 0x10FFFF) break;
      font.glyphs_.emplace_back(static_cast<char32_t>(code), glyph);
      if (code < Font::kDirectCodes) font.direct_[code] = glyph;
    }
    std::sort(font.glyphs_.begin(), font.glyphs_.end());
  }

  static void read_kerning(FT_Face face, Font& font) {
    if (!FT_HAS_KERNING(face)) return;
    const std::size_t side = Font::kKerningEnd - Font::kKerningFirst;
    font.kerning_.assign(side * side, 0.0F);
    for (std::size_t left = 0; left < side; ++left) {
      for (std::size_t right = 0; right < side; ++right) {
        const FT_UInt a = font.direct_[Font::kKerningFirst + left];
        const FT_UInt b = font.direct_[Font::kKerningFirst + right];
        FT_Vector units{};
        if (a == 0 || b == 0 || FT_Get_Kerning(face, a, b, FT_KERNING_UNSCALED, &units) != 0) {
          continue;
        }
        font.kerning_[left * side + right] = std::clamp(in_em(units.x, face), -0.5F, 0.5F);
      }
    }
  }

  // The OpenType tables know more than the kern table, where a font has them.
  static void read_shaping(Font& font) {
    LatinShaping shaping =
        read_latin_shaping(font.file(), font.face_index_, Font::kKerningFirst, Font::kKerningEnd);
    if (!shaping.kerning.empty()) font.kerning_ = std::move(shaping.kerning);
    font.ligatures_ = std::move(shaping.ligatures);
    font.old_figures_ = std::move(shaping.old_figures);
  }

  static void read_heights(FT_Face face, Font& font) {
    font.ascent_ = sane(in_em(face->ascender, face), 0.9F);
    font.descent_ = sane(in_em(-FT_Pos{face->descender}, face), 0.2F);
    font.x_height_ = glyph_top(face, U'x', 0.5F);
    font.cap_height_ = glyph_top(face, U'H', 0.7F);
  }

  static FontRef read(FT_Face face, const std::filesystem::path& path, std::string file,
                      std::int32_t face_index) {
    std::shared_ptr<Font> font(new Font());
    font->file_ = std::move(file);
    font->face_index_ = face_index;
    read_names(face, path, *font);
    read_glyphs(face, *font);
    font->advances_ = read_advances(face);
    read_shaping(*font);
    if (font->kerning_.empty()) read_kerning(face, *font);
    read_heights(face, *font);
    return font;
  }
};

Result<FontRef> Font::open(const std::filesystem::path& path, std::int32_t face_index) {
  LECTIO_TRY(std::string file, read_file(path, kMaxFontBytes));
  FT_Library raw_library = nullptr;
  if (FT_Init_FreeType(&raw_library) != 0) {
    return Error(ErrorCode::kUnsupported, path.string() + ": FreeType cannot start");
  }
  const Library library(raw_library);
  FT_Face raw_face = nullptr;
  if (FT_New_Memory_Face(library.get(), reinterpret_cast<const FT_Byte*>(file.data()),
                         static_cast<FT_Long>(file.size()), face_index, &raw_face) != 0) {
    return Error(ErrorCode::kInvalidInput,
                 path.string() + ": face " + std::to_string(face_index) +
                     ": expected a font file (TrueType, OpenType, Type 1), found something else");
  }
  const Face face(raw_face);
  if (!FT_IS_SCALABLE(face.get()) || face->units_per_EM == 0) {
    return Error(ErrorCode::kUnsupported,
                 path.string() + ": expected a scalable font, found a bitmap font");
  }
  if (FT_Select_Charmap(face.get(), FT_ENCODING_UNICODE) != 0) {
    return Error(ErrorCode::kUnsupported, path.string() + ": the font has no Unicode map");
  }
  return FontReader::read(face.get(), path, std::move(file), face_index);
}

std::uint32_t Font::glyph(char32_t code) const {
  if (code < kDirectCodes) return direct_[code];
  const auto found =
      std::lower_bound(glyphs_.begin(), glyphs_.end(), std::pair<char32_t, std::uint32_t>(code, 0));
  return found != glyphs_.end() && found->first == code ? found->second : 0;
}

float Font::kerning(char32_t left, char32_t right) const {
  if (kerning_.empty()) return 0.0F;
  if (left < kKerningFirst || left >= kKerningEnd) return 0.0F;
  if (right < kKerningFirst || right >= kKerningEnd) return 0.0F;
  return kerning_[(left - kKerningFirst) * (kKerningEnd - kKerningFirst) + (right - kKerningFirst)];
}

const LigatureGlyph* Font::ligature(std::u32string_view codes) const {
  for (const LigatureGlyph& ligature : ligatures_) {
    if (codes.substr(0, ligature.codes.size()) == ligature.codes) return &ligature;
  }
  return nullptr;
}

std::uint32_t Font::old_figure(char32_t digit) const {
  for (const auto& [code, glyph] : old_figures_) {
    if (code == digit) return glyph;
  }
  return this->glyph(digit);
}

Result<std::vector<std::filesystem::path>> font_files(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    std::filesystem::recursive_directory_iterator entry(path, error);
    for (; !error && entry != std::filesystem::recursive_directory_iterator();
         entry.increment(error)) {
      const std::string ending = entry->path().extension().string();
      for (const std::string_view known : {".ttf", ".otf", ".ttc", ".pfb"}) {
        if (ending == known) files.push_back(entry->path());
      }
    }
    if (error) return Error(ErrorCode::kIo, path.string() + ": " + error.message());
    std::sort(files.begin(), files.end());
  } else {
    files.push_back(path);
  }
  if (files.empty()) {
    return Error(ErrorCode::kNotFound, path.string() + ": expected font files, found none");
  }
  return files;
}

Result<std::vector<FontRef>> open_fonts(const std::filesystem::path& path) {
  LECTIO_TRY(const std::vector<std::filesystem::path> files, font_files(path));
  std::vector<FontRef> fonts;
  for (const std::filesystem::path& file : files) {
    LECTIO_TRY(FontRef font, Font::open(file));
    fonts.push_back(std::move(font));
  }
  return fonts;
}

}  // namespace lectio
