// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/runner_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lectio {
namespace {

using ::testing::SizeIs;

std::string item(const std::string& label, const std::string& boxes) {
  return "<|ref|>" + label + "<|/ref|><|det|>" + boxes + "<|/det|>";
}

TEST(ImageRunnerText, PutsPicturesInPlaceOfImagesAndDeletesOtherItems) {
  const std::string answer = item("title", "[[1, 2, 3, 4]]") + "\n# A\n\n" +
                             item("image", "[[1, 1, 2, 2], [3, 3, 4, 4]]") + "\n\n" +
                             item("image", "[[5, 5, 6, 6]]") + "\nx \\coloneqq y \\eqqcolon z\n" +
                             std::string(kEndOfSentence);
  // The second picture is 1 though the first item has two boxes: m counts items.
  EXPECT_EQ(image_runner_text(answer),
            "\n# A\n\n![](images/0.jpg)\n\n\n![](images/1.jpg)\n\nx := y =: z");
}

TEST(ImageRunnerText, ReplacesIdenticalItemsTogether) {
  const std::string image = item("image", "[[1, 1, 2, 2]]");
  EXPECT_EQ(image_runner_text(image + "a" + image), "![](images/0.jpg)\na![](images/0.jpg)\n");
}

TEST(ImageRunnerText, ReplacesSymbolsOnlyWhereItDeletesAnItem) {
  EXPECT_EQ(image_runner_text("a \\coloneqq b"), "a \\coloneqq b");
}

TEST(PdfRunnerText, NamesPicturesByKeptPageAndDropsRunawayOnes) {
  const std::string image = item("image", "[[1, 1, 2, 2]]");
  const std::string text = item("text", "[[1, 1, 2, 2]]");
  EXPECT_EQ(
      pdf_runner_text({{image, true}, {"loop loop", false}, {text + "\n\n\n\n\nx" + image, true}}),
      "![](images/0_0.jpg)\n\n\n<--- Page Split --->\n"
      "\n\nx![](images/1_0.jpg)\n\n\n<--- Page Split --->\n");
  EXPECT_EQ(pdf_runner_text({{"loop", false}}, false), "loop\n\n<--- Page Split --->\n");
}

TEST(BatchRunnerText, DeletesEveryItemAndCentering) {
  const std::string answer = item("image", "[[1, 1, 2, 2]]") + "\n\n\n<center>A</center>";
  EXPECT_EQ(batch_runner_text(answer, true), "\n\nA");
  EXPECT_EQ(batch_runner_text(answer, false), "\n\n<center>A</center>");
}

TEST(CleanFormulas, TakesTheNumberOffAnEquation) {
  EXPECT_EQ(clean_formulas("x \\[ a = b \\quad (1.2) \\] y"), "x \\[a = b\\] y");
  EXPECT_EQ(clean_formulas("\\[a\\quad(1)\\]\\[b\\quad c\\]"), "\\[a\\]\\[b\\quad c\\]");
  EXPECT_EQ(clean_formulas("\\[ a\n \\quad (1) \\]"), "\\[ a\n \\quad (1) \\]");
  EXPECT_EQ(clean_formulas("\\[ a"), "\\[ a");
}

TEST(RunnerItems, AreFoundLazilyAcrossLines) {
  const std::string text = "<|ref|>a\nb<|/ref|><|det|>[[1,\n2]]<|/det|> <|/det|>";
  const auto items = runner_items(text);
  ASSERT_THAT(items, SizeIs(1));
  EXPECT_EQ(items[0].label, "a\nb");
  EXPECT_EQ(items[0].det, "[[1,\n2]]");
}

}  // namespace
}  // namespace lectio
