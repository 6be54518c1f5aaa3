// SPDX-License-Identifier: Apache-2.0
// Keys and values of the positions decoded so far.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/kernels/kernels.h"
#include "compute/tensor/tensor.h"
#include "model/spec/network_spec.h"

namespace lectio {

// Of one sequence, one block a layer: [heads][capacity][head_dim] keys and as many values, F32, F16
// or I8, which has a scale for each head of a position beside them (kernels::CacheView). One thread
// at a time.
class KvCache {
 public:
  KvCache(const DecoderSpec& spec, std::int64_t capacity, DType dtype = DType::kF32);

  std::int64_t length() const { return length_; }
  std::int64_t capacity() const { return capacity_; }
  DType dtype() const { return dtype_; }
  std::int64_t bytes() const;
  static std::int64_t position_bytes(const DecoderSpec& spec, DType dtype);  // of all layers
  void truncate(std::int64_t length);      // forgets the positions from `length` on
  void advance(std::int64_t rows);         // `rows` more positions are filled in every layer
  void take_over(const KvCache& smaller);  // the positions of a cache of the same network and dtype
  kernels::CacheView layer(std::int64_t index) const;

 private:
  std::int64_t heads_;
  std::int64_t head_dim_;
  std::int64_t capacity_;
  DType dtype_;
  std::int64_t length_ = 0;
  std::vector<Tensor> keys_;
  std::vector<Tensor> values_;
  std::vector<Tensor> key_scales_;  // [heads, capacity, 1] each, of I8
  std::vector<Tensor> value_scales_;
};

}  // namespace lectio
