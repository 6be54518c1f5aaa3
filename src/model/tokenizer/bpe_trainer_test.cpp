// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/bpe_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/splitmix.h"
#include "model/tokenizer/tokenizer.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

std::string some_text(std::uint64_t seed) {
  Random random(seed);
  const std::vector<std::string> words = {"the",   "there",   "then", "other", "Lectio",
                                          "reads", "readers", "read", "12",    "\u4F60\u597D",
                                          "aaaa",  "aaa",     "<td>"};
  std::string text;
  for (int i = 0; i < 600; ++i) {
    text += words[random.below(words.size())];
    text += random.chance(0.1) ? ".\n" : " ";
  }
  return text;
}

Json train(const std::vector<std::string_view>& chunks, const BpeTraining& training) {
  const auto json = train_bpe(chunks, training);
  EXPECT_TRUE(json) << json.error().message();
  return Json::parse(*json);
}

// Words only, so that the reference below needs no pre-tokenizer of its own.
BpeTraining words_only(std::int64_t merges) {
  BpeTraining training;
  training.leading = {"<s>"};
  training.trailing = {};
  training.expressions = {"[ \n]"};
  training.vocabulary = 257 + merges;
  return training;
}

// The definition: recount everything before every merge. Tokens are written out, in the order of
// bytes then merges.
std::vector<std::string> reference_merges(const std::string& text, std::size_t wanted) {
  std::vector<std::vector<std::string>> words(1);
  for (const char c : text) {
    if (c == ' ' || c == '\n') {
      words.emplace_back();
    } else {
      words.back().emplace_back(1, c);
    }
  }
  std::vector<std::string> order;  // of ids, for ties
  for (int byte = 0; byte < 256; ++byte) order.emplace_back(1, static_cast<char>(byte));
  const auto id_of = [&](const std::string& token) {
    return std::find(order.begin(), order.end(), token) - order.begin();
  };
  std::vector<std::string> merges;
  while (merges.size() < wanted) {
    std::map<std::pair<std::ptrdiff_t, std::ptrdiff_t>, int> counts;
    for (const auto& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i)
        ++counts[{id_of(word[i]), id_of(word[i + 1])}];
    }
    auto best = counts.begin();
    for (auto it = counts.begin(); it != counts.end(); ++it) {
      if (it->second > best->second) best = it;
    }
    if (best == counts.end() || best->second < 2) break;
    const std::string left = order[static_cast<std::size_t>(best->first.first)];
    const std::string right = order[static_cast<std::size_t>(best->first.second)];
    merges.push_back(left + " " + right);
    if (std::find(order.begin(), order.end(), left + right) == order.end())
      order.push_back(left + right);
    for (auto& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) {
        if (word[i] != left || word[i + 1] != right) continue;
        word[i] += word[i + 1];
        word.erase(word.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  return merges;
}

TEST(BpeTrainer, LearnsTheMergesOfTheDefinition) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    std::string text = some_text(seed);
    text.erase(std::remove_if(text.begin(), text.end(),
                              [](char c) { return c < 0x21 && c != ' ' && c != '\n'; }),
               text.end());
    // The alphabet spells ASCII letters as themselves; other bytes would need translating here.
    for (std::size_t at = text.find("\u4F60\u597D"); at != std::string::npos;
         at = text.find("\u4F60\u597D")) {
      text.replace(at, 6, "ni");
    }
    const Json json = train({text}, words_only(60));
    EXPECT_EQ(json["model"]["merges"].get<std::vector<std::string>>(), reference_merges(text, 60))
        << seed;
  }
}

TEST(BpeTrainer, WritesATokenizerThatLoadsAndReadsItsOwnText) {
  const std::string text = some_text(9);
  const auto json = train_bpe(std::vector<std::string_view>{text}, BpeTraining{.vocabulary = 300});
  ASSERT_TRUE(json) << json.error().message();
  const auto tokenizer = Tokenizer::from_json(*json, "trained");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  EXPECT_EQ(tokenizer->size(), 300);
  const std::vector<TokenId> ids = tokenizer->encode(text);
  EXPECT_EQ(tokenizer->decode(ids), text);
  EXPECT_LT(ids.size(), text.size() / 2);
  EXPECT_EQ(tokenizer->id_of("<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>"), 0);
  EXPECT_EQ(tokenizer->id_of("<\uFF5Cend\u2581of\u2581sentence\uFF5C>"), 1);
  EXPECT_EQ(tokenizer->id_of("<\uFF5C\u2581pad\u2581\uFF5C>"), 2);
  EXPECT_EQ(tokenizer->token_bytes(3), std::string_view("\0", 1));
  EXPECT_EQ(tokenizer->token_bytes(3 + 'a'), "a");
  EXPECT_EQ(tokenizer->id_of("<image>"), 290);
  EXPECT_EQ(tokenizer->id_of("</tr>"), 299);
  EXPECT_EQ(tokenizer->encode("12").size(), 2U);
}

TEST(BpeTrainer, DoesNotDependOnTheOrderOrCutOfTheChunks) {
  const std::string a = some_text(1);
  const std::string b = some_text(2);
  const std::string joined = a + b;
  BpeTraining training;
  training.vocabulary = 330;
  const Json once = train({a, b}, training);
  EXPECT_EQ(train({b, a}, training), once);
  EXPECT_EQ(train({joined}, training), once);
}

TEST(BpeTrainer, NeverMergesAcrossAddedTokensOrInvalidBytes) {
  const std::string text =
      "ab<td>ab<td>ab<td>ab\xFF"
      "b\xFF"
      "b\xFF"
      "b";
  BpeTraining training;
  training.vocabulary = 400;
  const Json json = train({text}, training);
  EXPECT_EQ(json["model"]["merges"], Json::array({"a b"}));
}

TEST(BpeTrainer, StopsWhereNothingRepeats) {
  BpeTraining training;
  training.vocabulary = 1000;
  const Json json = train({"abc abc"}, training);
  EXPECT_EQ(json["model"]["merges"].size(), 2U);
  EXPECT_EQ(json["added_tokens"].back()["id"], 3 + 256 + 2 + 9);
  EXPECT_EQ(train({}, training)["model"]["merges"].size(), 0U);
}

TEST(BpeTrainer, RefusesAVocabularyWithoutRoomAndBrokenExpressions) {
  BpeTraining training;
  training.vocabulary = 268;
  const auto small = train_bpe({}, training);
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(small.error().message(), HasSubstr("expected at least 269"));
  training.vocabulary = 300;
  training.expressions = {"("};
  EXPECT_FALSE(train_bpe({}, training));
}

}  // namespace
}  // namespace lectio
