// SPDX-License-Identifier: Apache-2.0
// The MoE decoder in training (spec 7). All experts of a layer run as one wide product whose hidden
// numbers are weighted by the router (zero for experts not chosen): the same function as visiting
// the chosen experts, in fixed shapes, and at these widths cheaper than gathering.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "model/spec/network_spec.h"
#include "train/parameters.h"

namespace lectio::train {

// Routed experts are held fused: model.layers.i.mlp.experts.{gate,up}_proj.weight [experts *
// hidden, width] and .down_proj.weight [width, experts * hidden], expert e in rows (columns) e *
// hidden .. (e + 1) * hidden.
void declare_decoder(Parameters& p, const NetworkSpec& spec);

struct DecoderOutput {
  torch::Tensor hidden;   // [B, L, width], after the final norm
  torch::Tensor align_q;  // [B, L, head_dim]: queries of head 0 of the alignment layer, after RoPE
  torch::Tensor align_k;  // [B, L, head_dim]: its keys
  torch::Tensor balance_loss;  // f32 scalar: experts * sum_e share_e * probability_e, mean over the
                               // MoE layers
  torch::Tensor expert_shares;  // f32 [MoE layers, experts]: share of the choices
};

inline constexpr std::int64_t kAlignLayer = 2;

// rows [B, L, width]: the input embeddings.
DecoderOutput decode(const Parameters& p, const NetworkSpec& spec, const torch::Tensor& rows);
torch::Tensor logits(const Parameters& p, const torch::Tensor& hidden);

}  // namespace lectio::train
