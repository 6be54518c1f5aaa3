// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/markup.h"

#include <gtest/gtest.h>

namespace lectio {
namespace {

TEST(PlainText, LeavesOutMarkupAndKeepsText) {
  EXPECT_EQ(plain_text("# R&amp;D **now**").text, "R&D now");
  EXPECT_EQ(plain_text("a < b && c > d <3").text, "a < b && c > d <3");
  EXPECT_EQ(plain_text("x<sup>2</sup> <br>y").text, "x2 \ny");
  EXPECT_EQ(plain_text("<script>alert(1)</script>").text, "<script>alert(1)</script>");
  EXPECT_EQ(plain_text("![a](b.jpg) after").text, "after");
  EXPECT_EQ(plain_text("where \\(a_1\\) is").text, "where a_1 is");
  EXPECT_EQ(plain_text("<|ref|>x<|/ref|>").text, "x");
  EXPECT_EQ(plain_text("#hash ####### seven").text, "#hash ####### seven");
  EXPECT_EQ(plain_text("&#8364;&#x20AC;&bad;&#1;&#").text, "\u20AC\u20AC&bad;&#1;&#");
}

TEST(PlainText, SeparatesCellsAndRows) {
  EXPECT_EQ(plain_text("<table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table>").text,
            "A\tB\nC");
}

TEST(PlainText, KnowsWhereEveryByteCameFrom) {
  const std::string markup = "## <b>Ab</b> &lt;c";
  const PlainText plain = plain_text(markup);
  ASSERT_EQ(plain.text, "Ab <c");
  ASSERT_EQ(plain.source.size(), plain.text.size());
  EXPECT_EQ(plain.source[0], markup.find('A'));
  EXPECT_EQ(plain.source[1], markup.find("b<"));
  EXPECT_EQ(plain.source[3], markup.find('&'));
  EXPECT_EQ(plain.source[4], markup.size() - 1);
}

TEST(StrippedText, HasSingleSpaces) { EXPECT_EQ(stripped_text(" a \n\n b\t"), "a b"); }

TEST(HeadingLevel, CountsMarksBeforeABlank) {
  EXPECT_EQ(heading_level(std::string_view("### x")), 3U);
  EXPECT_EQ(heading_level(std::string_view("###x")), 0U);
  EXPECT_EQ(heading_level(std::string_view("#")), 0U);
  EXPECT_EQ(heading_level(std::string_view("####### x")), 0U);
}

TEST(TagAt, TakesOnlyNamesOfTheList) {
  EXPECT_EQ(tag_at("<TD colspan=\"2\">x", 0).size, 16U);
  EXPECT_EQ(tag_at("<TD colspan=\"2\">x", 0).name, "td");
  EXPECT_TRUE(tag_at("</td>", 0).closing);
  EXPECT_EQ(tag_at("<br/>", 0).name, "br");
  for (const char* text : {"<tdx>", "<a href=''>", "<td", "<td <b>", "<>", "<", "td>"}) {
    EXPECT_EQ(tag_at(text, 0).size, 0U) << text;
  }
}

}  // namespace
}  // namespace lectio
