// SPDX-License-Identifier: Apache-2.0
// Logits become tokens (spec 8): sampling, the two no-repeat rules.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/splitmix.h"

namespace lectio {

// Bans tokens that would complete an n-gram seen before, unless the model is sure of its token.
struct NoRepeatRule {
  enum class Kind {
    kNone,
    kWholeSequence,  // Hugging Face: prompt and output, no window, no whitelist
    kWindow,         // vLLM: output only, the last `window` tokens, whitelist exempt
  };
  Kind kind = Kind::kNone;
  std::int64_t n = 0;  // at least 1 unless kNone
  std::int64_t window = 0;
  std::vector<std::int32_t> whitelist;
  double sure = 2;  // probability of the likeliest token from which on nothing is banned; above 1:
                    // the rule holds always

  bool operator==(const NoRepeatRule&) const = default;
};

struct GenerateOptions {
  std::int64_t max_tokens = 8192;
  double temperature = 0;  // 0: greedy
  std::uint64_t seed = 0;
  NoRepeatRule no_repeat;
  std::vector<std::int32_t> not_first;  // ids that the text, or what follows its prefix, must not
                                        // begin with
};

// Ids that the rule bans as the next token, ascending, without repeats. `prompt` is looked at only
// by kWholeSequence. The definition: every call scans the whole history. RepeatGuard gives the same
// ids without the scan.
std::vector<std::int32_t> banned_tokens(const NoRepeatRule& rule,
                                        std::span<const std::int32_t> prompt,
                                        std::span<const std::int32_t> output);

// The next token: banned ids are set to minus infinity in logits, then argmax (lowest id on a tie)
// or a draw from softmax(logits / temperature). Banned ids that have no logit are ignored. NaN
// never wins against a number. logits is not empty.
std::int32_t choose_token(std::span<float> logits, std::span<const std::int32_t> banned,
                          double temperature, Random& random);

// Whether the model is too sure of its likeliest token for the rule to ban any. log_sum: as
// log_sum_exp says of these logits; not a number: never.
bool is_sure(const NoRepeatRule& rule, std::span<const float> logits, double log_sum);

// log(sum(exp(logit))): a logit less this is the log-probability of its token. To about 5e-6: terms
// below e^-25 of the largest count as that, which is at most n * e^-25 = 2e-6 for n = 129,280
// logits, and the sum is kept in float over 64 terms. Not a number where the largest is not finite.
// logits is not empty.
double log_sum_exp(std::span<const float> logits);

}  // namespace lectio
