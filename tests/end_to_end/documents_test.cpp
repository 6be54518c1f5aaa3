// SPDX-License-Identifier: Apache-2.0
// lectio read on documents of several pages, folders, and what is wrong with them.
#include <nlohmann/json.hpp>
#include <span>

#include "base/file.h"
#include "fixture.h"
#include "media/image/decode.h"
#include "media/image/encode.h"
#include "media/image/testing/pictures.h"
#include "ocr/sources/source.h"
#include "ocr/sources/testing/pdf_writer.h"

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class DocumentsTest : public EndToEnd {
 protected:
  static Image picture(const std::string& name) {
    const std::string bytes = file_bytes(golden("images/" + name + ".png"));
    return *decode_image(std::as_bytes(std::span(bytes)), name);
  }
  // A document of pages A, a blank one, B.
  static std::string pdf() {
    return write_pdf({scanned_page(picture("A"), 72), scanned_page(Image(300, 200, 255), 72),
                      scanned_page(picture("B"), 72)});
  }
  std::vector<Json> json_of(std::vector<std::string> arguments,
                            const ProcessOptions& options = {}) {
    arguments.insert(arguments.begin(), "--json");
    last_ = read(arguments, options);
    std::vector<Json> lines;
    for (std::size_t at = 0; at < last_.out.size();) {
      const std::size_t end = last_.out.find('\n', at);
      lines.push_back(Json::parse(last_.out.substr(at, end - at)));
      at = end + 1;
    }
    return lines;
  }
  static std::vector<std::string> verdicts(const std::vector<Json>& lines) {
    std::vector<std::string> result;
    for (const Json& line : lines) result.push_back(line["verdict"]);
    return result;
  }
  static bool has_poppler() { return std::filesystem::exists(PdfPrograms().info); }

  ProcessResult last_;
};

TEST_F(DocumentsTest, EveryPageOfAPdfGivesItsTextAndItsVerdict) {
  if (!has_poppler()) GTEST_SKIP() << "poppler-utils is not installed";
  const std::string path = write("three.pdf", pdf());
  const auto lines = json_of({"--dpi", "72", path});
  EXPECT_EQ(last_.code, 0) << last_.err;
  EXPECT_THAT(verdicts(lines), ElementsAre("truncated", "blank", "truncated"));
  EXPECT_EQ(lines[0]["page"], 1);
  EXPECT_EQ(lines[2]["index"], 2);
  EXPECT_EQ(lines[0]["pixels"]["width"], 333);
  EXPECT_EQ(lines[1]["text"], "");
  EXPECT_EQ(lines[1]["evidence"]["ink"]["blank"], true);
  EXPECT_NE(lines[0]["text"], lines[2]["text"]);
}

TEST_F(DocumentsTest, PagesAreChosenFromFilesAndFromStandardInputAlike) {
  if (!has_poppler()) GTEST_SKIP() << "poppler-utils is not installed";
  const std::string path = write("three.pdf", pdf());
  const auto chosen = json_of({"--pages", "1,-1", path});
  ASSERT_EQ(chosen.size(), 2U);
  EXPECT_EQ(chosen[1]["page"], 3);
  ProcessOptions from_pipe;
  from_pipe.input = path;
  const auto piped = json_of({"--pages", "3", "-"}, from_pipe);
  ASSERT_EQ(piped.size(), 1U) << last_.err;
  EXPECT_EQ(piped[0]["text"], chosen[1]["text"]);
  EXPECT_EQ(read({"--pages", "9", path}).code, 2);
  EXPECT_EQ(read({"--pages", "3-1", path}).code, 64);
}

TEST_F(DocumentsTest, StrictAsksForEveryPageToBeGood) {
  const std::string blank = write("blank.png", encode_png(Image(300, 200, 255)));
  EXPECT_EQ(read({"--strict", blank}).code, 0);
  EXPECT_EQ(read({"--strict", page("A")}).code, 11) << "cut short by --max-tokens";
}

TEST_F(DocumentsTest, EveryPageOfATiffFileIsRead) {
  const Image a = picture("A");
  const TiffRecipe recipe{.width = a.width, .height = a.height, .samples = a.pixels};
  const auto lines = json_of({write("scan.tif", write_tiff_pages({recipe, recipe}))});
  ASSERT_EQ(lines.size(), 2U) << last_.err;
  EXPECT_EQ(lines[0]["text"], lines[1]["text"]);
  EXPECT_EQ(lines[1]["page"], 2);
}

TEST_F(DocumentsTest, AFolderIsReadToTheBottomAndWhatIsBrokenIsNamed) {
  std::filesystem::create_directories(folder_ / "in/sub");
  write("in/b.png", file_bytes(page("A")));
  write("in/a.png", "no picture");
  write("in/sub/c.png", encode_png(Image(300, 200, 255)));
  write("in/.hidden.png", "no picture");
  const auto lines = json_of({(folder_ / "in").string()});
  EXPECT_EQ(last_.code, 11);
  EXPECT_THAT(verdicts(lines), ElementsAre("failed", "truncated", "blank"));
  EXPECT_THAT(last_.err, HasSubstr("in/a.png"));
}

TEST_F(DocumentsTest, DocumentsThatCannotBeOpenedHaveCodesOfTheirOwn) {
  if (!has_poppler()) GTEST_SKIP() << "poppler-utils is not installed";
  std::string secret = write_pdf({{}});
  secret.insert(secret.find("/Root 1 0 R"),
                "/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>]/Encrypt"
                "<</Filter/Standard/V 1/R 2/P -4/O<" +
                    std::string(64, '1') + ">/U<" + std::string(64, '2') + ">>>");
  EXPECT_EQ(read({write("secret.pdf", secret)}).code, 8);
  EXPECT_EQ(read({write("empty.pdf", "%PDF-1.4\n")}).code, 2);
  EXPECT_EQ(read({write("cut.pdf", pdf().substr(0, 300))}).code, 2);
}

TEST_F(DocumentsTest, ASearchablePdfKeepsThePagesOfTheOriginal) {
  if (!has_poppler()) GTEST_SKIP() << "poppler-utils is not installed";
  const std::string original =
      write_pdf({scanned_page(picture("A"), 72), scanned_page(picture("B"), 72)},
                "/PageLabels<</Nums[0<</P(Kept-)>>]>>");
  const std::string out = (folder_ / "out").string();
  const ProcessResult good = read(
      {"--dpi", "72", "--pages", "2", "--format", "pdf", "-o", out, write("good.pdf", original)});
  EXPECT_EQ(good.code, 0) << good.err;
  const std::string pdf = file_bytes(out + "/good/good.pdf");
  EXPECT_THAT(pdf, HasSubstr("Kept-"));
  EXPECT_THAT(pdf, HasSubstr("/LectioText"));
  EXPECT_THAT(pdf, HasSubstr("/Count 2")) << "the page that was not read is there, too";

  // One that opens without a password, but is encrypted.
  if (!std::filesystem::exists("/usr/bin/qpdf")) GTEST_SKIP() << "qpdf is not installed";
  const std::string locked = (folder_ / "bad.pdf").string();
  ASSERT_EQ(run_process("/usr/bin/qpdf", {"--encrypt", "", "owner", "256", "--",
                                          (folder_ / "good.pdf").string(), locked})
                .code,
            0);
  const ProcessResult bad = read({"--dpi", "72", "--format", "pdf", "-o", out, locked});
  EXPECT_EQ(bad.code, 0) << bad.err;
  EXPECT_THAT(bad.err, HasSubstr("bad.pdf: the searchable PDF has pictures of its pages"));
  EXPECT_THAT(file_bytes(out + "/bad/bad.pdf"), HasSubstr("DCTDecode"));
}

// Many lines of Helvetica, as a program writes them.
PdfPageRecipe printed_page() {
  std::string content = "BT /F1 12 Tf 14 TL 20 380 Td";
  for (int line = 0; line < 8; ++line) {
    content += " (Line " + std::to_string(line) + " of a page that a program has set) Tj T*";
  }
  return {.width = 300, .height = 400, .content = content + " ET"};
}

TEST_F(DocumentsTest, TheTextOfAPdfIsTakenWhereItIsGoodAndAskedFor) {
  if (!has_poppler()) GTEST_SKIP() << "poppler-utils is not installed";
  const PdfPageRecipe printed = printed_page();
  // The page as a scanner sees it, with the same text, invisible, over it: somebody's reading.
  SourceOptions seen;
  seen.dpi = 144;
  const auto source = open_source_bytes(write_pdf({printed}), "printed", seen);
  PdfPageRecipe scan = scanned_page((*source)->page(0)->image, 144);
  scan.content += " 3 Tr " + printed.content;
  PdfPageRecipe half = printed;  // half of the print is not in the text: drawn bars
  for (int bar = 0; bar < 300; ++bar) {
    half.content += " " + std::to_string(20 + bar % 50 * 5) + " " +
                    std::to_string(50 + bar / 50 * 20) + " 3 8 re f";
  }
  const PdfPageRecipe blank{.width = 300, .height = 400};
  const std::string path = write("four.pdf", write_pdf({printed, scan, half, blank}));
  const auto ignored = json_of({path});
  EXPECT_THAT(verdicts(ignored), ElementsAre("truncated", "truncated", "truncated", "blank"));
  EXPECT_FALSE(ignored[0]["evidence"].contains("source"));

  const auto preferred = json_of({"--text-layer", "prefer", path});
  EXPECT_EQ(last_.code, 0) << last_.err;
  EXPECT_THAT(verdicts(preferred), ElementsAre("ok", "truncated", "truncated", "blank"));
  EXPECT_EQ(preferred[0]["evidence"]["source"], "text_layer");
  EXPECT_EQ(preferred[0]["mode"], "text_layer");
  EXPECT_THAT(preferred[0]["text"].get<std::string>(),
              HasSubstr("Line 6 of a page that a program has set\nLine 7 of"));
  for (const int page : {1, 2}) EXPECT_EQ(preferred[page]["text"], ignored[page]["text"]);

  const auto only = json_of({"--text-layer", "only", path, golden("images/A.png").string()});
  EXPECT_THAT(verdicts(only), ElementsAre("ok", "ok", "degraded", "blank", "skipped"));
  EXPECT_EQ(only[1]["text"], only[0]["text"]);
  EXPECT_EQ(only[4]["evidence"]["skipped"], "no text layer");
}

TEST_F(DocumentsTest, NoModelIsOpenedWhereTextLayersAreAllThatIsAskedFor) {
  if (!has_poppler()) GTEST_SKIP() << "poppler-utils is not installed";
  const std::string path = write("print.pdf", write_pdf({printed_page()}));
  const std::string absent = (folder_ / "no model").string();
  const auto run = [&](const std::string& use, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"read", "--model", absent, "--text-layer", use, path};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return lectio(arguments);
  };
  EXPECT_EQ(run("prefer", {}).code, 13);
  const ProcessResult text = run("only", {});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("Line 7 of a page that a program has set"));

  const std::string out = (folder_ / "out").string();
  const ProcessResult files = run("only", {"--format", "json", "-o", out});
  EXPECT_EQ(files.code, 0) << files.err;
  const Json document = Json::parse(file_bytes(out + "/print/print.json"));
  EXPECT_EQ(document["model"], "");
  EXPECT_EQ(document["pages"][0]["verdict"], "ok");
  EXPECT_THAT(document["pages"][0]["answer"].get<std::string>(), HasSubstr("Line 7 of a page"));
  // The next run, without a model again, makes its files from what is kept.
  EXPECT_EQ(run("only", {"--format", "hocr", "-o", out}).code, 0);
  EXPECT_THAT(file_bytes(out + "/print/print.hocr"), HasSubstr(">program</span>"));
}

TEST_F(DocumentsTest, WordsOfATextLayerStandWhereThePdfSays) {
  if (!has_poppler()) GTEST_SKIP() << "poppler-utils is not installed";
  const PdfPageRecipe printed = printed_page();
  const std::string original = write_pdf({printed});
  const std::string out = (folder_ / "out").string();
  const auto run = [&] {
    return read({"--dpi", "144", "--text-layer", "prefer", "--format", "json,pdf,hocr", "-o", out,
                 write("print.pdf", original)});
  };
  const ProcessResult first = run();
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("text layer, "));
  const Json page = Json::parse(file_bytes(out + "/print/print.json"))["pages"][0];
  ASSERT_EQ(page["blocks"].size(), 1U);
  const Json& lines = page["blocks"][0]["lines"];
  ASSERT_EQ(lines.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    ASSERT_EQ(lines[i]["words"].size(), 10U);
    EXPECT_EQ(lines[i]["words"][1]["text"], std::to_string(i));
    EXPECT_EQ(lines[i]["box"][0], 40);  // 20 points
    const std::int64_t baseline = (400 - 380 + static_cast<std::int64_t>(i) * 14) * 2;
    EXPECT_LT(lines[i]["box"][1], baseline);
    EXPECT_GE(lines[i]["box"][3], baseline);
  }
  EXPECT_THAT(file_bytes(out + "/print/print.pdf"), testing::Not(HasSubstr("/LectioText")))
      << "a second text over the page's own";
  const std::string hocr = file_bytes(out + "/print/print.hocr");
  std::filesystem::remove(out + "/print/print.hocr");
  EXPECT_EQ(run().code, 0);
  EXPECT_EQ(file_bytes(out + "/print/print.hocr"), hocr) << "from the store";
}

}  // namespace
}  // namespace lectio
