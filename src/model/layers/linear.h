// SPDX-License-Identifier: Apache-2.0
// y = x W^T + b.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/layers/run.h"
#include "model/weights/binder.h"

namespace lectio {

struct Linear {
  TensorView weight;  // [out, in]
  Tensor bias;        // [out], or empty

  static Linear bind(Binder& binder, const std::string& name, std::int64_t out, std::int64_t in);
  static Linear bind_without_bias(Binder& binder, const std::string& name, std::int64_t out,
                                  std::int64_t in);
};

// x[n, in] -> y[n, out]; kAdd adds to y.
void forward(const Linear& w, const Run& run, TensorView x, TensorView y,
             kernels::Activation activation = kernels::Activation::kNone);

// How activations are kept that `to` alone reads, and those that `from` writes besides.
DType activation_type(const Run& run, const Linear& to);
DType activation_type(const Run& run, const Linear& from, const Linear& to);
// Number `index` of a view of F32 or BF16 activations, as attention takes parts of wider rows.
inline const void* number_at(TensorView view, std::int64_t index) {
  return static_cast<const std::byte*>(view.data) + row_bytes(view.dtype, index);
}

}  // namespace lectio
