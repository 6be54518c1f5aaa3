// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/tokenizer_gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "model/gguf/gguf_writer.h"
#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer/split_patterns.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class TokenizerGgufTest : public ::testing::Test {
 protected:
  TokenizerGgufTest()
      : path_(fs::temp_directory_path() /
              ("lectio-tokenizer-" + std::to_string(::getpid()) + ".gguf")) {}
  ~TokenizerGgufTest() override { fs::remove(path_); }

  GgufFile file_of(const GgufFields& fields) {
    auto writer = GgufWriter::create(path_, fields, {});
    EXPECT_TRUE(writer && writer->commit());
    auto file = GgufFile::open(path_);
    if (!file) throw std::runtime_error(file.error().message());
    return *std::move(file);
  }
  std::string error_of(const GgufFields& fields) {
    const auto lists = parse_tokenizer_gguf(file_of(fields));
    return lists ? "" : lists.error().message();
  }

  // All bytes, "ab", and tokens of every other type.
  static TokenizerFile small() {
    TokenizerFile lists;
    lists.added = {{0, "<s>"}, {258, "<image>"}};
    lists.vocabulary.emplace_back("<s>", 0);
    for (int byte = 0; byte < 256; ++byte) {
      lists.vocabulary.emplace_back(spell_bytes(std::string(1, static_cast<char>(byte))), byte + 1);
    }
    lists.vocabulary.emplace_back("ab", 257);
    lists.merges = {{"a", "b"}};
    lists.expressions = official_expressions();
    return lists;
  }

  fs::path path_;
};

TEST_F(TokenizerGgufTest, ReadsBackWhatItWrote) {
  const TokenizerFile lists = small();
  GgufFields fields;
  write_tokenizer_fields(lists, "", 262, {0, 1}, fields);
  const GgufFile file = file_of(fields);
  EXPECT_THAT(file.header().find("tokenizer.ggml.tokens")->texts()->at(261), "[PAD261]");
  const auto back = parse_tokenizer_gguf(file);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->vocabulary, lists.vocabulary);
  EXPECT_EQ(back->merges, lists.merges);
  EXPECT_EQ(back->expressions, lists.expressions);
  ASSERT_EQ(back->added.size(), 2U);
  EXPECT_EQ(back->added[1].content, "<image>");

  const auto tokenizer = Tokenizer::from_gguf(file);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  EXPECT_EQ(tokenizer->size(), 259);  // padding is no token
  EXPECT_THAT(tokenizer->encode("ab<image>"), ElementsAre(257, 258));
  EXPECT_EQ(tokenizer->token_bytes(260), "");
}

TEST_F(TokenizerGgufTest, KeepsTheWholeTextWhereNoNameStandsForTheExpressions) {
  TokenizerFile lists = small();
  lists.expressions = {"[a-z]+"};
  GgufFields fields;
  write_tokenizer_fields(lists, to_tokenizer_json(lists), 262, {0, 1}, fields);
  const GgufFile file = file_of(fields);
  EXPECT_EQ(file.header().text("tokenizer.ggml.pre"), "lectio");
  const auto back = parse_tokenizer_gguf(file);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_THAT(back->expressions, ElementsAre("[a-z]+"));
  EXPECT_THAT(back->merges, ElementsAre(Pair("a", "b")));
}

TEST_F(TokenizerGgufTest, NamesTheExpressionsOfGpt2) {
  TokenizerFile lists = small();
  lists.expressions = {std::string(kGpt2Expression)};
  GgufFields fields;
  write_tokenizer_fields(lists, "", 262, {0, 1}, fields);
  const GgufFile file = file_of(fields);
  EXPECT_EQ(file.header().text("tokenizer.ggml.pre"), "gpt-2");
  EXPECT_EQ(parse_tokenizer_gguf(file)->expressions, lists.expressions);
}

TEST_F(TokenizerGgufTest, ReportsEveryProblemOfTheLists) {
  EXPECT_THAT(error_of({}), AllOf(HasSubstr("5 problems"), HasSubstr("ggml.model: expected 'gpt2'"),
                                  HasSubstr("ggml.pre: expected 'deepseek-v3' or 'gpt-2'"),
                                  HasSubstr("ggml.tokens: expected a list of strings"),
                                  HasSubstr("ggml.merges: expected a list of strings")));
  GgufFields fields;
  fields.text("tokenizer.ggml.model", "gpt2");
  fields.text("tokenizer.ggml.pre", "deepseek-v3");
  fields.texts("tokenizer.ggml.tokens", std::vector<std::string>{"a", "<x>", "<x>", "", "b"});
  fields.i32s("tokenizer.ggml.token_type", std::vector<std::int32_t>{1, 3, 4, 3, 9});
  fields.texts("tokenizer.ggml.merges", std::vector<std::string>{"a b c", "ab"});
  EXPECT_THAT(error_of(fields),
              AllOf(HasSubstr("5 problems"), HasSubstr("'<x>' a second time"),
                    HasSubstr("tokens 3: expected 1..4096 bytes, found 0"),
                    HasSubstr("tokens 4: expected a type in 1..5, found 9"),
                    HasSubstr("merges: expected two tokens"), HasSubstr("'a b c'")));
}

TEST_F(TokenizerGgufTest, RefusesTypesThatAreNotOneForEachToken) {
  GgufFields fields;
  fields.text("tokenizer.ggml.model", "gpt2");
  fields.text("tokenizer.ggml.pre", "gpt-2");
  fields.texts("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
  fields.i32s("tokenizer.ggml.token_type", std::vector<std::int32_t>{1});
  fields.texts("tokenizer.ggml.merges", {});
  EXPECT_THAT(error_of(fields), HasSubstr("expected one number for each of 2 tokens"));
}

}  // namespace
}  // namespace lectio
