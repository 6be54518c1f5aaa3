// SPDX-License-Identifier: Apache-2.0
// A document in the formats that other programs take. Each writer is a pure function of the tree:
// the same document gives the same bytes. The text is the model's and so untrusted: what a format
// gives a meaning to is escaped.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ocr/document/document.h"

namespace lectio {

enum class Format {
  kMarkdown,     // "md"
  kText,         // "txt"
  kHtml,         // "html"
  kJson,         // "json": lectio.document
  kHocr,         // "hocr"
  kAlto,         // "alto": ALTO 4.2
  kPageXml,      // "page": PAGE 2019-07-15, a file a page
  kPdf,          // "pdf": the pages with their text, invisible, over them
  kOverlay,      // "overlay": the pages with their blocks drawn on them, a file a page
  kContentList,  // "content_list": MinerU's
  kDocling,      // "docling": DoclingDocument
  kDolma,        // "dolma": a line of JSON a document
  kRunner,       // "mmd": what the official runner writes
};
std::optional<Format> format_from_name(std::string_view name);
std::string_view format_name(Format format);
std::vector<std::string_view> format_names();

// "images/3_0.jpg": the picture of a figure's box, in the document's folder. page is its place in
// the document, number counts the boxes of its figures, both from 0: the names of the official PDF
// runner. Drawings end in .svg.
std::string figure_name(std::size_t page, std::size_t number, bool drawing);

// The figures of a page with their names, in reading order.
struct FigureBox {
  std::string name;
  Box box;                       // empty for a drawing
  const Block* block = nullptr;  // of the page's
};
std::vector<FigureBox> figures_of(const DocumentPage& page, std::size_t place);

// Blocks separated by a blank line, pages by "<!-- page N -->". Boxes become pictures.
std::string to_markdown(const Document& document);
// Plain text: blocks separated by a blank line, cells by a tab, pages by a form feed.
std::string to_text(const Document& document);
// The official runner's file, to the letter: the image runner's for one page, else the PDF
// runner's.
std::string to_runner_text(const Document& document);

// One page of HTML without scripts. Tables are built anew from their cells; of inline markup b, i,
// u, s, em, strong, sub, sup and br pass, without attributes; the rest is text. figure_bytes gives
// the bytes of a figure by its name to put it into the file; where it is empty, or gives none, the
// file refers to the figure by its name.
using FigureBytes = std::function<std::optional<std::string>(const std::string& name)>;
std::string to_html(const Document& document, const FigureBytes& figure_bytes = {});

// Schema lectio.document, version 1: docs/schemas/document.schema.json.
std::string to_json(const Document& document);
// A flat list: type, text or table or picture, bbox 0 to 1000, page_idx.
std::string to_content_list(const Document& document);
// DoclingDocument 1.10.0. Boxes count from the bottom left, in points where the page's resolution
// is known, else in pixels.
std::string to_docling(const Document& document);
// One line: text, source, the page of every character.
std::string to_dolma(const Document& document);

// hOCR 1.2 as Tesseract writes it, the part that OCRmyPDF and hocr-tools read.
std::string to_hocr(const Document& document);
std::string to_alto(const Document& document);
std::string to_page_xml(const Document& document, std::size_t page);

}  // namespace lectio
