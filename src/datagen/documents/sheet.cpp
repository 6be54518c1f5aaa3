// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/sheet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/utf8.h"
#include "media/render/chars.h"

namespace lectio::documents {
namespace {

constexpr float kBoldStep = 0.035F;  // em between the two drawings of an emboldened glyph
constexpr float kSpaceWidth = 0.5F;  // of the space that stands for a line's end, in its height

bool is_word_char(char32_t c) {
  return (c >= U'0' && c <= U'9') || (c >= U'A' && c <= U'Z') || (c >= U'a' && c <= U'z') ||
         (c >= 0xC0 && c <= 0x17F);
}

// Whether a hyphen behind a letter or digit ends the text.
bool ends_divided(const std::string& text) {
  if (text.size() < 2 || text.back() != '-') return false;
  std::size_t at = text.size() - 2;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return is_word_char(decode_utf8(text, at).code);
}

std::string markdown_of(const Block& block, std::string text) {
  if (block.kind == BlockKind::kTitle) {
    return std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(block.level, 1, 6)), '#') +
           " " + text;
  }
  static constexpr std::array<std::string_view, 6> kBullets = {"\u2022 ", "\u2013 ", "* ",
                                                               "\u00B7 ", "o ",      "\u00BB "};
  for (const std::string_view bullet : kBullets) {
    if (block.kind == BlockKind::kList && text.compare(0, bullet.size(), bullet) == 0) {
      return "- " + text.substr(bullet.size());
    }
  }
  return text;
}

}  // namespace

Sheet::Sheet(const Setting& setting)
    : width_(setting.width),
      height_(setting.height),
      ink_(setting.ink),
      paper_(setting.paper),
      faces_(setting.faces) {
  for (Layout& layout : layouts_) {
    layout.width = width_;
    layout.height = height_;
    layout.hinting = setting.hinting;
    for (const Typeface& face : faces_) layout.fonts.push_back(face.font);
  }
  layouts_[0].ink.fill(ink_);
  layouts_[1].ink.fill(paper_);
  layouts_[0].glyphs.reserve(6000);
  boxes_.reserve(8000);
  text_.reserve(8000);
}

void Sheet::begin_block(BlockKind kind, std::int64_t level) {
  end_block();
  block_ = Block{};
  block_.kind = kind;
  block_.level = level;
  block_.byte_begin = static_cast<std::int64_t>(text_.size());
  needs_feed_ = !text_.empty();
  in_block_ = true;
  block_has_box_ = false;
  soft_hyphen_ = false;
  block_markdown_.clear();
  piece_.clear();
  piece_shown_.clear();
}

void Sheet::continue_block() {
  if (!block_has_box_) return;
  end_piece();
  // The separator that comes next belongs to neither part.
  block_.byte_begin = -1;
  block_has_box_ = false;
}

void Sheet::end_block() {
  if (!in_block_) return;
  in_block_ = false;
  if (block_has_box_) end_piece();
  if (is_running(block_.kind) || block_markdown_.empty()) return;
  if (!markdown_.empty()) markdown_ += "\n\n";
  markdown_ += markdown_of(block_, block_markdown_);
}

void Sheet::end_piece() {
  while (!piece_.empty() && piece_.back() == ' ') piece_.pop_back();
  Block piece = block_;
  piece.byte_end = static_cast<std::int64_t>(text_.size());
  piece.markdown = markdown_of(block_, piece_);
  const auto moved =
      static_cast<std::int64_t>(piece.markdown.size()) - static_cast<std::int64_t>(piece_.size());
  // Marks of Markdown come first; a bullet's place is that of the mark that stands for it.
  for (ShownChar& c : piece_shown_) c.byte = std::max<std::int64_t>(c.byte + moved, 0);
  piece.shown = std::move(piece_shown_);
  blocks_.push_back(std::move(piece));
  piece_.clear();
  piece_shown_.clear();
}

void Sheet::say(char c) {
  block_markdown_.push_back(c);
  if (!piece_.empty()) piece_.push_back(c);
}

void Sheet::take_back() {
  block_markdown_.pop_back();
  if (piece_.empty()) return;
  piece_.pop_back();
  piece_shown_.pop_back();
}

void Sheet::set_table(std::string html) {
  std::vector<ShownChar> shown;
  std::size_t next = 0;
  for (std::size_t at = 0; at < html.size() && next < piece_shown_.size();) {
    if (html[at] == '<') {
      at = std::min(html.find('>', at), html.size() - 1) + 1;
      continue;
    }
    const std::size_t begin = at;
    at = html[at] == '&' ? std::min(html.find(';', at), html.size() - 1) + 1
                         : at + decode_utf8(html, at).size;
    if (html[begin] == ' ') continue;
    shown.push_back({static_cast<std::int64_t>(begin), piece_shown_[next++].box});
  }
  piece_shown_ = std::move(shown);
  piece_ = html;
  block_markdown_ = std::move(html);
}

void Sheet::widen(const PixelBox& box) {
  block_.box = block_has_box_ ? united(block_.box, box) : box;
  block_has_box_ = true;
}

void Sheet::append(char32_t code, const CharBox& box) {
  boxes_.push_back(box);
  boxes_.back().byte_begin = static_cast<std::int64_t>(text_.size());
  append_utf8(text_, code);
}

void Sheet::put_item(const TypeItem& item, float x, float baseline) {
  Layout& layout = layouts_[light_ ? 1 : 0];
  const float size = static_cast<float>(item.size26) / 64.0F;
  const float y = baseline - std::round(item.rise);
  if (!item.is_joined) layout.glyphs.push_back({x, y, item.glyph, item.size26, item.face, 0});
  if (faces_[item.face].embolden && !item.is_joined) {
    layout.glyphs.push_back({x + kBoldStep * size, y, item.glyph, item.size26, item.face, 0});
  }
  if (item.underline) underline(x, x + item.advance, y, size);
  const Font& font = *faces_[item.face].font;
  const bool tall = char_height(item.code) != CharHeight::kXHeight;
  CharBox box;
  box.x0 = x;
  box.x1 = x + item.advance;
  box.top = y - (tall ? font.cap_height() : font.x_height()) * size;
  box.bottom = y;
  if (block_.byte_begin < 0) block_.byte_begin = static_cast<std::int64_t>(text_.size());
  piece_shown_.push_back(
      {static_cast<std::int64_t>(piece_.size()), static_cast<std::int64_t>(boxes_.size())});
  append(item.code, box);
  append_utf8(piece_, item.code);
  append_utf8(block_markdown_, item.code);
  widen({box.x0, y - font.cap_height() * size, box.x1, y + font.descent() * size * 0.8F});
}

void Sheet::underline(float x0, float x1, float baseline, float size) {
  const float y = std::round(baseline + 0.1F * size);
  add_fill({x0, y, x1, y + std::max(1.0F, std::round(0.06F * size))}, light_ ? paper_ : ink_);
}

void Sheet::put_space(float x0, float x1, float baseline, float height) {
  append(U' ', {x0, std::max(x0, x1), baseline - height, baseline, 0});
  say(' ');
}

void Sheet::put_line_feed() {
  put_feed();
  say('\n');
}

// What stands between the text so far and the next line of the block.
void Sheet::join(bool continues) {
  if (needs_feed_ || block_markdown_.empty()) {
    if (needs_feed_) put_feed();
    needs_feed_ = false;
    block_.byte_begin = static_cast<std::int64_t>(text_.size());
    return;
  }
  if (text_.back() == ' ' || text_.back() == '\n') return;
  if (ends_divided(text_)) {
    put_feed();
    if (soft_hyphen_) take_back();
    if (!continues) say(' ');
    return;
  }
  const CharBox last = boxes_.back();
  const float height = last.bottom - last.top;
  put_space(last.x1, last.x1 + height * kSpaceWidth, last.bottom, height);
}

void Sheet::put_feed() {
  const CharBox last = boxes_.back();
  append(U'\n', {last.x1, last.x1, last.top, last.bottom, 0});
}

float Sheet::put_line(const Paragraph& paragraph, const TypeLine& line, float x, float baseline,
                      float stretch) {
  const std::vector<Paragraph::Word>& words = paragraph.words();
  if (line.first >= line.end) return x;
  join(words[line.first].continues);
  soft_hyphen_ = false;
  for (std::size_t w = line.first; w < line.end; ++w) {
    const Paragraph::Word& word = words[w];
    if (w > line.first) {
      const float gap = word.gap * (1 + stretch);
      const CharBox last = boxes_.back();
      put_space(x, x + gap, baseline, last.bottom - last.top);
      const TypeItem& item = paragraph.items()[word.begin];
      if (item.underline && paragraph.items()[words[w - 1].end - 1].underline) {
        underline(x, x + gap, baseline, static_cast<float>(item.size26) / 64.0F);
      }
      x += gap;
    }
    for (std::size_t i = word.begin; i < word.end; ++i) {
      put_item(paragraph.items()[i], x, baseline);
      x += paragraph.items()[i].advance;
    }
    if (!word.hyphen) continue;
    const TypeItem hyphen = paragraph.hyphen_after(word);
    put_item(hyphen, x, baseline);
    x += hyphen.advance;
    soft_hyphen_ = true;
  }
  return x;
}

void Sheet::add_figure(const Figure& figure) {
  end_block();
  figures_.push_back(figure);
  artwork_.push_back(figure.box);
  Block block;
  block.kind = BlockKind::kFigure;
  block.box = figure.box;
  block.byte_begin = block.byte_end = static_cast<std::int64_t>(text_.size());
  blocks_.push_back(block);
}

void Sheet::add_fill(const PixelBox& box, std::uint8_t level) {
  fills_.push_back({box, level});
  artwork_.push_back(box);
}

GreyImage Sheet::draw(GlyphCache& cache) const {
  GreyImage image(width_, height_, paper_);
  for (const Fill& fill : fills_) draw_fill(image, fill);
  for (const Figure& figure : figures_) draw_figure(image, figure, paper_);
  for (const Layout& layout : layouts_) draw_over(image, layout, cache);
  return image;
}

DocumentPrint Sheet::finish() {
  end_block();
  DocumentPrint document;
  document.page.width = width_;
  document.page.height = height_;
  document.page.text = std::move(text_);
  document.page.boxes = std::move(boxes_);
  document.markdown = std::move(markdown_);
  document.blocks = std::move(blocks_);
  document.artwork = std::move(artwork_);
  return document;
}

}  // namespace lectio::documents
