// SPDX-License-Identifier: Apache-2.0
#include "ocr/generate/generate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "base/check.h"

namespace lectio {
namespace {

// The followers of every earlier place, from `first_start` on, that reads like the last n-1 tokens.
std::vector<std::int32_t> followers(std::span<const std::int32_t> tokens, std::int64_t n,
                                    std::int64_t first_start) {
  const auto length = static_cast<std::int64_t>(tokens.size());
  std::vector<std::int32_t> found;
  if (length < n) return found;
  const auto prefix = tokens.last(static_cast<std::size_t>(n - 1));
  for (std::int64_t start = first_start; start <= length - n; ++start) {
    const auto gram = tokens.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(n));
    if (std::equal(prefix.begin(), prefix.end(), gram.begin())) found.push_back(gram.back());
  }
  return found;
}

std::size_t best_of(std::span<const float> logits) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > logits[best] || (std::isnan(logits[best]) && !std::isnan(logits[i]))) best = i;
  }
  return best;
}

}  // namespace

std::vector<std::int32_t> banned_tokens(const NoRepeatRule& rule,
                                        std::span<const std::int32_t> prompt,
                                        std::span<const std::int32_t> output) {
  if (rule.kind == NoRepeatRule::Kind::kNone) return {};
  LECTIO_CHECK(rule.n >= 1, "n-gram of " + std::to_string(rule.n));

  std::vector<std::int32_t> banned;
  if (rule.kind == NoRepeatRule::Kind::kWholeSequence) {
    std::vector<std::int32_t> sequence(prompt.begin(), prompt.end());
    sequence.insert(sequence.end(), output.begin(), output.end());
    banned = followers(sequence, rule.n, 0);
  } else {
    const auto length = static_cast<std::int64_t>(output.size());
    banned = followers(output, rule.n, std::max<std::int64_t>(0, length - rule.window));
    std::erase_if(banned, [&](std::int32_t id) {
      return std::find(rule.whitelist.begin(), rule.whitelist.end(), id) != rule.whitelist.end();
    });
  }
  std::sort(banned.begin(), banned.end());
  banned.erase(std::unique(banned.begin(), banned.end()), banned.end());
  return banned;
}

std::int32_t choose_token(std::span<float> logits, std::span<const std::int32_t> banned,
                          double temperature, Random& random) {
  LECTIO_CHECK(!logits.empty(), "no logits");
  for (const std::int32_t id : banned) {
    if (id >= 0 && static_cast<std::size_t>(id) < logits.size()) {
      logits[static_cast<std::size_t>(id)] = -std::numeric_limits<float>::infinity();
    }
  }
  const std::size_t best = best_of(logits);
  if (temperature <= 0 || !std::isfinite(logits[best])) return static_cast<std::int32_t>(best);

  const auto weight = [&](float logit) {
    return std::isnan(logit)
               ? 0.0
               : std::exp((static_cast<double>(logit) - static_cast<double>(logits[best])) /
                          temperature);
  };
  double total = 0;
  for (const float logit : logits) total += weight(logit);
  // The same sum again, in the same order, until it passes the drawn point.
  const double point = random.unit() * total;
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    sum += weight(logits[i]);
    if (sum > point) return static_cast<std::int32_t>(i);
  }
  return static_cast<std::int32_t>(best);
}

double log_sum_exp(std::span<const float> logits) {
  LECTIO_CHECK(!logits.empty(), "no logits");
  constexpr float kNegligible = 25;
  const float largest = logits[best_of(logits)];
  if (!std::isfinite(largest)) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (const float logit : logits) {
    if (logit >= largest - kNegligible) sum += std::exp(static_cast<double>(logit - largest));
  }
  return static_cast<double>(largest) + std::log(sum);
}

}  // namespace lectio
