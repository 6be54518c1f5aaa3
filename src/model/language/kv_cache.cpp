// SPDX-License-Identifier: Apache-2.0
#include "model/language/kv_cache.h"

#include <string>

namespace lectio {

KvCache::KvCache(std::int64_t layers, std::int64_t capacity, std::int64_t width)
    : capacity_(capacity) {
  for (std::int64_t i = 0; i < layers; ++i) {
    keys_.emplace_back(Shape{capacity, width});
    values_.emplace_back(Shape{capacity, width});
  }
}

void KvCache::truncate(std::int64_t length) {
  LECTIO_CHECK(length >= 0 && length <= length_,
               std::to_string(length) + " of " + std::to_string(length_));
  length_ = length;
}

void KvCache::advance(std::int64_t rows) {
  LECTIO_CHECK(
      rows >= 0 && rows <= capacity_ - length_,
      std::to_string(length_) + " + " + std::to_string(rows) + " of " + std::to_string(capacity_));
  length_ += rows;
}

}  // namespace lectio
