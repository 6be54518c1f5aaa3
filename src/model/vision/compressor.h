// SPDX-License-Identifier: Apache-2.0
// SAM's neck and the two strided convolutions behind it: 16 times fewer tokens (spec 3, steps 4 and
// 5).
#pragma once

#include <cstdint>

#include "model/layers/norm.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/vision/sam_vit.h"
#include "model/weights/binder.h"

namespace lectio {

struct Compressor {
  TensorView neck0;  // [neck, width, 1, 1]
  LayerNorm norm1;
  Tensor neck2;  // [neck, neck, 3, 3]; the 3x3 kernels are BF16, or F32 where the file has no BF16
  LayerNorm norm3;
  Tensor net2;  // [net2_channels, neck, 3, 3]
  Tensor net3;  // [net3_channels, net2_channels, 3, 3]

  static Compressor bind(Binder& binder, const SamSpec& spec);
};

// x[grids.rows(), width] -> y[grids.rows() / 16, net3_channels]. There is no norm or activation
// between or after the strided convolutions.
void forward(const Compressor& w, const SamSpec& spec, const Run& run, PatchGrids grids,
             TensorView x, TensorView y);

}  // namespace lectio
