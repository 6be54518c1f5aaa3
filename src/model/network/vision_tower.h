// SPDX-License-Identifier: Apache-2.0
// From pixels to rows of the decoder. The only place where the two versions differ.
#pragma once

#include <cstdint>
#include <variant>

#include "model/layers/linear.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/vision/causal_flow.h"
#include "model/vision/clip_vit.h"
#include "model/vision/compressor.h"
#include "model/vision/sam_vit.h"
#include "model/weights/binder.h"

namespace lectio {

struct VisionTower {
  SamVit sam;
  Compressor compressor;
  std::variant<ClipVit, CausalFlow> second;  // v1, v2
  Linear projector;                          // feature_width -> width of the decoder
  Tensor newline;                            // [width]; v1 alone ends its rows
  Tensor separator;                          // [width]

  static VisionTower bind(Binder& binder, const NetworkSpec& spec);
};

// pixels[batch, 3, N, N] -> out[batch * (N / 64)^2, width of the decoder].
void forward(const VisionTower& w, const NetworkSpec& spec, const Run& run, TensorView pixels,
             TensorView out);

}  // namespace lectio
