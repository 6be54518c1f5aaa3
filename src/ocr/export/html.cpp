// SPDX-License-Identifier: Apache-2.0
// HTML without scripts, whatever the model wrote.
#include <algorithm>
#include <array>

#include "base/entity.h"
#include "ocr/answer/answer.h"
#include "ocr/answer/grounding.h"
#include "ocr/answer/markup.h"
#include "ocr/export/base64.h"
#include "ocr/export/formats.h"
#include "ocr/export/xml.h"

namespace lectio {
namespace {

constexpr std::string_view kStyle =
    "body{max-width:50em;margin:2em auto;padding:0 1em;font-family:serif;line-height:1.4}"
    "section{border-bottom:1px solid #ccc;margin-bottom:2em}"
    "table{border-collapse:collapse}td,th{border:1px solid #888;padding:.2em .5em}"
    "figure{margin:1em 0}img{max-width:100%}"
    ".header,.footer,.page_number{color:#666;font-size:.8em}.footnote{font-size:.9em}"
    ".formula{white-space:pre-wrap;text-align:center}"
    "ul.items{list-style:none;padding-left:1em}";

constexpr std::array<std::string_view, 8> kInline = {"b",  "i",      "u",   "s",
                                                     "em", "strong", "sub", "sup"};

bool is_inline(std::string_view name) {
  return std::find(kInline.begin(), kInline.end(), name) != kInline.end();
}

// Text with the inline tags of the list, balanced; ** is strong.
class InlineWriter {
 public:
  std::string write(std::string_view markup) {
    for (std::size_t at = 0; at < markup.size();) at += step(markup, at);
    while (!open_.empty()) close_last();
    return std::move(html_);
  }

 private:
  std::size_t step(std::string_view markup, std::size_t at) {
    if (const std::size_t mark = mark_size(markup, at)) return mark;
    if (markup.substr(at, 2) == "**") {
      toggle("strong", !open_.empty() && open_.back() == "strong");
      return 2;
    }
    if (const Tag tag = tag_at(markup, at); tag.size > 0) {
      if (tag.name == "br") {
        html_ += "<br>";
      } else if (is_inline(tag.name)) {
        toggle(tag.name, tag.closing);
      } else {
        html_ += " ";
      }
      return tag.size;
    }
    if (const Entity entity = entity_at(markup, at); entity.size > 0) {
      html_ += xml_escaped(entity.text);
      return entity.size;
    }
    // A whole character, so that a broken one becomes U+FFFD once.
    std::size_t end = at + 1;
    while (end < markup.size() && (static_cast<unsigned char>(markup[end]) & 0xC0) == 0x80) ++end;
    html_ += xml_escaped(markup.substr(at, end - at));
    return end - at;
  }

  // Closing tags that close nothing are left out; an opening one twice is harmless.
  void toggle(std::string_view name, bool closing) {
    if (!closing) {
      html_ += "<" + std::string(name) + ">";
      open_.emplace_back(name);
    } else if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      while (open_.back() != name) close_last();
      close_last();
    }
  }
  void close_last() {
    html_ += "</" + std::string(open_.back()) + ">";
    open_.pop_back();
  }

  std::string html_;
  std::vector<std::string_view> open_;
};

std::string inline_html(std::string_view markup) { return InlineWriter().write(trimmed(markup)); }

std::string table_html(const Table& table) {
  std::string html = "<table>";
  if (!table.caption.empty()) html += "<caption>" + xml_escaped(table.caption) + "</caption>";
  html += "\n";
  auto cell = table.cells.begin();
  for (std::int64_t row = 0; row < table.rows; ++row) {
    html += "<tr>";
    for (; cell != table.cells.end() && cell->row == row; ++cell) {
      const std::string name = cell->header ? "th" : "td";
      html += "<" + name;
      if (cell->row_span > 1) html += xml_attribute("rowspan", cell->row_span);
      if (cell->column_span > 1) html += xml_attribute("colspan", cell->column_span);
      html += ">" + xml_escaped(cell->text) + "</" + name + ">";
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

std::string image_html(const std::string& name, const FigureBytes& figure_bytes) {
  std::string source = name;
  if (figure_bytes) {
    if (const auto bytes = figure_bytes(name)) {
      const bool drawing = name.ends_with(".svg");
      source =
          std::string("data:image/") + (drawing ? "svg+xml" : "jpeg") + ";base64," + base64(*bytes);
    }
  }
  return "<img" + xml_attribute("src", source) + " alt=\"\">";
}

std::string figure_html(const Block& block, const std::vector<FigureBox>& figures,
                        const FigureBytes& figure_bytes) {
  std::string html = "<figure>";
  for (const FigureBox& figure : figures) {
    if (figure.block == &block) html += image_html(figure.name, figure_bytes);
  }
  if (block.svg.empty() && !block.text.empty()) {
    html += "<figcaption>" + inline_html(block.text) + "</figcaption>";
  }
  return html + "</figure>\n";
}

std::string code_of(std::string_view text) {
  if (text.starts_with("```")) {
    const std::size_t line = text.find('\n');
    text.remove_prefix(line == std::string_view::npos ? text.size() : line + 1);
  }
  if (text.ends_with("```")) text.remove_suffix(3);
  return std::string(text);
}

std::string heading_html(const Block& block) {
  const std::string name = "h" + std::to_string(std::min<std::int64_t>(6, heading_level(block)));
  std::string_view text = block.text;
  if (const std::size_t marks = heading_level(text)) text.remove_prefix(marks + 1);
  return "<" + name + ">" + inline_html(text) + "</" + name + ">\n";
}

std::string block_html(const Block& block) {
  switch (block.kind) {
    case BlockKind::kTitle:
    case BlockKind::kSubTitle:
      return heading_html(block);
    case BlockKind::kCode:
      return "<pre>" + xml_escaped(code_of(block.text)) + "</pre>\n";
    case BlockKind::kFormula:
      return "<div class=\"formula\">" + xml_escaped(without_marks(block.text)) + "</div>\n";
    case BlockKind::kListItem: {
      std::string_view text = block.text;
      if (text.starts_with("- ") || text.starts_with("* ")) text.remove_prefix(2);
      return "<li>" + inline_html(text) + "</li>\n";
    }
    default:
      return "<p" + xml_attribute("class", block_kind_name(block.kind)) + ">" +
             inline_html(block.text) + "</p>\n";
  }
}

std::string page_html(const DocumentPage& page, std::size_t place,
                      const FigureBytes& figure_bytes) {
  std::string html = "<section" + xml_attribute("id", "page-" + std::to_string(place + 1)) + ">\n";
  const std::vector<FigureBox> figures = figures_of(page, place);
  bool in_list = false;
  for (const Block& block : page.blocks) {
    const bool item = block.kind == BlockKind::kListItem && !block.text.empty();
    if (item != in_list) html += item ? "<ul class=\"items\">\n" : "</ul>\n";
    in_list = item;
    if (block.table) {
      html += table_html(*block.table);
    } else if (block.kind == BlockKind::kFigure) {
      html += figure_html(block, figures, figure_bytes);
    } else if (!block.text.empty()) {
      html += block_html(block);
    }
  }
  return html + (in_list ? "</ul>\n" : "") + "</section>\n";
}

}  // namespace

std::string to_html(const Document& document, const FigureBytes& figure_bytes) {
  std::string html =
      "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' "
      "file: "
      "data:; style-src 'unsafe-inline'\">\n<meta name=\"generator\"" +
      xml_attribute("content", document.producer) + ">\n<title>" + xml_escaped(document.name) +
      "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n";
  for (std::size_t place = 0; place < document.pages.size(); ++place) {
    html += page_html(document.pages[place], place, figure_bytes);
  }
  return html + "</body>\n</html>\n";
}

}  // namespace lectio
