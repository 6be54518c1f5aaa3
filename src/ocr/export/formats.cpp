// SPDX-License-Identifier: Apache-2.0
#include "ocr/export/formats.h"

#include <array>
#include <utility>

namespace lectio {
namespace {

constexpr std::array<std::pair<Format, std::string_view>, 13> kNames = {{
    {Format::kMarkdown, "md"},
    {Format::kText, "txt"},
    {Format::kHtml, "html"},
    {Format::kJson, "json"},
    {Format::kHocr, "hocr"},
    {Format::kAlto, "alto"},
    {Format::kPageXml, "page"},
    {Format::kPdf, "pdf"},
    {Format::kOverlay, "overlay"},
    {Format::kContentList, "content_list"},
    {Format::kDocling, "docling"},
    {Format::kDolma, "dolma"},
    {Format::kRunner, "mmd"},
}};

}  // namespace

std::optional<Format> format_from_name(std::string_view name) {
  for (const auto& [format, known] : kNames) {
    if (known == name) return format;
  }
  return std::nullopt;
}

std::string_view format_name(Format format) {
  for (const auto& [known, name] : kNames) {
    if (known == format) return name;
  }
  return "";
}

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const auto& [format, name] : kNames) names.push_back(name);
  return names;
}

std::string figure_name(std::size_t page, std::size_t number, bool drawing) {
  return "images/" + std::to_string(page) + "_" + std::to_string(number) +
         (drawing ? ".svg" : ".jpg");
}

std::vector<FigureBox> figures_of(const DocumentPage& page, std::size_t place) {
  std::vector<FigureBox> figures;
  for (const Block& block : page.blocks) {
    if (block.kind != BlockKind::kFigure) continue;
    if (!block.svg.empty()) {
      figures.push_back({figure_name(place, figures.size(), true), {}, &block});
      continue;
    }
    for (const Box& box : block.boxes) {
      figures.push_back({figure_name(place, figures.size(), false), box, &block});
    }
  }
  return figures;
}

}  // namespace lectio
