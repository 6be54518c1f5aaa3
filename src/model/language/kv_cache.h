// SPDX-License-Identifier: Apache-2.0
// Keys and values of the positions decoded so far.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/tensor/tensor.h"

namespace lectio {

// F32, one block a layer: [capacity, width] keys and as many values. One thread at a time.
class KvCache {
 public:
  KvCache(std::int64_t layers, std::int64_t capacity, std::int64_t width);

  std::int64_t length() const { return length_; }
  std::int64_t capacity() const { return capacity_; }
  void truncate(std::int64_t length);  // forgets the positions from `length` on
  void advance(std::int64_t rows);     // `rows` more positions are filled in every layer
  TensorView keys(std::int64_t layer) const {
    return keys_[static_cast<std::size_t>(layer)].view();
  }
  TensorView values(std::int64_t layer) const {
    return values_[static_cast<std::size_t>(layer)].view();
  }

 private:
  std::int64_t capacity_;
  std::int64_t length_ = 0;
  std::vector<Tensor> keys_;
  std::vector<Tensor> values_;
};

}  // namespace lectio
