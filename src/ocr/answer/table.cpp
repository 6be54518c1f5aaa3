// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/table.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ocr/answer/markup.h"

namespace lectio {
namespace {

constexpr std::int64_t kMostSpan = 1000;
constexpr std::int64_t kMostPlaces = 1'000'000;

// The number of name="12", name='12' or name=12 in a tag, at least 1.
std::int64_t span_of(std::string_view tag, std::string_view name) {
  const std::size_t found = tag.find(name);
  if (found == std::string_view::npos) return 1;
  std::size_t at = found + name.size();
  while (at < tag.size() &&
         (tag[at] == ' ' || tag[at] == '=' || tag[at] == '"' || tag[at] == '\'')) {
    ++at;
  }
  std::int64_t value = 1;
  const auto read = std::from_chars(tag.data() + at, tag.data() + tag.size(), value);
  if (read.ec != std::errc()) return 1;
  return std::clamp<std::int64_t>(value, 1, kMostSpan);
}

// Puts cells where the spans of earlier ones leave room.
class Grid {
 public:
  void begin_row() {
    ++row_;
    column_ = 0;
  }
  bool has_row() const { return row_ >= 0; }

  void add(TableCell cell) {
    if (row_ < 0) begin_row();
    while (column_ < columns() && taken_until_[at(column_)] > row_) ++column_;
    const std::int64_t places = cell.row_span * cell.column_span;
    if (places > places_left_) {
      cell.row_span = 1;
      cell.column_span = 1;
    }
    places_left_ -= std::min(places, places_left_);
    // A cell from above may stand in the way of a wide one.
    for (std::int64_t c = 1; c < cell.column_span; ++c) {
      if (column_ + c < columns() && taken_until_[at(column_ + c)] > row_) cell.column_span = c;
    }
    cell.row = row_;
    cell.column = column_;
    if (column_ + cell.column_span > columns()) {
      taken_until_.resize(static_cast<std::size_t>(column_ + cell.column_span), 0);
    }
    for (std::int64_t c = 0; c < cell.column_span; ++c) {
      taken_until_[at(column_ + c)] = row_ + cell.row_span;
    }
    column_ += cell.column_span;
    cells_.push_back(std::move(cell));
  }

  Table finish(std::string caption) {
    Table table;
    table.columns = columns();
    for (const TableCell& cell : cells_) table.rows = std::max(table.rows, cell.row + 1);
    table.cells = std::move(cells_);
    for (TableCell& cell : table.cells) {
      cell.row_span = std::min(cell.row_span, table.rows - cell.row);
    }
    table.caption = std::move(caption);
    return table;
  }

 private:
  static std::size_t at(std::int64_t column) { return static_cast<std::size_t>(column); }
  std::int64_t columns() const { return static_cast<std::int64_t>(taken_until_.size()); }

  std::int64_t row_ = -1;
  std::int64_t column_ = 0;
  std::int64_t places_left_ = kMostPlaces;
  std::vector<std::int64_t> taken_until_;  // by column: the first row that is free again
  std::vector<TableCell> cells_;
};

struct OpenCell {
  TableCell cell;
  std::size_t text_begin = 0;
};

}  // namespace

std::optional<Table> parse_table(std::string_view html) {
  Grid grid;
  std::optional<OpenCell> open;
  std::string outside;
  bool any = false;
  std::size_t outside_begin = 0;
  const auto close = [&](std::size_t end) {
    if (open) {
      open->cell.text = stripped_text(html.substr(open->text_begin, end - open->text_begin));
      grid.add(std::move(open->cell));
      open.reset();
      any = true;
    } else if (end > outside_begin) {
      const std::string text = stripped_text(html.substr(outside_begin, end - outside_begin));
      if (!text.empty()) outside += (outside.empty() ? "" : " ") + text;
    }
  };
  for (std::size_t at = 0; at < html.size();) {
    const Tag tag = tag_at(html, at);
    if (tag.size == 0) {
      ++at;
      continue;
    }
    const bool is_cell = tag.name == "td" || tag.name == "th";
    if (is_cell || tag.name == "tr" || tag.name == "table") {
      close(at);
      if (tag.name == "tr" && !tag.closing) grid.begin_row();
      if (is_cell && !tag.closing) {
        const std::string_view whole = html.substr(at, tag.size);
        open.emplace();
        open->cell.header = tag.name == "th";
        open->cell.row_span = span_of(whole, "rowspan");
        open->cell.column_span = span_of(whole, "colspan");
        open->text_begin = at + tag.size;
      }
      outside_begin = at + tag.size;
    }
    at += tag.size;
  }
  close(html.size());
  if (!any) return std::nullopt;
  return grid.finish(std::move(outside));
}

}  // namespace lectio
