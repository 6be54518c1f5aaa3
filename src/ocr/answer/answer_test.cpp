// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ocr/answer/testing.h"

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_answer::broken_promise;

std::vector<BlockKind> kinds(const ParsedAnswer& parsed) {
  std::vector<BlockKind> result;
  for (const Block& block : parsed.blocks) result.push_back(block.kind);
  return result;
}
std::vector<std::string> texts(const ParsedAnswer& parsed) {
  std::vector<std::string> result;
  for (const Block& block : parsed.blocks) result.push_back(block.text);
  return result;
}
ParsedAnswer parse(std::string_view answer) {
  ParsedAnswer parsed = parse_answer(answer, 999, 1998);
  EXPECT_EQ(broken_promise(answer, parsed), "") << answer;
  return parsed;
}

constexpr std::string_view kPage =
    "<|ref|>title<|/ref|><|det|>[[330, 198, 559, 230]]<|/det|>\n# R&D\n\n"
    "<|ref|>text<|/ref|><|det|>[[10, 20, 300, 400]]<|/det|>\nTwo lines\nof text.\n\n"
    "<|ref|>image<|/ref|><|det|>[[1, 2, 3, 4], [5, 6, 7, 8]]<|/det|>\n"
    "<|ref|>image_caption<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nFigure 1: x \\(a^2\\)\n\n"
    "<|ref|>table<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n"
    "<table><tr><td>A</td><td>B</td></tr></table>\n";

TEST(ParseAnswer, GivesEveryItemItsKindBoxAndText) {
  const ParsedAnswer parsed = parse(kPage);
  EXPECT_THAT(kinds(parsed), ElementsAre(BlockKind::kTitle, BlockKind::kText, BlockKind::kFigure,
                                         BlockKind::kCaption, BlockKind::kTable));
  EXPECT_THAT(texts(parsed),
              ElementsAre("# R&D", "Two lines\nof text.", "", "Figure 1: x \\(a^2\\)",
                          "<table><tr><td>A</td><td>B</td></tr></table>"));
  EXPECT_EQ(parsed.blocks[0].label, "title");
  EXPECT_THAT(parsed.blocks[0].boxes, ElementsAre(Box{330, 396, 559, 460}));
  EXPECT_THAT(parsed.blocks[2].boxes, ElementsAre(Box{1, 4, 3, 8}, Box{5, 12, 7, 16}));
  EXPECT_THAT(parsed.blocks[2].model_boxes,
              ElementsAre(ModelBox{1, 2, 3, 4}, ModelBox{5, 6, 7, 8}));
  ASSERT_TRUE(parsed.blocks[4].table);
  EXPECT_EQ(parsed.blocks[4].table->columns, 2);
  EXPECT_THAT(parsed.problems, IsEmpty());
}

TEST(ParseAnswer, TakesLabelsForTextWhereNothingStandsBehindThem) {
  const ParsedAnswer parsed = parse(
      "<|ref|>Total: 12<|/ref|><|det|>[[1, 2, 30, 40]]<|/det|>\n"
      "<|ref|>title<|/ref|><|det|>[[5, 6, 70, 80]]<|/det|>");
  EXPECT_THAT(kinds(parsed), ElementsAre(BlockKind::kPhrase, BlockKind::kPhrase));
  EXPECT_THAT(texts(parsed), ElementsAre("Total: 12", "title"));
  EXPECT_EQ(parsed.blocks[0].label, "");
}

TEST(ParseAnswer, ALayoutWithoutTextIsNoPhrase) {
  const ParsedAnswer parsed = parse("<|ref|>title<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>");
  EXPECT_THAT(kinds(parsed), ElementsAre(BlockKind::kTitle));
  EXPECT_THAT(texts(parsed), ElementsAre(""));
}

TEST(ParseAnswer, KeepsTheTextOfBrokenItems) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"<|ref|>text<|/ref|><|det|>[[1, 2, 3]]<|/det|>\nkept", "kept"},
      {"<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4\nkept", "kept"},
      {"<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]\nkept", "kept"},
      {"<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]] kept<|/det|>", "kept<|/det|>"},
      {"<|ref|>text<|/ref|><|det|>12 kept", "12 kept"},
      {"<|ref|>text<|/ref|><|det|>__import__('os')<|/det|>", "__import__('os')<|/det|>"},
      {"<|ref|>text<|/ref|>kept", "kept"},
      {"<|ref|>text<|/ref|><|det|>[[1e999, 2, 3, 4]]<|/det|>kept", "kept"},
      {"<|ref|>text<|/ref|><|det|>[[nan, 2, 3, 4]]<|/det|>kept", "nan, 2, 3, 4]]<|/det|>kept"},
  };
  for (const auto& [answer, kept] : cases) {
    const ParsedAnswer parsed = parse(answer);
    EXPECT_THAT(texts(parsed), ElementsAre(kept)) << answer;
    EXPECT_THAT(parsed.problems, SizeIs(1)) << answer;
    EXPECT_THAT(parsed.problems, ElementsAre(HasSubstr("item 'text' at byte 0"))) << answer;
  }
}

TEST(ParseAnswer, AnUnclosedLabelIsText) {
  const ParsedAnswer parsed =
      parse("before <|ref|>open <|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nin");
  EXPECT_THAT(texts(parsed), ElementsAre("before <|ref|>open", "in"));
}

TEST(ParseAnswer, KeepsGoodBoxesBesideBadOnes) {
  const ParsedAnswer parsed =
      parse("<|ref|>text<|/ref|><|det|>[[1, 2, 3], [4, 5, 60, 70], [9, 9, 9, 9]]<|/det|>x");
  EXPECT_THAT(parsed.blocks.at(0).model_boxes,
              ElementsAre(ModelBox{4, 5, 60, 70}, ModelBox{9, 9, 9, 9}));
  EXPECT_THAT(parsed.blocks.at(0).boxes, ElementsAre(Box{4, 10, 60, 140}));
  EXPECT_THAT(parsed.problems, SizeIs(1));
}

// As other servers hand the answer on, with the control tokens taken out.
TEST(ParseAnswer, ReadsItemsWithoutControlTokens) {
  const ParsedAnswer parsed = parse(
      "title[[10, 20, 300, 40]]\n# One\n\ntext[[1, 2, 3, 4]]\nTwo [[1]]\n\nimage[[5, 6, 7, 8]]");
  EXPECT_THAT(kinds(parsed), ElementsAre(BlockKind::kTitle, BlockKind::kText, BlockKind::kFigure));
  EXPECT_THAT(texts(parsed), ElementsAre("# One", "Two [[1]]", ""));
  EXPECT_THAT(texts(parse("matrix[[1, 2, 3, 4]]")), ElementsAre("matrix[[1, 2, 3, 4]]"));
  EXPECT_THAT(texts(parse("text[[1, 2, 3, 4000]]")), ElementsAre("text[[1, 2, 3, 4000]]"));
}

TEST(ParseAnswer, CutsPlainMarkdownIntoBlocks) {
  const ParsedAnswer parsed = parse(
      "# Title\nFirst\nparagraph\n\n## Part\n- one\n- two\n  more\n1. three\n\n"
      "<table><tr><td>1</td></tr>\n\n<tr><td>2</td></tr></table>\n\\[\na\n\nb\n\\]\n"
      "```\ncode\n\nmore\n```\nLast");
  EXPECT_THAT(kinds(parsed), ElementsAre(BlockKind::kTitle, BlockKind::kText, BlockKind::kSubTitle,
                                         BlockKind::kListItem, BlockKind::kListItem,
                                         BlockKind::kListItem, BlockKind::kTable,
                                         BlockKind::kFormula, BlockKind::kCode, BlockKind::kText));
  EXPECT_EQ(parsed.blocks[1].text, "First\nparagraph");
  EXPECT_EQ(parsed.blocks[4].text, "- two\n  more");
  EXPECT_EQ(parsed.blocks[6].table->rows, 2);
  EXPECT_EQ(parsed.blocks[7].text, "\\[\na\n\nb\n\\]");
  EXPECT_EQ(parsed.blocks[8].text, "```\ncode\n\nmore\n```");
  EXPECT_EQ(heading_level(parsed.blocks[0]), 1);
  EXPECT_EQ(heading_level(parsed.blocks[2]), 2);
  EXPECT_EQ(heading_level(parsed.blocks[1]), 0);
}

TEST(ParseAnswer, DrawsAGeometry) {
  const ParsedAnswer parsed =
      parse("{'Line': {'line': ['(0, 0) -- (3, 4)'], 'line_type': ['--'], 'line_endpoint': []}}");
  ASSERT_THAT(parsed.blocks, SizeIs(1));
  EXPECT_EQ(parsed.blocks[0].kind, BlockKind::kFigure);
  EXPECT_THAT(parsed.blocks[0].svg,
              HasSubstr("<line x1=\"300\" y1=\"300\" x2=\"360\" y2=\"220\"/>"));
}

TEST(ParseAnswer, AnEmptyAnswerHasNoBlock) {
  EXPECT_THAT(parse("").blocks, IsEmpty());
  EXPECT_THAT(parse(" \n\n\t").blocks, IsEmpty());
}

TEST(ParseAnswer, KeepsItsPromisesWhereverTheAnswerIsCutOrABitIsFlipped) {
  const std::string page(kPage);
  for (std::size_t size = 0; size <= page.size(); ++size) parse(page.substr(0, size));
  for (std::size_t begin = 0; begin <= page.size(); ++begin) parse(page.substr(begin));
  for (std::size_t at = 0; at < page.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = page;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      parse(flipped);
    }
  }
}

}  // namespace
}  // namespace lectio
