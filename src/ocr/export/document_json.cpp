// SPDX-License-Identifier: Apache-2.0
// The document's own JSON: everything that the tree has.
#include <nlohmann/json.hpp>

#include "ocr/answer/markup.h"
#include "ocr/export/formats.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;
constexpr double kPointsPerInch = 72;

Json json_of(const Box& box) { return Json::array({box.x0, box.y0, box.x1, box.y1}); }

Json json_of(const std::optional<Confidence>& confidence) {
  if (!confidence) return nullptr;
  return {{"mean", confidence->mean}, {"lowest", confidence->lowest}};
}

// Whole numbers as such: what the model writes nearly always.
Json json_of(const ModelBox& box) {
  Json json = Json::array();
  for (const double c : box) {
    if (c == static_cast<double>(static_cast<std::int32_t>(std::max(-1e6, std::min(1e6, c))))) {
      json.push_back(static_cast<std::int32_t>(c));
    } else {
      json.push_back(c);
    }
  }
  return json;
}

Json json_of(const Table& table) {
  Json cells = Json::array();
  for (const TableCell& cell : table.cells) {
    cells.push_back({{"row", cell.row},
                     {"column", cell.column},
                     {"row_span", cell.row_span},
                     {"column_span", cell.column_span},
                     {"header", cell.header},
                     {"text", cell.text}});
  }
  return {{"rows", table.rows},
          {"columns", table.columns},
          {"caption", table.caption},
          {"cells", std::move(cells)}};
}

Json json_of(const Line& line) {
  Json words = Json::array();
  for (const Word& word : line.words) {
    words.push_back({{"text", word.text},
                     {"box", json_of(word.box)},
                     {"confidence", json_of(word.confidence)}});
  }
  return {{"box", json_of(line.box)}, {"words", std::move(words)}};
}

template <typename Items>
Json list_of(const Items& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(json_of(item));
  return list;
}

Json json_of(const Block& block, const std::vector<FigureBox>& figures) {
  Json json = {{"kind", block_kind_name(block.kind)},
               {"label", block.label},
               {"text", block.text},
               {"plain_text", block.svg.empty() ? plain_text(block.text).text : ""},
               {"answer_range", {block.answer_begin, block.answer_end}},
               {"model_boxes", list_of(block.model_boxes)},
               {"boxes", list_of(block.boxes)},
               {"confidence", json_of(block.confidence)}};
  if (block.table) json["table"] = json_of(*block.table);
  if (!block.svg.empty()) json["svg"] = block.svg;
  for (const FigureBox& figure : figures) {
    if (figure.block == &block) json["figures"].push_back(figure.name);
  }
  json["lines"] = list_of(block.lines);
  return json;
}

Json json_of(const DocumentPage& page, std::size_t place) {
  Json json = {{"index", page.index},
               {"source", page.source},
               {"pixels", {{"width", page.width}, {"height", page.height}}}};
  if (page.dpi > 0) {
    json["dpi"] = page.dpi;
    json["points"] = {{"width", static_cast<double>(page.width) * kPointsPerInch / page.dpi},
                      {"height", static_cast<double>(page.height) * kPointsPerInch / page.dpi}};
  }
  json["mode"] = page.mode;
  json["prompt"] = page.prompt;
  json["finish"] = page.finish;
  if (!page.verdict.empty()) json["verdict"] = page.verdict;
  json["tokens"] = {{"vision", page.vision_tokens},
                    {"prompt", page.prompt_tokens},
                    {"generated", page.generated_tokens}};
  json["confidence"] = json_of(page.confidence);
  json["problems"] = page.problems;
  json["answer"] = page.answer;
  const std::vector<FigureBox> figures = figures_of(page, place);
  json["blocks"] = Json::array();
  for (const Block& block : page.blocks) json["blocks"].push_back(json_of(block, figures));
  return json;
}

}  // namespace

std::string to_json(const Document& document) {
  Json json = {
      {"schema", "lectio.document"},
      {"schema_version", kSchemaVersion},
      {"producer", document.producer},
      {"model", document.model},
      {"name", document.name},
      {"source", document.source},
      {"coordinates", {{"origin", "top_left"}, {"unit", "pixel"}, {"model_range", {0, 999}}}}};
  json["pages"] = Json::array();
  for (std::size_t place = 0; place < document.pages.size(); ++place) {
    json["pages"].push_back(json_of(document.pages[place], place));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lectio
