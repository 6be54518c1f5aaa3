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

}  // namespace
}  // namespace lectio
