// SPDX-License-Identifier: Apache-2.0
// Tables, forms and tables of contents: text that stands in rows.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "datagen/documents/elements.h"

namespace lectio::documents {
namespace {

constexpr std::int64_t kFormRow = 260;  // characters that a row of a form may take

enum class Rules : std::uint8_t { kNone, kThree, kRows, kGrid, kZebra };

struct TableColumn {
  bool is_text = true;
  float width = 0;  // of its widest cell
  float x = 0;
};

struct Table {
  std::vector<std::vector<std::string>> rows;
  std::vector<TableColumn> columns;
  float size = 0, pitch = 0, pad = 0;
  bool has_head = false;
  Rules rules = Rules::kNone;
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

Table draw_table(Desk& desk) {
  Random& random = desk.random;
  Table table;
  const float room = desk.galley.width();
  const auto most =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(room / (desk.setting.size * 7)), 2, 7);
  const std::int64_t columns = random.between(2, most);
  const std::int64_t rows = random.between(3, 14);
  table.has_head = random.chance(0.75);
  table.rules = static_cast<Rules>(random.below(5));
  for (std::int64_t c = 0; c < columns; ++c) {
    table.columns.push_back({c == 0 ? random.chance(0.9) : random.chance(0.3), 0, 0});
  }
  const std::int64_t label_words = columns <= 3 ? 5 : 3;
  for (std::int64_t r = 0; r < rows; ++r) {
    std::vector<std::string> row;
    const bool is_head = r == 0 && table.has_head;
    for (std::int64_t c = 0; c < columns; ++c) {
      const bool is_text = table.columns[static_cast<std::size_t>(c)].is_text;
      if (is_head) {
        row.push_back(is_text || random.chance(0.7) ? desk.writer.title(1, 2)
                                                    : std::to_string(random.between(1980, 2025)));
      } else if (is_text) {
        row.push_back(desk.writer.phrase(1, c == 0 ? label_words : 2));
      } else {
        row.push_back(random.chance(0.04) ? std::string() : amount(random));
      }
    }
    table.rows.push_back(std::move(row));
  }
  table.size = snap_size(double{desk.setting.size} * (random.chance(0.5) ? 1.0 : 0.9));
  table.pitch = std::round(table.size * static_cast<float>(random.uniform(1.15, 1.7)));
  return table;
}

// Leaves columns out until the table is as narrow as the galley, and spreads the rest.
bool fit_columns(Desk& desk, Table& table) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    for (const std::vector<std::string>& row : table.rows) {
      const float wide = desk.galley.width_of(plain(row[c], kBold), table.size);
      table.columns[c].width = std::max(table.columns[c].width, wide);
    }
  }
  table.pad = table.size * 0.5F;
  const auto total = [&table] {
    float sum = 0;
    for (const TableColumn& column : table.columns) sum += column.width + 2 * table.pad;
    return sum;
  };
  while (table.columns.size() > 1 && total() > desk.galley.width()) {
    table.columns.pop_back();
    for (std::vector<std::string>& row : table.rows) row.pop_back();
  }
  if (table.columns.size() < 2) return false;
  const float spare = desk.galley.width() - total();
  const float extra = spare * static_cast<float>(desk.random.uniform(0.1, 1.0)) /
                      static_cast<float>(table.columns.size());
  float x = desk.galley.x0();
  for (TableColumn& column : table.columns) {
    column.x = x + table.pad;
    column.width += extra;
    x += column.width + 2 * table.pad;
  }
  return true;
}

void draw_rules(Desk& desk, const Table& table, float top, std::size_t rows) {
  Sheet& sheet = desk.galley.sheet();
  const float left = table.columns.front().x - table.pad;
  const float right = table.columns.back().x + table.columns.back().width + table.pad;
  const std::uint8_t ink = desk.setting.ink;
  const auto line = [&](std::size_t row) {
    const float y = std::round(top + static_cast<float>(row) * table.pitch);
    sheet.add_fill({left, y, right, y + 1}, ink);
  };
  if (table.rules == Rules::kNone) return;
  for (std::size_t r = 0; r <= rows; ++r) {
    const bool outer = r == 0 || r == rows || (r == 1 && table.has_head);
    if (table.rules == Rules::kZebra && r % 2 == 1 && r < rows) {
      const float y = std::round(top + static_cast<float>(r) * table.pitch);
      sheet.add_fill({left, y, right, y + table.pitch},
                     static_cast<std::uint8_t>(desk.setting.paper * 90 / 100));
    } else if (table.rules != Rules::kZebra && (outer || table.rules != Rules::kThree)) {
      line(r);
    }
  }
  if (table.rules != Rules::kGrid) return;
  const float bottom = std::round(top + static_cast<float>(rows) * table.pitch);
  for (std::size_t c = 0; c <= table.columns.size(); ++c) {
    const float x = c == 0 ? left : table.columns[c - 1].x + table.columns[c - 1].width + table.pad;
    sheet.add_fill({std::round(x), top, std::round(x) + 1, bottom}, ink);
  }
}

// One row of cells; says its HTML.
std::string set_row(Desk& desk, const Table& table, const std::vector<std::string>& row,
                    float baseline, FaceIndex face) {
  Sheet& sheet = desk.galley.sheet();
  std::string html = "<tr>";
  float end = 0;
  bool is_first = true;
  for (std::size_t c = 0; c < row.size(); ++c) {
    html += "<td>" + escaped(row[c]) + "</td>";
    if (row[c].empty()) continue;
    const TableColumn& column = table.columns[c];
    const Runs cell = plain(row[c], face);
    float x = column.x;
    if (!column.is_text) x += column.width - desk.galley.width_of(cell, table.size);
    if (!is_first) sheet.put_space(end, x, baseline, table.size / 2);
    end = desk.galley.set_at(cell, table.size, x, baseline);
    is_first = false;
  }
  return html + "</tr>";
}

void set_caption(Desk& desk, const char* label, std::int64_t number) {
  Shape shape = desk.shape();
  shape.kind = BlockKind::kTableCaption;
  shape.align = desk.random.chance(0.5) ? Align::kCenter : Align::kLeft;
  shape.after = desk.setting.size * 0.4F;
  shape.keep = 5;
  Runs runs =
      plain(label + std::to_string(number) + ": ", desk.random.chance(0.5) ? kBold : kBodyFace);
  runs.push_back({desk.writer.phrase(3, 14), kBodyFace, 1, 0});
  desk.galley.set(runs, shape);
}

}  // namespace

bool write_table(Desk& desk) {
  Galley& galley = desk.galley;
  galley.skip(desk.setting.size * 0.6F);
  if (desk.random.chance(0.4)) set_caption(desk, "Table ", ++desk.tables);
  if (desk.is_full()) return false;
  Table table = draw_table(desk);
  if (!fit_columns(desk, table)) return true;
  std::size_t chars = 0;
  for (const std::vector<std::string>& row : table.rows) {
    for (const std::string& cell : row) chars += cell.size() + 1;
  }
  const float height = table.pitch * static_cast<float>(table.rows.size());
  if (static_cast<std::int64_t>(chars) > galley.budget() || !galley.need(height)) {
    return !galley.full();
  }
  // The galley may have gone on in the next column.
  const float shift = galley.x0() + table.pad - table.columns.front().x;
  for (TableColumn& column : table.columns) column.x += shift;
  const float top = std::round(galley.y());
  draw_rules(desk, table, top, table.rows.size());
  Sheet& sheet = galley.sheet();
  sheet.begin_block(BlockKind::kTable);
  std::string html = "<table>";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const float y = top + static_cast<float>(r) * table.pitch;
    const float baseline = galley.baseline_in(y, table.size, table.pitch);
    const FaceIndex face = r == 0 && table.has_head ? kBold : kBodyFace;
    if (r > 0) sheet.put_line_feed();
    html += set_row(desk, table, table.rows[r], baseline, face);
  }
  sheet.set_table(html + "</table>");
  sheet.end_block();
  galley.take(height + desk.setting.size * 0.8F);
  return !desk.is_full();
}

bool write_contents_line(Desk& desk, std::int64_t page) {
  Galley& galley = desk.galley;
  const Setting& s = desk.setting;
  const float pitch = s.size * s.pitch;
  if (!galley.need(pitch)) return false;
  const bool deeper = desk.random.chance(0.5);
  if (!deeper) ++desk.section;
  desk.subsection = deeper ? desk.subsection + 1 : 0;
  std::string text = desk.writer.title(1, 7);
  if (s.numbering != Numbering::kNone) {
    const std::string number = std::to_string(std::max<std::int64_t>(desk.section, 1));
    text = (deeper ? number + "." + std::to_string(desk.subsection) : number + ".") + " " + text;
  }
  const std::string number = std::to_string(page);
  const FaceIndex face = !deeper && s.heading_capitals ? kBold : kBodyFace;
  const float x = galley.x0() + (deeper ? s.size * s.list_indent : 0);
  const float baseline = galley.baseline_in(galley.y(), s.size, pitch);
  const float number_x = galley.x1() - galley.width_of(plain(number), s.size);
  const float text_end = x + galley.width_of(plain(text, face), s.size);
  const bool spaced = s.habit(Habit::kSpacedLeaders, 3) == 0;
  const std::string dot = spaced ? " ." : ".";
  const float step =
      galley.width_of(plain(".."), s.size) - galley.width_of(plain("."), s.size) +
      (spaced ? galley.width_of(plain(". ."), s.size) - galley.width_of(plain(".."), s.size) : 0);
  const float room = number_x - text_end - s.size;
  const auto dots = static_cast<std::int64_t>(room / std::max(step, 1.0F));
  if (dots < 1 || dots + 40 > galley.budget()) return true;
  Sheet& sheet = galley.sheet();
  sheet.begin_block(BlockKind::kList);
  const float end = galley.set_at(plain(text, face), s.size, x, baseline);
  std::string leader;
  for (std::int64_t i = 0; i < dots; ++i) leader += i == 0 ? "." : dot;
  sheet.put_space(end, end + s.size / 3, baseline, s.size / 2);
  const float dots_end = galley.set_at(plain(leader), s.size, end + s.size / 3, baseline);
  sheet.put_space(dots_end, number_x, baseline, s.size / 2);
  galley.set_at(plain(number), s.size, number_x, baseline);
  sheet.end_block();
  galley.take(pitch);
  return !desk.is_full();
}

bool write_form_row(Desk& desk) {
  Galley& galley = desk.galley;
  const Setting& s = desk.setting;
  const float pitch = s.size * std::max(s.pitch, 1.3F) * 1.25F;
  if (galley.budget() < kFormRow || !galley.need(pitch)) return false;
  Sheet& sheet = galley.sheet();
  const float baseline = galley.baseline_in(galley.y(), s.size, pitch);
  const std::int64_t fields = desk.random.between(1, 3);
  const float wide = galley.width() / static_cast<float>(fields);
  sheet.begin_block(BlockKind::kText);
  float end = 0;
  for (std::int64_t f = 0; f < fields; ++f) {
    const float x = galley.x0() + wide * static_cast<float>(f);
    const Runs label =
        plain(desk.writer.title(1, 3) + ":", desk.random.chance(0.3) ? kBold : kBodyFace);
    const float label_wide = galley.width_of(label, s.size);
    if (label_wide > wide - s.size * 2) continue;
    if (end > 0) sheet.put_space(end, x, baseline, s.size / 2);
    end = galley.set_at(label, s.size, x, baseline);
    const float line_x = end + s.size * 0.4F;
    const float line_end = x + wide - s.size;
    sheet.add_fill({line_x, baseline + 2, line_end, baseline + 3}, s.ink);
    const Runs value = plain(desk.writer.phrase(1, 2), kItalic);
    if (desk.random.chance(0.4) && line_x + galley.width_of(value, s.size) < line_end) {
      sheet.put_space(end, line_x, baseline, s.size / 2);
      end = galley.set_at(value, s.size, line_x, baseline);
    }
  }
  sheet.end_block();
  galley.take(pitch);
  return !desk.is_full();
}

}  // namespace lectio::documents
