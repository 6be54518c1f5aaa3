// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/paragraph.h"

#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "datagen/documents/hyphenate.h"

namespace lectio::documents {
namespace {

constexpr float kSlack = 0.01F;  // pixels that rounding may add to a line

std::int32_t to_26(float size) {
  return std::clamp(static_cast<std::int32_t>(std::lround(size * 64.0F)), 64, 64 * 2048);
}

}  // namespace

Paragraph::Paragraph(const Runs& runs, const Typefaces& faces, const TypeSize& type,
                     float max_width)
    : faces_(faces),
      type_(type) {
  std::size_t bytes = 0;
  for (const Run& run : runs) bytes += run.text.size();
  items_.reserve(bytes);
  words_.reserve(bytes / 5 + 4);
  for (const Run& run : runs) {
    const float size = static_cast<float>(to_26(type_.size * run.scale)) / 64.0F;
    const Font& font = *faces_[run.face].font;
    for (std::size_t at = 0; at < run.text.size();) {
      const DecodedChar c = decode_utf8(run.text, at);
      at += c.size;
      if (c.code != U' ') {
        add_item(c.code, run, size);
        continue;
      }
      const bool ends_sentence =
          items_.size() > word_begin_ && (items_.back().code == U'.' || items_.back().code == U'?');
      end_word(max_width);
      gap_ = font.advance(font.glyph(U' ')) * size + type_.letter_spacing;
      if (ends_sentence) gap_ *= type_.sentence_space;
    }
  }
  end_word(max_width);
}

void Paragraph::add_item(char32_t code, const Run& run, float size) {
  TypeItem item;
  item.code = code;
  item.face = run.face;
  item.underline = run.underline;
  item.glyph = faces_[run.face].font->glyph(code);
  if (item.glyph == 0) {  // the text is what the body's regular face can show
    item.face = kBodyFace;
    item.glyph = faces_[kBodyFace].font->glyph(code);
  }
  const Typeface& typeface = faces_[item.face];
  if (type_.old_figures && code >= U'0' && code <= U'9') {
    item.glyph = typeface.font->old_figure(code);
  }
  item.size26 = to_26(size);
  item.advance = typeface.font->advance(item.glyph) * size + type_.letter_spacing;
  if (typeface.embolden) item.advance += 0.03F * size;
  item.rise = run.rise * type_.size;
  if (items_.size() > word_begin_) {
    TypeItem& before = items_.back();
    if (before.face == item.face && before.size26 == item.size26) {
      before.advance += typeface.font->kerning(before.code, code) * size;
    }
  }
  items_.push_back(item);
}

// Where the font draws several of the word's characters together, the first takes the glyph and all
// share its width.
void Paragraph::join_ligatures() {
  for (std::size_t i = word_begin_; i + 1 < items_.size(); ++i) {
    if (items_[i].code != U'f' && items_[i].code != U't' && items_[i].code != U'T') continue;
    std::u32string codes;
    for (std::size_t k = i; k < items_.size() && k < i + 3; ++k) {
      const bool same = items_[k].face == items_[i].face && items_[k].size26 == items_[i].size26 &&
                        items_[k].rise == items_[i].rise;
      if (!same) break;
      codes.push_back(items_[k].code);
    }
    const Font& font = *faces_[items_[i].face].font;
    const LigatureGlyph* const ligature = font.ligature(codes);
    if (ligature == nullptr) continue;
    const std::size_t last = i + ligature->codes.size() - 1;
    const float size = static_cast<float>(items_[i].size26) / 64.0F;
    // What the last character is kerned by stays behind the ligature.
    const float kerned = items_[last].advance - font.advance(items_[last].glyph) * size;
    const float width = font.advance(ligature->glyph) * size;
    for (std::size_t k = i; k <= last; ++k) {
      items_[k].advance = width / static_cast<float>(ligature->codes.size());
      items_[k].is_joined = k > i;
    }
    items_[last].advance += kerned;
    items_[i].glyph = ligature->glyph;
    i = last;
  }
}

void Paragraph::end_word(float max_width) {
  if (items_.size() == word_begin_) return;
  if (type_.ligatures) join_ligatures();
  Word word;
  word.begin = word_begin_;
  word.end = items_.size();
  for (std::size_t i = word.begin; i < word.end; ++i) word.width += items_[i].advance;
  if (word.width <= max_width) {
    word.gap = words_.empty() ? 0 : gap_;
    words_.push_back(word);
  } else {
    items_.resize(word_begin_);
  }
  word_begin_ = items_.size();
}

TypeItem Paragraph::hyphen_after(const Word& word) const {
  TypeItem item = items_[word.end - 1];
  item.code = U'-';
  item.glyph = faces_[item.face].font->glyph(U'-');
  item.advance =
      faces_[item.face].font->advance(item.glyph) * static_cast<float>(item.size26) / 64.0F;
  return item;
}

// Divides the word so that its first part, with a hyphen, takes at most this room.
bool Paragraph::divide(std::size_t index, float room, const BreakRule& rule) {
  const Word whole = words_[index];
  if (whole.end - whole.begin < 5) return false;
  std::vector<char32_t> codes;
  for (std::size_t i = whole.begin; i < whole.end; ++i) codes.push_back(items_[i].code);
  const std::vector<HyphenPoint> points = hyphen_points(codes, rule.hyphenate);
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    Word head = whole;
    head.end = whole.begin + point->at;
    if (items_[head.end].is_joined) continue;  // never inside of a ligature
    head.hyphen = point->adds_hyphen;
    head.width = 0;
    for (std::size_t i = head.begin; i < head.end; ++i) head.width += items_[i].advance;
    Word tail = whole;
    tail.begin = head.end;
    tail.width = whole.width - head.width;
    tail.gap = 0;
    tail.continues = true;
    if (head.hyphen) head.width += hyphen_after(head).advance;
    if (head.width > room) continue;
    words_[index] = head;
    words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(index) + 1, tail);
    return true;
  }
  return false;
}

bool Paragraph::next(float width, const BreakRule& rule, TypeLine& line) {
  if (at_end()) return false;
  line = TypeLine{};
  line.first = at_;
  const float limit = width + kSlack;
  if (words_[at_].width > limit) divide(at_, limit, {true, 0, 0});
  line.width = words_[at_].width;
  std::size_t i = at_ + 1;
  for (; i < words_.size() && !words_[i].continues; ++i) {
    const float gap = words_[i].gap;
    const float wanted = line.width + gap + words_[i].width;
    const float give = (line.spaces + gap) * rule.shrink;
    if (wanted - give > limit) {
      const bool wide_gap = width - line.width > rule.least_gap;
      if (!wide_gap || !divide(i, limit + give - line.width - gap, rule)) break;
    }
    line.width += gap + words_[i].width;
    line.spaces += gap;
    if (i + 1 < words_.size() && words_[i + 1].continues) {
      ++i;
      break;
    }
  }
  line.end = at_ = i;
  line.is_last = at_end();
  return true;
}

std::int64_t Paragraph::count_lines(float first_width, float width, const BreakRule& rule) const {
  Paragraph copy(*this);
  std::int64_t lines = 0;
  TypeLine line;
  while (copy.next(lines == 0 ? first_width : width, rule, line)) ++lines;
  return lines;
}

float Paragraph::natural_width() const {
  float width = 0;
  for (const Word& word : words_) width += word.gap + word.width;
  return width;
}

}  // namespace lectio::documents
