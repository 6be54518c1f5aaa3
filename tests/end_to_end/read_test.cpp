// SPDX-License-Identifier: Apache-2.0
// lectio read as it is meant to be used.
#include <nlohmann/json.hpp>

#include "fixture.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr const char* kSplit = "\n<--- Page Split --->\n";

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(Json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  return lines;
}

std::string without_last_newline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

TEST_F(EndToEnd, ReadWritesTheTextToStandardOutputAndTheRestToStandardError) {
  const ProcessResult result = read({page("A")});
  EXPECT_EQ(result.code, 0);
  EXPECT_FALSE(result.out.empty());
  EXPECT_EQ(result.out.back(), '\n');
  EXPECT_THAT(result.err, HasSubstr("tiny, 73 vision tokens; 24 tokens, max_tokens; "));
  EXPECT_THAT(result.err, HasSubstr("A.png"));
}

TEST_F(EndToEnd, ReadWarnsOfATextThatWasCutShortEvenWhenQuiet) {
  EXPECT_THAT(read({"-q", page("A")}).err, StartsWith("lectio: warning: "));
}

TEST_F(EndToEnd, ReadGivesTheSameTextInEveryForm) {
  const std::string text = read({page("A")}).out;
  const auto lines = json_lines(read({"--json", page("A")}).out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(without_last_newline(text), without_last_newline(lines[0]["text"]));

  const std::string file = (folder_ / "page.txt").string();
  const ProcessResult to_file = read({"-o", file, page("A")});
  EXPECT_EQ(to_file.code, 0);
  EXPECT_EQ(to_file.out, "");
  EXPECT_EQ(file_bytes(file), text);

  ProcessOptions from_pipe;
  from_pipe.input = page("A");
  EXPECT_EQ(read({"-"}, from_pipe).out, text);
}

TEST_F(EndToEnd, ReadSeparatesPagesAndKeepsTheirOrder) {
  const std::string a = read({page("A")}).out;
  const std::string b = read({page("B")}).out;
  const ProcessResult both = read({page("A"), page("B")});
  EXPECT_EQ(both.code, 0);
  EXPECT_EQ(both.out, a + kSplit + b);
}

TEST_F(EndToEnd, ReadGoesOnBehindABadPageAndLeavesItsPlaceEmpty) {
  const std::string a = read({page("A")}).out;
  const std::string bad = write("bad.png", "no picture");
  const ProcessResult result = read({bad, page("A"), bad});
  EXPECT_EQ(result.code, 11);
  EXPECT_EQ(result.out, kSplit + a + kSplit);
  EXPECT_THAT(result.err, HasSubstr("error: " + bad));
  EXPECT_EQ(read({bad, bad}).code, 12);
}

TEST_F(EndToEnd, ReadTellsProgramsEverythingAboutAPage) {
  const std::string bad = write("bad.png", "no picture");
  const ProcessResult result = read({"--json", page("A"), bad});
  EXPECT_EQ(result.code, 11);
  const auto lines = json_lines(result.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["schema"], "lectio.page");
  EXPECT_EQ(lines[0]["source"], page("A"));
  EXPECT_EQ(lines[0]["index"], 0);
  EXPECT_EQ(lines[0]["pixels"], Json::parse(R"({"width": 333, "height": 217})"));
  EXPECT_EQ(lines[0]["mode"], "tiny");
  EXPECT_EQ(lines[0]["finish"], "max_tokens");
  EXPECT_EQ(lines[0]["vision_tokens"], 73);
  EXPECT_EQ(lines[0]["content_tokens"], 64);
  EXPECT_EQ(lines[0]["valid_tokens"], 64);
  EXPECT_EQ(lines[0]["generated_tokens"], 24);
  EXPECT_EQ(lines[0]["prompt"], "<image>\nFree OCR.");
  EXPECT_GT(lines[0]["timings_ms"]["encode"], 0.0);
  EXPECT_GT(lines[0]["tokens_per_s"]["prefill"], 0.0);
  EXPECT_GT(lines[0]["tokens_per_s"]["decode"], 0.0);
  EXPECT_GT(lines[0]["peak_memory_bytes"], 1'000'000);
  EXPECT_EQ(lines[1]["index"], 1);
  EXPECT_EQ(lines[1]["error"]["code"], 2);
  EXPECT_THAT(lines[1]["error"]["message"].get<std::string>(), StartsWith(bad));
  EXPECT_FALSE(lines[1].contains("text"));
}

TEST_F(EndToEnd, ReadAsksForATaskWithItsOfficialPrompt) {
  const auto prompt_of = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--json", page("A")});
    return json_lines(read(more).out).at(0)["prompt"].get<std::string>();
  };
  EXPECT_EQ(prompt_of({"--task", "markdown"}),
            "<image>\n<|grounding|>Convert the document to markdown.");
  EXPECT_EQ(prompt_of({"--task", "locate=the hat"}),
            "<image>\nLocate <|ref|>the hat<|/ref|> in the image.");
  EXPECT_EQ(prompt_of({}), "<image>\nFree OCR.");
  EXPECT_EQ(prompt_of({"--prompt", "<image>a"}), "<image>a");
  EXPECT_EQ(read({"--task", "locate", page("A")}).code, 64);
  EXPECT_EQ(read({"--task", "sing", page("A")}).code, 64);
  EXPECT_EQ(read({"--task", "text", "--prompt", "<image>", page("A")}).code, 64);
}

TEST_F(EndToEnd, ReadTakesAsManyPagesAtOnceAsThePromptHasImages) {
  const ProcessResult result = read(
      {"--json", "--prompt", "<image>\n<image>\na", page("A"), page("B"), page("B"), page("A")});
  EXPECT_EQ(result.code, 0) << result.err;
  const auto lines = json_lines(result.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["source"], page("A") + " + " + page("B"));
  EXPECT_EQ(lines[0]["vision_tokens"], 146);
  EXPECT_EQ(lines[1]["source"], page("B") + " + " + page("A"));
  EXPECT_NE(lines[0]["text"], lines[1]["text"]);
  const ProcessResult odd = read({"--prompt", "<image><image>", page("A")});
  EXPECT_EQ(odd.code, 64);
  EXPECT_THAT(odd.err, IsOneErrorLine("has 2 <image>: expected 2 pages"));
}

TEST_F(EndToEnd, ReadChoosesTheModeByThePageUnlessItIsNamed) {
  const std::vector<std::string> common = {"read",         "--model",   golden("tiny-v1").string(),
                                           "--json",       "--threads", "2",
                                           "--max-tokens", "1"};
  const auto mode_of = [&](std::vector<std::string> more) {
    more.insert(more.begin(), common.begin(), common.end());
    return json_lines(lectio(more).out).at(0)["mode"];
  };
  EXPECT_EQ(mode_of({page("A")}), "tiny");   // 333 x 217
  EXPECT_EQ(mode_of({page("B")}), "small");  // 420 x 560
  EXPECT_EQ(mode_of({"--mode", "small", page("A")}), "small");
  EXPECT_EQ(mode_of({"--mode", "auto", page("A")}), "tiny");
}

TEST_F(EndToEnd, ReadDrawsTheSameTextFromTheSameSeed) {
  const auto drawn = [&](const std::string& seed) {
    return read({"--temperature", "1.5", "--seed", seed, page("A")}).out;
  };
  EXPECT_EQ(drawn("1"), drawn("1"));
  EXPECT_NE(drawn("1"), drawn("2"));
  EXPECT_NE(drawn("1"), read({page("A")}).out);
}

TEST_F(EndToEnd, ReadRunsOnTheKernelsThatAreNamed) {
  const ProcessResult reference = read({"-v", "--kernels", "reference", page("A")});
  EXPECT_EQ(reference.code, 0);
  EXPECT_THAT(reference.err, HasSubstr("kernels reference"));
  EXPECT_EQ(reference.out, read({page("A")}).out);
  const ProcessResult unknown = read({"--kernels", "abacus", page("A")});
  EXPECT_EQ(unknown.code, 64);
  EXPECT_THAT(unknown.err, IsOneErrorLine("expected one of auto, reference"));
}

TEST_F(EndToEnd, ReadStopsAtCtrlCAndKeepsWhatItHas) {
  ProcessOptions interrupted;
  interrupted.interrupts_after_output = 1;
  const ProcessResult result =
      read({"--max-tokens", "8000", "--no-repeat", "none", page("A"), page("A")}, interrupted);
  EXPECT_EQ(result.code, 130);
  EXPECT_FALSE(result.out.empty());
  EXPECT_THAT(result.out, Not(HasSubstr("Page Split")));
  EXPECT_THAT(result.err, HasSubstr("cancelled"));
}

TEST_F(EndToEnd, TheModelComesFromTheOptionThenFromTheEnvironment) {
  ProcessOptions environment;
  environment.environment["LECTIO_MODEL"] = golden("tiny-v1").string();
  EXPECT_EQ(lectio({"read", "--mode", "tiny", "--max-tokens", "1", page("A")}, environment).code,
            0);
  environment.environment["LECTIO_MODEL"] = (folder_ / "nowhere").string();
  EXPECT_EQ(lectio({"read", page("A")}, environment).code, 13);
  EXPECT_EQ(read({page("A")}, environment).code, 0);
}

}  // namespace
}  // namespace lectio
