// SPDX-License-Identifier: Apache-2.0
// Which experts a token goes to (spec 7, MoE steps 1 to 3).
#pragma once

#include "model/layers/run.h"

namespace lectio {

// Of n tokens, each with its k experts by descending weight.
struct Routing {
  TensorView scores;   // [n, experts], softmax over all experts
  TensorView experts;  // [n, k], I32
  TensorView weights;  // [n, k], the scores of those experts: not renormalised, so they sum to less
                       // than one
};

// x[n, width], gate[experts, width]; fills routing's views.
void route(TensorView gate, const Run& run, TensorView x, const Routing& routing);

// From the products of x and the gate, which are in routing.scores.
void route_by_products(const Run& run, const Routing& routing);

// The k highest scores of each row. Of equal scores, the lower index comes first.
void choose_experts(const Routing& routing);

}  // namespace lectio
