// SPDX-License-Identifier: Apache-2.0
// The entries of the tables whose products have narrow factors, where they differ from the CPU
// tables': checks, blocking, threads. kernels.h says what each promises.
#pragma once

#include <cstdint>

#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/narrow/narrow.h"
#include "compute/kernels/kernels.h"

namespace lectio::kernels::cpu::narrow {

// What such a table stands on.
struct Set {
  const Isa& isa;
  const Narrow& narrow;
  bool bytes;  // 8-bit weights meet 8-bit activations
};

// Weights of every format but F32 are multiplied in BF16, or bytes.
DType operand(const Set& set, DType weight);

void linear(const Set& set, Context& context, TensorView x, TensorView weight, TensorView bias,
            Activation activation, TensorView y);
void conv2d(const Set& set, Context& context, TensorView x, TensorView weight, TensorView bias,
            std::int64_t stride, std::int64_t pad, TensorView y);
void attention(const Set& set, Context& context, const AttentionArgs& args, TensorView out);
void layer_norm(const Set& set, Context& context, TensorView x, TensorView weight, TensorView bias,
                float eps, TensorView y);
void rms_norm(const Set& set, Context& context, TensorView x, TensorView weight, float eps,
              TensorView y);

}  // namespace lectio::kernels::cpu::narrow
