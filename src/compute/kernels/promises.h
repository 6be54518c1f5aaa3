// SPDX-License-Identifier: Apache-2.0
// What kernels.h says of shapes, checked: one place for every backend. LECTIO_CHECK, since only a
// bug can break a promise.
#pragma once

#include "compute/kernels/kernels.h"

namespace lectio::kernels {

// That the arguments of an attention fit each other and the result.
void check_attention(const AttentionArgs& args, TensorView out);
// That x[n, in], weight[out, in], bias[out] or none, and y[n, out] fit.
void check_linear(TensorView x, TensorView weight, TensorView bias, TensorView y);

}  // namespace lectio::kernels
