// SPDX-License-Identifier: Apache-2.0
#include "eval/pages_suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "media/image/encode.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class PagesSuite : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "pages");
  }
  void write_text(const std::string& json) {
    ASSERT_TRUE(write_file_atomic(folder_ / "text.json", json));
  }
  // A picture whose width names the page to the fake reader.
  void draw(const std::string& name, std::int64_t width, std::int64_t height = 4) {
    ASSERT_TRUE(write_file_atomic(folder_ / "pages" / name, encode_png(Image(width, height, 255))));
  }
  std::string problem(AnswerForm form = AnswerForm::kText) {
    const auto pages = read_pages_suite(folder_, "pages", form);
    EXPECT_FALSE(pages);
    if (pages) return "";
    EXPECT_EQ(pages.error().code(), ErrorCode::kInvalidInput);
    return pages.error().message();
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      testing::UnitTest::GetInstance()->current_test_info()->name();
};

Result<PageText> fake_reader(const Page& page) {
  PageText text;
  text.mode = "tiny";
  text.vision_tokens = 5;
  text.content_tokens = 4;
  if (page.image.width == 1) text.text = "one two\nthree";
  if (page.image.width == 2) {
    text.text = "abcx";
    text.finish = FinishReason::kMaxTokens;
  }
  if (page.image.width == 3) return Error(ErrorCode::kTooLarge, "no room");
  if (page.image.width == 5 || page.image.width == 6) {
    for (int i = 0; i < 100; ++i) text.text += "so on ";
  }
  if (page.image.width == 6) text.finish = FinishReason::kMaxTokens;
  if (page.image.width == 4) text.finish = FinishReason::kCancelled;
  return text;
}

TEST_F(PagesSuite, ScoresEveryPageAndCountsAFailedOneAsZero) {
  write_text(R"([{"image": "a.png", "text": " one  two three\n", "deepseek_tokens": "8"},
                 {"image": "b.png", "text": "abcd", "deepseek_tokens": 2},
                 {"image": "c.png", "text": "never read"},
                 {"image": "gone.png", "text": "no picture"}])");
  draw("a.png", 1);
  draw("b.png", 2);
  draw("c.png", 3);
  const auto pages = read_pages_suite(folder_, "pages");
  ASSERT_TRUE(pages) << pages.error().message();
  int seen = 0;
  const SuiteReport report =
      run_pages_suite(*pages, without_verdicts(fake_reader), [&](const PageScore&) { ++seen; });
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(report.failed(), 2);
  EXPECT_THAT(report.precisions(), testing::ElementsAre(1.0, 0.75, 0.0, 0.0));
  EXPECT_DOUBLE_EQ(report.pages[0].characters_per_token(), 13.0 / 4);
  EXPECT_DOUBLE_EQ(report.pages[0].pixels_per_character(), 4096.0 * 4 / 13);
  EXPECT_DOUBLE_EQ(report.pages[0].text_tokens_per_token(), 2.0);
  EXPECT_EQ(report.pages[2].error, "no room");
  EXPECT_THAT(report.pages[3].error, HasSubstr("gone.png"));

  const Json json = Json::parse(to_json(report, "fake"));
  EXPECT_EQ(json["pages"].size(), 4U);
  EXPECT_DOUBLE_EQ(json["total"]["character_precision"], 1.75 / 4);
  EXPECT_DOUBLE_EQ(json["total"]["characters_per_content_token"], 17.0 / 8);
  EXPECT_EQ(json["total"]["finish"], Json::parse(R"({"stop": 1, "max_tokens": 1, "failed": 2})"));
  EXPECT_EQ(json["pages"][1]["text"], "abcx");
  EXPECT_EQ(json["pages"][1]["errors"]["substituted_letters"], 1);
  EXPECT_EQ(json["total"]["errors"]["substituted_letters"], 1);
  EXPECT_EQ(json["total"]["errors"]["lost_runs_count"], 0);
  EXPECT_EQ(json["total"]["errors"]["truth_missed"], 0);
  EXPECT_EQ(json["pages"][2]["error"], "no room");
  EXPECT_FALSE(json["total"].contains("layout"));
  EXPECT_FALSE(json["pages"][0].contains("layout"));

  const std::string table = to_table(report);
  EXPECT_THAT(table, HasSubstr("mean 0.4375"));
  EXPECT_THAT(table, testing::ContainsRegex("another letter or sign +1 +58.82\n"))
      << "of the 17 characters of the pages that were read";
  EXPECT_THAT(table, HasSubstr("failed 2, max_tokens 1, stop 1"));
  EXPECT_THAT(table, testing::Not(HasSubstr("layout")));
}

std::string item(const std::string& label, const std::string& box, const std::string& markdown) {
  return "<|ref|>" + label + "<|/ref|><|det|>[[" + box + "]]<|/det|>\n" + markdown + "\n\n";
}

TEST_F(PagesSuite, ScoresGroundedAnswersByMarkdownAndLayout) {
  const std::string text = item("text", "0, 300, 999, 500", "two three");
  const std::string other = item("text", "0, 0, 999, 999", "abcd");
  const std::vector<std::string> truths = {
      item("title", "0, 0, 999, 200", "# One") + text + item("image", "0, 600, 999, 999", ""),
      other, other, other};
  Json entries = Json::array();
  for (const char* name : {"a.png", "b.png", "c.png", "gone.png"}) {
    entries.push_back({{"image", name}, {"grounded", truths[entries.size()]}});
  }
  write_text(entries.dump());
  draw("a.png", 100, 200);
  draw("b.png", 2);
  draw("c.png", 3);
  // Another kind of heading, the image's lower quarter alone.
  const std::string answer =
      item("sub_title", "0, 0, 999, 200", "#  One") + text + item("image", "0, 900, 999, 999", "");
  const PageReader reader = [&](const Page& page) -> Result<PageText> {
    LECTIO_TRY(PageText read, fake_reader(page));
    if (page.image.width == 100) read.text = answer;
    return read;
  };
  const auto pages = read_pages_suite(folder_, "pages", AnswerForm::kGrounded);
  ASSERT_TRUE(pages) << pages.error().message();
  const SuiteReport report = run_pages_suite(*pages, without_verdicts(reader));
  EXPECT_THAT(report.precisions(), testing::ElementsAre(1.0, 0.75, 0.0, 0.0));
  EXPECT_EQ(report.pages[0].characters, 15) << "# One two three";
  EXPECT_EQ(report.pages[0].words.recall, 1);
  EXPECT_EQ(report.pages[0].read.text, answer);
  EXPECT_EQ(report.errors().all(), 1);

  const Json json = Json::parse(to_json(report, "fake"));
  const auto counts = [](const Json& score) {
    const Json& layout = score["layout"];
    return std::vector<int>{layout["expected"], layout["found"], layout["matched"],
                            layout["same_kind"]};
  };
  EXPECT_THAT(counts(json["pages"][0]), testing::ElementsAre(3, 3, 2, 1));
  for (const int page : {1, 2, 3}) {
    EXPECT_THAT(counts(json["pages"][page]), testing::ElementsAre(1, 0, 0, 0)) << page;
  }
  EXPECT_THAT(counts(json["total"]), testing::ElementsAre(6, 3, 2, 1));
  EXPECT_DOUBLE_EQ(json["total"]["layout"]["f1"], 4.0 / 9);
  EXPECT_THAT(to_table(report),
              HasSubstr("\nlayout: precision 0.6667, recall 0.3333, F1 0.4444; kind accuracy "
                        "0.5000, mean IoU 1.0000; boxes: 6 expected, 3 found, 2 matched\n"));
}

TEST_F(PagesSuite, CountsLoopsAndThoseThatSayTheyAreWhole) {
  write_text(R"([{"image": "a.png", "text": "so on"}, {"image": "b.png", "text": "so on"},
                 {"image": "c.png", "text": "one two three"}])");
  draw("a.png", 5);
  draw("b.png", 6);
  draw("c.png", 1);
  const SuiteReport report =
      run_pages_suite(*read_pages_suite(folder_, "pages"), without_verdicts(fake_reader));
  EXPECT_EQ(report.loops(), 2);
  EXPECT_EQ(report.unflagged_loops(), 1);
  EXPECT_THAT(to_table(report), HasSubstr("loops: 2 pages, 1 of them not flagged"));
  const Json json = Json::parse(to_json(report, "fake"));
  EXPECT_EQ(json["total"]["loops"], 2);
  EXPECT_EQ(json["total"]["unflagged_loops"], 1);
  EXPECT_EQ(json["pages"][0]["loop"], true);
  EXPECT_EQ(json["pages"][2]["loop"], false);
}

TEST_F(PagesSuite, ReportsTheVerdictsOfAReaderThatGivesThem) {
  write_text(R"([{"image": "a.png", "text": "so on"}, {"image": "b.png", "text": "so on"},
                 {"image": "c.png", "text": "never read"}])");
  draw("a.png", 5);
  draw("b.png", 5);
  draw("c.png", 3);
  int asked = 0;
  const SuiteReader reader = [&](const Page& page) -> Result<SuiteReading> {
    LECTIO_TRY(PageText text, fake_reader(page));
    text.generated_tokens = 7;
    return SuiteReading{std::move(text), asked++ == 0 ? "ok" : "degraded"};
  };
  const SuiteReport report = run_pages_suite(*read_pages_suite(folder_, "pages"), reader);
  EXPECT_EQ(report.loops(), 2);
  EXPECT_EQ(report.unflagged_loops(), 1) << "a degraded page says of itself that it may be wrong";
  EXPECT_THAT(to_table(report), HasSubstr("degraded 1, failed 1, ok 1"));
  const Json json = Json::parse(to_json(report, "fake"));
  EXPECT_EQ(json["total"]["verdict"], Json::parse(R"({"degraded": 1, "failed": 1, "ok": 1})"));
  EXPECT_EQ(json["total"]["finish"], Json::parse(R"({"failed": 1, "stop": 2})"));
  EXPECT_EQ(json["pages"][1]["verdict"], "degraded");
  EXPECT_EQ(json["pages"][1]["wasted_tokens"], 7);
  EXPECT_FALSE(json["pages"][2].contains("verdict"));
}

TEST_F(PagesSuite, EndsWithTheCancelledPage) {
  write_text(R"([{"image": "a.png", "text": "x"}, {"image": "b.png", "text": "x"},
                 {"image": "a.png", "text": "x"}])");
  draw("a.png", 1);
  draw("b.png", 4);
  const SuiteReport report =
      run_pages_suite(*read_pages_suite(folder_, "pages"), without_verdicts(fake_reader));
  EXPECT_TRUE(report.cancelled);
  EXPECT_EQ(report.pages.size(), 1U);
}

TEST_F(PagesSuite, SaysWhatIsWrongWithTextJson) {
  write_text("{");
  EXPECT_THAT(problem(), HasSubstr("expected a list of pages, found no JSON"));
  write_text("{}");
  EXPECT_THAT(problem(), HasSubstr("found object"));
  write_text("[]");
  EXPECT_THAT(problem(), HasSubstr("found an empty one"));
  write_text(R"([{"image": "a.png", "text": "x"}, 7])");
  EXPECT_THAT(problem(), HasSubstr("entry 1: expected an object, found number"));
  write_text(R"([{"image": "a.png"}])");
  EXPECT_THAT(problem(), HasSubstr("entry 0: text: expected a string, found nothing"));
  write_text(R"([{"image": "a.png", "text": "x", "deepseek_tokens": "8x"}])");
  EXPECT_THAT(problem(), HasSubstr("deepseek_tokens: expected a count, found \"8x\""));
}

TEST_F(PagesSuite, SaysWhatIsWrongWithGroundedAnswers) {
  const auto problem_with = [&](const Json& grounded) {
    write_text(Json::array({{{"image", "a.png"}, {"text", "x"}, {"grounded", grounded}}}).dump());
    return problem(AnswerForm::kGrounded);
  };
  write_text(R"([{"image": "a.png", "text": "x"}])");
  EXPECT_THAT(problem(AnswerForm::kGrounded),
              HasSubstr("text.json: entry 0: grounded: expected a string, found nothing"));
  EXPECT_THAT(problem_with(7), HasSubstr("entry 0: grounded: expected a string, found number"));
  const std::string whole = item("text", "0, 0, 9, 9", "x");
  EXPECT_THAT(problem_with("x"), HasSubstr("found text in front of the first"));
  EXPECT_THAT(problem_with("x\n" + whole), HasSubstr("found text in front of the first"));
  EXPECT_THAT(problem_with(whole + item("text", "0, 0, 9", "x")),
              HasSubstr("found boxes that are no list of four numbers each at byte " +
                        std::to_string(whole.size())));
}

TEST_F(PagesSuite, TakesNoImageFromOutsideItsFolder) {
  for (const char* name : {"../a.png", "/etc/passwd", "..", ".", "", "x/a.png"}) {
    write_text(Json::array({{{"image", name}, {"text", "x"}}}).dump());
    EXPECT_THAT(problem(), HasSubstr("image: expected a file name")) << name;
  }
}

TEST_F(PagesSuite, NamesAFolderWithoutTextJson) {
  const auto pages = read_pages_suite(folder_, "pages");
  ASSERT_FALSE(pages);
  EXPECT_EQ(pages.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(pages.error().message(), HasSubstr("text.json"));
}

}  // namespace
}  // namespace lectio
