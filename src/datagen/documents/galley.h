// SPDX-License-Identifier: Apache-2.0
// The running text of a page, set into its columns from top to bottom.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datagen/documents/paragraph.h"
#include "datagen/documents/setting.h"
#include "datagen/documents/sheet.h"

namespace lectio::documents {

enum class Frame : std::uint8_t { kNone, kRuled, kShaded, kDark };

// How a paragraph is set. Lengths in pixels.
struct Shape {
  BlockKind kind = BlockKind::kText;
  std::int64_t level = 0;
  float size = 0;
  float pitch = 0;
  float left = 0, right = 0;  // indents of all lines
  float first = 0;            // in addition, of the first
  std::string marker;         // stands `hang` to the left of the first line
  FaceIndex marker_face = kBodyFace;
  float hang = 0;
  Align align = Align::kLeft;
  bool hyphenate = false;
  float before = 0, after = 0;
  std::int64_t keep = 1;  // lines that must have room, with what follows
  Frame frame = Frame::kNone;
};

class Galley {
 public:
  Galley(const Setting& setting, Sheet& sheet);

  // Ends the area that was in use, and goes on in so many columns below it.
  void open_columns(std::int64_t columns);
  void reserve_bottom(float height);  // of the last column
  void open_last(float height);       // what was reserved there, and nothing else

  // Sets a paragraph; false where nothing more fits the page.
  bool set(const Runs& runs, const Shape& shape);
  // Sets it at a place outside of the columns, on one line; returns the end of it.
  float set_at(const Runs& runs, float size, float x, float baseline);
  float width_of(const Runs& runs, float size) const;

  // Makes sure that so much room is left in this column or goes on in the next; false where the
  // page has none.
  bool need(float height);
  void skip(float height);  // nothing at the top of a column
  void take(float height);  // for what was drawn without set()

  bool full() const { return full_; }
  float y() const { return y_; }
  float bottom() const { return areas_[area_].y1; }
  float x0() const { return areas_[area_].x0; }
  float x1() const { return areas_[area_].x1; }
  float width() const { return x1() - x0(); }
  bool at_top() const { return at_top_; }
  float baseline_in(float top, float size, float pitch) const;

  const Setting& setting() const { return setting_; }
  Sheet& sheet() { return sheet_; }
  // Characters that may still be set.
  std::int64_t budget() const { return setting_.chars - sheet_.chars() - reserved_chars_; }
  void reserve_chars(std::int64_t chars) { reserved_chars_ = chars; }
  TypeSize type(float size) const;

 private:
  bool next_area();
  void place_frame(const Shape& shape, float top, float bottom);
  void place(const Paragraph& paragraph, const TypeLine& line, const Shape& shape, float first);
  float first_indent(const Shape& shape) const;

  const Setting& setting_;
  Sheet& sheet_;
  std::vector<PixelBox> areas_;
  std::size_t area_ = 0;
  float y_ = 0;
  std::int64_t reserved_chars_ = 0;
  bool at_top_ = true;
  bool full_ = false;
};

}  // namespace lectio::documents
