// SPDX-License-Identifier: Apache-2.0
#include "ocr/document/document.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace lectio {
namespace {

constexpr double kModelRange = 999;

// Of spec 9.1 and of the annotations that the papers learn from; the vocabulary is open.
constexpr std::array<std::pair<std::string_view, BlockKind>, 38> kLabels = {{
    {"text", BlockKind::kText},
    {"paragraph", BlockKind::kText},
    {"plain_text", BlockKind::kText},
    {"abstract", BlockKind::kText},
    {"content", BlockKind::kText},
    {"reference", BlockKind::kText},
    {"references", BlockKind::kText},
    {"aside_text", BlockKind::kText},
    {"title", BlockKind::kTitle},
    {"doc_title", BlockKind::kTitle},
    {"sub_title", BlockKind::kSubTitle},
    {"paragraph_title", BlockKind::kSubTitle},
    {"section_header", BlockKind::kSubTitle},
    {"list", BlockKind::kListItem},
    {"list_item", BlockKind::kListItem},
    {"table", BlockKind::kTable},
    {"image", BlockKind::kFigure},
    {"figure", BlockKind::kFigure},
    {"picture", BlockKind::kFigure},
    {"chart", BlockKind::kFigure},
    {"image_caption", BlockKind::kCaption},
    {"figure_caption", BlockKind::kCaption},
    {"figure_title", BlockKind::kCaption},
    {"chart_title", BlockKind::kCaption},
    {"table_caption", BlockKind::kCaption},
    {"table_title", BlockKind::kCaption},
    {"equation", BlockKind::kFormula},
    {"formula", BlockKind::kFormula},
    {"interline_equation", BlockKind::kFormula},
    {"code", BlockKind::kCode},
    {"algorithm", BlockKind::kCode},
    {"header", BlockKind::kHeader},
    {"footer", BlockKind::kFooter},
    {"page_number", BlockKind::kPageNumber},
    {"number", BlockKind::kPageNumber},
    {"footnote", BlockKind::kFootnote},
    {"page_footnote", BlockKind::kFootnote},
    {"table_footnote", BlockKind::kFootnote},
}};

// Not a number counts as 0: comparisons with it are false.
std::int64_t pixel(double coordinate, std::int64_t side) {
  const double place = coordinate / kModelRange * static_cast<double>(side);
  if (!(place > 0)) return 0;
  return place >= static_cast<double>(side) ? side : static_cast<std::int64_t>(place);
}

double coordinate(std::int64_t pixel, std::int64_t side) {
  if (side <= 0) return 0;
  return std::round(static_cast<double>(pixel) / static_cast<double>(side) * kModelRange);
}

}  // namespace

Box united(const Box& a, const Box& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

Box to_pixels(const ModelBox& box, std::int64_t page_width, std::int64_t page_height) {
  return {pixel(box[0], page_width), pixel(box[1], page_height), pixel(box[2], page_width),
          pixel(box[3], page_height)};
}

ModelBox to_model(const Box& box, std::int64_t page_width, std::int64_t page_height) {
  return {coordinate(box.x0, page_width), coordinate(box.y0, page_height),
          coordinate(box.x1, page_width), coordinate(box.y1, page_height)};
}

std::string_view block_kind_name(BlockKind kind) {
  switch (kind) {
    case BlockKind::kText:
      return "text";
    case BlockKind::kTitle:
      return "title";
    case BlockKind::kSubTitle:
      return "sub_title";
    case BlockKind::kListItem:
      return "list_item";
    case BlockKind::kTable:
      return "table";
    case BlockKind::kFigure:
      return "figure";
    case BlockKind::kCaption:
      return "caption";
    case BlockKind::kFormula:
      return "formula";
    case BlockKind::kCode:
      return "code";
    case BlockKind::kHeader:
      return "header";
    case BlockKind::kFooter:
      return "footer";
    case BlockKind::kPageNumber:
      return "page_number";
    case BlockKind::kFootnote:
      return "footnote";
    case BlockKind::kPhrase:
      return "phrase";
    case BlockKind::kOther:
      return "other";
  }
  LECTIO_CHECK(false, "block kind " + std::to_string(static_cast<int>(kind)));
}

std::optional<BlockKind> block_kind_of_label(std::string_view label) {
  for (const auto& [known, kind] : kLabels) {
    if (known == label) return kind;
  }
  return std::nullopt;
}

bool is_furniture(BlockKind kind) {
  return kind == BlockKind::kHeader || kind == BlockKind::kFooter || kind == BlockKind::kPageNumber;
}

Box Block::box() const {
  Box around;
  for (const Box& box : boxes) around = united(around, box);
  if (!around.empty()) return around;
  for (const Line& line : lines) around = united(around, line.box);
  return around;
}

}  // namespace lectio
