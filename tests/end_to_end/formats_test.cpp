// SPDX-License-Identifier: Apache-2.0
// lectio read --format: documents in a folder.
#include <nlohmann/json.hpp>

#include "fixture.h"

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

class FormatsTest : public EndToEnd {
 protected:
  std::string out(const std::string& name = "") const { return (folder_ / "out" / name).string(); }
  Json json(const std::string& name) const { return Json::parse(file_bytes(out(name))); }
};

TEST_F(FormatsTest, EveryInputBecomesADocumentInEveryFormat) {
  const ProcessResult result = read(
      {"--format", "md,json", "--format", "hocr,pdf,html,txt", "-o", out(), page("A"), page("B")});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  for (const std::string name : {"A", "B"}) {
    for (const char* ending : {".md", ".json", ".hocr", ".pdf", ".html", ".txt"}) {
      EXPECT_FALSE(file_bytes(out(name + "/" + name + ending)).empty()) << name << ending;
    }
  }
  EXPECT_THAT(result.err, HasSubstr("A.png: 6 files in " + out("A")));
}

TEST_F(FormatsTest, TheJsonHasTheTextTheVerdictAndHowSureTheModelWas) {
  const std::string text = Json::parse(read({"--json", page("A")}).out)["text"];
  ASSERT_EQ(read({"--format", "json", "-o", out(), page("A")}).code, 0);
  const Json document = json("A/A.json");
  EXPECT_EQ(document["schema"], "lectio.document");
  EXPECT_EQ(document["model"], "tiny-v1");
  EXPECT_THAT(document["producer"].get<std::string>(), StartsWith("lectio "));
  ASSERT_EQ(document["pages"].size(), 1U);
  const Json& page = document["pages"][0];
  EXPECT_EQ(page["answer"], text);
  EXPECT_EQ(page["verdict"], "truncated");
  EXPECT_EQ(page["finish"], "max_tokens");
  EXPECT_EQ(page["tokens"]["vision"], 73);
  EXPECT_GT(page["confidence"]["mean"], 0.0);
  EXPECT_LE(page["confidence"]["lowest"], page["confidence"]["mean"]);
}

TEST_F(FormatsTest, TheSameInputGivesTheSameBytes) {
  const std::vector<std::string> files = {"A/A.pdf", "A/A.json", "A/A_0001.page.xml", "A/A.jsonl"};
  std::vector<std::string> first;
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(read({"--format", "pdf,json,page,dolma,alto", "-o", out(), page("A")}).code, 0);
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (run == 0) {
        first.push_back(file_bytes(out(files[i])));
      } else {
        EXPECT_EQ(file_bytes(out(files[i])), first[i]) << files[i];
      }
    }
  }
}

TEST_F(FormatsTest, ABadInputDoesNotCostTheOthersTheirFiles) {
  const std::string bad = write("bad.png", "no picture");
  const ProcessResult result = read({"--format", "txt", "-o", out(), bad, page("A")});
  EXPECT_EQ(result.code, 11);
  EXPECT_FALSE(file_bytes(out("A/A.txt")).empty());
  EXPECT_FALSE(std::filesystem::exists(out("bad/bad.txt")));
}

TEST_F(FormatsTest, WrongUseIsSaid) {
  EXPECT_EQ(read({"--format", "md", page("A")}).code, 64);
  EXPECT_EQ(read({"--format", "md", "-o", "-", page("A")}).code, 64);
  EXPECT_EQ(read({"--format", "docx", "-o", out(), page("A")}).code, 64);
  EXPECT_EQ(read({"--format", "md", "--json", "-o", out(), page("A")}).code, 64);
  EXPECT_EQ(
      read({"--format", "md", "-o", out(), "--prompt", "<image><image>", page("A"), page("B")})
          .code,
      64);
  const std::string file = write("file", "in the folder's place");
  const ProcessResult result = read({"--format", "md", "-o", file, page("A")});
  EXPECT_EQ(result.code, 5);
  EXPECT_THAT(result.err, HasSubstr("error: " + file));
}

}  // namespace
}  // namespace lectio
