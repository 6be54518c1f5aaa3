// SPDX-License-Identifier: Apache-2.0
// What the network is taught by: next token, which character each cell shows, which vision token to
// look at, and a balanced use of the experts.
#pragma once

#include <torch/torch.h>

#include "train/batch.h"
#include "train/ocr_net.h"
#include "train/recipe.h"

namespace lectio::train {

// The heads that exist in training alone: one linear map from each SAM patch to its 2 x 4 cells,
// one small network from each vision token to its 8 x 16 cells.
void declare_cell_heads(Parameters& p, const NetworkSpec& spec);

// Sums over the batch, f32 scalars on the device, so that reading them is the caller's choice.
struct LossTerms {
  torch::Tensor total;
  torch::Tensor text;         // mean negative log likelihood of a token, nats
  torch::Tensor patch_cells;  // mean over cells; undefined where the weight is 0
  torch::Tensor token_cells;
  torch::Tensor align;
  torch::Tensor balance;
  torch::Tensor correct;        // tokens whose argmax is right
  torch::Tensor counted;        // tokens that count
  torch::Tensor expert_shares;  // [MoE layers, experts]
};

struct LossWeights {
  double cells = 0.5;
  double align = 0.1;
  double balance = 0.01;
  double cell_share = 1.0;  // of the pages of the batch, the first ones
};

// Everything of the batch on the parameters' device.
LossTerms compute_losses(const Parameters& p, const NetworkSpec& spec, const Batch& batch,
                         const LossWeights& weights);

}  // namespace lectio::train
