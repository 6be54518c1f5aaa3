// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lectio {
namespace {

const TableCell* cell(const Table& table, const std::string& text) {
  for (const TableCell& c : table.cells) {
    if (c.text == text) return &c;
  }
  return nullptr;
}

// Every cell lies in the table and none over another.
void check_places(const Table& table) {
  std::set<std::pair<std::int64_t, std::int64_t>> taken;
  for (const TableCell& c : table.cells) {
    EXPECT_GE(c.row_span, 1);
    EXPECT_GE(c.column_span, 1);
    EXPECT_LE(c.row + c.row_span, table.rows);
    EXPECT_LE(c.column + c.column_span, table.columns);
    for (std::int64_t r = 0; r < c.row_span; ++r) {
      for (std::int64_t k = 0; k < c.column_span; ++k) {
        EXPECT_TRUE(taken.insert({c.row + r, c.column + k}).second) << c.text;
      }
    }
  }
}

TEST(ParseTable, PutsCellsAroundSpans) {
  const auto table = parse_table(
      "<table><tr><th rowspan=\"2\">a</th><th colspan='2'>b</th></tr>"
      "<tr><td>c</td><td>d &amp; e</td></tr><tr><td>f</td></tr></table>");
  ASSERT_TRUE(table);
  check_places(*table);
  EXPECT_EQ(table->rows, 3);
  EXPECT_EQ(table->columns, 3);
  EXPECT_TRUE(cell(*table, "a")->header);
  EXPECT_EQ(cell(*table, "a")->row_span, 2);
  EXPECT_EQ(cell(*table, "b")->column_span, 2);
  EXPECT_EQ(cell(*table, "c")->row, 1);
  EXPECT_EQ(cell(*table, "c")->column, 1);
  EXPECT_EQ(cell(*table, "d & e")->column, 2);
  EXPECT_EQ(cell(*table, "f")->column, 0);
}

TEST(ParseTable, ReadsWhatIsNotClosed) {
  const auto table = parse_table("<table><tr><td>a<td>b<tr><td>c");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows, 2);
  EXPECT_EQ(table->columns, 2);
  EXPECT_NE(cell(*table, "c"), nullptr);
}

TEST(ParseTable, KeepsTextOutsideOfCellsAsTheCaption) {
  const auto table =
      parse_table("Sales<table><caption>of 2024</caption><tr><td>1</td></tr></table>in euros");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->caption, "Sales of 2024 in euros");
}

TEST(ParseTable, HasNoTableWithoutACell) {
  EXPECT_FALSE(parse_table(""));
  EXPECT_FALSE(parse_table("<table><tr></tr></table>"));
  EXPECT_FALSE(parse_table("a | b"));
}

TEST(ParseTable, IsNotImpressedByAbsurdSpans) {
  std::string html = "<table>";
  for (int i = 0; i < 2000; ++i) {
    html +=
        "<tr><td rowspan=\"999999999\" colspan=\"999999999999999999999\">x</td>"
        "<td rowspan=-5 colspan=0>y</td><td rowspan=1000 colspan=1000>z</td></tr>";
  }
  const auto table = parse_table(html);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows, 2000);
  for (const TableCell& c : table->cells) {
    EXPECT_LE(c.row + c.row_span, table->rows);
    EXPECT_LE(c.column + c.column_span, table->columns);
  }
}

TEST(ParseTable, CellsNeverOverlapWhereverTheTextIsCut) {
  const std::string html =
      "<table><tr><td rowspan=3>a</td><td>b</td><td rowspan=2>c</td></tr>"
      "<tr><td colspan=3>d</td></tr><tr><td>e</td><td colspan=2>f</td></tr></table>";
  for (std::size_t size = 0; size <= html.size(); ++size) {
    if (const auto table = parse_table(html.substr(0, size))) check_places(*table);
  }
}

}  // namespace
}  // namespace lectio
