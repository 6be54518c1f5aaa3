// SPDX-License-Identifier: Apache-2.0
// DoclingDocument.
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "ocr/answer/answer.h"
#include "ocr/answer/markup.h"
#include "ocr/export/captions.h"
#include "ocr/export/formats.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

const char* label_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::kTitle:
      return "title";
    case BlockKind::kSubTitle:
      return "section_header";
    case BlockKind::kListItem:
      return "list_item";
    case BlockKind::kTable:
      return "table";
    case BlockKind::kFigure:
      return "picture";
    case BlockKind::kCaption:
      return "caption";
    case BlockKind::kFormula:
      return "formula";
    case BlockKind::kCode:
      return "code";
    case BlockKind::kHeader:
      return "page_header";
    case BlockKind::kFooter:
    case BlockKind::kPageNumber:
      return "page_footer";
    case BlockKind::kFootnote:
      return "footnote";
    default:
      return "text";
  }
}

Json reference(const std::string& to) { return {{"$ref", to}}; }

class DoclingWriter {
 public:
  std::string write(const Document& document) {
    json_ = {{"schema_name", "DoclingDocument"},
             {"version", "1.10.0"},
             {"name", document.name},
             {"furniture", root("#/furniture", "furniture")},
             {"body", root("#/body", "body")},
             {"groups", Json::array()},
             {"texts", Json::array()},
             {"pictures", Json::array()},
             {"tables", Json::array()},
             {"key_value_items", Json::array()},
             {"form_items", Json::array()},
             {"pages", Json::object()}};
    for (std::size_t place = 0; place < document.pages.size(); ++place) {
      add_page(document.pages[place], place);
    }
    return json_.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

 private:
  static Json root(const char* name, const char* layer) {
    return {{"self_ref", name},
            {"children", Json::array()},
            {"content_layer", layer},
            {"name", "_root_"},
            {"label", "unspecified"}};
  }

  void add_page(const DocumentPage& page, std::size_t place) {
    page_ = &page;
    page_number_ = static_cast<std::int64_t>(place) + 1;
    points_ = page.dpi > 0 ? 72 / page.dpi : 1;
    json_["pages"][std::to_string(page_number_)] = {
        {"size",
         {{"width", static_cast<double>(page.width) * points_},
          {"height", static_cast<double>(page.height) * points_}}},
        {"page_no", page_number_}};
    owners_ = owners_of(page);
    list_.clear();
    for (std::size_t i = 0; i < page.blocks.size(); ++i) {
      if (owners_[i] != i) continue;  // comes with its figure or table
      const Block& block = page.blocks[i];
      if (block.kind != BlockKind::kListItem) list_.clear();
      if (block.kind == BlockKind::kTable && block.table) {
        add_table(block, i);
      } else if (block.kind == BlockKind::kFigure) {
        add_picture(block, i);
      } else {
        add_text(block, parent_of(block));
      }
    }
  }

  // Items of a list stand in a group; a list ends with its page.
  std::string parent_of(const Block& block) {
    if (is_furniture(block.kind) || block.kind != BlockKind::kListItem) return "#/body";
    if (list_.empty()) {
      list_ = "#/groups/" + std::to_string(json_["groups"].size());
      json_["groups"].push_back({{"self_ref", list_},
                                 {"parent", reference("#/body")},
                                 {"children", Json::array()},
                                 {"content_layer", "body"},
                                 {"name", "list"},
                                 {"label", "list"}});
      json_["body"]["children"].push_back(reference(list_));
    }
    return list_;
  }

  Json& children_of(const std::string& parent) {
    return json_.at(Json::json_pointer(parent.substr(1)))["children"];
  }

  Json provenance(const Block& block, std::int64_t characters) const {
    const Box box = block.box();
    if (box.empty()) return Json::array();
    const auto points = [&](std::int64_t pixels) { return static_cast<double>(pixels) * points_; };
    return Json::array({{{"page_no", page_number_},
                         {"bbox",
                          {{"l", points(box.x0)},
                           {"t", points(page_->height - box.y0)},
                           {"r", points(box.x1)},
                           {"b", points(page_->height - box.y1)},
                           {"coord_origin", "BOTTOMLEFT"}}},
                         {"charspan", {0, characters}}}});
  }

  // What every item has.
  Json item(const Block& block, const std::string& list, const std::string& parent,
            std::int64_t characters) {
    const std::string self = "#/" + list + "/" + std::to_string(json_[list].size());
    children_of(parent).push_back(reference(self));
    return {{"self_ref", self},
            {"parent", reference(parent)},
            {"children", Json::array()},
            {"content_layer", is_furniture(block.kind) ? "furniture" : "body"},
            {"label", label_of(block.kind)},
            {"prov", provenance(block, characters)}};
  }

  std::string add_text(const Block& block, const std::string& parent) {
    const std::string text = plain_text(block.text).text;
    Json json = item(block, "texts", parent, count_code_points(text));
    json["orig"] = block.text;
    json["text"] = text;
    if (block.kind == BlockKind::kSubTitle) {
      // Their levels count below the title.
      json["level"] = std::max<std::int64_t>(1, heading_level(block) - 1);
    }
    if (block.kind == BlockKind::kListItem) {
      json["enumerated"] = !text.empty() && text[0] >= '0' && text[0] <= '9';
      json["marker"] = "-";
    }
    if (block.kind == BlockKind::kCode) {
      json["captions"] = json["references"] = json["footnotes"] = Json::array();
      json["code_language"] = "unknown";
    }
    std::string self = json["self_ref"];
    json_["texts"].push_back(std::move(json));
    return self;
  }

  // The captions are children of what they belong to.
  void finish_floating(const char* list, Json json, std::size_t place) {
    const std::string self = json["self_ref"];
    json["captions"] = json["references"] = json["footnotes"] = Json::array();
    json_[list].push_back(std::move(json));
    const std::size_t index = json_[list].size() - 1;
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      if (i == place || owners_[i] != place) continue;
      const std::string caption = add_text(page_->blocks[i], self);
      json_[list][index]["captions"].push_back(reference(caption));
    }
  }

  void add_picture(const Block& block, std::size_t place) {
    Json json = item(block, "pictures", "#/body", 0);
    finish_floating("pictures", std::move(json), place);
    if (block.svg.empty() && !block.text.empty()) {  // what the figure says: a child
      add_text(block_as_text(block), json_["pictures"].back()["self_ref"]);
    }
  }

  static Block block_as_text(const Block& block) {
    Block text;
    text.text = block.text;
    text.boxes = block.boxes;
    return text;
  }

  void add_table(const Block& block, std::size_t place) {
    Json cells = Json::array();
    for (const TableCell& cell : block.table->cells) {
      cells.push_back({{"row_span", cell.row_span},
                       {"col_span", cell.column_span},
                       {"start_row_offset_idx", cell.row},
                       {"end_row_offset_idx", cell.row + cell.row_span},
                       {"start_col_offset_idx", cell.column},
                       {"end_col_offset_idx", cell.column + cell.column_span},
                       {"text", cell.text},
                       {"column_header", cell.header},
                       {"row_header", false},
                       {"row_section", false}});
    }
    Json json = item(block, "tables", "#/body", 0);
    json["data"] = {{"table_cells", std::move(cells)},
                    {"num_rows", block.table->rows},
                    {"num_cols", block.table->columns}};
    finish_floating("tables", std::move(json), place);
  }

  Json json_;
  const DocumentPage* page_ = nullptr;
  std::int64_t page_number_ = 0;
  double points_ = 1;  // a pixel
  std::vector<std::size_t> owners_;
  std::string list_;  // the group of the list that is going on; empty: none
};

}  // namespace

std::string to_docling(const Document& document) { return DoclingWriter().write(document); }

}  // namespace lectio
