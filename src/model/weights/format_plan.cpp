// SPDX-License-Identifier: Apache-2.0
#include "model/weights/format_plan.h"

namespace lectio {
namespace {

constexpr std::int64_t kSmallestQuantised = 4096;

// 3x3 kernels are read into memory as F32 whatever the file holds; others are used in place and
// keep their axes.
bool is_small_convolution(const Shape& shape) {
  return shape.rank() == 4 && shape[2] == 3 && shape[3] == 3;
}

}  // namespace

FormatPlan plan_format(const Shape& shape, DType format) {
  if (format != DType::kQ8) return {format, shape};
  if (shape.elements() < kSmallestQuantised || shape.rank() < 2) return {DType::kBF16, shape};
  if (shape.last() % kQ8BlockLength == 0) return {DType::kQ8, shape};
  const Shape flat{shape[0], shape.elements() / shape[0]};
  if (is_small_convolution(shape) && flat.last() % kQ8BlockLength == 0) return {DType::kQ8, flat};
  return {DType::kBF16, shape};
}

}  // namespace lectio
