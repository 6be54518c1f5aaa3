// SPDX-License-Identifier: Apache-2.0
// A page while it is being set: what is drawn and what it says.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "datagen/documents/artwork.h"
#include "datagen/documents/document.h"
#include "datagen/documents/paragraph.h"
#include "datagen/documents/setting.h"
#include "media/render/layout.h"

namespace lectio::documents {

class Sheet {
 public:
  explicit Sheet(const Setting& setting);

  // Text that follows belongs to this block; blocks are separated by "\n".
  void begin_block(BlockKind kind, std::int64_t level = 0);
  // The same paragraph in another column.
  void continue_block();
  // Leaves no trace of a block without text, unless it is a figure.
  void end_block();

  // A line of a paragraph from x on, its spaces wider by `stretch` of their width. Returns its end.
  float put_line(const Paragraph& paragraph, const TypeLine& line, float x, float baseline,
                 float stretch);
  // Between two pieces of text within a block: ' ' between words, or "\n". Drawn as nothing.
  void put_space(float x0, float x1, float baseline, float height);
  void put_line_feed();
  // The Markdown of the block, where it is not its text: a table's rows as HTML, with the same
  // characters in the same order outside of its tags.
  void set_table(std::string html);
  void add_figure(const Figure& figure);

  void set_light(bool light) { light_ = light; }           // ink of the text that follows
  void add_fill(const PixelBox& box, std::uint8_t level);  // below the text

  std::int64_t chars() const { return static_cast<std::int64_t>(boxes_.size()); }
  std::int64_t width() const { return width_; }
  std::int64_t height() const { return height_; }
  const Typefaces& faces() const { return faces_; }

  GreyImage draw(GlyphCache& cache) const;
  // What the page says. Uses the sheet up.
  DocumentPrint finish();

 private:
  void put_item(const TypeItem& item, float x, float baseline);
  void append(char32_t code, const CharBox& box);
  void join(bool continues);
  void put_feed();
  void widen(const PixelBox& box);
  void say(char c);  // in the Markdown of block and piece
  void take_back();  // its last byte
  void end_piece();
  void underline(float x0, float x1, float baseline, float size);

  std::int64_t width_, height_;
  std::uint8_t ink_, paper_;
  Typefaces faces_;
  Layout layouts_[2];  // dark and light glyphs
  bool light_ = false;
  std::vector<Fill> fills_;
  std::vector<Figure> figures_;
  std::string text_, markdown_;
  std::vector<CharBox> boxes_;
  std::vector<Block> blocks_;
  std::vector<PixelBox> artwork_;

  Block block_;
  std::string block_markdown_;
  std::string piece_;  // of that, what stands in this column
  std::vector<ShownChar> piece_shown_;
  bool in_block_ = false;
  bool block_has_box_ = false;
  bool soft_hyphen_ = false;  // ends the text so far
  bool needs_feed_ = false;   // text stands before this block
};

}  // namespace lectio::documents
