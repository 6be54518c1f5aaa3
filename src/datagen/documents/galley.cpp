// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/galley.h"

#include <algorithm>
#include <cmath>

namespace lectio::documents {
namespace {

constexpr float kMaxStretch =
    3.5F;  // of a justified line's spaces; beyond it the line stays ragged
constexpr float kShrink = 0.15F;
constexpr float kMarkerGap = 0.35F;  // em between a marker and its text, at least
constexpr float kFramePad = 0.5F;    // em around framed text
constexpr std::uint8_t kDarkBar = 50;

std::int64_t chars_of(const Paragraph& paragraph, const TypeLine& line) {
  std::int64_t chars = 1;
  for (std::size_t w = line.first; w < line.end; ++w) {
    chars += static_cast<std::int64_t>(paragraph.words()[w].end - paragraph.words()[w].begin) + 1;
  }
  return chars;
}

}  // namespace

Galley::Galley(const Setting& setting, Sheet& sheet) : setting_(setting), sheet_(sheet) {
  areas_.push_back({setting.left, setting.top, static_cast<float>(setting.width) - setting.right,
                    static_cast<float>(setting.height) - setting.bottom});
  y_ = setting.top;
}

void Galley::open_columns(std::int64_t columns) {
  const PixelBox all = areas_.front();
  const float gutters = setting_.gutter * static_cast<float>(columns - 1);
  const float width = (all.x1 - all.x0 - gutters) / static_cast<float>(columns);
  areas_.clear();
  for (std::int64_t c = 0; c < columns; ++c) {
    const float x = all.x0 + static_cast<float>(c) * (width + setting_.gutter);
    areas_.push_back({x, y_, x + width, all.y1});
    if (c > 0 && setting_.column_rule) {
      const float middle = std::round(x - setting_.gutter / 2);
      sheet_.add_fill({middle, y_, middle + 1, all.y1}, setting_.ink);
    }
  }
  area_ = 0;
  at_top_ = true;
}

void Galley::reserve_bottom(float height) { areas_.back().y1 -= height; }

void Galley::open_last(float height) {
  PixelBox area = areas_.back();
  area.y0 = area.y1;
  area.y1 += height;
  areas_ = {area};
  area_ = 0;
  y_ = area.y0;
  at_top_ = true;
  full_ = false;
}

TypeSize Galley::type(float size) const {
  return {size, setting_.letter_spacing * size, setting_.sentence_space, setting_.ligatures,
          setting_.old_figures};
}

bool Galley::next_area() {
  if (area_ + 1 >= areas_.size()) {
    full_ = true;
    return false;
  }
  ++area_;
  y_ = areas_[area_].y0;
  at_top_ = true;
  return true;
}

bool Galley::need(float height) {
  if (full_) return false;
  if (y_ + height <= bottom() + 0.01F) return true;
  return next_area() && y_ + height <= bottom() + 0.01F;
}

void Galley::skip(float height) {
  if (!at_top_) y_ += height;
}

void Galley::take(float height) {
  y_ += height;
  at_top_ = false;
}

float Galley::baseline_in(float top, float size, float pitch) const {
  const Font& font = *setting_.faces[kBodyFace].font;
  const float ascent = font.ascent() * size;
  const float descent = font.descent() * size;
  return std::round(top + (pitch - ascent - descent) / 2 + ascent);
}

float Galley::width_of(const Runs& runs, float size) const {
  return Paragraph(runs, setting_.faces, type(size), 1e6F).natural_width();
}

float Galley::set_at(const Runs& runs, float size, float x, float baseline) {
  Paragraph paragraph(runs, setting_.faces, type(size), 1e6F);
  TypeLine line;
  if (!paragraph.next(1e6F, {}, line)) return x;
  return sheet_.put_line(paragraph, line, x, baseline, 0);
}

void Galley::place_frame(const Shape& shape, float top, float bottom) {
  const float pad = kFramePad * shape.size;
  const PixelBox box = {x0() + shape.left - pad, top - pad, x1() - shape.right + pad, bottom + pad};
  if (shape.frame == Frame::kShaded) {
    sheet_.add_fill(box, static_cast<std::uint8_t>(setting_.paper * 88 / 100));
  } else if (shape.frame == Frame::kDark) {
    sheet_.add_fill(box, kDarkBar);
  } else {
    sheet_.add_fill({box.x0, box.y0, box.x1, box.y0 + 1}, setting_.ink);
    sheet_.add_fill({box.x0, box.y1 - 1, box.x1, box.y1}, setting_.ink);
    sheet_.add_fill({box.x0, box.y0, box.x0 + 1, box.y1}, setting_.ink);
    sheet_.add_fill({box.x1 - 1, box.y0, box.x1, box.y1}, setting_.ink);
  }
}

void Galley::place(const Paragraph& paragraph, const TypeLine& line, const Shape& shape,
                   float first) {
  float x = x0() + shape.left + first;
  const float room = x1() - shape.right - x - line.width;
  const float baseline = baseline_in(y_, shape.size, shape.pitch);
  if (line.first == 0 && !shape.marker.empty()) {
    const float at = x0() + shape.left - shape.hang;
    const float end = set_at({{shape.marker, shape.marker_face, 1, 0}}, shape.size, at, baseline);
    sheet_.put_space(end, std::max(end, x), baseline, shape.size / 2);
  }
  float stretch = 0;
  if (shape.align == Align::kRight) x += std::max(0.0F, room);
  if (shape.align == Align::kCenter) x += std::max(0.0F, room / 2);
  if (line.spaces > 0 && (room < 0 || (shape.align == Align::kJustify && !line.is_last))) {
    stretch = room / line.spaces;
    if (stretch > kMaxStretch) stretch = 0;
  }
  sheet_.put_line(paragraph, line, x, baseline, std::max(stretch, -0.4F));
}

// The first line's indent: a marker that reaches into the text pushes it on.
float Galley::first_indent(const Shape& shape) const {
  if (shape.marker.empty()) return shape.first;
  const Runs marker = {{shape.marker, shape.marker_face, 1, 0}};
  const float end = width_of(marker, shape.size) - shape.hang;
  return end + kMarkerGap * shape.size * 0.7F > shape.first ? end + kMarkerGap * shape.size
                                                            : shape.first;
}

bool Galley::set(const Runs& runs, const Shape& shape) {
  if (full_) return false;
  const float width = this->width() - shape.left - shape.right;
  if (width < shape.size * 4) return true;
  const float first = first_indent(shape);
  BreakRule rule;
  rule.hyphenate = shape.hyphenate;
  if (shape.align == Align::kJustify) rule.shrink = kShrink;
  rule.least_gap = shape.size * (shape.align == Align::kJustify ? 1.2F : 2.0F);
  Paragraph paragraph(runs, setting_.faces, type(shape.size), width * 0.9F);
  if (paragraph.at_end()) return true;
  const bool framed = shape.frame != Frame::kNone;
  const float pad = framed ? shape.size * kFramePad : 0;
  float needed = shape.pitch * static_cast<float>(shape.keep);
  if (framed) {
    const auto lines = paragraph.count_lines(width - first, width, rule);
    needed = static_cast<float>(lines) * shape.pitch + 2 * pad;
  }
  skip(shape.before);
  if (!need(needed)) return !full_;
  y_ += pad;
  const float top = y_;
  if (framed) place_frame(shape, top, top + needed - 2 * pad);
  sheet_.set_light(shape.frame == Frame::kDark);
  sheet_.begin_block(shape.kind, shape.level);
  TypeLine line;
  for (bool is_first = true; !paragraph.at_end(); is_first = false) {
    if (y_ + shape.pitch > bottom() + 0.01F) {
      sheet_.continue_block();
      if (!next_area()) break;
    }
    paragraph.next(width - (is_first ? first : 0), rule, line);
    const auto marker = static_cast<std::int64_t>(is_first ? shape.marker.size() + 1 : 0);
    if (chars_of(paragraph, line) + marker > budget()) {
      full_ = true;
      break;
    }
    place(paragraph, line, shape, is_first ? first : 0);
    y_ += shape.pitch;
    at_top_ = false;
  }
  sheet_.set_light(false);
  sheet_.end_block();
  y_ += pad + shape.after;
  return !full_;
}

}  // namespace lectio::documents
