// SPDX-License-Identifier: Apache-2.0
// The no-repeat rules of the official runners, by name (spec 8).
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
};

std::optional<NoRepeatPreset> no_repeat_preset_from_name(std::string_view name);
std::string_view no_repeat_preset_name(NoRepeatPreset preset);

// The windowed rules exempt <td> and </td>, where the tokenizer has them.
NoRepeatRule no_repeat_rule(NoRepeatPreset preset, Family family, const Tokenizer& tokenizer);

}  // namespace lectio
