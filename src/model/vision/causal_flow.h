// SPDX-License-Identifier: Apache-2.0
// The second stage of v2: a Qwen2 body in which learned queries read the compressed SAM features
// (spec 4.2).
#pragma once

#include <cstdint>
#include <vector>

#include "model/layers/gated_mlp.h"
#include "model/layers/linear.h"
#include "model/layers/norm.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/weights/binder.h"

namespace lectio {

struct FlowLayer {
  RmsNorm norm1;
  Linear q, k, v;  // with bias; k and v have fewer heads
  Linear o;        // without
  RmsNorm norm2;
  GatedMlp mlp;

  static FlowLayer bind(Binder& binder, const FlowSpec& spec, std::int64_t index);
};

struct CausalFlow {
  Tensor queries_768;   // [144, width]: what a 768-pixel view is read with
  Tensor queries_1024;  // [256, width]
  std::vector<FlowLayer> layers;
  RmsNorm norm;

  static CausalFlow bind(Binder& binder, const FlowSpec& spec);
};

// sam[batch * n, width], n = 144 or 256 -> features[batch * n, width], one a query. Image rows see
// all image rows; query i sees all image rows and queries 0 .. i.
void forward(const CausalFlow& w, const FlowSpec& spec, const Run& run, std::int64_t batch,
             TensorView sam, TensorView features);
// x[batch * 2n, width], image rows and then queries of each view; in place.
void forward(const FlowLayer& w, const FlowSpec& spec, const Run& run, std::int64_t batch,
             TensorView x);

}  // namespace lectio
