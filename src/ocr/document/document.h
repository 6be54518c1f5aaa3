// SPDX-License-Identifier: Apache-2.0
// What reading gave, as a tree: document, pages, blocks, lines, words. Every output format is a
// rendering of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lectio {

// [x0, x1) x [y0, y1) in pixels of the page as it was opened, origin top left.
struct Box {
  std::int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  std::int64_t width() const { return x1 - x0; }
  std::int64_t height() const { return y1 - y0; }
  bool empty() const { return x1 <= x0 || y1 <= y0; }
  bool operator==(const Box&) const = default;
};
// The smallest box around both; an empty one does not count.
Box united(const Box& a, const Box& b);

// x0, y0, x1, y1 as the model wrote them: 0 to 999 across and down the page (spec 9.1).
using ModelBox = std::array<double, 4>;
// floor(coordinate / 999 * side), kept inside the page. Empty where the model's numbers span
// nothing.
Box to_pixels(const ModelBox& box, std::int64_t page_width, std::int64_t page_height);
// The way back, to the nearest whole coordinate.
ModelBox to_model(const Box& box, std::int64_t page_width, std::int64_t page_height);

// How sure the model was of a piece of text: probabilities of its chosen tokens, 0 to 1.
struct Confidence {
  double mean = 0;    // geometric
  double lowest = 0;  // of one token

  bool operator==(const Confidence&) const = default;
};

struct Word {
  std::string text;  // UTF-8 without spaces
  Box box;
  std::optional<Confidence> confidence;
};

struct Line {
  Box box;
  std::vector<Word> words;
};

enum class BlockKind {
  kText,
  kTitle,
  kSubTitle,
  kListItem,
  kTable,
  kFigure,
  kCaption,  // of a figure or a table
  kFormula,
  kCode,
  kHeader,
  kFooter,
  kPageNumber,
  kFootnote,
  kPhrase,  // the label is the text: what "OCR this image" and "Locate" give
  kOther,   // a label that is not known
};
// "text", "title", "sub_title", "list_item", "table", "figure", "caption", "formula", "code",
// "header", "footer", "page_number", "footnote", "phrase", "other".
std::string_view block_kind_name(BlockKind kind);
// The kind of a layout label, as "image_caption"; empty for one that is not known.
std::optional<BlockKind> block_kind_of_label(std::string_view label);
// Header, footer or page number: repeated furniture that running text leaves out.
bool is_furniture(BlockKind kind);

struct TableCell {
  std::int64_t row = 0, column = 0;  // from 0
  std::int64_t row_span = 1, column_span = 1;
  bool header = false;
  std::string text;  // entities resolved, markup removed
};

// Cells in reading order, none over another.
struct Table {
  std::int64_t rows = 0, columns = 0;
  std::vector<TableCell> cells;
  std::string caption;  // text of the table that stands in no cell
};

struct Block {
  BlockKind kind = BlockKind::kText;
  std::string label;  // as the model wrote it; empty where it wrote none
  std::string text;   // Markdown as the model wrote it (tables as HTML), without label and boxes
  // Where the text stands in DocumentPage::answer; a phrase's is its label's.
  std::size_t answer_begin = 0, answer_end = 0;
  std::vector<ModelBox> model_boxes;  // empty where the model gave none
  std::vector<Box> boxes;             // of these, what spans something on the page
  std::optional<Table> table;
  std::string svg;          // the drawing that the text describes; empty: none
  std::vector<Line> lines;  // places of the words in pixels; empty where not looked for
  std::optional<Confidence> confidence;

  // Around all boxes, or all lines where there are none; empty without either.
  Box box() const;
};

struct DocumentPage {
  std::int64_t index = 0;              // in its source file, from 0
  std::int64_t width = 0, height = 0;  // pixels
  double dpi = 0;                      // of the raster; 0: not known
  std::string source;                  // file name
  std::string answer;                  // all that the model wrote, UTF-8
  std::vector<Block> blocks;           // in reading order
  std::vector<std::string> problems;   // of the answer's syntax: nothing of the text was lost
  std::optional<Confidence> confidence;
  // How it was read.
  std::string mode, prompt, finish;
  std::string verdict;  // empty where none was given
  std::int64_t vision_tokens = 0, prompt_tokens = 0, generated_tokens = 0;
};

struct Document {
  std::string name;      // without folder and extension: leads the names of its files
  std::string source;    // file name
  std::string producer;  // "lectio 0.1.0"
  std::string model;     // its folder's name; empty: none was opened
  // For formats that demand a time: RFC 3339 in UTC, to the second. The source's, not the clock's,
  // so that the same input gives the same bytes.
  std::string created = "1970-01-01T00:00:00Z";
  std::vector<DocumentPage> pages;
};

}  // namespace lectio
