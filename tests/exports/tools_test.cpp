// SPDX-License-Identifier: Apache-2.0
// What is written against the programs that people read it with. A test whose program is not
// installed is skipped and says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "../end_to_end/process.h"
#include "base/file.h"
#include "ocr/assembly/document_folder.h"
#include "optical/typeset/typeset.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;

constexpr const char* kText =
    "Optical compression\nThe quick brown fox jumps over the lazy dog, and 1984 more: {braces}, "
    "<angles> & \"quotes\". A page is a picture; its words have places.\nSecond paragraph: "
    "na\u00EFve "
    "\u00E9l\u00E8ves \u2014 \u0394x \u2264 5 %.";

std::string program(const std::string& name) {
  for (const char* folder : {"/usr/bin/", "/usr/local/bin/", "/bin/"}) {
    if (std::filesystem::exists(folder + name)) return folder + name;
  }
  return "";
}

#define LECTIO_NEEDS(name) \
  if (program(name).empty()) GTEST_SKIP() << name << " is not installed"

class Tools : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "lectio_tools" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
  }

  // A typeset page and an answer with everything, as two pages, a page without a word and one that
  // was not read; gives the document's folder.
  std::filesystem::path write(const std::vector<Format>& formats) {
    TypesetConfig config;
    config.fonts = {"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"};
    auto pages = paginate(kText, config);
    EXPECT_TRUE(pages) << pages.error().message();
    Page page;
    page.image = std::move(pages->front().image);
    page.source = "typeset \"one\".png";
    page.dpi = 144;
    Document document;
    document.name = "typeset";
    document.source = "typeset.pdf";
    document.producer = "lectio <test>";
    DocumentFolder writer({formats, folder_, true, {}, {}}, document);
    EXPECT_TRUE(writer.add_page(page, answer(kText), {}));
    page.index = 1;
    EXPECT_TRUE(writer.add_page(
        page,
        answer(
            "<|ref|>title<|/ref|><|det|>[[20, 20, 980, 60]]<|/det|>\n# Optical <b>compression\n\n"
            "<|ref|>image<|/ref|><|det|>[[20, 60, 500, 500]]<|/det|>\n"
            "<|ref|>image_caption<|/ref|><|det|>[[20, 500, 500, 560]]<|/det|>\nA figure & more\n\n"
            "<|ref|>table<|/ref|><|det|>[[20, 60, 980, 200]]<|/det|>\n<table><tr><td "
            "rowspan=\"2\">a</td><td>b</td></tr><tr><td>c</td></tr></table>\n\n"
            "<|ref|>list<|/ref|><|det|>[[20, 600, 980, 640]]<|/det|>\n- one\n\n"
            "<|ref|>equation<|/ref|><|det|>[[20, 660, 980, 700]]<|/det|>\n\\[ a < b \\]"),
        {}));
    page.index = 2;
    EXPECT_TRUE(writer.add_page(page, answer(""), {}));
    DocumentPage missing;
    missing.index = 3;
    missing.source = "missing.png";
    writer.add_missing_page(missing);
    const auto files = writer.finish();
    EXPECT_TRUE(files) << files.error().message();
    return folder_ / "typeset";
  }

  static PageText answer(const std::string& text) {
    PageText page;
    page.text = text;
    page.ids = {1};
    page.text_ends = {static_cast<std::int64_t>(text.size())};
    page.log_probabilities = {-0.1F};
    return page;
  }

  static ProcessResult run(const std::string& name, const std::vector<std::string>& arguments) {
    return run_process(program(name), arguments);
  }

  std::filesystem::path folder_;
};

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  std::string word;
  for (const char c : text + " ") {
    if (c == ' ' || c == '\n' || c == '\f') {
      if (!word.empty()) result.push_back(std::exchange(word, {}));
    } else {
      word += c;
    }
  }
  return result;
}

TEST_F(Tools, QpdfFindsNothingWrongWithAPdf) {
  LECTIO_NEEDS("qpdf");
  const auto folder = write({Format::kPdf});
  const ProcessResult result = run("qpdf", {"--check", (folder / "typeset.pdf").string()});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("No syntax or stream encoding errors found"));
}

TEST_F(Tools, PdftotextGivesTheTextBack) {
  LECTIO_NEEDS("pdftotext");
  const auto folder = write({Format::kPdf});
  const ProcessResult result =
      run("pdftotext", {"-l", "1", (folder / "typeset.pdf").string(), "-"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(words(result.out), words(kText));
}

// The boxes that pdftotext finds against those that hOCR has: across the word's, down the line's,
// to a tenth of a pixel.
TEST_F(Tools, PdftotextFindsTheWordsWhereTheyStand) {
  LECTIO_NEEDS("pdftotext");
  const auto folder = write({Format::kPdf, Format::kHocr});
  const ProcessResult result =
      run("pdftotext", {"-bbox", "-l", "1", (folder / "typeset.pdf").string(), "-"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto number = [](const std::string& text, const std::string& before, std::size_t from) {
    const std::size_t at = text.find(before, from);
    return std::strtod(text.c_str() + at + before.size(), nullptr);
  };
  const std::string hocr = *read_file(folder / "typeset.hocr");
  std::size_t in_pdf = result.out.find("<word");
  std::size_t in_hocr = hocr.find("'ocrx_word'") != std::string::npos ? hocr.find("'ocrx_word'")
                                                                      : hocr.find("\"ocrx_word\"");
  std::size_t count = 0;
  while (in_pdf != std::string::npos) {
    ASSERT_NE(in_hocr, std::string::npos);
    const double x0 = number(result.out, "xMin=\"", in_pdf) * 2;  // 144 dots an inch
    const double x1 = number(result.out, "xMax=\"", in_pdf) * 2;
    EXPECT_NEAR(x0, number(hocr, "bbox ", in_hocr), 0.1);
    const std::size_t space = hocr.find(' ', hocr.find("bbox ", in_hocr) + 5);
    const double right = std::strtod(hocr.c_str() + hocr.find(' ', space + 1), nullptr);
    EXPECT_NEAR(x1, right, 0.1);
    const std::size_t line = hocr.find("bbox ", hocr.rfind("\"ocr_", in_hocr - 1));
    std::size_t at = line;
    for (int skip = 0; skip < 2; ++skip) at = hocr.find(' ', at + 1);
    EXPECT_NEAR(number(result.out, "yMin=\"", in_pdf) * 2, std::strtod(hocr.c_str() + at, nullptr),
                0.1);
    for (int skip = 0; skip < 2; ++skip) at = hocr.find(' ', at + 1);
    EXPECT_NEAR(number(result.out, "yMax=\"", in_pdf) * 2, std::strtod(hocr.c_str() + at, nullptr),
                0.1);
    ++count;
    in_pdf = result.out.find("<word", in_pdf + 1);
    in_hocr = hocr.find("\"ocrx_word\"", in_hocr + 1);
  }
  EXPECT_EQ(count, words(kText).size());
}

TEST_F(Tools, XmllintAcceptsAltoBySchema) {
  LECTIO_NEEDS("xmllint");
  const auto folder = write({Format::kAlto});
  const ProcessResult result = run("xmllint", {"--noout", "--nonet", "--schema",
                                               LECTIO_SOURCE_DIR "/tests/exports/schemas/alto.xsd",
                                               (folder / "typeset.alto.xml").string()});
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST_F(Tools, XmllintAcceptsPageXmlBySchema) {
  LECTIO_NEEDS("xmllint");
  const auto folder = write({Format::kPageXml});
  for (const char* name : {"typeset_0001.page.xml", "typeset_0002.page.xml"}) {
    const ProcessResult result = run(
        "xmllint", {"--noout", "--nonet", "--schema",
                    LECTIO_SOURCE_DIR "/tests/exports/schemas/page.xsd", (folder / name).string()});
    EXPECT_EQ(result.code, 0) << result.err;
  }
}

// The schemas themselves, in the folder that LECTIO_SCHEMAS names (tools/fetch_schemas.sh fills
// it).
class Published : public Tools {
 protected:
  void SetUp() override {
    Tools::SetUp();
    LECTIO_NEEDS("xmllint");
    const char* const folder = std::getenv("LECTIO_SCHEMAS");
    if (folder == nullptr) GTEST_SKIP() << "LECTIO_SCHEMAS names no folder of published schemas";
    schemas_ = folder;
  }

  ProcessResult validate(const std::string& schema, const std::filesystem::path& file) const {
    return run("env", {"XML_CATALOG_FILES=" + schemas_ + "/catalog.xml", "xmllint", "--noout",
                       "--nonet", "--schema", schemas_ + "/" + schema, file.string()});
  }

  // The same file with a letter of `name` another, which a schema must say no to.
  std::filesystem::path spoiled(const std::filesystem::path& file, const std::string& name) const {
    std::string xml = *read_file(file);
    const std::size_t at = xml.find(name);
    EXPECT_NE(at, std::string::npos);
    xml[at] = 'Q';
    const auto copy = folder_ / "spoiled.xml";
    EXPECT_TRUE(write_file_atomic(copy, xml));
    return copy;
  }

  std::string schemas_;
};

TEST_F(Published, AltoIsValid) {
  const auto file = write({Format::kAlto}) / "typeset.alto.xml";
  const ProcessResult result = validate("alto-4-4.xsd", file);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(validate("alto-4-4.xsd", spoiled(file, "PHYSICAL_IMG_NR")).code, 0);
}

TEST_F(Published, PageXmlIsValid) {
  const auto folder = write({Format::kPageXml});
  int pages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.path().string().ends_with(".page.xml")) continue;
    const ProcessResult result = validate("pagecontent.xsd", entry.path());
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_NE(validate("pagecontent.xsd", spoiled(entry.path(), "imageWidth")).code, 0);
    ++pages;
  }
  EXPECT_GE(pages, 3);
}

TEST_F(Tools, XmllintParsesHocr) {
  LECTIO_NEEDS("xmllint");
  const auto folder = write({Format::kHocr});
  const ProcessResult result =
      run("xmllint", {"--noout", "--nonet", (folder / "typeset.hocr").string()});
  EXPECT_EQ(result.code, 0) << result.err;
  const ProcessResult count = run(
      "xmllint", {"--nonet", "--xpath", "count(//*[@class='ocr_page'][1]//*[@class='ocrx_word'])",
                  (folder / "typeset.hocr").string()});
  EXPECT_EQ(std::strtol(count.out.c_str(), nullptr, 10), static_cast<long>(words(kText).size()));
}

// OCRmyPDF's own reader of hOCR makes a PDF of it; the words come out again.
TEST_F(Tools, OcrmypdfReadsHocr) {
  LECTIO_NEEDS("ocrmypdf");
  LECTIO_NEEDS("pdftotext");
  const auto folder = write({Format::kHocr});
  const std::string pdf = (folder / "from_hocr.pdf").string();
  const ProcessResult made = run_process(
      "/usr/bin/python3",
      {"-m", "ocrmypdf.hocrtransform", "-r", "144", (folder / "typeset.hocr").string(), pdf});
  ASSERT_EQ(made.code, 0) << made.err;
  const ProcessResult text = run("pdftotext", {pdf, "-"});
  EXPECT_THAT(text.out, HasSubstr("quick"));
  EXPECT_THAT(text.out, HasSubstr("{braces},"));
  EXPECT_THAT(text.out, HasSubstr("1984"));
}

// docs/schemas/document.schema.json, by the reference validator where Debian's package of it is
// installed.
TEST_F(Tools, JsonFollowsItsSchema) {
  const ProcessResult there = run_process("/usr/bin/python3", {"-c", "import jsonschema"});
  if (there.code != 0) GTEST_SKIP() << "python3-jsonschema is not installed";
  const auto folder = write({Format::kJson});
  const ProcessResult result = run_process(
      "/usr/bin/python3",
      {"-c",
       "import json, sys, jsonschema\n"
       "schema, document = (json.load(open(path)) for path in sys.argv[1:])\n"
       "jsonschema.Draft202012Validator.check_schema(schema)\n"
       "jsonschema.Draft202012Validator(schema).validate(document)\n"
       "document['pages'][0]['blocks'][0]['kind'] = 'poem'\n"
       "sys.exit(0 if list(jsonschema.Draft202012Validator(schema).iter_errors(document)) else 1)",
       LECTIO_SOURCE_DIR "/docs/schemas/document.schema.json", (folder / "typeset.json").string()});
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST_F(Tools, TidyHasNothingToSayAboutHtml) {
  LECTIO_NEEDS("tidy");
  const auto folder = write({Format::kHtml});
  const ProcessResult result = run("tidy", {"-e", "-q", (folder / "typeset.html").string()});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
}

TEST_F(Tools, CmarkFindsHeadingsListsAndPicturesInMarkdown) {
  LECTIO_NEEDS("cmark");
  const auto folder = write({Format::kMarkdown});
  const ProcessResult result = run("cmark", {"-t", "xml", (folder / "typeset.md").string()});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("<heading level=\"1\">"));
  EXPECT_THAT(result.out, HasSubstr("<image destination=\"images/1_0.jpg\""));
  EXPECT_THAT(result.out, HasSubstr("<list type=\"bullet\""));
  EXPECT_THAT(result.out, HasSubstr("<html_block xml:space=\"preserve\">&lt;table&gt;"));
}

}  // namespace
}  // namespace lectio
