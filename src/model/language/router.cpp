// SPDX-License-Identifier: Apache-2.0
#include "model/language/router.h"

#include <algorithm>
#include <cstdint>

namespace lectio {

void route(TensorView gate, const Run& run, TensorView x, const Routing& routing) {
  run.ops.linear(run.context, x, gate, {}, kernels::Activation::kNone, routing.scores);
  route_by_products(run, routing);
}

void route_by_products(const Run& run, const Routing& routing) {
  run.ops.softmax(run.context, routing.scores, routing.scores);
  choose_experts(routing);
}

void choose_experts(const Routing& routing) {
  const std::int64_t candidates = routing.scores.columns();
  const std::int64_t k = routing.experts.columns();
  LECTIO_CHECK(routing.experts.dtype == DType::kI32 && k <= candidates,
               routing.experts.shape.to_string());
  for (std::int64_t row = 0; row < routing.scores.rows(); ++row) {
    const float* const scores = routing.scores.f32() + row * candidates;
    auto* const experts = static_cast<std::int32_t*>(routing.experts.data) + row * k;
    float* const weights = routing.weights.f32() + row * k;
    std::int64_t chosen = 0;
    for (std::int64_t candidate = 0; candidate < candidates; ++candidate) {
      const float score = scores[candidate];
      std::int64_t place = chosen;  // behind all that are at least as high
      while (place > 0 && score > weights[place - 1]) --place;
      if (place == k) continue;
      chosen = std::min(chosen + 1, k);
      std::copy_backward(experts + place, experts + chosen - 1, experts + chosen);
      std::copy_backward(weights + place, weights + chosen - 1, weights + chosen);
      experts[place] = static_cast<std::int32_t>(candidate);
      weights[place] = score;
    }
  }
}

}  // namespace lectio
