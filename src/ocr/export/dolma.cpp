// SPDX-License-Identifier: Apache-2.0
// A line of Dolma as olmOCR writes it.
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "base/utf8.h"
#include "ocr/answer/markup.h"
#include "ocr/export/formats.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

// Running text: without headers, footers, page numbers.
std::string body_of(const DocumentPage& page) {
  std::string text;
  for (const Block& block : page.blocks) {
    if (is_furniture(block.kind) || !block.svg.empty()) continue;
    const std::string plain = plain_text(block.text).text;
    if (!plain.empty()) text += (text.empty() ? "" : "\n\n") + plain;
  }
  return text;
}

bool has(const DocumentPage& page, BlockKind kind) {
  for (const Block& block : page.blocks) {
    if (block.kind == kind) return true;
  }
  return false;
}

}  // namespace

std::string to_dolma(const Document& document) {
  std::string text;
  std::int64_t length = 0;  // code points, as Python counts
  std::int64_t input = 0;
  std::int64_t output = 0;
  Json spans = Json::array();
  Json tables = Json::array();
  Json diagrams = Json::array();
  for (std::size_t place = 0; place < document.pages.size(); ++place) {
    const DocumentPage& page = document.pages[place];
    std::string body = body_of(page);
    if (place + 1 < document.pages.size()) body += "\n";
    const std::int64_t begin = length;
    length += count_code_points(body);
    text += body;
    spans.push_back({begin, length, place + 1});
    tables.push_back(has(page, BlockKind::kTable));
    diagrams.push_back(has(page, BlockKind::kFigure));
    input += page.prompt_tokens;
    output += page.generated_tokens;
  }
  const Json json = {{"id", sha256_hex(text)},
                     {"text", text},
                     {"source", "lectio"},
                     {"added", document.created.substr(0, 10)},
                     {"created", document.created.substr(0, 10)},
                     {"metadata",
                      {{"Source-File", document.source},
                       {"producer", document.producer},
                       {"model", document.model},
                       {"pdf-total-pages", document.pages.size()},
                       {"total-input-tokens", input},
                       {"total-output-tokens", output}}},
                     {"attributes",
                      {{"pdf_page_numbers", std::move(spans)},
                       {"is_table", std::move(tables)},
                       {"is_diagram", std::move(diagrams)}}}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lectio
