// SPDX-License-Identifier: Apache-2.0
#include "ocr/generate/no_repeat_presets.h"

#include <array>
#include <utility>

namespace lectio {
namespace {

constexpr std::array<std::pair<std::string_view, NoRepeatPreset>, 8> kNames = {{
    {"none", NoRepeatPreset::kNone},
    {"hf", NoRepeatPreset::kHuggingFace},
    {"hf-eval", NoRepeatPreset::kHuggingFaceEval},
    {"image", NoRepeatPreset::kImage},
    {"pdf", NoRepeatPreset::kPdf},
    {"batch", NoRepeatPreset::kBatch},
    {"vllm", NoRepeatPreset::kVllm},
    {"unsure", NoRepeatPreset::kUnsure},
}};

NoRepeatRule windowed(std::int64_t n, std::int64_t window, const Tokenizer& tokenizer) {
  NoRepeatRule rule{NoRepeatRule::Kind::kWindow, n, window, {}};
  for (const std::string_view cell : {"<td>", "</td>"}) {
    if (const auto id = tokenizer.id_of(cell)) rule.whitelist.push_back(*id);
  }
  return rule;
}

}  // namespace

std::optional<NoRepeatPreset> no_repeat_preset_from_name(std::string_view name) {
  for (const auto& [known, preset] : kNames) {
    if (known == name) return preset;
  }
  return std::nullopt;
}

std::string_view no_repeat_preset_name(NoRepeatPreset preset) {
  for (const auto& [name, known] : kNames) {
    if (known == preset) return name;
  }
  return "";
}

NoRepeatRule no_repeat_rule(NoRepeatPreset preset, Family family, const Tokenizer& tokenizer) {
  switch (preset) {
    case NoRepeatPreset::kNone:
      return {};
    case NoRepeatPreset::kHuggingFace:
      return {NoRepeatRule::Kind::kWholeSequence, 20, 0, {}};
    case NoRepeatPreset::kHuggingFaceEval:
      return {NoRepeatRule::Kind::kWholeSequence, 35, 0, {}};
    case NoRepeatPreset::kImage:
      return windowed(family == Family::kV1 ? 30 : 20, 90, tokenizer);
    case NoRepeatPreset::kPdf:
      return windowed(20, 50, tokenizer);
    case NoRepeatPreset::kBatch:
      return windowed(40, 90, tokenizer);
    case NoRepeatPreset::kVllm:
      return windowed(30, 90, tokenizer);
    case NoRepeatPreset::kUnsure: {
      NoRepeatRule rule = windowed(5, 256, tokenizer);
      rule.sure = 0.9;
      return rule;
    }
  }
  return {};
}

NoRepeatRule own_no_repeat_rule(const NetworkSpec& spec, const Tokenizer& tokenizer) {
  if (!spec.bars_unsure_repeats) return {};
  return no_repeat_rule(NoRepeatPreset::kUnsure, spec.family, tokenizer);
}

}  // namespace lectio
