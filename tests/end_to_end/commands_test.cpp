// SPDX-License-Identifier: Apache-2.0
// The command line itself, info and eval.
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "fixture.h"

namespace lectio {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

class Commands : public EndToEnd {};

// The options that help lists, a line each.
std::set<std::string> options_in(const std::string& help) {
  const std::regex option("\\n  (?:-[a-z],)?(--[a-z-]+)");
  std::set<std::string> found;
  for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at) {
    found.insert((*at)[1]);
  }
  return found;
}

// Frozen: what is taken away or renamed here breaks someone's script. Add, and name it in the
// changelog.
TEST_F(Commands, HaveTheOptionsThatScriptsRelyOn) {
  const std::vector<std::string> reading = {
      "--help",   "--kernels", "--kv-cache",    "--max-tiles", "--max-tokens",
      "--mmproj", "--mode",    "--model",       "--no-repeat", "--prompt",
      "--seed",   "--task",    "--temperature", "--threads"};
  const auto with = [](std::vector<std::string> options, const std::vector<std::string>& more) {
    options.insert(options.end(), more.begin(), more.end());
    return std::set<std::string>(options.begin(), options.end());
  };
  EXPECT_EQ(options_in(lectio({"read", "--help"}).out),
            with(reading, {"--ask-blank", "--dpi", "--format", "--json", "--loops", "--output",
                           "--pages", "--progress", "--self-contained", "--strict", "--text-layer",
                           "--together", "--unread"}));
  EXPECT_EQ(options_in(lectio({"eval", "pages", "--help"}).out),
            with(reading, {"--images", "--json", "--reader"}));
  EXPECT_EQ(options_in(lectio({"info", "--help"}).out), with({"--help"}, {"--json", "--mmproj"}));
  EXPECT_EQ(options_in(lectio({"convert", "--help"}).out),
            with({"--help"}, {"--format", "--gguf", "--json", "--mmproj", "--output"}));
  EXPECT_EQ(options_in(lectio({"typeset", "--help"}).out),
            with({"--help", "--json", "--output"}, {"--characters", "--columns", "--config",
                                                    "--font", "--height", "--size", "--width"}));
}

TEST_F(Commands, HelpAndVersionGoToStandardOutput) {
  const ProcessResult help = lectio({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("Exit codes:"));
  EXPECT_THAT(help.out, HasSubstr("LECTIO_MODEL"));
  EXPECT_EQ(help.err, "");
  const ProcessResult version = lectio({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_TRUE(std::regex_match(version.out, std::regex("lectio \\d+\\.\\d+\\.\\d+\n")))
      << version.out;
}

TEST_F(Commands, AWrongCommandLineIsAUsageError) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"write"},
      {"read"},
      {"eval"},
      {"eval", "pages"},
      {"read", "--nonsense", "a.png"},
      {"read", "--mode", "huge", "a.png"},
      {"read", "--no-repeat", "some", "a.png"},
      {"read", "--max-tiles", "1", "a.png"},
      {"read", "--kv-cache", "4", "a.png"},
      {"read", "--max-tokens", "-1", "a.png"},
      {"read", "--max-tokens", "many", "a.png"},
      {"read", "--temperature", "-0.1", "a.png"},
      {"read", "--threads", "-2", "a.png"},
  };
  for (const auto& arguments : wrong) {
    const ProcessResult result = lectio(arguments);
    EXPECT_EQ(result.code, 64) << testing::PrintToString(arguments);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("lectio: error: "));
  }
}

TEST_F(Commands, TheLastOfAnOptionCounts) {
  EXPECT_THAT(read({"--mode", "base", "--mode", "small", page("A")}).err, HasSubstr("small, 111"));
}

TEST_F(Commands, ATemperatureThatIsNoNumberIsAUsageError) {
  const ProcessResult result = read({"--temperature", "nan", page("A")});
  EXPECT_EQ(result.code, 64) << result.err;
}

TEST_F(Commands, InfoDescribesBothFamilies) {
  const ProcessResult v1 = lectio({"info", golden("tiny-v1").string()});
  EXPECT_EQ(v1.code, 0) << v1.err;
  EXPECT_THAT(v1.out, HasSubstr("tiny-v1: DeepSeek-OCR\n"));
  const ProcessResult v2 = lectio({"info", golden("tiny-v2").string()});
  EXPECT_EQ(v2.code, 0) << v2.err;
  EXPECT_THAT(v2.out, HasSubstr("tiny-v2: DeepSeek-OCR-2\n"));
}

TEST_F(Commands, InfoCountsParametersBytesAndTokens) {
  const ProcessResult result = lectio({"info", "--json", golden("tiny-v1").string()});
  ASSERT_EQ(result.code, 0) << result.err;
  const Json info = Json::parse(result.out);
  EXPECT_EQ(info["family"], "DeepSeek-OCR");
  EXPECT_EQ(info["weight_bytes"], 2 * info["parameters"]["all"].get<std::int64_t>());  // all BF16
  std::int64_t sum = 0;
  for (const auto& part : info["parameters"]["parts"]) sum += part.get<std::int64_t>();
  EXPECT_EQ(sum, info["parameters"]["all"]);
  EXPECT_EQ(info["formats"].size(), 1U);
  EXPECT_EQ(info["formats"]["BF16"]["bytes"], info["weight_bytes"]);
  const Json& modes = info["page"]["modes"];
  EXPECT_EQ(modes["tiny"]["vision_tokens"], 73);
  EXPECT_EQ(modes["base"]["content_tokens"], 256);
  EXPECT_EQ(modes["gundam"]["tiles"], 6);
  EXPECT_EQ(modes["gundam"]["vision_tokens"], 903);

  // Layer by layer from the configuration: width 80, experts of 48, top 3 and 2 shared, dense 208,
  // vocabulary 512.
  const std::int64_t attention = 4 * 80 * 80 + 2 * 80;
  const std::int64_t dense = 3 * 80 * 208;
  const std::int64_t experts = (3 + 2) * 3 * 80 * 48 + 8 * 80;
  EXPECT_EQ(info["parameters"]["decoder_active_per_token"],
            3 * attention + dense + 2 * experts + 80 + 512 * 80);
}

TEST_F(Commands, TypesetMakesPagesThatReadReads) {
  std::string words;
  for (int i = 0; i < 400; ++i) words += "word" + std::to_string(i) + (i % 40 == 39 ? "\n" : " ");
  const std::string text = write("text.txt", words);
  const std::string folder = (folder_ / "pages").string();
  const ProcessResult result = lectio({"typeset", text, "-o", folder, "--width", "320", "--height",
                                       "256", "--size", "12", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  std::size_t at = 0;
  std::vector<std::string> pages;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    const Json page = Json::parse(line);
    EXPECT_EQ(page["byte_begin"], at);
    at = page["byte_end"];
    pages.push_back(page["file"]);
  }
  EXPECT_EQ(at, words.size());
  ASSERT_GT(pages.size(), 1U);
  EXPECT_EQ(pages[0], folder + "/page-0001.png");
  EXPECT_EQ(read({pages[0], pages[1]}).code, 0);

  ProcessOptions from_pipe;
  from_pipe.input = text;
  const std::string again = (folder_ / "again").string();
  EXPECT_EQ(lectio({"typeset", "-o", again, "--characters", "2000"}, from_pipe).code, 0);
  EXPECT_TRUE(std::filesystem::exists(again + "/page-0001.png"));
}

TEST_F(Commands, TypesetRefusesWhatItCannotSet) {
  const std::string text = write("text.txt", "some text");
  const std::string folder = (folder_ / "pages").string();
  const auto code = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"typeset", "-o", folder};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = lectio(arguments);
    EXPECT_THAT(result.err, StartsWith("lectio: error: "));
    return result.code;
  };
  EXPECT_EQ(code({text, "--width", "0"}), 64);
  EXPECT_EQ(code({text, "--size", "nan"}), 64);
  EXPECT_EQ(code({text, "--config", write("bad.json", "{")}), 64);
  EXPECT_EQ(code({(folder_ / "gone.txt").string()}), 2);
  EXPECT_EQ(code({write("empty.txt", "")}), 2);
  EXPECT_EQ(code({text, "--font", text}), 2);
  EXPECT_EQ(code({text, "-o", text + "/below"}), 5);
}

TEST_F(Commands, EvalReportsEveryPageAndTheTotals) {
  const auto suite = folder_ / "suite";
  std::filesystem::create_directories(suite / "clean");
  std::filesystem::copy(page("A"), suite / "clean/a.png");
  std::filesystem::copy(page("B"), suite / "clean/b.png");
  write_bytes(suite / "text.json",
              R"([{"image": "a.png", "text": "some text", "deepseek_tokens": "2"},
                                      {"image": "b.png", "text": "more text", "deepseek_tokens": "2"}])");
  const std::vector<std::string> common = {
      "eval",   "pages", suite.string(), "--images", "clean", "--model", golden("tiny-v1").string(),
      "--mode", "tiny",  "--max-tokens", "8"};
  const auto eval = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = common;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return lectio(arguments);
  };
  const std::string file = (folder_ / "report.json").string();
  const ProcessResult table = eval({"--json", file});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("character precision: mean "));
  const Json report = Json::parse(file_bytes(file));
  EXPECT_EQ(report["pages"].size(), 2U);
  EXPECT_EQ(report["total"]["vision_tokens"], 146);
  EXPECT_EQ(report["total"]["text_tokens_per_content_token"], 4.0 / 128);

  EXPECT_EQ(Json::parse(eval({"--json", "-"}).out)["pages"].size(), 2U);
  EXPECT_FALSE(report["pages"][0].contains("verdict"));
  const Json read = Json::parse(eval({"--json", "-", "--reader", "read"}).out);
  EXPECT_TRUE(read["pages"][0].contains("verdict"));
  EXPECT_EQ(eval({"--reader", "nobody"}).code, 64);
  std::filesystem::remove(suite / "clean/b.png");
  EXPECT_EQ(eval({}).code, 11);
  std::filesystem::remove(suite / "clean/a.png");
  EXPECT_EQ(eval({}).code, 12);
  write_bytes(suite / "text.json", "[]");
  EXPECT_EQ(eval({}).code, 2);
}

TEST_F(Commands, EvalOfMarkdownComparesGroundedAnswers) {
  const auto suite = folder_ / "suite";
  std::filesystem::create_directories(suite / "pages");
  std::filesystem::copy(page("A"), suite / "pages/a.png");
  const auto eval = [&](const std::string& text) {
    write_bytes(suite / "text.json", text);
    return lectio({"eval", "pages", suite.string(), "--task", "markdown", "--model",
                   golden("tiny-v1").string(), "--mode", "tiny", "--max-tokens", "8"});
  };
  const ProcessResult ungrounded = eval(R"([{"image": "a.png", "text": "some text"}])");
  EXPECT_EQ(ungrounded.code, 2);
  EXPECT_THAT(ungrounded.err, HasSubstr("entry 0: grounded: expected a string, found nothing"));
  const ProcessResult table = eval(R"([{"image": "a.png",
                "grounded": "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 99]]<|/det|>\nsome text"}])");
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("; boxes: 1 expected, "));
}

}  // namespace
}  // namespace lectio
