// SPDX-License-Identifier: Apache-2.0
// Invisible text over the pages of PDF files that are there already, against the programs that read
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "../end_to_end/process.h"
#include "base/file.h"
#include "base/splitmix.h"
#include "media/pdf/pdf_overlay.h"
#include "media/pdf/pdf_writer.h"
#include "ocr/sources/testing/pdf_writer.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCatalog =
    "/PageLabels<</Nums[0<</P(Kept-)>>]>>/Outlines<</Type/Outlines/Count 0>>";

bool has(const char* program) {
  return std::filesystem::exists(std::filesystem::path("/usr/bin") / program);
}

ProcessResult run(const char* program, const std::vector<std::string>& arguments) {
  return run_process(std::filesystem::path("/usr/bin") / program, arguments);
}

// A layer of one page of this size, as shown, with a word in the box 10, 30, 44, 42. The second
// ends where pdftotext -bbox would cut words off that lie beyond the width of a turned page.
PdfOverlay layer(double width, double height, std::int64_t page = 0) {
  PdfWriter writer;
  PdfPage text;
  text.width = width;
  text.height = height;
  text.words = {{"na\u00EFve", 10, 44, 30, 42}, {"words", 50, 78, 30, 42}};
  EXPECT_TRUE(writer.add_page(text));
  return {*writer.finish("layer", "test"), {page}, {11}};
}

// A picture with a darker corner, so that a turned or moved page shows.
Image picture() {
  Image image(200, 100, 230);
  for (std::int64_t y = 5; y < 40; ++y) {
    for (std::int64_t x = 5; x < 60; ++x) image.row(y)[3 * x] = 20;
  }
  return image;
}

class Overlay : public testing::Test {
 protected:
  void SetUp() override {
    if (!has("qpdf") || !has("pdftotext")) GTEST_SKIP() << "qpdf, poppler-utils not installed";
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("lectio_overlay-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  std::string write(const char* name, const std::string& bytes) const {
    const auto path = folder_ / name;
    EXPECT_TRUE(write_file_atomic(path, bytes));
    return path.string();
  }
  static std::string pixels(const std::string& path) {
    return run("pdftoppm", {"-r", "72", "-cropbox", path}).out;
  }
  // What a page becomes: valid, looks the same, has the words where the layer has them.
  void expect_carries_the_words(const PdfPageRecipe& recipe, double width, double height) const {
    const std::string original = write_pdf({recipe}, kCatalog);
    const auto made = overlay_text(original, layer(width, height));
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(*overlay_text(original, layer(width, height)), *made) << "the same bytes";
    const std::string before = write("before.pdf", original);
    const std::string after = write("after.pdf", *made);
    const ProcessResult check = run("qpdf", {"--check", after});
    EXPECT_EQ(check.code, 0) << check.out << check.err;
    EXPECT_EQ(pixels(after), pixels(before));
    EXPECT_THAT(*made, HasSubstr("Kept-"));
    EXPECT_THAT(*made, HasSubstr("/Outlines"));
    const std::string boxes = run("pdftotext", {"-bbox", "-cropbox", after, "-"}).out;
    EXPECT_THAT(boxes, HasSubstr(">words<"));
    const std::size_t word = boxes.find("<word");
    ASSERT_NE(word, std::string::npos);
    const auto number = [&](const std::string& name) {
      const std::size_t at = boxes.find(name + "=\"", word) + name.size() + 2;
      return std::strtod(boxes.c_str() + at, nullptr);
    };
    EXPECT_THAT(boxes, HasSubstr(">na\u00EFve<"));
    EXPECT_NEAR(number("xMin"), 10, 0.5);
    EXPECT_NEAR(number("xMax"), 44, 0.5);
    EXPECT_NEAR(number("yMin"), 30, 1.5);
    EXPECT_NEAR(number("yMax"), 42, 1.5);
  }

  std::filesystem::path folder_;
};

TEST_F(Overlay, PutsWordsOnAPageWithoutChangingWhatItShows) {
  expect_carries_the_words(scanned_page(picture(), 72), 200, 100);
}

TEST_F(Overlay, FollowsTheTurnOfAPage) {
  for (const int turn : {90, 180, 270}) {
    SCOPED_TRACE(turn);
    PdfPageRecipe page = scanned_page(picture(), 72);
    page.rotate = turn;
    const bool upright = turn == 180;
    expect_carries_the_words(page, upright ? 200 : 100, upright ? 100 : 200);
  }
}

TEST_F(Overlay, CountsFromTheCropBoxWhateverTheOtherBoxesAre) {
  PdfPageRecipe page = scanned_page(picture(), 72);
  page.entries = "/CropBox[15 12 165 92]/TrimBox[40 40 80 80]";
  expect_carries_the_words(page, 150, 80);
  page.rotate = 90;
  page.entries = "/CropBox[15 12 195 92]";
  expect_carries_the_words(page, 80, 180);
}

TEST_F(Overlay, ContentThatDoesNotTidyUpAfterItselfDoesNotMoveTheWords) {
  PdfPageRecipe page = scanned_page(picture(), 72);
  page.content = "0.5 0 0 0.5 30 20 cm " + page.content;
  expect_carries_the_words(page, 200, 100);
}

TEST_F(Overlay, LeavesPagesAloneThatWereNotRead) {
  const std::string original =
      write_pdf({scanned_page(picture(), 72), scanned_page(picture(), 72)});
  const auto made = overlay_text(original, layer(200, 100, 1));
  ASSERT_TRUE(made) << made.error().message();
  const std::string path = write("second.pdf", *made);
  EXPECT_THAT(run("pdftotext", {"-l", "1", path, "-"}).out, Not(HasSubstr("words")));
  EXPECT_THAT(run("pdftotext", {"-f", "2", path, "-"}).out, HasSubstr("words"));
}

TEST_F(Overlay, APageWithTextOfItsOwnKeepsThat) {
  PdfPageRecipe page;
  page.content = "BT /F1 12 Tf 20 60 Td (born digital) Tj ET";
  const auto made = overlay_text(write_pdf({page}), layer(200, 100));
  ASSERT_TRUE(made);
  const std::string text = run("pdftotext", {write("own.pdf", *made), "-"}).out;
  EXPECT_THAT(text, HasSubstr("born digital"));
  EXPECT_THAT(text, Not(HasSubstr("words")));
  // A stamp on a scan is not the page's text.
  page.content = "BT /F1 12 Tf 20 10 Td (p 1) Tj ET";
  const auto stamped = overlay_text(write_pdf({page}), layer(200, 100));
  ASSERT_TRUE(stamped);
  EXPECT_THAT(run("pdftotext", {write("stamp.pdf", *stamped), "-"}).out, HasSubstr("words"));
}

TEST_F(Overlay, RefusesWhatItCannotDoWell) {
  const std::string original = write_pdf({scanned_page(picture(), 72)});
  EXPECT_THAT(overlay_text(original, layer(100, 200)).error().message(), HasSubstr("size"));
  EXPECT_THAT(overlay_text(original, layer(200, 100, 7)).error().message(), HasSubstr("page 8"));
  const std::string plain = write("plain.pdf", original);
  const std::string locked = (folder_ / "locked.pdf").string();
  ASSERT_EQ(run("qpdf", {"--encrypt", "", "owner", "256", "--", plain, locked}).code, 0);
  EXPECT_EQ(overlay_text(*read_file(locked, 1 << 20), layer(200, 100)).error().code(),
            ErrorCode::kEncrypted);
  EXPECT_FALSE(overlay_text(original.substr(0, original.size() - 60), layer(200, 100)));
  EXPECT_FALSE(overlay_text("", layer(200, 100)));
}

TEST_F(Overlay, DamageIsAnErrorOrAnotherFile) {
  const std::string good = write_pdf({scanned_page(Image(3, 2, 90), 3)});
  const PdfOverlay overlay = layer(72, 48);
  ASSERT_TRUE(overlay_text(good, overlay)) << overlay_text(good, overlay).error().message();
  Random random(11);
  for (std::size_t at = 0; at < good.size(); at += 3) {
    std::string bad = good;
    bad[at] = static_cast<char>(random.below(256));
    static_cast<void>(overlay_text(bad, overlay));
    static_cast<void>(overlay_text(good.substr(0, at), overlay));
  }
}

TEST(OverlayRequest, ReadsBackAsItself) {
  const PdfOverlay overlay{std::string("lay\0er\n", 7), {0, 4}, {11, 0}};
  const std::string bytes = to_overlay_request("orig\ninal", overlay);
  const auto read = parse_overlay_request(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->original, "orig\ninal");
  EXPECT_EQ(read->overlay.layer, overlay.layer);
  EXPECT_EQ(read->overlay.pages, overlay.pages);
  EXPECT_EQ(read->overlay.letters, overlay.letters);
  const std::size_t needed = bytes.size() - std::string_view("orig\ninal").size();
  for (std::size_t cut = 0; cut < needed; ++cut) {
    EXPECT_FALSE(parse_overlay_request(bytes.substr(0, cut))) << cut;
  }
}

}  // namespace
}  // namespace lectio
