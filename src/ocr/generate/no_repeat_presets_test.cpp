// SPDX-License-Identifier: Apache-2.0
#include "ocr/generate/no_repeat_presets.h"

#include <gtest/gtest.h>

namespace lectio {
namespace {

using Kind = NoRepeatRule::Kind;

TEST(NoRepeatPresets, AreTheRulesOfTheOfficialRunners) {
  const auto tokenizer =
      Tokenizer::from_file(LECTIO_SOURCE_DIR "/tests/golden/tiny-v1/tokenizer.json");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  const std::vector<std::int32_t> cells = {*tokenizer->id_of("<td>"), *tokenizer->id_of("</td>")};
  const auto rule = [&](NoRepeatPreset preset, Family family) {
    return no_repeat_rule(preset, family, *tokenizer);
  };
  for (const Family family : {Family::kV1, Family::kV2}) {
    EXPECT_EQ(rule(NoRepeatPreset::kNone, family), NoRepeatRule{});
    EXPECT_EQ(rule(NoRepeatPreset::kHuggingFace, family),
              (NoRepeatRule{Kind::kWholeSequence, 20, 0, {}}));
    EXPECT_EQ(rule(NoRepeatPreset::kHuggingFaceEval, family),
              (NoRepeatRule{Kind::kWholeSequence, 35, 0, {}}));
    EXPECT_EQ(rule(NoRepeatPreset::kVllm, family), (NoRepeatRule{Kind::kWindow, 30, 90, cells}));
    EXPECT_EQ(rule(NoRepeatPreset::kPdf, family), (NoRepeatRule{Kind::kWindow, 20, 50, cells}));
    EXPECT_EQ(rule(NoRepeatPreset::kBatch, family), (NoRepeatRule{Kind::kWindow, 40, 90, cells}));
  }
  EXPECT_EQ(rule(NoRepeatPreset::kImage, Family::kV1),
            (NoRepeatRule{Kind::kWindow, 30, 90, cells}));
  EXPECT_EQ(rule(NoRepeatPreset::kImage, Family::kV2),
            (NoRepeatRule{Kind::kWindow, 20, 90, cells}));
}

TEST(NoRepeatPresets, ANetworkThatSaysSoHasARuleOfItsOwn) {
  const auto tokenizer =
      Tokenizer::from_file(LECTIO_SOURCE_DIR "/tests/golden/tiny-v1/tokenizer.json");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  NetworkSpec spec;
  EXPECT_EQ(own_no_repeat_rule(spec, *tokenizer), NoRepeatRule{});
  spec.bars_unsure_repeats = true;
  const NoRepeatRule own = own_no_repeat_rule(spec, *tokenizer);
  EXPECT_EQ(own, no_repeat_rule(NoRepeatPreset::kUnsure, spec.family, *tokenizer));
  EXPECT_EQ(own.kind, Kind::kWindow);
  EXPECT_LT(own.sure, 1);
}

TEST(NoRepeatPresets, HaveNamesThatLeadBackToThem) {
  for (const NoRepeatPreset preset :
       {NoRepeatPreset::kNone, NoRepeatPreset::kHuggingFace, NoRepeatPreset::kHuggingFaceEval,
        NoRepeatPreset::kImage, NoRepeatPreset::kPdf, NoRepeatPreset::kBatch, NoRepeatPreset::kVllm,
        NoRepeatPreset::kUnsure}) {
    EXPECT_EQ(no_repeat_preset_from_name(no_repeat_preset_name(preset)), preset);
  }
  EXPECT_EQ(no_repeat_preset_from_name("some"), std::nullopt);
}

}  // namespace
}  // namespace lectio
