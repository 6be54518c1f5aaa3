// SPDX-License-Identifier: Apache-2.0
// The order in which the decoder meets the features of a page (spec 6.3).
#pragma once

#include "compute/tensor/tensor.h"
#include "model/spec/token_layout.h"

namespace lectio {

struct VisionFeatures {
  TensorView tiles;      // [tiles * tile_side^2, width]; empty without tiles
  TensorView global;     // [global_side^2, width]
  TensorView newline;    // [width], v1 alone
  TensorView separator;  // [width]
};

// out[layout.count(), width]: the row of every slot.
void arrange(const TokenLayout& layout, const VisionFeatures& features, TensorView out);

}  // namespace lectio
