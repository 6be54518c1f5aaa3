// SPDX-License-Identifier: Apache-2.0
// Documents: drawn pages laid out like real ones, with what stands on them as plain text, as
// Markdown and as labelled boxes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "datagen/corpus/corpus.h"
#include "datagen/prints/print.h"
#include "media/render/fonts.h"
#include "media/render/glyph_cache.h"

namespace lectio::documents {

struct DocumentRecipe {
  // Pixels of the longer side of the page; its shape is that of a paper format or a slide.
  std::int64_t min_side = 600;
  std::int64_t max_side = 1700;
  // What a page should hold. max_chars is kept; less than min_chars stands on forms, slides, tables
  // of contents, pages without text, and where the page cannot hold so much at min_size.
  std::int64_t min_chars = 1500;
  std::int64_t max_chars = 5500;
  double min_size = 8.5;      // of the running text: pixels an em on the finished page
  double random_text = 0.1;   // share of pages without a language prior
  double clean = 0.1;         // share of plain pages: one column of one face, black on white
  double empty = 0.02;        // share of pages without text: blank, noise, pictures
  double many_columns = 0.3;  // share of the other pages with two or three columns
  double degrade = 0.5;       // share of pages that were scanned, resampled or worn
  double returning = 0;       // share of pages of running text whose phrases return (text_source.h)
};

enum class BlockKind : std::uint8_t {
  kTitle,  // headings too, see Block::level
  kText,
  kList,
  kTable,
  kFigure,
  kFigureCaption,
  kTableCaption,
  kHeader,
  kFooter,
  kPageNumber,
  kFootnote,
};
std::string_view block_label(BlockKind kind);  // "title", "page_number"
// Headers, footers and page numbers: in the text, not in the Markdown.
bool is_running(BlockKind kind);

struct PixelBox {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};
PixelBox united(const PixelBox& a, const PixelBox& b);

// Where a byte of some text begins a character that stands on the page.
struct ShownChar {
  std::int64_t byte = 0;
  std::int64_t box = 0;  // of the page's
};

// A piece of the page in one column. A paragraph that goes on in the next column has two.
struct Block {
  BlockKind kind = BlockKind::kText;
  std::int64_t level = 0;  // of a title: 1 for the page's, 2 and up for headings
  PixelBox box;
  std::int64_t byte_begin = 0;  // into the text; empty for a figure
  std::int64_t byte_end = 0;
  std::string markdown;          // of this piece, without white space at its ends
  std::vector<ShownChar> shown;  // of its Markdown
};

struct DocumentPrint {
  // The page at its native size. Its text follows these conventions: reading order; a line that
  // wraps inside a paragraph is joined to the next by a space, but one that ends with a hyphen
  // behind a letter or digit keeps the hyphen and "\n" follows; headings, paragraphs, list items,
  // table rows, captions, headers, footers and page numbers are separated by "\n", the cells of a
  // row by a space. Running headers come first, footnotes after the last column, then the footer.
  Print page;
  // The same with "#" before titles and one more for each level of heading, "- " for bullets,
  // tables as <table><tr><td>, words joined again that were hyphenated, a blank line between
  // blocks, and without running headers, footers and page numbers.
  std::string markdown;
  std::vector<Block> blocks;      // in reading order
  std::vector<PixelBox> artwork;  // where ink that is not text lies: rules, shades, figures
};

class FontShelf;

// Immutable after create; any number of threads may make documents, each with its own cache.
class DocumentFactory {
 public:
  // Fonts without all of printable ASCII are left out, with a warning in the log. Faces of a family
  // are found by their names. kInvalidInput where no upright regular face remains or the split of
  // the corpus is empty.
  static Result<DocumentFactory> create(std::vector<FontRef> fonts,
                                        std::shared_ptr<const Corpus> corpus, Corpus::Split split);

  // A pure function of the seed and the recipe, whose sizes and counts must be positive and whose
  // maxima not below the minima.
  DocumentPrint make(std::uint64_t seed, const DocumentRecipe& recipe, GlyphCache& cache) const;

 private:
  DocumentFactory() = default;

  std::shared_ptr<const FontShelf> shelf_;
  std::shared_ptr<const Corpus> corpus_;
  Corpus::Split split_ = Corpus::Split::kTrain;
};

}  // namespace lectio::documents
