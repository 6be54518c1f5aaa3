// SPDX-License-Identifier: Apache-2.0
// Runs of styled text to lines, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "datagen/documents/font_shelf.h"

namespace lectio::documents {

// Text of one face, size and height within a paragraph.
struct Run {
  std::string text;  // UTF-8; words are separated by single spaces
  FaceIndex face = kBodyFace;
  float scale = 1;  // times the paragraph's size
  float rise = 0;   // above the baseline, in the paragraph's size
  bool underline = false;
};
using Runs = std::vector<Run>;

struct TypeSize {
  float size = 16;           // pixels an em
  float letter_spacing = 0;  // pixels
  float sentence_space = 1;  // width of the space behind a full stop, in spaces
  bool ligatures = false;
  bool old_figures = false;
};

// One character on its way to the page. Lengths in pixels.
struct TypeItem {
  char32_t code = 0;
  std::uint32_t glyph = 0;
  FaceIndex face = 0;
  std::int32_t size26 = 0;  // 1/64 pixel
  float advance = 0;        // with letter spacing and the kerning to the next one
  float rise = 0;
  bool underline = false;
  bool is_joined = false;  // drawn by the ligature that began before it
};

// A line that was taken: words [first, end) of the paragraph.
struct TypeLine {
  std::size_t first = 0, end = 0;
  float width = 0;   // with spaces as wide as the font has them
  float spaces = 0;  // of which these
  bool is_last = false;
};

struct BreakRule {
  bool hyphenate = false;  // between syllables
  float shrink = 0;        // spaces may give up this share of their width
  float least_gap = 0;     // pixels: a line that is so nearly full is not filled with half a word
};

class Paragraph {
 public:
  struct Word {
    std::size_t begin = 0, end = 0;  // items
    float width = 0;
    float gap = 0;        // the space before it; 0 where it continues a divided word
    bool hyphen = false;  // a hyphen that is not among the items is drawn behind it
    bool continues = false;
  };

  // Words wider than max_width are left out.
  Paragraph(const Runs& runs, const Typefaces& faces, const TypeSize& type, float max_width);

  bool at_end() const { return at_ == words_.size(); }
  // The next line of at most this width; false at the end.
  bool next(float width, const BreakRule& rule, TypeLine& line);
  std::int64_t count_lines(float first_width, float width, const BreakRule& rule) const;

  float natural_width() const;  // as one line
  const std::vector<Word>& words() const { return words_; }
  const std::vector<TypeItem>& items() const { return items_; }
  // The hyphen that is drawn behind a word.
  TypeItem hyphen_after(const Word& word) const;

 private:
  void add_item(char32_t code, const Run& run, float size);
  void end_word(float max_width);
  void join_ligatures();
  bool divide(std::size_t index, float room, const BreakRule& rule);

  const Typefaces& faces_;
  TypeSize type_;
  std::vector<TypeItem> items_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  float gap_ = 0;  // before the word that is being built
  std::size_t word_begin_ = 0;
};

}  // namespace lectio::documents
