// SPDX-License-Identifier: Apache-2.0
// The second stage of v1: CLIP-L over the compressed SAM features (spec 4.1).
#pragma once

#include <cstdint>
#include <vector>

#include "model/layers/linear.h"
#include "model/layers/norm.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/weights/binder.h"

namespace lectio {

struct ClipLayer {
  LayerNorm norm1;
  Linear qkv;  // rows [q | k | v]
  Linear out;
  LayerNorm norm2;
  Linear fc1, fc2;

  static ClipLayer bind(Binder& binder, const ClipSpec& spec, std::int64_t index);
};

struct ClipVit {
  Tensor class_embedding;  // [width]
  Tensor positions;        // [1 + table_side^2, width], row 0 of the class token
  LayerNorm pre_norm;
  std::vector<ClipLayer> layers;

  static ClipVit bind(Binder& binder, const ClipSpec& spec);
};

// sam[batch * g * g, width], the compressed features, in the place of CLIP's own patches
// -> features[batch * g * g, 2 * width]: CLIP's tokens, then the SAM features they came from.
void forward(const ClipVit& w, const ClipSpec& spec, const Run& run, std::int64_t batch,
             TensorView sam, TensorView features);
// x[batch * tokens, width], in place: x += attention(norm1(x)); x += mlp(norm2(x)).
void forward(const ClipLayer& w, const ClipSpec& spec, const Run& run, std::int64_t batch,
             TensorView x);

}  // namespace lectio
