// SPDX-License-Identifier: Apache-2.0
// lectio read into a folder: nothing lost, nothing twice, whenever it is killed.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "fixture.h"
#include "media/image/encode.h"
#include "ocr/sources/source.h"
#include "ocr/sources/testing/pdf_writer.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class BatchTest : public EndToEnd {
 protected:
  // Twelve pages in eight files: pictures, a blank one, a document, broken ones, no document at
  // all.
  void make_inputs() {
    fs::create_directories(folder_ / "in/sub");
    for (const char* name : {"a.png", "sub/b.png", "sub/c.png"}) {
      fs::copy_file(page(name[0] == 'a' ? "A" : "B"), folder_ / "in" / name);
    }
    write("in/blank.png", encode_png(Image(300, 200, 255)));
    write("in/broken.png", "\x89PNG\r\n\x1a\nnothing more");
    write("in/notes.xyz", "no document");
    if (fs::exists(PdfPrograms().info)) {
      PdfPageRecipe square;
      square.content = "60 30 20 20 re 100 30 20 40 re 140 30 10 40 re f";
      write("in/book.pdf", write_pdf({square, square, {}, square}));
      write("in/cut.pdf", "%PDF-1.4\nnothing more");
    }
  }
  ProcessResult run(const fs::path& out, const ProcessOptions& options = {},
                    const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--format", "md,json,txt", "-o", out.string(),
                                          (folder_ / "in").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return read(arguments, options);
  }
  // Every file below a folder that is a result, with its bytes.
  static std::map<std::string, std::string> results(const fs::path& out) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(out)) {
      const std::string name = entry.path().lexically_relative(out).string();
      if (entry.is_regular_file() && !name.starts_with(".lectio")) {
        files[name] = file_bytes(entry.path());
      }
    }
    return files;
  }
  static std::int64_t stored_pages(const fs::path& out) {
    std::error_code problem;
    std::int64_t count = 0;
    for (fs::recursive_directory_iterator at(out / ".lectio/pages", problem), end;
         !problem && at != end; at.increment(problem)) {
      count += at->path().extension() == ".json" ? 1 : 0;
    }
    return count;
  }
};

TEST_F(BatchTest, TheReportAccountsForEveryPageAndFile) {
  make_inputs();
  const ProcessResult result = run(folder_ / "out");
  EXPECT_EQ(result.code, 11) << result.err;
  const Json report = Json::parse(file_bytes(folder_ / "out/report.json"));
  EXPECT_EQ(report["schema"], "lectio.report");
  EXPECT_EQ(report["exit_code"], 11);
  std::map<std::string, std::vector<std::string>> verdicts;
  for (const Json& document : report["documents"]) {
    for (const Json& page : document["pages"]) {
      verdicts[document["place"]].push_back(page["verdict"]);
    }
  }
  EXPECT_EQ(verdicts["a"], std::vector<std::string>{"truncated"});
  EXPECT_EQ(verdicts["blank"], std::vector<std::string>{"blank"});
  EXPECT_EQ(verdicts["broken"], std::vector<std::string>{"failed"});
  EXPECT_EQ(verdicts["notes"], std::vector<std::string>{"skipped"});
  if (fs::exists(PdfPrograms().info)) {
    EXPECT_EQ(verdicts["book"].size(), 4U);
    EXPECT_EQ(verdicts["book"][2], "blank");
    EXPECT_EQ(verdicts["cut"], std::vector<std::string>{"failed"});
  }
  EXPECT_THAT(result.err, HasSubstr("pages by verdict"));
  EXPECT_TRUE(results(folder_ / "out").contains("sub/b/b.md"));
}

TEST_F(BatchTest, ASecondRunReadsNothingAndWritesTheSame) {
  make_inputs();
  const fs::path out = folder_ / "out";
  const ProcessResult first = run(out);
  const auto before = results(out);
  const auto changed = fs::last_write_time(out / "a/a.md");
  const ProcessResult second = run(out);
  EXPECT_EQ(second.code, first.code);
  EXPECT_EQ(results(out), before);
  EXPECT_EQ(fs::last_write_time(out / "a/a.md"), changed) << "written again";
  // What is missing or was changed is written again, without reading.
  fs::remove(out / "a/a.md");
  write_bytes(out / "a/a.json", "{}");
  run(out);
  EXPECT_EQ(results(out), before);
  EXPECT_EQ(run(out, {}, {"--max-tokens", "7"}).code, first.code);
  EXPECT_NE(results(out), before) << "other options are other results";
}

TEST_F(BatchTest, AnyNumberOfPagesTogetherGivesTheSameFiles) {
  make_inputs();
  const ProcessResult alone = run(folder_ / "1", {}, {"--together", "1"});
  const auto expected = results(folder_ / "1");
  for (const char* together : {"2", "3", "8"}) {
    const ProcessResult result = run(folder_ / together, {}, {"--together", together});
    EXPECT_EQ(result.code, alone.code);
    EXPECT_EQ(results(folder_ / together), expected) << together;
  }
}

TEST_F(BatchTest, KilledAtAnyMomentARerunGivesTheSameBytes) {
  make_inputs();
  ASSERT_EQ(run(folder_ / "whole").code, 11);
  const auto expected = results(folder_ / "whole");
  const fs::path out = folder_ / "killed";
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    ProcessOptions options;
    // From before the first page to behind the last, at a different place each time.
    const std::int64_t wanted = round * 2 / 3;
    int looks = 3 * round;
    options.kill_when = [&] { return stored_pages(out) >= wanted && --looks < 0; };
    killed += run(out, options).code == 128 + 9 ? 1 : 0;
  }
  EXPECT_GE(killed, 4);
  EXPECT_EQ(run(out).code, 11);
  EXPECT_EQ(results(out), expected);
  for (const auto& entry : fs::recursive_directory_iterator(out)) {
    if (entry.path().string().find(".lectio") != std::string::npos) {
      EXPECT_EQ(entry.path().string().find(".tmp."), std::string::npos) << entry.path();
    }
  }
}

// What a document needs of its pages' pictures is kept until it is finished.
TEST_F(BatchTest, PagesOfAnUnfinishedDocumentAreNotRenderedAgain) {
  if (!fs::exists(PdfPrograms().render)) GTEST_SKIP() << "no poppler";
  make_inputs();
  const std::string book = (folder_ / "in/book.pdf").string();
  const auto read_book = [&](const fs::path& out, const ProcessOptions& options) {
    return read({"--format", "md,json,hocr,pdf,overlay,mmd", "-o", out.string(), book}, options);
  };
  ASSERT_EQ(read_book(folder_ / "whole", {}).code, 0);
  // A renderer that fails for the second page; then one that fails for all others.
  fs::create_directories(folder_ / "bin");
  const fs::path renderer = folder_ / "bin/pdftoppm";
  ProcessOptions options;
  options.environment["PATH"] = (folder_ / "bin").string() + ":/usr/bin:/bin";
  const auto write_renderer = [&](const char* works_if) {
    write_bytes(renderer, std::string("#!/bin/sh\n[ \"$5\" ") + works_if + " ] && exec " +
                              PdfPrograms().render.string() + " \"$@\"\nexit 1\n");
    fs::permissions(renderer, fs::perms::owner_all | fs::perms::others_exec);
  };
  const fs::path out = folder_ / "out";
  write_renderer("!= 2");
  EXPECT_EQ(read_book(out, options).code, 11);
  EXPECT_NE(results(out), results(folder_ / "whole"));
  EXPECT_FALSE(fs::is_empty(out / ".lectio/made"));
  write_renderer("= 2");
  const ProcessResult second = read_book(out, options);
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(results(out), results(folder_ / "whole"));
  EXPECT_TRUE(fs::is_empty(out / ".lectio/made")) << "kept beyond its use";

  // What was damaged is made again.
  write_renderer("!= 2");
  const fs::path other = folder_ / "other";
  EXPECT_EQ(read_book(other, options).code, 11);
  for (const auto& entry : fs::directory_iterator(other / ".lectio/made")) {
    std::string bytes = file_bytes(entry.path());
    bytes.back() ^= 1;
    write_bytes(entry.path(), bytes);
  }
  EXPECT_EQ(read_book(other, {}).code, 0);
  EXPECT_EQ(results(other), results(folder_ / "whole"));
}

TEST_F(BatchTest, AnInterruptedRunSaysWhatItDidNotReach) {
  make_inputs();
  const fs::path out = folder_ / "out";
  ProcessOptions options;
  bool sent = false;
  options.interrupt_when = [&] {
    if (sent || stored_pages(out) < 1) return false;
    return sent = true;
  };
  const ProcessResult result = run(out, options, {"--max-tokens", "2000", "--no-repeat", "none"});
  EXPECT_EQ(result.code, 130) << result.err;
  const Json report = Json::parse(file_bytes(out / "report.json"));
  EXPECT_EQ(report["exit_code"], 130);
  EXPECT_GE(report["totals"]["skipped"], 1);
  EXPECT_THAT(result.err, HasSubstr("not reached"));
}

TEST_F(BatchTest, TwoRunsInOneFolderDoNotMix) {
  make_inputs();
  const fs::path out = folder_ / "out";
  ProcessOptions first;
  ProcessResult second;
  first.interrupt_when = [&] {
    if (second.code < 0 && stored_pages(out) >= 1) second = run(out);
    return false;
  };
  run(out, first, {"--max-tokens", "300", "--no-repeat", "none"});
  EXPECT_EQ(second.code, 5);
  EXPECT_THAT(second.err, HasSubstr("another process"));
}

TEST_F(BatchTest, ProgressForProgramsIsALinePerPage) {
  make_inputs();
  const ProcessResult result = run(folder_ / "out", {}, {"--progress", "json", "-q"});
  std::int64_t lines = 0;
  std::size_t at = 0;
  while ((at = result.err.find("{\"schema\":\"lectio.progress\"", at)) != std::string::npos) {
    const Json line = Json::parse(result.err.substr(at, result.err.find('\n', at) - at));
    EXPECT_EQ(line["done"], ++lines);
    ++at;
  }
  EXPECT_GE(lines, 6);
}

}  // namespace
}  // namespace lectio
