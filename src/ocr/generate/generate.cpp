// SPDX-License-Identifier: Apache-2.0
#include "ocr/generate/generate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
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

// Four numbers at once, a vector register of every machine that this runs on: the compiler does not
// find such loops by itself at -O2.
constexpr std::size_t kLanes = 4;
using Floats = float __attribute__((vector_size(kLanes * sizeof(float))));
using Ints = std::int32_t __attribute__((vector_size(kLanes * sizeof(float))));

// sum += exp(x) for x up to 0, to 3e-7 of itself; below -25, and for what is no number, exp(-25).
void add_exp(const Floats& x, Floats& sum) {
  constexpr float kLeast = -25;
  constexpr float kRounder = 12'582'912;  // 1.5 * 2^23: adding it rounds to a whole number
  const Floats least = kLeast - Floats{};
  const Floats bits = (x > least ? x : least) * 1.44269504F;
  const Floats rounded = bits + kRounder;
  const Floats f = (bits - (rounded - kRounder)) * 0.693147181F;  // -0.35 to 0.35
  // Taylor to the sixth power: the next term is 0.35^7 / 7! = 1.3e-7.
  const Floats power =
      1 +
      f * (1 + f * (0.5F + f * (1.0F / 6 + f * (1.0F / 24 + f * (1.0F / 120 + f * (1.0F / 720))))));
  const Ints exponent = reinterpret_cast<Ints>(rounded) - std::bit_cast<std::int32_t>(kRounder);
  sum += reinterpret_cast<Floats>(reinterpret_cast<Ints>(power) + (exponent << 23));
}

// Numbers [at, at + kLanes) of the logits; `otherwise` behind the last.
void load(std::span<const float> logits, std::size_t at, float otherwise, Floats& lanes) {
  if (at + kLanes <= logits.size()) {
    std::memcpy(&lanes, logits.data() + at, sizeof(lanes));
    return;
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    lanes[lane] = at + lane < logits.size() ? logits[at + lane] : otherwise;
  }
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

bool is_sure(const NoRepeatRule& rule, std::span<const float> logits, double log_sum) {
  if (rule.sure > 1) return false;
  LECTIO_CHECK(!logits.empty(), "no logits");
  return static_cast<double>(logits[best_of(logits)]) - log_sum >= std::log(rule.sure);
}

double log_sum_exp(std::span<const float> logits) {
  LECTIO_CHECK(!logits.empty(), "no logits");
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Floats most = -kInfinity - Floats{};
  for (std::size_t at = 0; at < logits.size(); at += kLanes) {
    Floats next;
    load(logits, at, -kInfinity, next);
    most = next > most ? next : most;  // what is no number is never larger
  }
  float largest = -kInfinity;
  for (std::size_t lane = 0; lane < kLanes; ++lane) largest = std::max(largest, most[lane]);
  if (!std::isfinite(largest)) return std::numeric_limits<double>::quiet_NaN();

  double sum = 0;
  constexpr std::size_t kBlock = 64 * kLanes;  // summed in float
  for (std::size_t begin = 0; begin < logits.size(); begin += kBlock) {
    Floats lanes{};
    const std::size_t end = std::min(logits.size(), begin + kBlock);
    for (std::size_t at = begin; at < end; at += kLanes) {
      Floats next;
      load(logits, at, -kInfinity, next);
      add_exp(next - largest, lanes);
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(lanes[lane]);
  }
  return static_cast<double>(largest) + std::log(sum);
}

}  // namespace lectio
