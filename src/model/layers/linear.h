// SPDX-License-Identifier: Apache-2.0
// y = x W^T + b.
#pragma once

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

// x[n, in] -> y[n, out].
void forward(const Linear& w, const Run& run, TensorView x, TensorView y,
             kernels::Activation activation = kernels::Activation::kNone);

}  // namespace lectio
