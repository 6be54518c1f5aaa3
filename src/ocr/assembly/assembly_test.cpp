// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "media/image/decode.h"
#include "ocr/assembly/assemble.h"
#include "ocr/assembly/confidence.h"
#include "ocr/assembly/document_folder.h"

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

PageText text_of(const std::string& text, const std::vector<std::pair<int, double>>& tokens) {
  PageText page;
  page.text = text;
  for (const auto& [end, probability] : tokens) {
    page.ids.push_back(5);
    page.text_ends.push_back(end);
    page.log_probabilities.push_back(static_cast<float>(std::log(probability)));
  }
  return page;
}

TEST(TextConfidence, IsTheGeometricMeanAndTheLowestOfTheTokensTouched) {
  const TextConfidence confidence(text_of("one two", {{3, 0.5}, {4, 1.0}, {7, 0.25}}));
  EXPECT_NEAR(confidence.over(0, 3)->mean, 0.5, 1e-6);
  EXPECT_NEAR(confidence.over(4, 7)->mean, 0.25, 1e-6);
  EXPECT_NEAR(confidence.over(0, 7)->mean, std::cbrt(0.125), 1e-6);
  EXPECT_NEAR(confidence.over(0, 7)->lowest, 0.25, 1e-6);
  EXPECT_NEAR(confidence.over(2, 5)->mean, std::cbrt(0.125), 1e-6);
  EXPECT_EQ(confidence.over(7, 9), std::nullopt);
  EXPECT_EQ(confidence.over(2, 2), std::nullopt);
  EXPECT_NEAR(confidence.whole()->lowest, 0.25, 1e-6);
}

TEST(TextConfidence, CountsTokensInsideOfACharacterWithThoseThatCompleteIt) {
  // The three bytes of one character, a token each: the first two give no text yet.
  const TextConfidence confidence(
      text_of("\xE2\x82\xAC!", {{0, 0.5}, {0, 0.25}, {3, 1.0}, {4, 1.0}}));
  EXPECT_NEAR(confidence.over(0, 3)->mean, std::cbrt(0.125), 1e-6);
  EXPECT_NEAR(confidence.over(0, 3)->lowest, 0.25, 1e-6);
  EXPECT_NEAR(confidence.over(3, 4)->mean, 1, 1e-6);
}

TEST(TextConfidence, LeavesOutWhatIsNotKnown) {
  PageText text = text_of("ab", {{1, 0.5}, {2, 0.5}});
  text.log_probabilities[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(TextConfidence(text).over(0, 1), std::nullopt);
  EXPECT_NEAR(TextConfidence(text).whole()->mean, 0.5, 1e-6);
  EXPECT_EQ(TextConfidence(PageText()).whole(), std::nullopt);
}

// A white page with two black bars, which stand for two words.
Page bars() {
  Page page;
  page.image = Image(400, 300, 255);
  page.source = "bars.png";
  for (std::int64_t y = 60; y < 80; ++y) {
    for (std::int64_t x = 0; x < 400; ++x) {
      const bool ink = (x >= 40 && x < 120) || (x >= 140 && x < 200);
      if (ink) std::fill_n(page.image.row(y) + 3 * x, 3, std::uint8_t{0});
    }
  }
  return page;
}

TEST(AssemblePage, PlacesTheWordsOfABlockWithTheirConfidence) {
  const std::string answer =
      "<|ref|>text<|/ref|><|det|>[[80, 160, 520, 300]]<|/det|>\n**longer** word";
  const auto end = static_cast<int>(answer.size());
  const DocumentPage page =
      assemble_page(bars(), text_of(answer, {{end - 15, 0.9}, {end - 5, 0.5}, {end, 0.25}}), {});
  ASSERT_THAT(page.blocks, SizeIs(1));
  ASSERT_THAT(page.blocks[0].lines, SizeIs(1));
  const auto& words = page.blocks[0].lines[0].words;
  ASSERT_THAT(words, SizeIs(2));
  EXPECT_EQ(words[0].text, "longer");
  EXPECT_EQ(words[0].box, (Box{40, 60, 120, 80}));
  EXPECT_NEAR(words[0].confidence->mean, 0.5, 1e-6);
  EXPECT_EQ(words[1].text, "word");
  EXPECT_EQ(words[1].box, (Box{140, 60, 200, 80}));
  EXPECT_NEAR(words[1].confidence->mean, 0.25, 1e-6);
  EXPECT_EQ(page.blocks[0].lines[0].box, (Box{40, 60, 200, 80}));
}

TEST(AssemblePage, PlacesTheWordsOfAnAnswerWithoutBoxesOnTheWholePage) {
  const DocumentPage page = assemble_page(bars(), text_of("# longer\n\nword", {}), {});
  ASSERT_THAT(page.blocks, SizeIs(2));
  EXPECT_EQ(page.blocks[0].lines.at(0).words.at(0).box, (Box{40, 60, 120, 80}));
  EXPECT_EQ(page.blocks[1].lines.at(0).words.at(0).box, (Box{140, 60, 200, 80}));
  EXPECT_EQ(page.blocks[1].lines.at(0).words.at(0).confidence, std::nullopt);
}

TEST(DocumentNames, AreTheStemsOfTheFilesMadeUnique) {
  DocumentNames names;
  EXPECT_EQ(names.name_for("a/scan.png"), "scan");
  EXPECT_EQ(names.name_for("b/scan.jpg"), "scan-2");
  EXPECT_EQ(names.name_for("scan-2.png"), "scan-2-2");
  EXPECT_EQ(names.name_for("-"), "page");
  EXPECT_EQ(names.name_for(".."), "page-2");
}

class DocumentFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("lectio_document_folder-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> write(const std::vector<Format>& formats) {
    Document document;
    document.name = "bars";
    document.source = "bars.png";
    DocumentFolder writer({formats, folder_, true, {}, {}}, document);
    const std::string answer =
        "<|ref|>image<|/ref|><|det|>[[0, 0, 500, 500]]<|/det|>\n"
        "<|ref|>text<|/ref|><|det|>[[80, 160, 520, 300]]<|/det|>\nlonger word";
    EXPECT_TRUE(writer.add_page(bars(), text_of(answer, {}), {}));
    EXPECT_TRUE(writer.add_page(bars(), text_of("longer word", {}), {}));
    const auto files = writer.finish();
    EXPECT_TRUE(files) << files.error().message();
    std::vector<std::string> names;
    for (const auto& file : *files) names.push_back(file.lexically_relative(folder_).string());
    return names;
  }

  std::filesystem::path folder_;
};

TEST_F(DocumentFolderTest, WritesEveryFormatUnderTheDocumentsName) {
  std::vector<Format> all;
  for (const std::string_view name : format_names()) all.push_back(*format_from_name(name));
  EXPECT_THAT(
      write(all),
      ElementsAre("bars/images/0_0.jpg", "bars/bars_0001_layout.png", "bars/bars_0002_layout.png",
                  "bars/bars.md", "bars/bars.txt", "bars/bars.html", "bars/bars.json",
                  "bars/bars.hocr", "bars/bars.alto.xml", "bars/bars_0001.page.xml",
                  "bars/bars_0002.page.xml", "bars/bars.pdf", "bars/bars_content_list.json",
                  "bars/bars.docling.json", "bars/bars.jsonl", "bars/mmd/bars.mmd",
                  "bars/mmd/images/0_0.jpg"));
  const auto picture = read_file(folder_ / "bars/images/0_0.jpg");
  const auto image = decode_image(std::as_bytes(std::span(*picture)), "figure");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->width, 200);
  EXPECT_EQ(image->height, 150);
  EXPECT_THAT(*read_file(folder_ / "bars/bars.html"),
              HasSubstr("<img src=\"data:image/jpeg;base64,"));
  const auto json = nlohmann::json::parse(*read_file(folder_ / "bars/bars.json"));
  EXPECT_EQ(json["pages"].size(), 2U);
}

TEST_F(DocumentFolderTest, KeepsThePlaceOfAPageThatCouldNotBeRead) {
  Document document;
  document.name = "two";
  DocumentFolder writer({{Format::kMarkdown, Format::kJson}, folder_, false, {}, {}}, document);
  DocumentPage missing;
  missing.verdict = "failed";
  writer.add_missing_page(missing);
  ASSERT_TRUE(writer.add_page(bars(), text_of("longer word", {}), {}));
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(*read_file(folder_ / "two/two.md"), "\n<!-- page 2 -->\n\nlonger word\n");
  const auto json = nlohmann::json::parse(*read_file(folder_ / "two/two.json"));
  EXPECT_EQ(json["pages"][0]["verdict"], "failed");
  EXPECT_EQ(json["pages"][1]["blocks"].size(), 1U);
}

// Pages that did not end are left out and do not count; a single page's pictures have no page.
TEST_F(DocumentFolderTest, NamesTheRunnersPicturesAsTheRunnerDoes) {
  const std::string image = "<|ref|>image<|/ref|><|det|>[[0, 0, 9, 0], [0, 0, 500, 500]]<|/det|>";
  PageText endless = text_of(image, {});
  endless.finish = FinishReason::kMaxTokens;
  const auto write_pages = [&](const std::vector<PageText>& pages) {
    Document document;
    document.name = "doc" + std::to_string(pages.size());
    DocumentFolder writer({{Format::kRunner}, folder_, false, {}, {}}, document);
    for (const PageText& text : pages) EXPECT_TRUE(writer.add_page(bars(), text, {}));
    std::vector<std::string> names;
    const auto files = writer.finish();
    for (const auto& file : *files) names.push_back(file.filename().string());
    return names;
  };
  // The first box spans nothing: its number is used up all the same.
  EXPECT_THAT(write_pages({endless}), ElementsAre("doc1.mmd", "1.jpg"));
  EXPECT_THAT(write_pages({text_of(image, {}), endless, text_of(image, {})}),
              ElementsAre("doc3.mmd", "0_1.jpg", "1_1.jpg"));
}

TEST_F(DocumentFolderTest, WritesNoPicturesForFormatsWithoutThem) {
  EXPECT_THAT(write({Format::kText}), ElementsAre("bars/bars.txt"));
}

TEST_F(DocumentFolderTest, GivesTheSameBytesEveryTime) {
  const std::vector<Format> formats = {Format::kPdf, Format::kJson, Format::kOverlay};
  write(formats);
  const std::string pdf = *read_file(folder_ / "bars/bars.pdf");
  const std::string overlay = *read_file(folder_ / "bars/bars_0001_layout.png");
  write(formats);
  EXPECT_EQ(*read_file(folder_ / "bars/bars.pdf"), pdf);
  EXPECT_EQ(*read_file(folder_ / "bars/bars_0001_layout.png"), overlay);
}

TEST_F(DocumentFolderTest, APageThatWasKeptIsTheSameWithoutItsPicture) {
  const std::vector<Format> formats = {Format::kHtml, Format::kHocr,    Format::kJson,
                                       Format::kPdf,  Format::kOverlay, Format::kRunner};
  const PageText text = text_of("one two\n<|ref|>image<|/ref|><|det|>[[0, 0, 500, 900]]<|/det|>",
                                {{3, 0.5}, {7, 0.25}, {61, 0.9}});
  const Page page = bars();
  const auto write_pages = [&](bool kept) {
    std::filesystem::remove_all(folder_);
    Document document;
    document.name = "bars";
    DocumentFolder writer({formats, folder_, true, {}, {}}, document);
    for (int i = 0; i < 2; ++i) {
      MadePage made = writer.make_page(page, text, {});
      if (kept) {
        const PageFrame frame{page.source, page.index, page.image.width, page.image.height, 0};
        made = *parse_made_page(*made_page_body(to_bytes(made)), frame, text, {});
      }
      EXPECT_TRUE(writer.add(std::move(made)));
    }
    std::map<std::string, std::string> files;
    const auto paths = writer.finish();
    for (const auto& path : *paths) files[path.string()] = *read_file(path);
    return files;
  };
  const auto expected = write_pages(false);
  EXPECT_THAT(expected, SizeIs(11));
  EXPECT_EQ(write_pages(true), expected);
}

TEST(MadePage, DamageIsAnError) {
  MadePage made;
  made.page.dpi = 144;
  made.figures = {"<svg/>", ""};
  made.jpeg = "jpeg";
  const std::string good = to_bytes(made);
  const auto body = made_page_body(good);
  ASSERT_TRUE(body);
  EXPECT_EQ(parse_made_page(*body, {}, PageText(), {})->figures, made.figures);
  EXPECT_FALSE(parse_made_page(*body, {}, text_of("other", {{5, 1.0}}), {}));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] ^= 1;
    EXPECT_FALSE(made_page_body(bad)) << at;
    EXPECT_FALSE(made_page_body(good.substr(0, at))) << at;
  }
  for (std::size_t at = 0; at < body->size(); ++at) {
    EXPECT_FALSE(parse_made_page(body->substr(0, at), {}, PageText(), {})) << at;
  }
}

TEST_F(DocumentFolderTest, SaysWhereItCannotWrite) {
  std::filesystem::create_directories(folder_);
  ASSERT_TRUE(write_file_atomic(folder_ / "bars", "a file in the folder's place"));
  Document document;
  document.name = "bars";
  DocumentFolder writer({{Format::kText}, folder_, false, {}, {}}, document);
  ASSERT_TRUE(writer.add_page(bars(), PageText(), {}));
  const auto files = writer.finish();
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code(), ErrorCode::kIo);
  EXPECT_THAT(files.error().message(), HasSubstr("bars"));
}

}  // namespace
}  // namespace lectio
