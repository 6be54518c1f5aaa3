// SPDX-License-Identifier: Apache-2.0
#include "ocr/reader/careful.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace lectio {
namespace {

using ::testing::ElementsAre;
using Ids = std::vector<std::int32_t>;

// Token n is the letter 'a' + n % 26, so that texts and ids say the same.
constexpr const char* kAlphabet = "abcdefghijklmnopqrstuvwxyz";
std::string_view bytes_of(std::int32_t id) {
  return std::string_view(kAlphabet).substr(static_cast<std::size_t>(id % 26), 1);
}

// A model that answers as it was told, and remembers how it was asked.
class ScriptedModel {
 public:
  struct Answer {
    Ids ids;  // behind the prefix
    FinishReason finish = FinishReason::kStop;
  };

  explicit ScriptedModel(std::deque<Answer> answers) : answers_(std::move(answers)) {}

  AskModel ask() {
    return [this](const Page& page, const ReadOptions& options) -> Result<PageText> {
      asked.push_back(options);
      heights.push_back(page.image.height);
      if (answers_.empty()) return Error(ErrorCode::kInvalidArgument, "asked too often");
      const Answer answer = answers_.front();
      answers_.pop_front();
      PageText text;
      text.ids = options.prefix;
      text.ids.insert(text.ids.end(), answer.ids.begin(), answer.ids.end());
      for (const std::int32_t id : text.ids) {
        text.text += bytes_of(id);
        text.text_ends.push_back(static_cast<std::int64_t>(text.text.size()));
        text.log_probabilities.push_back(std::log(0.9F));
      }
      if (options.on_text) options.on_text(text.text);
      if (options.mode) text.mode = mode_name(*options.mode);
      text.finish = answer.finish;
      text.generated_tokens = static_cast<std::int64_t>(answer.ids.size());
      if (answer.finish == FinishReason::kLoop) {
        const auto length = static_cast<std::int64_t>(text.ids.size());
        const bool again = answer.ids.empty();  // the loop that was seen before
        const std::int64_t wasted =
            again ? LoopDetector::kKnownTokens
                  : std::min(options.loops.repeated_unit_tokens, options.loops.most_wasted);
        text.loop = LoopSpan{LoopKind::kTokens, length - 1, 1, wasted + 1, length};
        text.generated_tokens += wasted;
      }
      return text;
    };
  }

  std::vector<ReadOptions> asked;
  std::vector<std::int64_t> heights;

 private:
  std::deque<Answer> answers_;
};

Ids letters(std::int32_t count) {
  Ids ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

Page page() {
  Page result;
  result.image = Image(100, 200, 255);
  return result;
}

InkReport ink_of(std::int64_t characters) {
  InkReport ink;
  ink.characters = characters;
  ink.coverage = 0.1;
  return ink;
}

CarefulOptions options() {
  CarefulOptions result;
  result.no_repeat = {NoRepeatRule::Kind::kWindow, 30, 90, {}};
  result.larger_modes = {Mode::kBase, Mode::kLarge};
  return result;
}

TEST(ReadCarefully, AGoodPageIsAskedForOnce) {
  ScriptedModel model({{letters(100)}});
  const auto reading = read_carefully(page(), ink_of(100), options(), model.ask());
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->verdict, Verdict::kOk);
  EXPECT_EQ(reading->text.ids, letters(100));
  EXPECT_EQ(reading->evidence.read_characters, 100);
  EXPECT_NEAR(*reading->evidence.confidence, 0.9, 1e-6);
  ASSERT_EQ(model.asked.size(), 1U);
  EXPECT_TRUE(model.asked[0].loops.watch);
  EXPECT_EQ(model.asked[0].loops.page_characters, 100);
}

TEST(ReadCarefully, ABlankPageIsNotAskedFor) {
  ScriptedModel model({});
  InkReport blank;
  blank.blank = true;
  const auto reading = read_carefully(page(), blank, options(), model.ask());
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->verdict, Verdict::kBlank);
  EXPECT_EQ(reading->text.text, "");
  EXPECT_TRUE(model.asked.empty());

  CarefulOptions asking = options();
  asking.ask_blank = true;
  ScriptedModel inventing({{letters(300)}});
  EXPECT_EQ(read_carefully(page(), blank, asking, inventing.ask())->verdict, Verdict::kDegraded);
}

TEST(ReadCarefully, AnErrorOfTheModelIsHandedOn) {
  ScriptedModel model({});
  EXPECT_EQ(read_carefully(page(), ink_of(9), options(), model.ask()).error().message(),
            "asked too often");
}

TEST(ReadCarefully, AfterALoopTheNextAttemptGoesOnFromWhatWasGood) {
  ScriptedModel model({{letters(50), FinishReason::kLoop}, {Ids(40, 7)}});
  CarefulOptions how = options();
  how.larger_modes.clear();
  std::string streamed;
  how.read.on_text = [&](std::string_view piece) { streamed += piece; };
  const auto reading = read_carefully(page(), ink_of(90), how, model.ask());
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->verdict, Verdict::kDegraded);
  EXPECT_EQ(reading->text.ids.size(), 90U);
  EXPECT_EQ(streamed, reading->text.text);
  ASSERT_EQ(model.asked.size(), 2U);
  EXPECT_EQ(model.asked[1].prefix, letters(50));
  EXPECT_EQ(model.asked[1].generate.no_repeat, how.no_repeat);
  ASSERT_EQ(reading->evidence.attempts.size(), 2U);
  EXPECT_EQ(model.asked[1].generate.not_first, Ids{49}) << "what the loop would go on with";
  EXPECT_EQ(model.asked[1].loops.known, std::vector<Ids>{Ids{49}});
  EXPECT_EQ(reading->evidence.attempts[0].wasted_tokens, 32);
  EXPECT_EQ(reading->evidence.attempts[1].why, "no_repeat");
  EXPECT_EQ(reading->evidence.attempts[1].wasted_tokens, 0);
  EXPECT_EQ(reading->text.generated_tokens, 50 + 32 + 40);
}

// The steps of a reading that loops once and is helped by the last attempt that is made.
std::vector<std::string> steps_with_own_rule(Mode first, std::size_t attempts) {
  std::deque<ScriptedModel::Answer> answers(attempts, {{}, FinishReason::kLoop});
  answers.front() = {letters(50), FinishReason::kLoop};
  answers.back() = {Ids(40, 7)};
  ScriptedModel model(answers);
  CarefulOptions how = options();
  how.read.mode = first;
  how.own_no_repeat = {NoRepeatRule::Kind::kWindow, 5, 256, {}, 0.9};
  if (first == Mode::kGundam) how.larger_modes = {Mode::kBase, Mode::kLarge, Mode::kGundam};
  const auto reading = read_carefully(page(), ink_of(90), how, model.ask());
  EXPECT_TRUE(reading);
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < model.asked.size(); ++i) {
    steps.push_back(reading->evidence.attempts[i].why);
    if (steps.back() == "no_repeat") {
      EXPECT_EQ(model.asked[i].generate.no_repeat, how.own_no_repeat);
    }
  }
  return steps;
}

TEST(ReadCarefully, AModelsOwnRuleComesFirstWhereThePageHadThePixels) {
  EXPECT_THAT(steps_with_own_rule(Mode::kBase, 2), ElementsAre("first", "no_repeat"));
  EXPECT_THAT(steps_with_own_rule(Mode::kGundam, 4),
              ElementsAre("first", "mode", "mode", "no_repeat"));
  EXPECT_THAT(steps_with_own_rule(Mode::kTiny, 4),
              ElementsAre("first", "mode", "mode", "no_repeat"));
}

TEST(ReadCarefully, ALoopThatNothingHelpsIsFlaggedAndTheGoodPartStays) {
  const ScriptedModel::Answer again{{}, FinishReason::kLoop};
  ScriptedModel model(
      {{letters(50), FinishReason::kLoop}, again, again, again, again, again, again});
  const auto reading = read_carefully(page(), ink_of(50), options(), model.ask());
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->verdict, Verdict::kRepetition);
  EXPECT_EQ(reading->text.ids, letters(50));
  ASSERT_TRUE(reading->evidence.loop);
  EXPECT_EQ(reading->evidence.loop->keep, 50);
  std::vector<std::string> steps;
  for (const Attempt& attempt : reading->evidence.attempts) steps.push_back(attempt.why);
  EXPECT_THAT(steps,
              ElementsAre("first", "mode", "mode", "no_repeat", "temperature", "temperature"));
  EXPECT_EQ(model.asked[1].mode, Mode::kBase);
  EXPECT_EQ(model.asked[2].mode, Mode::kLarge);
  EXPECT_EQ(model.asked[4].generate.temperature, 0.3);
  std::int64_t left = kMostWasted;
  for (std::size_t i = 0; i < model.asked.size(); ++i) {
    EXPECT_LE(model.asked[i].loops.most_wasted, left) << i;
    left -= reading->evidence.attempts[i].wasted_tokens;
  }
  EXPECT_GE(left, 0);
}

TEST(ReadCarefully, TwoLoopsOfAPageAreBothPassed) {
  ScriptedModel model(
      {{letters(50), FinishReason::kLoop}, {letters(30), FinishReason::kLoop}, {letters(20)}});
  const auto reading = read_carefully(page(), ink_of(100), options(), model.ask());
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->text.ids.size(), 100U);
  EXPECT_EQ(model.asked[2].prefix.size(), 80U);
  EXPECT_FALSE(reading->evidence.loop);
}

TEST(ReadCarefully, ATextBeyondThePagesInkHasNothingToGoOnTo) {
  const AskModel ask = [](const Page&, const ReadOptions&) -> Result<PageText> {
    PageText text;
    text.ids = letters(50);
    text.finish = FinishReason::kLoop;
    text.loop = LoopSpan{LoopKind::kNumbers, 40, 2, 11, 50};
    text.generated_tokens = 51;
    return text;
  };
  const auto reading = read_carefully(page(), ink_of(50), options(), ask);
  EXPECT_EQ(reading->verdict, Verdict::kRepetition);
  EXPECT_EQ(reading->evidence.attempts.size(), 1U);
}

TEST(ReadCarefully, WithoutRecoveryALoopIsOnlyFlagged) {
  ScriptedModel model({{letters(50), FinishReason::kLoop}});
  CarefulOptions how = options();
  how.recover = false;
  EXPECT_EQ(read_carefully(page(), ink_of(50), how, model.ask())->verdict, Verdict::kRepetition);
  EXPECT_EQ(model.asked.size(), 1U);
}

TEST(ReadCarefully, AStopEndsTheAttempts) {
  std::stop_source stop;
  ScriptedModel model({{letters(50), FinishReason::kLoop}});
  CarefulOptions how = options();
  how.read.stop = stop.get_token();
  const AskModel ask = model.ask();
  const AskModel stopping = [&](const Page& asked, const ReadOptions& read) {
    stop.request_stop();
    return ask(asked, read);
  };
  EXPECT_EQ(read_carefully(page(), ink_of(50), how, stopping)->evidence.attempts.size(), 1U);
}

TEST(LoopRuleFor, AnEmptyTableMayHaveAsManyCellsAsThePageHasLines) {
  InkReport ink = ink_of(500);
  ink.horizontal_rules = 30;
  ink.vertical_rules = 10;
  EXPECT_EQ(loop_rule_for(ink, {}).structural_tokens, 31 * 22);
  EXPECT_EQ(loop_rule_for(ink_of(500), {}).structural_tokens, 0) << "no more than of other tokens";
}

TEST(LoopRuleFor, TheInkSaysHowLongATextMayBe) {
  EXPECT_EQ(loop_rule_for(ink_of(500), {}).page_characters, 500);
  EXPECT_EQ(loop_rule_for(ink_of(10), {}).page_characters, 50) << "a few stains are no long text";
  InkReport picture = ink_of(10);
  picture.graphics = 0.2;
  EXPECT_EQ(loop_rule_for(picture, {}).page_characters, 0) << "a picture may hold any text";
  EXPECT_GT(loop_rule_for(picture, {}).repeated_tokens,
            loop_rule_for(ink_of(500), {}).repeated_tokens);
  EXPECT_GT(loop_rule_for(picture, {}).repeated_unit_tokens,
            loop_rule_for(ink_of(500), {}).repeated_unit_tokens);
  InkReport sheet = ink_of(500);
  sheet.repeated_characters = 400;
  EXPECT_EQ(loop_rule_for(sheet, {}).repeated_characters, 500);
}

}  // namespace
}  // namespace lectio
