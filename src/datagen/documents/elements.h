// SPDX-License-Identifier: Apache-2.0
// The pieces that documents are made of. Each sets one piece where the galley stands and says
// whether anything more fits the page.
#pragma once

#include <cstdint>
#include <string>

#include "base/splitmix.h"
#include "datagen/documents/galley.h"
#include "datagen/documents/writer.h"

namespace lectio::documents {

// What the pieces of one document share.
struct Desk {
  const Setting& setting;
  Galley& galley;
  Writer& writer;
  Random& random;
  std::int64_t section = 0, subsection = 0, clause = 0;
  std::int64_t figures = 0, tables = 0, notes = 0, references = 0;

  Shape shape() const;  // of running text
  bool is_full() const { return galley.full() || galley.budget() < 12; }
};

// The text in one face, or with some words bold or italic, or beginning in bold, or with a small
// number behind a sentence, as the setting has it.
Runs plain(std::string text, FaceIndex face = kBodyFace);
Runs styled(Desk& desk, const std::string& text);

bool write_title(Desk& desk);
bool write_heading(Desk& desk, std::int64_t level);
bool write_paragraph(Desk& desk, std::int64_t max_chars);
bool write_quote(Desk& desk);   // indented on both sides
bool write_framed(Desk& desk);  // in a box, on a shade, or white on dark
bool write_list(Desk& desk, std::int64_t items);
bool write_clause(Desk& desk);  // "(1) ..." and its "(a) ..."
bool write_verse(Desk& desk);
bool write_code(Desk& desk);
bool write_address(Desk& desk);
bool write_reference(Desk& desk);
bool write_figure(Desk& desk);
// In tables.cpp:
bool write_table(Desk& desk);
bool write_contents_line(Desk& desk, std::int64_t page);
bool write_form_row(Desk& desk);

}  // namespace lectio::documents
