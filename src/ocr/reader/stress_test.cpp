// SPDX-License-Identifier: Apache-2.0
// Pages that make models write without end or without cause, read through the whole of
// read_carefully: a scripted model writes, the real detector listens, real ink is looked at.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/splitmix.h"
#include "ocr/generate/loop_detector.h"
#include "ocr/reader/careful.h"

namespace lectio {
namespace {

// Writes the same words whenever it is asked, on from where it is told to: nothing gets it out of a
// loop. Stops where the detector says so. Knows by itself how many tokens it has written.
class Writer {
 public:
  void say(const std::string& word) {
    const auto [entry, added] = ids_.try_emplace(word, static_cast<std::int32_t>(words_.size()));
    if (added) words_.push_back(word);
    script_.push_back(entry->second);
  }
  void number(std::int64_t value) {
    for (const char digit : std::to_string(value)) say(std::string(1, digit));
  }
  void prose(std::int64_t words) {
    Random random(1);
    for (std::int64_t i = 0; i < words; ++i) say("word" + std::to_string(random.below(400)) + " ");
  }
  std::vector<std::int32_t> ids(const std::vector<std::string>& words) const {
    std::vector<std::int32_t> result;
    for (const std::string& word : words) result.push_back(ids_.at(word));
    return result;
  }
  std::string text() const {
    std::string all;
    for (const std::int32_t id : script_) all += words_[static_cast<std::size_t>(id)];
    return all;
  }

  AskModel ask() {
    return [this](const Page&, const ReadOptions& options) -> Result<PageText> {
      ++asked;
      const auto bytes = [this](std::int32_t token) {
        return std::string_view(words_[static_cast<std::size_t>(token)]);
      };
      LoopDetector detector(options.loops, bytes);
      PageText text;
      text.finish = FinishReason::kStop;
      std::vector<std::int32_t> ids = options.prefix;
      detector.begin_with(ids);
      for (std::size_t at = ids.size(); at < script_.size(); ++at) {
        if (std::ssize(ids) >= options.generate.max_tokens) {
          text.finish = FinishReason::kMaxTokens;
          break;
        }
        std::int32_t id = script_[at];
        const auto& barred = options.generate.not_first;
        const bool first = ids.size() == options.prefix.size();
        if (first && std::find(barred.begin(), barred.end(), id) != barred.end()) id = 0;
        if (options.generate.temperature > 0 && first) id = 1;
        ids.push_back(id);
        ++text.generated_tokens;
        if (!detector.push(id)) continue;
        text.finish = FinishReason::kLoop;
        text.loop = detector.found();
        ids.resize(static_cast<std::size_t>(text.loop->keep));
        break;
      }
      written += text.generated_tokens;
      for (const std::int32_t id : ids) {
        text.text += bytes(id);
        text.ids.push_back(id);
        text.text_ends.push_back(std::ssize(text.text));
        text.log_probabilities.push_back(std::log(0.9F));
      }
      return text;
    };
  }

  int asked = 0;
  std::int64_t written = 0;

 private:
  std::map<std::string, std::int32_t> ids_;
  std::vector<std::string> words_;
  std::vector<std::int32_t> script_;
};

Page paper(std::uint8_t level = 255) {
  Page page;
  page.image = Image(600, 800, level);
  return page;
}

InkReport ink_of(std::int64_t characters) {
  InkReport ink;
  ink.characters = characters;
  return ink;
}

CarefulOptions recovering() {
  CarefulOptions options;
  options.no_repeat = {NoRepeatRule::Kind::kWindow, 30, 90, {}};
  options.larger_modes = {Mode::kBase, Mode::kLarge};
  return options;
}

// What a model that loops has been seen to write.
struct Loop {
  const char* name;
  std::function<void(Writer&)> write;
};
const Loop kLoops[] = {
    {"one word",
     [](Writer& writer) {
       for (int i = 0; i < 4000; ++i) writer.say("the ");
     }},
    {"a phrase",
     [](Writer& writer) {
       for (int i = 0; i < 4000; ++i) writer.say("part" + std::to_string(i % 12) + " ");
     }},
    {"a paragraph",
     [](Writer& writer) {
       for (int i = 0; i < 4000; ++i) writer.say("part" + std::to_string(i % 190) + " ");
     }},
    {"empty cells",
     [](Writer& writer) {
       for (int i = 0; i < 4000; ++i) writer.say(i % 2 == 0 ? "<td>" : "</td>");
     }},
    {"numbers that count on",
     [](Writer& writer) {
       for (int i = 1; i < 4000; ++i) {
         writer.number(i);
         writer.say("\n");
       }
     }},
    {"words that never end", [](Writer& writer) { writer.prose(4000); }},
    {"one loop after the other",
     [](Writer& writer) {
       for (int i = 0; i < 4000; ++i) {
         writer.say("part" + std::to_string(i / 150) + "." + std::to_string(i % 3) + " ");
       }
     }},
    {"boxes with texts",
     [](Writer& writer) {
       for (int i = 0; i < 200; ++i) {
         for (const char* word : {"<|ref|>", "text", "<|/ref|>", "<|det|>", "[["}) writer.say(word);
         for (const int side : {100, 100, 900, 200}) {
           writer.number(side);
           writer.say(", ");
         }
         for (const char* word : {"]]", "<|/det|>", "\n"}) writer.say(word);
         for (int w = 0; w < 70; ++w) writer.say("w" + std::to_string((i * 70 + w) % 997) + "-");
       }
     }},
};

// All attempts of a page together, by what the model itself counts.
TEST(LoopStress, EveryLoopIsFlaggedAndAPageWastesFewerThan200Tokens) {
  for (const std::int64_t characters : {450, 5000, 0}) {  // 0: nobody knows what the page has
    for (const Loop& loop : kLoops) {
      const std::string name = std::string(loop.name) + " of " + std::to_string(characters);
      Writer writer;
      writer.prose(60);
      loop.write(writer);
      InkReport ink = ink_of(characters);
      if (characters == 0) ink.graphics = 0.5;
      const auto reading = read_carefully(paper(), ink, recovering(), writer.ask());
      ASSERT_TRUE(reading) << name;
      const Evidence& evidence = reading->evidence;
      if (evidence.finish == FinishReason::kStop) {  // nothing speaks against it
        EXPECT_EQ(reading->text.text, writer.text()) << name;
        EXPECT_TRUE(characters == 0 && evidence.attempts.size() == 1) << name;
        continue;
      }
      if (evidence.finish == FinishReason::kMaxTokens) {  // it may count as long as it is told to
        EXPECT_EQ(reading->verdict, Verdict::kTruncated) << name;
        EXPECT_TRUE(characters == 0 && writer.written == std::ssize(reading->text.ids)) << name;
        continue;
      }
      EXPECT_EQ(reading->verdict, Verdict::kRepetition) << name;
      EXPECT_TRUE(evidence.loop) << name;
      EXPECT_GE(reading->text.ids.size(), 60U) << name << ": what stands before it is kept";
      EXPECT_LT(writer.written - std::ssize(reading->text.ids), 200) << name;
      std::int64_t wasted = 0;
      for (const Attempt& attempt : evidence.attempts) wasted += attempt.wasted_tokens;
      EXPECT_EQ(wasted, writer.written - std::ssize(reading->text.ids)) << name;
      EXPECT_EQ(reading->text.generated_tokens, writer.written) << name;
      EXPECT_LE(evidence.attempts.size(), 7U) << name;
      if (characters > 0) {
        EXPECT_LT(count_letters(reading->text.text), 2 * characters + 100) << name;
      }
    }
  }
}

// Models leave many loops by themselves, and go on below or end the text.
TEST(LoopStress, ALoopThatEndsByItselfIsNoTextOfThePage) {
  Writer writer;
  writer.prose(60);
  const std::string before = writer.text();
  for (int i = 0; i < 50; ++i) writer.say("the ");
  const auto reading = read_carefully(paper(), ink_of(450), recovering(), writer.ask());
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->text.text, before + "the ");
  EXPECT_EQ(reading->verdict, Verdict::kRepetition);
}

TEST(LoopStress, ALoopLeavesRoomForOtherAttempts) {
  Writer writer;
  writer.prose(60);
  for (int i = 0; i < 4000; ++i) writer.say("the ");
  const auto reading = read_carefully(paper(), ink_of(5000), recovering(), writer.ask());
  ASSERT_TRUE(reading);
  std::vector<std::string> steps;
  for (const Attempt& attempt : reading->evidence.attempts) steps.push_back(attempt.why);
  EXPECT_EQ(steps, (std::vector<std::string>{"first", "mode", "mode", "no_repeat", "temperature",
                                             "temperature"}));
}

TEST(LoopStress, TrueRepetitionsAreReadToTheirEnd) {
  const auto expect_whole = [](Writer& writer, const InkReport& ink,
                               const std::vector<std::string>& structural, const char* name) {
    CarefulOptions options = recovering();
    options.structural = writer.ids(structural);
    const auto reading = read_carefully(paper(), ink, options, writer.ask());
    ASSERT_TRUE(reading) << name;
    EXPECT_EQ(reading->text.text, writer.text()) << name;
    EXPECT_EQ(reading->verdict, Verdict::kOk) << name;
  };
  Writer days;
  for (int day = 1; day <= 365; ++day) {
    days.number(day);
    days.say("\n");
  }
  expect_whole(days, ink_of(987), {}, "1 to 365");

  Writer table;
  table.prose(40);
  for (int row = 0; row < 40; ++row) {
    table.say("<tr>");
    for (int cell = 0; cell < 8; ++cell) {
      table.say("<td>");
      table.say("</td>");
    }
    table.say("</tr>");
  }
  InkReport lines = ink_of(270);
  lines.horizontal_rules = 41;
  lines.vertical_rules = 9;
  expect_whole(table, lines, {"<td>", "</td>", "<tr>", "</tr>"}, "an empty table");

  Writer ditto;
  for (int row = 0; row < 300; ++row) {
    ditto.say("name" + std::to_string(row) + " ");
    ditto.say("\" ");
    ditto.say("\"\n");
  }
  expect_whole(ditto, ink_of(2100), {}, "columns of ditto marks");

  Writer contents;
  for (int chapter = 1; chapter <= 20; ++chapter) {
    contents.say("Chapter " + std::to_string(chapter) + " ");
    for (int i = 0; i < 190; ++i) contents.say(".");
    contents.number(chapter * 11);
    contents.say("\n");
  }
  InkReport leaders = ink_of(220);
  leaders.marks_in_a_row = 180;  // some of them run into one another
  expect_whole(contents, leaders, {}, "a table of contents");

  Writer column;  // one word down the page, as often as it stands there
  for (int row = 0; row < 250; ++row) column.say("none\n");
  InkReport words = ink_of(1000);
  words.repeated_characters = 990;
  expect_whole(column, words, {}, "a column of one word");
}

double normal(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.unit();
  return sum;
}

// A model that writes whatever it is shown.
Result<PageText> invent(const Page&, const ReadOptions&) {
  PageText text;
  text.text = "The quick brown fox jumps over the lazy dog.";
  text.finish = FinishReason::kStop;
  return text;
}

TEST(BlankStress, NothingIsInventedOnPagesWithoutPrint) {
  std::map<std::string, Page> pages = {
      {"white", paper()}, {"grey", paper(128)}, {"black", paper(0)}};
  Random random(3);
  Page noise = paper(180);
  for (std::size_t i = 0; i < noise.image.pixels.size(); i += 3) {
    const auto level = static_cast<std::uint8_t>(std::clamp(180 + 25 * normal(random), 0.0, 255.0));
    std::fill_n(noise.image.pixels.data() + i, 3, level);
  }
  pages.emplace("noise", std::move(noise));
  Page other_side = paper(250);
  Page stains = paper();
  const auto fill = [](Page& page, std::int64_t x, std::int64_t y, std::int64_t width,
                       std::uint8_t level) {
    for (std::int64_t i = 0; i < width; ++i) {
      if (x + i < page.image.width) std::fill_n(page.image.row(y) + 3 * (x + i), 3, level);
    }
  };
  for (std::int64_t line = 0; line < 16; ++line) {
    for (std::int64_t letter = 0; letter < 25; ++letter) {
      for (std::int64_t row = 0; row < 9; ++row) {
        fill(other_side, 30 + 9 * letter, 40 + 20 * line + row, row < 7 ? 2 : 6, 215);
      }
    }
  }
  for (int stain = 0; stain < 40; ++stain) {
    const auto radius = random.between(3, 8);
    const auto x = random.between(radius, 599 - radius);
    const auto y = random.between(radius, 799 - radius);
    for (std::int64_t dy = -radius; dy <= radius; ++dy) {
      const auto half =
          static_cast<std::int64_t>(std::sqrt(static_cast<double>(radius * radius - dy * dy)));
      fill(stains, x - half, y + dy, 2 * half + 1, 30);
    }
  }
  pages.emplace("the print of the other side", std::move(other_side));
  pages.emplace("stains", std::move(stains));
  for (const auto& [name, page] : pages) {
    const auto reading = read_carefully(page, look_at_ink(page.image), recovering(), invent);
    ASSERT_TRUE(reading) << name;
    EXPECT_EQ(reading->verdict, Verdict::kBlank) << name;
    EXPECT_EQ(reading->text.text, "") << name;
    EXPECT_EQ(reading->evidence.ink_stains > 0, name == "stains") << name;
    EXPECT_TRUE(reading->evidence.attempts.empty()) << name;
  }
}

}  // namespace
}  // namespace lectio
