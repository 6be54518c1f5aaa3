// SPDX-License-Identifier: Apache-2.0
#include "ocr/prompt/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ids = std::vector<std::int32_t>;

// Bytes as tokens 'a' = 10 ... 'e' = 14, newline, blank, and the control tokens; "ab" merges.
constexpr const char* kVocabulary =
    R"("<s>":0,"</s>":1,"a":10,"b":11,"c":12,"d":13,"e":14,"Ċ":15,"Ġ":16,"ab":17)";

std::string tokenizer_json(bool with_image) {
  std::string added = R"({"id":0,"content":"<s>","special":true},)"
                      R"({"id":21,"content":"<|grounding|>","special":true})";
  if (with_image) added += R"(,{"id":20,"content":"<image>","special":true})";
  return R"({"version":"1.0","normalizer":null,"pre_tokenizer":{"type":"ByteLevel",)"
         R"("add_prefix_space":false,"trim_offsets":true,"use_regex":false},)"
         R"("decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},)"
         R"("added_tokens":[)" +
         added + R"(],"model":{"type":"BPE","vocab":{)" + kVocabulary + R"(},"merges":["a b"]}})";
}

Tokenizer tokenizer(bool with_image = true) {
  auto loaded = Tokenizer::from_json(tokenizer_json(with_image), "tokenizer.json");
  EXPECT_TRUE(loaded) << loaded.error().message();
  return *std::move(loaded);
}

TokenLayout layout_of(std::size_t slots) {
  TokenLayout layout;
  layout.slots.resize(slots);
  return layout;
}

Ids ids_of(std::string_view text, std::size_t slots = 3) {
  const auto prompt = build_prompt(text, tokenizer(), layout_of(slots), 7);
  EXPECT_TRUE(prompt) << prompt.error().message();
  return prompt ? prompt->ids : Ids{};
}

TEST(Prompt, PutsThePageBetweenTheTextsBehindTheBeginningToken) {
  EXPECT_THAT(ids_of("<image>\nc"), ElementsAre(7, 20, 20, 20, 15, 12));
  EXPECT_THAT(ids_of("d<image>c", 1), ElementsAre(7, 13, 20, 12));
  EXPECT_THAT(ids_of("<image>", 2), ElementsAre(7, 20, 20));
}

TEST(Prompt, TokenizesThePiecesApart) {
  EXPECT_THAT(ids_of("a<image>b", 1), ElementsAre(7, 10, 20, 11));
  EXPECT_THAT(ids_of("ab<image>ab", 1), ElementsAre(7, 17, 20, 17));
}

TEST(Prompt, StripsTheWholeTextAndNotItsPieces) {
  EXPECT_THAT(ids_of(" \n<image>\nc \t", 1), ElementsAre(7, 20, 15, 12));
  EXPECT_THAT(ids_of("\xE3\x80\x80<image> c\xC2\xA0", 1), ElementsAre(7, 20, 16, 12));
  EXPECT_THAT(ids_of("c <image> ", 1), ElementsAre(7, 12, 16, 20));
}

TEST(Prompt, TurnsControlStringsIntoTheirTokens) {
  EXPECT_THAT(ids_of("<image>\n<|grounding|>c", 1), ElementsAre(7, 20, 15, 21, 12));
}

TEST(Prompt, RefusesATextWithoutExactlyOneImage) {
  for (const char* text : {"", "  ", "c", "<imag>", "<image><image>", "a <image> b <image>"}) {
    const auto prompt = build_prompt(text, tokenizer(), layout_of(1), 0);
    ASSERT_FALSE(prompt) << text;
    EXPECT_EQ(prompt.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(prompt.error().message(), HasSubstr("expected one <image>"));
  }
}

TEST(Prompt, RefusesAModelWithoutTheImageToken) {
  const auto prompt = build_prompt("<image>", tokenizer(false), layout_of(1), 0);
  ASSERT_FALSE(prompt);
  EXPECT_EQ(prompt.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(prompt.error().message(), HasSubstr("<image>"));
}

}  // namespace
}  // namespace lectio
