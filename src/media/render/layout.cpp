// SPDX-License-Identifier: Apache-2.0
#include "media/render/layout.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/utf8.h"
#include "media/render/chars.h"

namespace lectio {
namespace {

constexpr float kMaxStretch =
    1.5F;  // of a justified line's spaces, in em; beyond it the line stays ragged
constexpr float kSlack = 0.01F;              // pixels that rounding may add to a line
constexpr float kReplacementAdvance = 0.6F;  // em
constexpr float kIdeographTop = 0.8F;        // em above the baseline

// One code point on its way into a line.
struct Item {
  char32_t code = 0;
  CharKind kind = CharKind::kVisible;
  std::int32_t font = -1;
  std::uint32_t glyph = 0;
  float advance = 0;  // pixels, with letter spacing and the kerning to the next one
  std::size_t begin = 0;
};

// The style of the paragraph that is being set.
struct Style {
  std::int64_t paragraph = 0;
  std::int32_t first_font = 0;
  std::int32_t size26 = 0;
  float size = 0;
  float pitch = 0;  // pixels
  Align align = Align::kLeft;
  float indent = 0;
  float space_after = 0;
};

class Typesetter {
 public:
  Typesetter(std::string_view text, const LayoutConfig& config) : text_(text), config_(config) {
    page_.width = config.width;
    page_.height = config.height;
    page_.fonts = config.fonts;
    page_.hinting = config.hinting;
    page_.ink = config.ink;
    page_.paper = config.paper;
    for (const ParagraphStyle& style : config.paragraphs) {
      if (style.font) page_.fonts.push_back(style.font);
    }
    const float content =
        static_cast<float>(config.width) - config.margin_left - config.margin_right;
    const auto columns = static_cast<float>(config.columns);
    column_width_ = std::max(1.0F, (content - config.gutter * (columns - 1)) / columns);
    bottom_ = static_cast<float>(config.height) - config.margin_bottom;
    y_ = config.margin_top;
    page_.chars.reserve(std::min<std::size_t>(text.size(), 4096));
    page_.glyphs.reserve(std::min<std::size_t>(text.size(), 4096));
  }

  Layout run() {
    start_paragraph(0);
    if (config_.continues_paragraph) at_paragraph_start_ = false;
    while (at_ < text_.size()) {
      measure_line();
      if (!make_room()) break;
      place_line();
    }
    page_.bytes_fitted = at_;
    return std::move(page_);
  }

 private:
  void start_paragraph(std::int64_t index) {
    const auto found = std::lower_bound(
        config_.paragraphs.begin(), config_.paragraphs.end(), index,
        [](const ParagraphStyle& style, std::int64_t wanted) { return style.paragraph < wanted; });
    style_ = Style{};
    style_.paragraph = index;
    style_.align = config_.align;
    style_.indent = config_.paragraph_indent;
    style_.space_after = config_.paragraph_space;
    float size = config_.size;
    if (found != config_.paragraphs.end() && found->paragraph == index) {
      size *= found->size_scale;
      style_.align = found->align;
      style_.indent = 0;
      style_.space_after += found->space_after;
      if (found->font) style_.first_font = special_font(found);
    }
    style_.size26 = std::clamp(static_cast<std::int32_t>(std::lround(size * 64.0F)), 64, 64 * 2048);
    style_.size = static_cast<float>(style_.size26) / 64.0F;
    style_.pitch = style_.size * config_.line_pitch;
    if (style_.align == Align::kRight || style_.align == Align::kCenter) style_.indent = 0;
    at_paragraph_start_ = true;
  }

  // The place in page_.fonts of a paragraph's own font: they follow the page's in the order of the
  // paragraphs.
  std::int32_t special_font(std::vector<ParagraphStyle>::const_iterator style) const {
    const auto before = std::count_if(config_.paragraphs.begin(), style,
                                      [](const ParagraphStyle& s) { return s.font != nullptr; });
    return static_cast<std::int32_t>(config_.fonts.size()) + static_cast<std::int32_t>(before);
  }

  Item make_item(const DecodedChar& decoded) const {
    Item item;
    item.code = decoded.code;
    item.kind = char_kind(decoded.code);
    item.begin = at_;
    if (item.kind == CharKind::kLineFeed || item.kind == CharKind::kInvisible) return item;
    const Font& first = *page_.fonts[static_cast<std::size_t>(style_.first_font)];
    item.font = style_.first_font;
    item.glyph = first.glyph(item.code);
    for (std::size_t f = 0; item.glyph == 0 && f < config_.fonts.size(); ++f) {
      item.font = static_cast<std::int32_t>(f);
      item.glyph = config_.fonts[f]->glyph(item.code);
    }
    if (item.glyph != 0) {
      item.advance =
          page_.fonts[static_cast<std::size_t>(item.font)]->advance(item.glyph) * style_.size;
    } else {
      item.font = -1;
      item.advance = (item.kind == CharKind::kSpace ? 0.3F : kReplacementAdvance) * style_.size;
    }
    item.advance += config_.letter_spacing;
    return item;
  }

  // Fills line_ with the characters up to the next break and moves at_ behind them.
  void measure_line() {
    const std::size_t begin = at_;
    const float room = column_width_ - (at_paragraph_start_ ? style_.indent : 0.0F) + kSlack;
    line_.clear();
    ends_paragraph_ = true;
    float width = 0;
    std::size_t break_at = 0;  // items before the last place where the line may break
    while (at_ < text_.size()) {
      const DecodedChar decoded = decode_utf8(text_, at_);
      Item item = make_item(decoded);
      if (item.kind == CharKind::kLineFeed) {
        line_.push_back(item);
        at_ += decoded.size;
        return;
      }
      if (!line_.empty()) width += kern(line_.back(), item);
      if (item.kind == CharKind::kTab) item.advance = tab_advance(width);
      const bool hangs = item.kind == CharKind::kSpace || item.kind == CharKind::kTab ||
                         item.kind == CharKind::kInvisible;
      if (item.kind == CharKind::kIdeograph) break_at = line_.size();
      if (!hangs && width + item.advance > room && !line_.empty()) {
        break_line(begin, break_at);
        return;
      }
      width += item.advance;
      line_.push_back(item);
      at_ += decoded.size;
      if (item.kind == CharKind::kSpace || item.kind == CharKind::kTab ||
          item.kind == CharKind::kIdeograph) {
        break_at = line_.size();
      }
    }
  }

  void break_line(std::size_t begin, std::size_t break_at) {
    ends_paragraph_ = false;
    if (break_at == 0) {  // no place to break: the word is cut here
      page_.broke_word = true;
      return;
    }
    at_ = break_at < line_.size() ? line_[break_at].begin : at_;
    LECTIO_CHECK(at_ > begin, "a line takes at least one character");
    line_.resize(break_at);
  }

  // Moves the previous item's advance by the kerning before `item`, and says by how much.
  float kern(Item& previous, const Item& item) const {
    if (previous.glyph == 0 || item.glyph == 0 || previous.font != item.font) return 0.0F;
    const float em =
        page_.fonts[static_cast<std::size_t>(item.font)]->kerning(previous.code, item.code);
    previous.advance += em * style_.size;
    return em * style_.size;
  }

  float tab_advance(float width) const {
    const Font& font = *page_.fonts[static_cast<std::size_t>(style_.first_font)];
    const float space = std::max(0.1F, font.advance(font.glyph(U' '))) * style_.size;
    const float stop = std::max(1.0F, space * config_.tab_stop);
    return (std::floor(width / stop + kSlack) + 1.0F) * stop - width;
  }

  // Finds the place of the measured line; false where the page is full.
  bool make_room() {
    if (y_ + style_.pitch <= bottom_ + kSlack || page_.lines.empty()) return true;
    if (column_ + 1 < config_.columns) {
      ++column_;
      y_ = config_.margin_top;
      if (y_ + style_.pitch <= bottom_ + kSlack) return true;
    }
    at_ = line_.front().begin;
    return false;
  }

  void place_line() {
    std::size_t visible = line_.size();
    while (visible > 0 && !is_visible(line_[visible - 1].kind)) --visible;
    float width = 0;
    std::int64_t spaces = 0;
    for (std::size_t i = 0; i < visible; ++i) {
      width += line_[i].advance;
      if (line_[i].kind == CharKind::kSpace) ++spaces;
    }
    if (visible > 0) width -= config_.letter_spacing;
    const float indent = at_paragraph_start_ ? style_.indent : 0.0F;
    const float free = std::max(0.0F, column_width_ - indent - width);
    float x = config_.margin_left + static_cast<float>(column_) * (column_width_ + config_.gutter) +
              indent;
    float stretch = 0;
    if (style_.align == Align::kRight) x += free;
    if (style_.align == Align::kCenter) x += free / 2;
    if (style_.align == Align::kJustify && !ends_paragraph_ && spaces > 0) {
      stretch = free / static_cast<float>(spaces);
      if (stretch > kMaxStretch * style_.size) stretch = 0;
    }
    place_items(x, visible, stretch);
    finish_line();
  }

  static bool is_visible(CharKind kind) {
    return kind == CharKind::kVisible || kind == CharKind::kIdeograph;
  }

  void place_items(float x, std::size_t visible, float stretch) {
    const Font& font = *page_.fonts[static_cast<std::size_t>(style_.first_font)];
    const float ascent = font.ascent() * style_.size;
    const float descent = font.descent() * style_.size;
    const float baseline = std::round(y_ + (style_.pitch - ascent - descent) / 2 + ascent);
    const auto line_index = static_cast<std::int32_t>(page_.lines.size());
    const float right = static_cast<float>(page_.width);

    PlacedLine line;
    line.x0 = x;
    line.top = y_;
    line.bottom = y_ + style_.pitch;
    line.baseline = baseline;
    line.size = style_.size;
    line.char_begin = page_.chars.size();
    line.column = static_cast<std::int32_t>(column_);
    line.paragraph = style_.paragraph;
    for (std::size_t i = 0; i < line_.size(); ++i) {
      const Item& item = line_[i];
      if (i == visible) line.x1 = x;
      float advance = item.advance;
      if (i < visible && item.kind == CharKind::kSpace) advance += stretch;
      if (is_visible(item.kind)) {
        page_.glyphs.push_back({x, baseline, item.glyph, style_.size26, item.font, line_index});
      }
      CharPlace place;
      place.x0 = std::min(x, right);
      place.x1 = std::min(x + advance, right);
      place.top = baseline - height_of(item, font);
      place.bottom = baseline;
      place.byte_begin = static_cast<std::int64_t>(item.begin);
      place.line = line_index;
      page_.chars.push_back(place);
      x += advance;
    }
    if (visible == line_.size()) line.x1 = x;
    line.char_end = page_.chars.size();
    page_.lines.push_back(line);
  }

  float height_of(const Item& item, const Font& font) const {
    switch (char_height(item.code)) {
      case CharHeight::kXHeight:
        return font.x_height() * style_.size;
      case CharHeight::kCapital:
        return font.cap_height() * style_.size;
      case CharHeight::kFull:
        break;
    }
    return kIdeographTop * style_.size;
  }

  void finish_line() {
    y_ += style_.pitch;
    at_paragraph_start_ = false;
    if (!ends_paragraph_) return;
    y_ += style_.space_after;
    start_paragraph(style_.paragraph + 1);
  }

  std::string_view text_;
  const LayoutConfig& config_;
  Layout page_;
  Style style_;
  float column_width_ = 0;
  float bottom_ = 0;
  float y_ = 0;
  std::int64_t column_ = 0;
  std::size_t at_ = 0;
  std::vector<Item> line_;
  bool at_paragraph_start_ = true;
  bool ends_paragraph_ = false;
};

}  // namespace

Layout lay_out(std::string_view text, const LayoutConfig& config) {
  LECTIO_CHECK(!config.fonts.empty(), "a layout needs a font");
  LECTIO_CHECK(config.width > 0 && config.height > 0 && config.columns > 0, "a page has a size");
  return Typesetter(text, config).run();
}

}  // namespace lectio
