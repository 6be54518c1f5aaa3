// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "base/sha256.h"
#include "base/splitmix.h"
#include "media/image/encode.h"
#include "media/image/testing/pictures.h"
#include "ocr/sources/inputs.h"
#include "ocr/sources/pdf_source.h"
#include "ocr/sources/pdf_text.h"
#include "ocr/sources/ppm.h"
#include "ocr/sources/testing/pdf_writer.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class SourceTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "lectio_sources" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const fs::path& name, std::string_view bytes) const {
    fs::create_directories((folder_ / name).parent_path());
    EXPECT_TRUE(write_file_atomic(folder_ / name, bytes));
    return folder_ / name;
  }
  static std::unique_ptr<PageSource> open(const fs::path& path, const SourceOptions& options = {}) {
    auto source = open_source(path, options);
    if (!source) throw std::runtime_error(source.error().message());
    return *std::move(source);
  }
  static Error error_of(const fs::path& path, const SourceOptions& options = {}) {
    auto source = open_source(path, options);
    if (!source) return source.error();
    auto page = (*source)->page(0);
    if (!page) return page.error();
    throw std::runtime_error("no error");
  }

  fs::path folder_;
};

// Poppler is a program that a machine may lack.
class PdfTest : public SourceTest {
 protected:
  void SetUp() override {
    SourceTest::SetUp();
    if (!fs::exists(PdfPrograms().info)) GTEST_SKIP() << "poppler-utils is not installed";
  }
};

TEST_F(SourceTest, APictureIsADocumentOfOnePage) {
  Image image(5, 4, 200);
  image.row(1)[3] = 9;
  const std::string bytes = encode_png(image);
  const auto source = open(write("a.png", bytes));
  EXPECT_EQ(source->count(), 1);
  EXPECT_EQ(source->sha256(), sha256_hex(bytes));
  EXPECT_EQ(source->page(0)->image, image);
  EXPECT_EQ(*source->text_layer(0), "");
}

TEST_F(SourceTest, ATiffFileHasAllItsPages) {
  std::vector<TiffRecipe> recipes;
  for (int i = 0; i < 5; ++i) {
    recipes.push_back({.width = 8 + i, .height = 4});
    recipes.back().samples =
        Samples(static_cast<std::size_t>((8 + i) * 4 * 3), static_cast<std::uint8_t>(10 * i));
  }
  const auto source = open(write("scan.tif", write_tiff_pages(recipes)));
  ASSERT_EQ(source->count(), 5);
  for (const std::int64_t i : {4, 0, 2}) {
    const auto page = source->page(i);
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_EQ(page->index, i);
    EXPECT_EQ(page->image, Image(8 + i, 4, static_cast<std::uint8_t>(10 * i)));
  }
}

TEST_F(SourceTest, ATiffFileInWhichAPageIsDamagedGivesTheOthers) {
  std::vector<TiffRecipe> recipes(3, TiffRecipe{.width = 40, .height = 40, .compression = 8});
  for (TiffRecipe& recipe : recipes) recipe.samples = Samples(40 * 40 * 3, 77);
  const std::string good = write_tiff_pages(recipes);
  Random random(3);
  int partly = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good;
    bytes[random.below(bytes.size())] ^= static_cast<char>(1 + random.below(255));
    if (random.chance(0.3)) bytes.resize(random.below(bytes.size()));
    const auto source = open_source_bytes(bytes, "scan.tif", {});
    if (!source) continue;
    int pages = 0;
    for (std::int64_t i = 0; i < (*source)->count(); ++i) {
      const auto page = (*source)->page(i);
      if (page) {
        ++pages;
      } else {
        EXPECT_THAT(page.error().message(), StartsWith("scan.tif"));
      }
    }
    partly += pages > 0 && pages < 3 ? 1 : 0;
  }
  EXPECT_GT(partly, 10);
}

TEST_F(SourceTest, WhatIsNoDocumentIsAnErrorThatNamesIt) {
  EXPECT_EQ(error_of(folder_ / "absent.pdf").code(), ErrorCode::kNotFound);
  EXPECT_EQ(error_of(folder_).code(), ErrorCode::kIo);
  for (const char* bytes : {"", "text", "\x89PNG\r\n\x1a\n"}) {
    const Error error = error_of(write("file", bytes));
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput) << bytes;
    EXPECT_THAT(error.message(), StartsWith((folder_ / "file").string()));
  }
}

TEST_F(PdfTest, PagesAreRenderedWhenTheyAreAskedFor) {
  PdfPageRecipe first;  // the left half is black
  first.content = "0 0 100 100 re f";
  PdfPageRecipe second;
  second.width = 300;
  second.rotate = 90;
  SourceOptions options;
  options.dpi = 72;
  const auto source = open(write("two.pdf", write_pdf({first, second})), options);
  ASSERT_EQ(source->count(), 2);
  const auto left_half = source->page(0);
  ASSERT_TRUE(left_half) << left_half.error().message();
  EXPECT_EQ(left_half->image.width, 200);
  EXPECT_EQ(left_half->image.height, 100);
  EXPECT_EQ(left_half->image.row(50)[3 * 20], 0);
  EXPECT_EQ(left_half->image.row(50)[3 * 180], 255);
  const auto turned = source->page(1);
  ASSERT_TRUE(turned) << turned.error().message();
  EXPECT_EQ(turned->index, 1);
  EXPECT_EQ(turned->image.width, 100);
  EXPECT_EQ(turned->image.height, 300);
  EXPECT_FALSE(source->page(2));
}

TEST_F(PdfTest, TheSameBytesGiveTheSamePagesFromMemory) {
  const std::string bytes = write_pdf({{.content = "20 20 50 50 re f"}});
  const auto memory = open_source_bytes(bytes, "standard input", {});
  ASSERT_TRUE(memory) << memory.error().message();
  const auto file = open(write("a.pdf", bytes));
  EXPECT_EQ((*memory)->page(0)->image, file->page(0)->image);
  EXPECT_EQ((*memory)->sha256(), file->sha256());
}

TEST_F(PdfTest, TheTextOfADocumentIsItsTextLayer) {
  const auto source = open(write(
      "text.pdf", write_pdf({{}, {.content = "BT /F1 12 Tf 10 50 Td (Words on page two) Tj ET"}})));
  EXPECT_EQ(*source->text_layer(0), "");
  EXPECT_THAT(*source->text_layer(1), StartsWith("Words on page two"));
}

TEST_F(PdfTest, ThePagesOfADocumentBringTheirWordsWhereTheyAreAskedFor) {
  // Helvetica's digits are 0.556 em wide: the second word begins 10 + 2 * 6.67 + 3.34 points from
  // the left.
  const char* const content = "BT /F1 12 Tf 10 50 Td (12 <&>) Tj 0 -14 Td (34) Tj ET";
  const std::string path =
      write("text.pdf", write_pdf({{.content = content},
                                   {.content = content, .entries = "/CropBox[5 10 190 90]"},
                                   {},
                                   scanned_page(Image(100, 50, 200), 72)}));
  SourceOptions options;
  options.dpi = 144;
  EXPECT_FALSE(open(path, options)->page(0)->layer);
  options.text_layer = true;
  const auto source = open(path, options);
  for (const int page : {0, 1}) {
    const std::int64_t left = page == 0 ? 0 : 5 * 2;  // of the crop box, in pixels
    const std::int64_t top = page == 0 ? 0 : 10 * 2;
    const auto layer = source->page(page)->layer;
    ASSERT_TRUE(layer);
    EXPECT_EQ(layer->text, "12 <&>\n34");
    ASSERT_EQ(layer->words.size(), 3U);
    EXPECT_EQ(layer->words[0].box.x0, 20 - left);
    EXPECT_EQ(layer->words[1].box.x0, 53 - left);
    EXPECT_EQ(layer->words[1].line, 0U);
    EXPECT_EQ(layer->words[2].line, 1U);
    EXPECT_LT(layer->words[0].box.y0, 100 - top);  // the baseline
    EXPECT_GT(layer->words[0].box.y1, 100 - top);
    EXPECT_EQ(layer->text.substr(layer->words[2].begin), "34");
    EXPECT_EQ(layer->picture_share, 0);
  }
  EXPECT_FALSE(source->page(2)->layer);
  EXPECT_FALSE(source->page(3)->layer) << "a picture has no text";
}

TEST(PdfText, TakesAnyBytes) {
  const std::string good =
      "<page width=\"9\" height=\"9\">\n <block x>\n  <line x>\n   <word xMin=\"1\" yMin=\"2\" "
      "xMax=\"30\" yMax=\"4\">a&amp;b</word>\n  </line>\n </block>\n</page>\n";
  const auto layer = parse_pdf_text(good, 2, 40, 90);
  ASSERT_TRUE(layer) << layer.error().message();
  EXPECT_EQ(layer->text, "a&b");
  EXPECT_EQ(layer->words[0].box, (Box{2, 4, 40, 8})) << "cut to the page";
  EXPECT_FALSE(parse_pdf_text("", 1, 9, 9));
  EXPECT_FALSE(parse_pdf_text("<page >\n<word xMin=\"1\">a</word>", 1, 9, 9));
  EXPECT_FALSE(parse_pdf_text(
      "<page >\n<word xMin=\"1\" yMin=\"1\" xMax=\"2\" yMax=\"nan\">a</word>", 1, 9, 9));
  Random random(8);
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    std::string bad = good;
    bad[cut] = static_cast<char>(random.below(256));
    for (const std::string& bytes : {bad, good.substr(0, cut)}) {
      const auto other = parse_pdf_text(bytes, 2, 40, 90);
      if (!other) continue;
      for (const LayerWord& word : other->words) {
        EXPECT_FALSE(word.box.empty());
        EXPECT_LE(word.box.x1, 40);
        EXPECT_LE(word.end, other->text.size());
      }
    }
  }
}

TEST(PdfText, APictureCoversWhatItsResolutionSays) {
  const std::string list =
      "page   num  type   width height color comp bpc  enc interp  object ID x-ppi y-ppi size "
      "ratio\n"
      "--------------------------------------------------------------------------------------------"
      "\n"
      "   1     0 image     512   512  rgb     3   8  image  no         5  0   144   144 85.8K  "
      "11%\n"
      "   1     1 image     100   144  rgb     3   8  image  no         5  0   100   144 85.8K  "
      "11%\n";
  EXPECT_NEAR(picture_share(list, 20), 512.0 * 512 / 144 / 144 / 20, 1e-9);
  EXPECT_EQ(picture_share(list, 1), 1);
  EXPECT_EQ(picture_share("", 1), 0);
  EXPECT_EQ(picture_share("1 0 image x y rgb 3 8 image no 5 0 -1 nan", 1), 0);
}

TEST_F(PdfTest, APageOfManyIsFoundAtOnceWhereverItStands) {
  std::vector<PdfPageRecipe> pages(150);
  for (std::size_t i = 0; i < pages.size(); ++i) pages[i].width = 100 + static_cast<double>(i);
  SourceOptions options;
  options.dpi = 72;
  const auto source = open(write("long.pdf", write_pdf(pages)), options);
  ASSERT_EQ(source->count(), 150);
  for (const std::int64_t i : {149, 0, 64, 63}) {
    const auto page = source->page(i);
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_EQ(page->image.width, 100 + i);
  }
}

TEST_F(PdfTest, DamageEverywhereIsAnErrorOrAPageAndNothingElse) {
  const std::string good = write_pdf({{.content = "20 20 50 50 re f"}, {}});
  Random random(8);
  int failed = 0;
  for (int round = 0; round < 40; ++round) {
    std::string bytes = good;
    for (int flips = 0; flips < 5; ++flips) {
      bytes[8 + random.below(bytes.size() - 8)] ^= static_cast<char>(1 + random.below(255));
    }
    if (round % 2 == 0) bytes.resize(8 + random.below(bytes.size() - 8));
    const auto source = open_source_bytes(bytes, "bad.pdf", {});
    if (!source) {
      ++failed;
      EXPECT_THAT(source.error().message(), StartsWith("bad.pdf: PDF: "));
      continue;
    }
    for (std::int64_t i = 0; i < std::min<std::int64_t>((*source)->count(), 3); ++i) {
      const auto page = (*source)->page(i);
      if (!page) {
        EXPECT_THAT(page.error().message(), StartsWith("bad.pdf, page "));
      }
    }
  }
  EXPECT_GT(failed, 3);
  EXPECT_EQ(error_of(write("empty.pdf", "%PDF-1.4\n")).code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(error_of(write("none.pdf", write_pdf({}))).message(), HasSubstr("PDF"));
}

TEST_F(PdfTest, ADocumentWithAPasswordSaysSo) {
  std::string bytes = write_pdf({{}});
  const std::string root = "/Root 1 0 R";
  bytes.insert(bytes.find(root),
               "/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>]/Encrypt"
               "<</Filter/Standard/V 1/R 2/P -4/O<" +
                   std::string(64, '1') + ">/U<" + std::string(64, '2') + ">>>");
  const Error error = error_of(write("secret.pdf", bytes));
  EXPECT_EQ(error.code(), ErrorCode::kEncrypted) << error.message();
  EXPECT_THAT(error.message(), StartsWith((folder_ / "secret.pdf").string()));
}

TEST_F(PdfTest, AHugePageIsRenderedCoarselyAndRefusedAtAnExplicitResolution) {
  const auto path = write("poster.pdf", write_pdf({{.width = 14400, .height = 14400}}));
  const auto page = open(path)->page(0);
  ASSERT_TRUE(page) << page.error().message();
  EXPECT_LE(page->image.width * page->image.height, kMostRenderedPixels * 101 / 100);
  SourceOptions fine;
  fine.dpi = 600;
  const Error error = error_of(path, fine);
  EXPECT_EQ(error.code(), ErrorCode::kTooLarge);
  EXPECT_THAT(error.message(), HasSubstr("poster.pdf, page 1: size"));
}

TEST_F(PdfTest, AMissingProgramIsNamedWithItsPackage) {
  SourceOptions options;
  options.pdf.info = "/nowhere/pdfinfo";
  const Error error = error_of(write("a.pdf", write_pdf({{}})), options);
  EXPECT_EQ(error.code(), ErrorCode::kMissingProgram);
  EXPECT_THAT(error.message(), HasSubstr("poppler-utils"));
}

TEST(RenderingDpi, FollowsTheMode) {
  EXPECT_DOUBLE_EQ(rendering_dpi({}, 612, 792), 144);
  EXPECT_DOUBLE_EQ(rendering_dpi(Mode::kGundam, 612, 792), 144);
  EXPECT_DOUBLE_EQ(rendering_dpi(Mode::kGundamM, 612, 792), 216);
  EXPECT_NEAR(rendering_dpi(Mode::kBase, 612, 792), 2048.0 * 72 / 792, 0.01);
  EXPECT_NEAR(rendering_dpi(Mode::kTiny, 612, 792), 1024.0 * 72 / 792, 0.01);
  EXPECT_DOUBLE_EQ(rendering_dpi(Mode::kLarge, 50, 50), 300);
  EXPECT_DOUBLE_EQ(rendering_dpi(Mode::kTiny, 5000, 50), 72);
}

TEST(PdfInfo, AnyTextIsReadOrRefused) {
  const std::string good =
      "Title: x\nPages:           2\nPage    1 size:      612 x 792 pts (letter)\nPage    1 rot:  "
      "0\n"
      "Page    2 size:      100.5 x 50 pts\nPage    2 rot:  90\nPage size: no matter\n";
  const auto info = parse_pdf_info(good);
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->pages, 2);
  ASSERT_THAT(info->sizes, SizeIs(2));
  EXPECT_DOUBLE_EQ(info->sizes[1].width, 50);
  EXPECT_DOUBLE_EQ(info->sizes[1].height, 100.5);
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    static_cast<void>(parse_pdf_info(good.substr(0, cut)));
    for (const char c : {'-', '9', '\0', 'n'}) {
      std::string bad = good;
      bad[cut] = c;
      const auto read = parse_pdf_info(bad);
      for (std::size_t i = 0; read && i < read->sizes.size(); ++i) {
        EXPECT_TRUE(std::isfinite(read->sizes[i].width) && read->sizes[i].width > 0);
      }
    }
  }
  EXPECT_FALSE(parse_pdf_info("Page 1 size: 0 x 5 pts"));
  EXPECT_FALSE(parse_pdf_info("Page 1 size: nan x 5 pts"));
  EXPECT_FALSE(parse_pdf_info("Pages: many"));
}

TEST(Ppm, AnythingButOneWholePictureIsRefused) {
  const std::string good = std::string("P6\n2 1\n255\n") + "abcdef";
  const auto image = parse_ppm(good);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->width, 2);
  EXPECT_EQ(image->row(0)[5], 'f');
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(parse_ppm(good.substr(0, cut))) << cut;
  }
  EXPECT_FALSE(parse_ppm(good + "g"));
  EXPECT_FALSE(parse_ppm("P6\n999999 999999\n255\nabc"));
  EXPECT_FALSE(parse_ppm("P6\n99999999999999999999 1\n255\nabc"));
  EXPECT_FALSE(parse_ppm("P6\n2 1\n65535\nabcdef"));
}

class InputsTest : public SourceTest {
 protected:
  std::vector<std::string> places(const std::vector<std::string>& names) const {
    std::vector<std::string> all;
    for (const std::string& name : names) all.push_back((folder_ / name).string());
    const auto inputs = find_inputs(all);
    EXPECT_TRUE(inputs);
    std::vector<std::string> result;
    for (const InputFile& input : *inputs) result.push_back(input.place.string());
    return result;
  }
};

TEST_F(InputsTest, FoldersAreWalkedByNameWithoutWhatIsHidden) {
  for (const char* name : {"d/b.png", "d/a.pdf", "d/sub/c.png", "d/.hidden", "d/.git/x.png"}) {
    write(name, "x");
  }
  EXPECT_THAT(places({"d"}), ElementsAre("a", "b", "sub/c"));
}

TEST_F(InputsTest, PatternsAreForFilesAndNamesComeFirst) {
  for (const char* name : {"1.png", "2.png", "3.pdf", "[x].png"}) write(name, "x");
  EXPECT_THAT(places({"*.png"}), ElementsAre("1", "2", "[x]"));
  EXPECT_THAT(places({"[x].png"}), ElementsAre("[x]"));
  EXPECT_THAT(places({"absent.png", "*.gif"}), ElementsAre("absent", "*"));
}

TEST_F(InputsTest, NoTwoInputsShareAPlace) {
  for (const char* name : {"a/x.png", "a/x.pdf", "b/x.png", "c/y.png"}) write(name, "x");
  EXPECT_THAT(places({"a/x.png", "a/x.pdf", "b/x.png", "c/y.png"}),
              ElementsAre("x.png", "x.pdf", "x.png-2", "y"));
  EXPECT_THAT(places({"a", "a"}), ElementsAre("x.pdf", "x.png", "x.pdf-2", "x.png-2"));
}

}  // namespace
}  // namespace lectio
