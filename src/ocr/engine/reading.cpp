// SPDX-License-Identifier: Apache-2.0
#include "ocr/engine/reading.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace lectio {

Reading::Reading(const NetworkSpec& spec, const Tokenizer& tokenizer, Prompt prompt,
                 ReadOptions options, PageText page, GrowingCache cache)
    : spec_(spec),
      prompt_(std::move(prompt)),
      options_(std::move(options)),
      page_(std::move(page)),
      cache_(std::move(cache)),
      most_(std::min(options_.generate.max_tokens,
                     spec.decoder.max_positions - std::ssize(prompt_.ids))),
      guard_(options_.generate.no_repeat, prompt_.ids,
             std::max(most_, std::ssize(options_.prefix))),
      loops_(options_.loops, [&tokenizer](std::int32_t id) { return tokenizer.token_bytes(id); }),
      writer_(tokenizer, page_, options_.on_text),
      random_(options_.generate.seed) {}

std::span<const std::int32_t> Reading::begin() {
  const std::int64_t begun = std::ssize(options_.prefix);
  const auto room = static_cast<std::size_t>(std::max(most_, begun));
  page_.ids.reserve(room);
  page_.log_probabilities.reserve(room);
  page_.text_ends.reserve(room);
  writer_.begin_with(options_.prefix, options_.prefix_log_probabilities);
  for (const std::int32_t id : options_.prefix) guard_.push(id);
  loops_.begin_with(options_.prefix);
  if (begun >= most_)
    end(most_ == options_.generate.max_tokens ? FinishReason::kMaxTokens
                                              : FinishReason::kMaxContext);
  return over_ ? std::span<const std::int32_t>() : std::span<const std::int32_t>(options_.prefix);
}

void Reading::end(FinishReason reason) {
  page_.finish = writer_.finish(reason);
  over_ = true;
}

bool Reading::goes_on() {
  if (!over_ && options_.stop.stop_requested()) end(FinishReason::kCancelled);
  return !over_;
}

std::span<const std::int32_t> Reading::pending() const {
  if (std::ssize(page_.ids) <= std::ssize(options_.prefix)) return {};
  return {&page_.ids.back(), 1};
}

Result<void> Reading::choose(std::span<float> logits) {
  const double log_sum = log_sum_exp(logits);  // before a rule bans anything
  if (length() == std::ssize(options_.prefix)) {
    for (const std::int32_t id : options_.generate.not_first) {
      logits[static_cast<std::size_t>(id)] = -std::numeric_limits<float>::infinity();
    }
  }
  std::span<const std::int32_t> banned = guard_.banned();
  if (!banned.empty() && is_sure(options_.generate.no_repeat, logits, log_sum)) banned = {};
  const std::int32_t id = choose_token(logits, banned, options_.generate.temperature, random_);
  const float logit = logits[static_cast<std::size_t>(id)];
  if (!std::isfinite(logit)) {
    return Error(ErrorCode::kInvalidModel,
                 "the network gave no finite logit for token " + std::to_string(length()));
  }
  if (id == spec_.eos_id) {
    end(FinishReason::kStop);
    return {};
  }
  guard_.push(id);
  ++page_.generated_tokens;
  if (loops_.push(id)) {
    page_.finish = writer_.finish_loop(*loops_.found());
    over_ = true;
    return {};
  }
  const auto log_probability = static_cast<float>(static_cast<double>(logit) - log_sum);
  writer_.push(id, log_probability, loops_.settled());
  if (length() >= most_) {
    end(most_ == options_.generate.max_tokens ? FinishReason::kMaxTokens
                                              : FinishReason::kMaxContext);
  }
  return {};
}

}  // namespace lectio
