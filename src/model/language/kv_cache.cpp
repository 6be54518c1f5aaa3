// SPDX-License-Identifier: Apache-2.0
#include "model/language/kv_cache.h"

#include <cstring>
#include <string>

namespace lectio {
namespace {

// Of every head, the first `rows` positions.
void copy_positions(const Tensor& from, const Tensor& to, std::int64_t rows) {
  const auto row_size = [](const Tensor& tensor) {
    return row_bytes(tensor.view().dtype, tensor.shape()[2]);
  };
  const std::int64_t from_head = from.shape()[1] * row_size(from);
  const std::int64_t to_head = to.shape()[1] * row_size(to);
  for (std::int64_t head = 0; head < from.shape()[0]; ++head) {
    std::memcpy(static_cast<std::byte*>(to.view().data) + head * to_head,
                static_cast<const std::byte*>(from.view().data) + head * from_head,
                static_cast<std::size_t>(rows * row_size(from)));
  }
}

}  // namespace

KvCache::KvCache(const DecoderSpec& spec, std::int64_t capacity, DType dtype)
    : heads_(spec.heads),
      head_dim_(spec.head_dim()),
      capacity_(capacity),
      dtype_(dtype) {
  LECTIO_CHECK(dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kI8,
               dtype_name(dtype));
  for (std::int64_t i = 0; i < spec.layers; ++i) {
    keys_.emplace_back(Shape{heads_, capacity, head_dim_}, dtype);
    values_.emplace_back(Shape{heads_, capacity, head_dim_}, dtype);
    if (dtype != DType::kI8) continue;
    key_scales_.emplace_back(Shape{heads_, capacity, 1});
    value_scales_.emplace_back(Shape{heads_, capacity, 1});
  }
}

std::int64_t KvCache::position_bytes(const DecoderSpec& spec, DType dtype) {
  const std::int64_t scale = dtype == DType::kI8 ? row_bytes(DType::kF32, 1) : 0;
  return 2 * spec.layers * spec.heads * (row_bytes(dtype, spec.head_dim()) + scale);
}

std::int64_t KvCache::bytes() const {
  std::int64_t sum = 0;
  for (const auto* const tensors : {&keys_, &values_, &key_scales_, &value_scales_}) {
    for (const Tensor& tensor : *tensors) sum += tensor.view().bytes();
  }
  return sum;
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

void KvCache::take_over(const KvCache& smaller) {
  LECTIO_CHECK(smaller.dtype_ == dtype_ && smaller.heads_ == heads_ &&
                   smaller.head_dim_ == head_dim_ && smaller.keys_.size() == keys_.size() &&
                   smaller.length_ <= capacity_,
               std::to_string(smaller.length_) + " of " + std::to_string(capacity_));
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    copy_positions(smaller.keys_[i], keys_[i], smaller.length_);
    copy_positions(smaller.values_[i], values_[i], smaller.length_);
  }
  for (std::size_t i = 0; i < key_scales_.size(); ++i) {
    copy_positions(smaller.key_scales_[i], key_scales_[i], smaller.length_);
    copy_positions(smaller.value_scales_[i], value_scales_[i], smaller.length_);
  }
  length_ = smaller.length_;
}

kernels::CacheView KvCache::layer(std::int64_t index) const {
  const auto i = static_cast<std::size_t>(index);
  kernels::CacheView view{
      keys_[i].view().data, values_[i].view().data, dtype_, heads_, capacity_, head_dim_};
  if (dtype_ == DType::kI8) {
    view.key_scales = key_scales_[i].f32();
    view.value_scales = value_scales_[i].f32();
  }
  return view;
}

}  // namespace lectio
