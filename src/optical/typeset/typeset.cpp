// SPDX-License-Identifier: Apache-2.0
#include "optical/typeset/typeset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/utf8.h"
#include "media/render/draw.h"

namespace lectio {
namespace {

// Sizes that a search for characters_per_page considers, in steps of 1/64 pixel.
constexpr std::int64_t kSmallestSize = 2 * 64;

void set_size(LayoutConfig& layout, const TypesetConfig& config, double size) {
  layout.size = static_cast<float>(size);
  layout.paragraph_indent = static_cast<float>(config.paragraph_indent * size);
  layout.paragraph_space = static_cast<float>(config.paragraph_space * size);
  layout.letter_spacing = static_cast<float>(config.letter_spacing * size);
}

Result<LayoutConfig> make_layout(const TypesetConfig& config) {
  LayoutConfig layout;
  layout.width = config.width;
  layout.height = config.height;
  layout.margin_left = static_cast<float>(config.margins[0]);
  layout.margin_top = static_cast<float>(config.margins[1]);
  layout.margin_right = static_cast<float>(config.margins[2]);
  layout.margin_bottom = static_cast<float>(config.margins[3]);
  for (const std::string& path : config.fonts) {
    LECTIO_TRY(FontRef font, Font::open(path));
    layout.fonts.push_back(std::move(font));
  }
  layout.hinting = config.hinting;
  layout.line_pitch = static_cast<float>(config.line_pitch);
  layout.align = config.align;
  layout.columns = config.columns;
  layout.gutter = static_cast<float>(config.gutter);
  layout.ink = config.ink;
  layout.paper = config.paper;
  set_size(layout, config, config.size);
  return layout;
}

// The beginning of the text, repeated where it is too short: so many code points.
std::string sample_of(std::string_view text, std::int64_t characters) {
  std::string sample;
  std::size_t at = 0;
  for (std::int64_t i = 0; i < characters; ++i) {
    if (at == text.size()) {
      sample.push_back(' ');
      at = 0;
      continue;
    }
    const std::size_t size = decode_utf8(text, at).size;
    sample.append(text, at, size);
    at += size;
  }
  return sample;
}

// The largest size at which the sample fits one page. A little larger a size can fit where this one
// does not (lines break elsewhere); the search wants one that fits, and finds it.
double find_size(std::string_view sample, const TypesetConfig& config, LayoutConfig layout) {
  const auto fits = [&](std::int64_t size) {
    set_size(layout, config, static_cast<double>(size) / 64);
    return lay_out(sample, layout).bytes_fitted == sample.size();
  };
  std::int64_t low = kSmallestSize;
  std::int64_t high = std::max(kSmallestSize + 1, std::min(config.width, config.height) * 64);
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return static_cast<double>(low) / 64;
}

}  // namespace

Result<Typesetter> Typesetter::create(std::string text, const TypesetConfig& config) {
  LECTIO_TRY_VOID(check_typeset_config(config, "typeset"));
  Typesetter typesetter;
  LECTIO_TRY(typesetter.layout_, make_layout(config));
  typesetter.text_ = std::move(text);
  if (config.characters_per_page > 0 && !typesetter.text_.empty()) {
    const std::string sample = sample_of(typesetter.text_, config.characters_per_page);
    set_size(typesetter.layout_, config, find_size(sample, config, typesetter.layout_));
  }
  return typesetter;
}

std::optional<TypesetPage> Typesetter::next() {
  if (at_ >= text_.size()) return std::nullopt;
  layout_.continues_paragraph = at_ > 0 && text_[at_ - 1] != '\n';
  Layout layout = lay_out(std::string_view(text_).substr(at_), layout_);
  TypesetPage page;
  page.image = draw_rgb(layout, cache_);
  page.byte_begin = at_;
  page.byte_end = at_ + layout.bytes_fitted;
  page.chars = std::move(layout.chars);
  for (CharPlace& place : page.chars) place.byte_begin += static_cast<std::int64_t>(at_);
  page.lines = std::move(layout.lines);
  at_ = page.byte_end;
  return page;
}

Result<std::vector<TypesetPage>> paginate(std::string_view text, const TypesetConfig& config) {
  LECTIO_TRY(Typesetter typesetter, Typesetter::create(std::string(text), config));
  std::vector<TypesetPage> pages;
  while (std::optional<TypesetPage> page = typesetter.next()) pages.push_back(*std::move(page));
  return pages;
}

}  // namespace lectio
