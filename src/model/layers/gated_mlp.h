// SPDX-License-Identifier: Apache-2.0
// SwiGLU: down(silu(gate(x)) * up(x)). The v2 encoder, the dense decoder layer, every expert.
#pragma once

#include <cstdint>
#include <string>

#include "model/layers/run.h"
#include "model/weights/binder.h"

namespace lectio {

struct GatedMlp {
  TensorView gate, up;  // [hidden, width]
  TensorView down;      // [width, hidden]

  static GatedMlp bind(Binder& binder, const std::string& name, std::int64_t width,
                       std::int64_t hidden);
};

// x[n, width] -> y[n, width]. y may be x.
void forward(const GatedMlp& w, const Run& run, TensorView x, TensorView y);

// The same for few rows, each the same to the bit whatever is beside it.
void step(const GatedMlp& w, const Run& run, TensorView x, TensorView y);

}  // namespace lectio
