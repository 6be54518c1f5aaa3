// SPDX-License-Identifier: Apache-2.0
// Text becomes pages at a chosen density: the way into optical compression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "media/image/image.h"
#include "media/render/fonts.h"
#include "media/render/glyph_cache.h"
#include "media/render/layout.h"
#include "optical/typeset/typeset_config.h"

namespace lectio {

struct TypesetPage {
  Image image;
  std::size_t byte_begin = 0;  // the page holds text[byte_begin, byte_end)
  std::size_t byte_end = 0;
  std::vector<CharPlace>
      chars;  // of its code points; byte_begin counts from the start of the whole text
  std::vector<PlacedLine> lines;  // char_begin and char_end index chars
};

// Sets one text page by page, so that memory holds one page at a time. One thread at a time.
class Typesetter {
 public:
  // Opens the fonts and, for characters_per_page, looks for the size. The text is copied.
  static Result<Typesetter> create(std::string text, const TypesetConfig& config);

  // The next page, or nothing behind the last. The pages' ranges follow each other without a gap
  // from the first byte of the text to the last. An empty text has no page.
  std::optional<TypesetPage> next();

  double size() const { return static_cast<double>(layout_.size); }  // pixels an em
  const std::string& text() const { return text_; }

 private:
  Typesetter() = default;

  std::string text_;
  LayoutConfig layout_;
  GlyphCache cache_;
  std::size_t at_ = 0;
};

// All pages at once.
Result<std::vector<TypesetPage>> paginate(std::string_view text, const TypesetConfig& config);

}  // namespace lectio
