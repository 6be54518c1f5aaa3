// SPDX-License-Identifier: Apache-2.0
// The Markdown and HTML that the model writes, to plain text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lectio {

// A tag as <td colspan="2">. size 0: no tag stands there. Only names of HTML that the model may
// write are tags: table, thead, tbody, tfoot, tr, td, th, caption, b, i, u, s, em, strong, sub,
// sup, br, p, center, div, span. "a < b" is text.
struct Tag {
  std::size_t size = 0;   // bytes, from < to >
  std::string_view name;  // in small letters, a constant
  bool closing = false;   // </name>
};
Tag tag_at(std::string_view text, std::size_t at);

// Plain text and where each of its bytes came from.
struct PlainText {
  std::string text;
  std::vector<std::size_t> source;  // one a byte of text: offset in the markup
};

// Without heading marks, emphasis, control marks and tags; entities resolved; cells of a table
// separated by a tab, rows and <br> by a line feed; pictures, ![](...), left out. Formulas stay
// LaTeX, without \( \) and \[ \]. Line feeds stay; blanks at both ends go.
PlainText plain_text(std::string_view markup);

// The text of plain_text with every run of blanks as one space.
std::string stripped_text(std::string_view markup);

// How many # lead the line, 0 to 6; 0 unless a blank follows.
std::size_t heading_level(std::string_view line);

std::string_view trimmed(std::string_view text);  // of space, tab, line feed, carriage return

}  // namespace lectio
