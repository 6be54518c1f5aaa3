// SPDX-License-Identifier: Apache-2.0
// MinerU's content_list.json.
#include <nlohmann/json.hpp>

#include "ocr/answer/answer.h"
#include "ocr/answer/markup.h"
#include "ocr/export/captions.h"
#include "ocr/export/formats.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kRange = 1000;

const char* type_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::kTable:
      return "table";
    case BlockKind::kFigure:
      return "image";
    case BlockKind::kFormula:
      return "equation";
    case BlockKind::kCode:
      return "code";
    case BlockKind::kListItem:
      return "list";
    case BlockKind::kHeader:
      return "header";
    case BlockKind::kFooter:
      return "footer";
    case BlockKind::kPageNumber:
      return "page_number";
    case BlockKind::kFootnote:
      return "page_footnote";
    default:
      return "text";
  }
}

// Down to the pixel's left and upper edge and up to its right and lower one.
Json bbox_of(const Box& box, const DocumentPage& page) {
  if (box.empty() || page.width <= 0 || page.height <= 0) return nullptr;
  const auto low = [](std::int64_t place, std::int64_t side) { return place * kRange / side; };
  const auto high = [](std::int64_t place, std::int64_t side) {
    return (place * kRange + side - 1) / side;
  };
  return Json::array({low(box.x0, page.width), low(box.y0, page.height), high(box.x1, page.width),
                      high(box.y1, page.height)});
}

Json captions_of(const DocumentPage& page, const std::vector<std::size_t>& owners,
                 std::size_t place) {
  Json captions = Json::array();
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (i != place && owners[i] == place) captions.push_back(plain_text(page.blocks[i].text).text);
  }
  return captions;
}

// Several where a figure has several boxes.
void add_items(const DocumentPage& page, const std::vector<FigureBox>& figures,
               const std::vector<std::size_t>& owners, std::size_t place, Json& list) {
  const Block& block = page.blocks[place];
  Json item = {{"type", type_of(block.kind)}};
  const auto finish = [&](Json filled, const Box& box) {
    if (Json bbox = bbox_of(box, page); !bbox.is_null()) filled["bbox"] = std::move(bbox);
    filled["page_idx"] = page.index;
    list.push_back(std::move(filled));
  };
  if (block.kind == BlockKind::kFigure) {
    item["image_caption"] = captions_of(page, owners, place);
    item["image_footnote"] = Json::array();
    bool any = false;
    for (const FigureBox& figure : figures) {
      if (figure.block != &block) continue;
      any = true;
      Json one = item;
      one["img_path"] = figure.name;
      finish(std::move(one), figure.box);
    }
    if (!any) finish(item, block.box());
    return;
  }
  if (block.kind == BlockKind::kTable) {
    item["table_body"] = std::string(trimmed(block.text));
    item["table_caption"] = captions_of(page, owners, place);
    item["table_footnote"] = Json::array();
  } else if (block.kind == BlockKind::kFormula) {
    item["text"] = std::string(trimmed(block.text));
    item["text_format"] = "latex";
  } else {
    const std::string text = plain_text(block.text).text;
    if (text.empty()) return;
    item["text"] = text;
    if (const std::int64_t level = heading_level(block)) item["text_level"] = level;
  }
  finish(item, block.box());
}

}  // namespace

std::string to_content_list(const Document& document) {
  Json list = Json::array();
  for (std::size_t place = 0; place < document.pages.size(); ++place) {
    const DocumentPage& page = document.pages[place];
    const std::vector<FigureBox> figures = figures_of(page, place);
    const std::vector<std::size_t> owners = owners_of(page);
    for (std::size_t i = 0; i < page.blocks.size(); ++i) {
      if (owners[i] == i) add_items(page, figures, owners, i, list);
    }
  }
  return list.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lectio
