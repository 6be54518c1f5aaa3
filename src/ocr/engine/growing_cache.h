// SPDX-License-Identifier: Apache-2.0
// Keys and values that take memory as the text grows, not as it might grow.
#pragma once

#include <cstdint>
#include <optional>

#include "model/network/network.h"

namespace lectio {

// A cache that doubles when it is full, up to the positions of the network: the full 8192 positions
// of the official models are 480 MiB in F16, a usual page needs a fifth of it. Doubling copies what
// is there, so a text of n tokens costs fewer than n copied positions and log2(n) allocations. Kept
// from page to page. One thread at a time.
class GrowingCache {
 public:
  explicit GrowingCache(DType dtype) : dtype_(dtype) {}

  // Forgets everything; room for `prompt` positions and some more.
  void restart(const Network& network, std::int64_t prompt);
  // Room for `more` positions behind those in use; all together are at most max_positions.
  void make_room(const Network& network, std::int64_t more);
  KvCache& get() { return *cache_; }

 private:
  DType dtype_;
  std::optional<KvCache> cache_;
};

}  // namespace lectio
