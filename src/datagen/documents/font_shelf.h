// SPDX-License-Identifier: Apache-2.0
// Fonts by family, and the faces that one document is set in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/splitmix.h"
#include "media/render/fonts.h"

namespace lectio::documents {

// One face in use. Where a family has no bold, the regular is drawn twice, a little apart.
struct Typeface {
  FontRef font;
  bool embolden = false;
};

// Faces are numbered: the family's place, plus kBold, plus kItalic.
using FaceIndex = std::uint8_t;
inline constexpr FaceIndex kBodyFace = 0;
inline constexpr FaceIndex kHeadFace = 4;
inline constexpr FaceIndex kMonoFace = 8;
inline constexpr FaceIndex kBold = 1;
inline constexpr FaceIndex kItalic = 2;
using Typefaces = std::array<Typeface, 12>;

struct FontFamily {
  std::string name;
  std::array<FontRef, 4> faces;  // regular, bold, italic, bold italic; null where it has none
  bool mono = false;
  float mean_advance = 0.5F;  // em a character of English text, of the regular face
};

class FontShelf {
 public:
  // Families with a regular face that has all of printable ASCII.
  explicit FontShelf(const std::vector<FontRef>& fonts);

  const std::vector<FontFamily>& families() const { return families_; }
  // A family for running text, by its number; families with more faces are more likely.
  std::size_t draw_text_family(Random& random) const;
  // The faces of a document: body text, headings (which may be the body's) and code.
  Typefaces faces(std::size_t body, std::size_t head, Random& random) const;

 private:
  std::vector<FontFamily> families_;
  std::vector<std::size_t> text_;  // numbers of the families for text, some more than once
  std::vector<std::size_t> mono_;
};

}  // namespace lectio::documents
