// SPDX-License-Identifier: Apache-2.0
// The mixture-of-experts layer: routed experts and the shared one (spec 7, MoE steps 4 and 5).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/language/router.h"
#include "model/layers/gated_mlp.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/weights/binder.h"

namespace lectio {

struct MixtureOfExperts {
  Tensor gate;  // [experts, width], F32: near-ties must not be turned by rounded products
  std::vector<GatedMlp> experts;
  GatedMlp shared;  // one MLP, shared_experts times as wide as an expert

  static MixtureOfExperts bind(Binder& binder, const std::string& name, const DecoderSpec& spec);
};

// x[n, width] -> y[n, width] = shared(x) + sum of weight * expert(x). `layer` names the stages.
void forward(const MixtureOfExperts& w, const DecoderSpec& spec, const Run& run, std::int64_t layer,
             TensorView x, TensorView y);

// The same for few rows, each the same to the bit whatever is beside it.
void step(const MixtureOfExperts& w, const DecoderSpec& spec, const Run& run, std::int64_t layer,
          TensorView x, TensorView y);

// y += sum of weight * expert(x), the tokens of an expert together, experts side by side. The same
// for any number of threads, to the bit.
void add_routed(const std::vector<GatedMlp>& experts, const Run& run, const Routing& routing,
                TensorView x, TensorView y);

}  // namespace lectio
