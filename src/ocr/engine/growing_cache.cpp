// SPDX-License-Identifier: Apache-2.0
#include "ocr/engine/growing_cache.h"

#include <algorithm>
#include <utility>

namespace lectio {
namespace {

constexpr std::int64_t kFirstOutput = 1024;  // positions for output before the first doubling

}  // namespace

void GrowingCache::restart(const Network& network, std::int64_t prompt) {
  const std::int64_t most = network.spec().decoder.max_positions;
  if (cache_) cache_->truncate(0);
  if (!cache_ || cache_->capacity() < prompt) {
    cache_.reset();  // the old memory goes before the new one comes
    cache_.emplace(network.make_cache(std::min(most, prompt + kFirstOutput), dtype_));
  }
}

void GrowingCache::make_room(const Network& network, std::int64_t more) {
  const DecoderSpec& spec = network.spec().decoder;
  const std::int64_t length = cache_->length();
  const std::int64_t capacity = cache_->capacity();
  if (length + more <= capacity) return;
  LECTIO_CHECK(length + more <= spec.max_positions, "more positions than the network has");

  KvCache larger = network.make_cache(
      std::min(spec.max_positions, std::max(2 * capacity, length + more)), dtype_);
  larger.take_over(*cache_);
  cache_.emplace(std::move(larger));
}

}  // namespace lectio
