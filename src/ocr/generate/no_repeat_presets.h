// SPDX-License-Identifier: Apache-2.0
// No-repeat rules by name: those of the official runners (spec 8) and one of our own.
#pragma once

#include <optional>
#include <string_view>

#include "model/spec/network_spec.h"
#include "model/tokenizer/tokenizer.h"
#include "ocr/generate/generate.h"

namespace lectio {

enum class NoRepeatPreset {
  kNone,
  kHuggingFace,      // "hf": n = 20 over prompt and output
  kHuggingFaceEval,  // "hf-eval": n = 35 over prompt and output
  kImage,            // "image": n = 30 (v2: 20), window 90
  kPdf,              // "pdf": n = 20, window 50
  kBatch,            // "batch": n = 40, window 90
  kVllm,             // "vllm": n = 30, window 90, of vLLM's own recipe
  kUnsure,           // "unsure": n = 5, window 256, below a probability of 0.9; ours, for networks
                     // that go in circles where they cannot make out the print
};

std::optional<NoRepeatPreset> no_repeat_preset_from_name(std::string_view name);
std::string_view no_repeat_preset_name(NoRepeatPreset preset);

// The windowed rules exempt <td> and </td>, where the tokenizer has them.
NoRepeatRule no_repeat_rule(NoRepeatPreset preset, Family family, const Tokenizer& tokenizer);

// The rule that a network is asked once with where nobody names one: "unsure" for those that say so
// (NetworkSpec::bars_unsure_repeats), else none.
NoRepeatRule own_no_repeat_rule(const NetworkSpec& spec, const Tokenizer& tokenizer);

}  // namespace lectio
