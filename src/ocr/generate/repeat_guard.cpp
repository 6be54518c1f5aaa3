// SPDX-License-Identifier: Apache-2.0
#include "ocr/generate/repeat_guard.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>

#include "base/check.h"

namespace lectio {

RepeatGuard::RepeatGuard(const NoRepeatRule& rule, std::span<const std::int32_t> prompt,
                         std::int64_t most_output)
    : rule_(rule) {
  if (rule.kind == NoRepeatRule::Kind::kNone) return;
  LECTIO_CHECK(rule.n >= 1, "n-gram of " + std::to_string(rule.n));

  const bool sees_prompt = rule.kind == NoRepeatRule::Kind::kWholeSequence;
  most_tokens_ = most_output + (sees_prompt ? static_cast<std::int64_t>(prompt.size()) : 0);
  const auto most = static_cast<std::size_t>(most_tokens_);
  tokens_.reserve(most);
  earlier_.reserve(most);
  banned_.reserve(most);
  latest_.assign(std::bit_ceil(most + 1), -1);
  if (sees_prompt) {
    for (const std::int32_t token : prompt) push(token);
  }
}

// The (n-1)-gram at start, hashed; n-1 is at most a few dozen, so nothing is rolled.
std::size_t RepeatGuard::bucket_of(std::int64_t start) const {
  std::uint64_t hash = 0;
  for (std::int64_t i = start; i < start + rule_.n - 1; ++i) {
    hash = splitmix64(hash ^ static_cast<std::uint32_t>(tokens_[static_cast<std::size_t>(i)]));
  }
  return static_cast<std::size_t>(hash) & (latest_.size() - 1);
}

void RepeatGuard::push(std::int32_t token) {
  if (rule_.kind == NoRepeatRule::Kind::kNone) return;
  LECTIO_CHECK(static_cast<std::int64_t>(tokens_.size()) < most_tokens_, "more tokens than stated");
  tokens_.push_back(token);
  // The (n-1)-gram before this token has a follower now.
  const std::int64_t start = static_cast<std::int64_t>(tokens_.size()) - rule_.n;
  if (start < 0) return;
  const std::size_t bucket = bucket_of(start);
  earlier_.push_back(latest_[bucket]);  // starts come one by one: earlier_.size() was start
  latest_[bucket] = start;
}

std::span<const std::int32_t> RepeatGuard::banned() {
  banned_.clear();
  const auto length = static_cast<std::int64_t>(tokens_.size());
  if (rule_.kind == NoRepeatRule::Kind::kNone || length < rule_.n) return banned_;

  const bool windowed = rule_.kind == NoRepeatRule::Kind::kWindow;
  const std::int64_t first = windowed ? std::max<std::int64_t>(0, length - rule_.window) : 0;
  const auto prefix = tokens_.end() - (rule_.n - 1);
  const std::size_t bucket = bucket_of(length - rule_.n + 1);
  for (std::int64_t start = latest_[bucket]; start >= first;
       start = earlier_[static_cast<std::size_t>(start)]) {
    if (!std::equal(prefix, tokens_.end(), tokens_.begin() + start)) continue;
    const std::int32_t follower = tokens_[static_cast<std::size_t>(start + rule_.n - 1)];
    const auto& exempt = rule_.whitelist;
    if (windowed && std::find(exempt.begin(), exempt.end(), follower) != exempt.end()) continue;
    banned_.push_back(follower);
  }
  std::sort(banned_.begin(), banned_.end());
  banned_.erase(std::unique(banned_.begin(), banned_.end()), banned_.end());
  return banned_;
}

}  // namespace lectio
