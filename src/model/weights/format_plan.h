// SPDX-License-Identifier: Apache-2.0
// Which tensors of a checkpoint take a number format: the one rule that converting and synthesis
// share.
#pragma once

#include "compute/tensor/dtype.h"
#include "compute/tensor/tensor.h"

namespace lectio {

struct FormatPlan {
  DType dtype = DType::kBF16;
  Shape shape;  // as written: a quantised convolution kernel is one row an output channel
};

// How a tensor of this shape stands in a checkpoint of this format: kF32, kBF16, kF16 or kQ8.
// kQ8 takes matrices of at least 4,096 numbers whose rows are whole blocks, and convolutions as one
// row an output channel where the binder reads them so; what is left (norms, biases, the patch
// kernel) becomes BF16.
FormatPlan plan_format(const Shape& shape, DType format);

}  // namespace lectio
