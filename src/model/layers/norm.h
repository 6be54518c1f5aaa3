// SPDX-License-Identifier: Apache-2.0
// The two normalisations, over the last dimension. y may be x.
#pragma once

#include <cstdint>
#include <string>

#include "model/layers/run.h"
#include "model/weights/binder.h"

namespace lectio {

struct LayerNorm {
  Tensor weight, bias;  // [width]
  float eps = 0;

  static LayerNorm bind(Binder& binder, const std::string& name, std::int64_t width, float eps);
};

struct RmsNorm {
  Tensor weight;  // [width]
  float eps = 0;

  static RmsNorm bind(Binder& binder, const std::string& name, std::int64_t width, float eps);
};

// x[n, width] -> y[n, width].
void forward(const LayerNorm& w, const Run& run, TensorView x, TensorView y);
void forward(const RmsNorm& w, const Run& run, TensorView x, TensorView y);

}  // namespace lectio
