// SPDX-License-Identifier: Apache-2.0
#include "model/synth/synthetic_tokenizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "model/tokenizer/tokenizer.h"
#include "model/tokenizer/tokenizer_json.h"

namespace lectio {
namespace {

class SyntheticTokenizer : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { official_ = new std::string(*synthetic_tokenizer_json(129280)); }
  static void TearDownTestSuite() { delete std::exchange(official_, nullptr); }
  static const std::string* official_;
};
const std::string* SyntheticTokenizer::official_ = nullptr;

TEST_F(SyntheticTokenizer, HasTheOfficialShape) {
  const auto file = parse_tokenizer_json(*official_, "official");
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->vocabulary.size(), 128000U);
  EXPECT_EQ(file->merges.size(), 127741U);
  EXPECT_EQ(file->added.size(), 830U);
  EXPECT_EQ(file->expressions.size(), 3U);
}

// Spec 10.2 and 10.3.
TEST_F(SyntheticTokenizer, HasTheOfficialIds) {
  const auto tokenizer = Tokenizer::from_json(*official_, "official");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  EXPECT_EQ(tokenizer->size(), 128827);
  const std::pair<const char*, TokenId> ids[] = {
      {"<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>", 0},
      {"<\uFF5C\u2581pad\u2581\uFF5C>", 2},
      {"!", 3},
      {",", 14},
      {"\n", 201},
      {" ", 223},
      {"<\uFF5Cplace\u2581holder\u2581no\u25810\uFF5C>", 128000},
      {"<\uFF5Cplace\u2581holder\u2581no\u2581799\uFF5C>", 128799},
      {"<\uFF5CUser\uFF5C>", 128803},
      {"<|EOT|>", 128805},
      {"<\uFF5Ctool\u2581sep\uFF5C>", 128814},
      {"<image>", 128815},
      {"<|grounding|>", 128820},
      {"<|Assistant|>", 128826}};
  for (const auto& [text, id] : ids) {
    EXPECT_EQ(tokenizer->encode(text), std::vector<TokenId>{id}) << text;
  }
}

TEST_F(SyntheticTokenizer, FlagsItsAddedTokensAsTheOfficialOne) {
  const auto root = nlohmann::json::parse(*official_);
  for (const auto& token : root["added_tokens"]) {
    const int id = token["id"];
    const bool named = id >= 128800 && id <= 128814;
    EXPECT_EQ(token["special"], !named || id == 128805) << id;
    EXPECT_EQ(token["normalized"], named) << id;
  }
}

TEST_F(SyntheticTokenizer, IsTheSameEveryTime) {
  EXPECT_EQ(*synthetic_tokenizer_json(1 << 20), *official_);
}

TEST_F(SyntheticTokenizer, FitsSmallVocabularies) {
  for (const std::int64_t vocabulary : {286, 512, 4096, 100000}) {
    const auto json = synthetic_tokenizer_json(vocabulary);
    ASSERT_TRUE(json) << vocabulary;
    const auto tokenizer = Tokenizer::from_json(*json, "small");
    ASSERT_TRUE(tokenizer) << tokenizer.error().message();
    EXPECT_EQ(tokenizer->size(), vocabulary);
    EXPECT_EQ(tokenizer->id_of("<|Assistant|>"), vocabulary - 1);
  }
  EXPECT_FALSE(synthetic_tokenizer_json(285));
}

}  // namespace
}  // namespace lectio
