// SPDX-License-Identifier: Apache-2.0
// How one document is set: paper, margins, type and habits, decided before any text.
#pragma once

#include <cstdint>
#include <string>

#include "base/splitmix.h"
#include "datagen/documents/document.h"
#include "datagen/documents/font_shelf.h"
#include "media/render/layout.h"

namespace lectio::documents {

enum class Genre : std::uint8_t {
  kProse,     // a book or an essay
  kLegal,     // numbered clauses, indented deeper and deeper
  kPaper,     // title, authors, abstract, sections, figures, references
  kReport,    // headings, lists, tables
  kForm,      // labels with lines to write on
  kContents,  // headings with page numbers
  kSlide,     // few large words
  kLetter,
  kLines,       // verse, code, addresses: lines that do not wrap
  kReferences,  // a list of works with hanging indents
  kClean,       // one column of one face from edge to edge
  kEmpty,       // no text
};

// Small ways of doing things that stay the same throughout a document.
enum class Habit : std::uint8_t {
  kNumberDot,
  kChapterWord,
  kRomanChapters,
  kRaggedLists,
  kClauseMarks,
  kHangingClauses,
  kReferenceMarks,
  kSpacedLeaders,
  kRaisedNoteMarks,
  kOneParagraph,
};

enum class Numbering : std::uint8_t {
  kNone,
  kArabic,
  kRoman,
  kNamed
};  // "2.1", "IV.", "Article 4"

// Lengths in pixels of the canvas unless they say em.
struct Setting {
  Genre genre = Genre::kProse;
  bool natural = true;
  double returning = 0;                              // share of words in phrases that return
  std::int64_t chars = 3000;                         // of text that the page may hold
  std::int64_t native_width = 0, native_height = 0;  // of the finished page
  std::int64_t width = 0, height = 0;                // of the canvas
  double scale = 1;                                  // canvas pixels a finished pixel
  float left = 0, top = 0, right = 0, bottom = 0;    // margins
  Typefaces faces;
  Hinting hinting = Hinting::kNone;
  float size = 14;     // of running text
  float pitch = 1.2F;  // baseline to baseline, in em
  Align align = Align::kLeft;
  bool hyphenate = false;
  float indent = 0;           // of a paragraph's first line, em
  float paragraph_space = 0;  // em
  std::int64_t columns = 1;
  float gutter = 0;
  bool column_rule = false;
  float sentence_space = 1;
  float letter_spacing = 0;  // em
  bool ligatures = false;
  bool old_figures = false;
  double emphasis = 0;   // share of paragraphs with bold or italic words
  double bold_lead = 0;  // share that begins with bold words
  bool header = false, footer = false, page_number = false;

  FaceIndex heading_face = kHeadFace + kBold;
  float heading_scale = 1.2F;
  Align heading_align = Align::kLeft;
  bool heading_capitals = false;
  bool heading_bar = false;  // white on dark
  Numbering numbering = Numbering::kNone;
  float heading_space = 1;  // em above; a third of it below

  std::string bullet = "\u2022";
  float list_indent = 1.5F;  // em a level
  std::uint8_t ink = 0, paper = 255;

  std::uint64_t habits = 0;  // random bits
  // Which of so many ways this document has.
  std::uint64_t habit(Habit which, std::uint64_t ways) const {
    return splitmix64(habits + static_cast<std::uint64_t>(which)) % ways;
  }
};

// Sizes on a coarse grid, so that glyphs are found in the cache; resampling fills the gaps.
float snap_size(double size);

Setting draw_setting(const DocumentRecipe& recipe, const FontShelf& shelf, Random& random);

}  // namespace lectio::documents
