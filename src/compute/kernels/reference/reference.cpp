// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels {

const Table& reference() {
  static constexpr Table kTable = {
      .name = "reference",
      .operand = [](DType) { return DType::kF32; },
      .linear = scalar::linear,
      .linear_group = scalar::linear_group,
      .conv2d = scalar::conv2d,
      .layer_norm = scalar::layer_norm,
      .rms_norm = scalar::rms_norm,
      .attention = scalar::attention,
      .attend_cached = scalar::attend_cached,
      .store_cached = scalar::store_cached,
      .load_cached = scalar::load_cached,
      .rope = scalar::rope,
      .silu_mul = scalar::silu_mul,
      .add = scalar::add,
      .gather_rows = scalar::gather_rows,
      .softmax = scalar::softmax,
  };
  return kTable;
}

}  // namespace lectio::kernels
