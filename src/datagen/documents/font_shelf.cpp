// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/font_shelf.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/log.h"

namespace lectio::documents {
namespace {

constexpr std::string_view kMeasure =
    "the quick brown fox jumps over a lazy dog and then sees that it is not the one that he meant "
    "to find in the first place, so it turns around and leaves";

bool covers_ascii(const Font& font) {
  for (char32_t c = 0x20; c < 0x7F; ++c) {
    if (!font.covers(c)) return false;
  }
  return true;
}

float mean_advance(const Font& font) {
  float sum = 0;
  for (const char c : kMeasure) sum += font.advance(font.glyph(static_cast<unsigned char>(c)));
  return sum / static_cast<float>(kMeasure.size());
}

bool is_mono(const Font& font) {
  return std::abs(font.advance(font.glyph(U'i')) - font.advance(font.glyph(U'W'))) < 1e-3F;
}

// "Liberation Sans Bold Italic" is face 3 of "Liberation Sans".
struct FaceName {
  std::string family;
  std::size_t face = 0;
};
FaceName parse_name(const std::string& name) {
  FaceName out;
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find_first_of(" -", begin), name.size());
    const std::string word = name.substr(begin, end - begin);
    begin = end + 1;
    if (word == "Bold") {
      out.face |= kBold;
    } else if (word == "Italic" || word == "Oblique") {
      out.face |= kItalic;
    } else if (word == "BoldItalic" || word == "BoldOblique") {
      out.face |= kBold | kItalic;
    } else if (word != "Regular" && word != "Book" && word != "Roman" && word != "Medium" &&
               !word.empty()) {
      if (!out.family.empty()) out.family += ' ';
      out.family += word;
    }
  }
  return out;
}

}  // namespace

FontShelf::FontShelf(const std::vector<FontRef>& fonts) {
  std::vector<FontFamily> all;
  for (const FontRef& font : fonts) {
    if (!covers_ascii(*font)) {
      log(LogLevel::kWarning, "font " + font->name() + " lacks printable ASCII and is left out");
      continue;
    }
    const FaceName name = parse_name(font->name());
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const FontFamily& f) { return f.name == name.family; });
    if (found == all.end()) {
      all.push_back({name.family, {}, false, 0.5F});
      found = all.end() - 1;
    }
    if (!found->faces[name.face]) found->faces[name.face] = font;
  }
  for (FontFamily& family : all) {
    // An italic alone is a family of its own: some whole texts are set in it.
    if (!family.faces[0]) {
      const auto any = std::find_if(family.faces.begin(), family.faces.end(),
                                    [](const FontRef& f) { return f != nullptr; });
      family.faces[0] = *any;
    }
    family.mono = is_mono(*family.faces[0]);
    family.mean_advance = mean_advance(*family.faces[0]);
    const auto count = static_cast<std::size_t>(std::count_if(
        family.faces.begin(), family.faces.end(), [](const FontRef& f) { return f != nullptr; }));
    const std::size_t number = families_.size();
    if (family.mono) mono_.push_back(number);
    if (!family.mono) text_.insert(text_.end(), count, number);
    families_.push_back(std::move(family));
  }
  if (text_.empty()) text_ = mono_;
}

std::size_t FontShelf::draw_text_family(Random& random) const {
  if (!mono_.empty() && random.chance(0.04)) return mono_[random.below(mono_.size())];
  return text_[random.below(text_.size())];
}

Typefaces FontShelf::faces(std::size_t body, std::size_t head, Random& random) const {
  const std::size_t mono = mono_.empty() ? body : mono_[random.below(mono_.size())];
  Typefaces out;
  const auto fill = [&](FaceIndex first, const FontFamily& family) {
    const auto at = [&](std::size_t face) { return family.faces[face]; };
    const FontRef regular = at(0);
    const FontRef bold = at(kBold);
    const FontRef italic = at(kItalic) ? at(kItalic) : regular;
    const FontRef both = at(kBold | kItalic) ? at(kBold | kItalic) : italic;
    out[first] = {regular, false};
    out[first + kBold] = bold ? Typeface{bold, false} : Typeface{regular, true};
    out[first + kItalic] = {italic, false};
    out[first + kBold + kItalic] = {both, both == italic};
  };
  fill(kBodyFace, families_[body]);
  fill(kHeadFace, families_[head]);
  fill(kMonoFace, families_[mono]);
  return out;
}

}  // namespace lectio::documents
