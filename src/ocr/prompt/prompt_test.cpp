// SPDX-License-Identifier: Apache-2.0
#include "ocr/prompt/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ids = std::vector<std::int32_t>;

// The tiny checkpoint's: bytes and control tokens at small ids, a few hundred merges.
Tokenizer tokenizer(std::string_view image_mark = "<image>") {
  const auto json = read_file(LECTIO_SOURCE_DIR "/tests/golden/tiny-v1/tokenizer.json");
  EXPECT_TRUE(json) << json.error().message();
  std::string text = *json;
  const std::string quoted = "\"<image>\"";
  text.replace(text.find(quoted), quoted.size(), "\"" + std::string(image_mark) + "\"");
  auto loaded = Tokenizer::from_json(text, "tokenizer.json");
  EXPECT_TRUE(loaded) << loaded.error().message();
  return *std::move(loaded);
}

TokenLayout layout_of(std::size_t slots) {
  TokenLayout layout;
  layout.slots.resize(slots);
  return layout;
}

Ids ids_of(std::string_view text, const std::vector<std::size_t>& slots) {
  std::vector<TokenLayout> layouts;
  for (const std::size_t count : slots) layouts.push_back(layout_of(count));
  const auto prompt = build_prompt(text, tokenizer(), layouts, 7);
  EXPECT_TRUE(prompt) << prompt.error().message();
  return prompt ? prompt->ids : Ids{};
}

Ids ids_of(std::string_view text, std::size_t slots = 3) {
  return ids_of(text, std::vector<std::size_t>{slots});
}

constexpr std::int32_t kImage = 500;
constexpr std::int32_t kNewline = 201;
constexpr std::int32_t kBlank = 223;
constexpr std::int32_t kA = 67;
constexpr std::int32_t kE = 71;
constexpr std::int32_t kEa = 260;  // "ea", merged
constexpr std::int32_t kGrounding = 505;

TEST(Prompt, PutsThePageBetweenTheTextsBehindTheBeginningToken) {
  EXPECT_THAT(ids_of("<image>\na"), ElementsAre(7, kImage, kImage, kImage, kNewline, kA));
  EXPECT_THAT(ids_of("e<image>a", 1), ElementsAre(7, kE, kImage, kA));
  EXPECT_THAT(ids_of("<image>", 2), ElementsAre(7, kImage, kImage));
}

TEST(Prompt, TokenizesThePiecesApart) {
  EXPECT_THAT(ids_of("ea<image>ea", 1), ElementsAre(7, kEa, kImage, kEa));
  EXPECT_THAT(ids_of("e<image>a", 0), ElementsAre(7, kE, kA));
}

TEST(Prompt, StripsTheWholeTextAndNotItsPieces) {
  EXPECT_THAT(ids_of(" \n<image>\na \t", 1), ElementsAre(7, kImage, kNewline, kA));
  EXPECT_THAT(ids_of("\xE3\x80\x80<image>\na\xC2\xA0", 1), ElementsAre(7, kImage, kNewline, kA));
  EXPECT_THAT(ids_of("e <image> ", 1), ElementsAre(7, kE, kBlank, kImage));
}

TEST(Prompt, TurnsControlStringsIntoTheirTokens) {
  EXPECT_THAT(ids_of("<image>\n<|grounding|>a", 1),
              ElementsAre(7, kImage, kNewline, kGrounding, kA));
}

TEST(Prompt, BuildsThePromptOfTheGoldenCases) {
  EXPECT_THAT(ids_of("<image>\nReadW the to\xBA.", 1),
              ElementsAre(7, kImage, 201, 420, 57, 270, 304, 121, 16));
}

TEST(Prompt, ExpandsEveryImageInItsPlace) {
  EXPECT_THAT(ids_of("<image>\n<image>a", {2, 1}),
              ElementsAre(7, kImage, kImage, kNewline, kImage, kA));
  EXPECT_THAT(ids_of("e<image><image>", {1, 2}), ElementsAre(7, kE, kImage, kImage, kImage));
}

TEST(Prompt, RefusesATextWithAnotherNumberOfImagesThanPages) {
  const std::vector<TokenLayout> one = {layout_of(1)};
  const std::vector<TokenLayout> two = {layout_of(1), layout_of(1)};
  EXPECT_THAT(build_prompt("<image>", tokenizer(), two, 0).error().message(),
              HasSubstr("expected 2 times <image>, one a page; found 1"));
  EXPECT_FALSE(build_prompt("no image", tokenizer(), {}, 0));
  for (const char* text : {"", "  ", "c", "<imag>", "<image><image>", "a <image> b <image>"}) {
    const auto prompt = build_prompt(text, tokenizer(), one, 0);
    ASSERT_FALSE(prompt) << text;
    EXPECT_EQ(prompt.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(prompt.error().message(), HasSubstr("expected one <image>"));
  }
}

TEST(Prompt, RefusesAModelWithoutTheImageToken) {
  const auto prompt =
      build_prompt("<image>", tokenizer("<img>"), std::vector<TokenLayout>{layout_of(1)}, 0);
  ASSERT_FALSE(prompt);
  EXPECT_EQ(prompt.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(prompt.error().message(), HasSubstr("<image>"));
}

}  // namespace
}  // namespace lectio
