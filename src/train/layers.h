// SPDX-License-Identifier: Apache-2.0
// The layers that several parts of the network in training share, as free functions over
// parameters.
#pragma once

#include <torch/torch.h>

#include <string>

#include "train/parameters.h"

namespace lectio::train {

// x [..., in] -> [..., out] with `name`.weight and, where declared so, `name`.bias.
torch::Tensor linear(const Parameters& p, const std::string& name, const torch::Tensor& x,
                     bool bias);
torch::Tensor layer_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                         double eps);
torch::Tensor rms_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                       double eps);

// softmax(q k^T * scale) v over [batch, heads, n, head_dim].
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        double scale, bool causal);

// Attention over an h x w map with decomposed relative positions (spec 3.1). q, k, v [batch, heads,
// h * w, head_dim]; tables [2h - 1, head_dim] and [2w - 1, head_dim]; the position term uses the
// unscaled q. The two terms ride along as extra coordinates of q and k (q . R_h[y - y'] = <A_h(q),
// one-hot(y')>), so the fused attention kernels need no bias.
torch::Tensor relative_attention(const torch::Tensor& q, const torch::Tensor& k,
                                 const torch::Tensor& v, const torch::Tensor& table_h,
                                 const torch::Tensor& table_w, std::int64_t h, std::int64_t w);

// Rows of a [L, d] table resampled to `rows` (spec 3.3, linear).
torch::Tensor resample_rows(const torch::Tensor& table, std::int64_t rows);
// A [side, side, d] position table resized to h x w (spec 3.3, bicubic with antialias).
torch::Tensor resize_positions(const torch::Tensor& table, std::int64_t h, std::int64_t w);

void declare_linear(Parameters& p, const std::string& name, std::int64_t out, std::int64_t in,
                    bool bias, double deviation, bool exported = true);
void declare_norm(Parameters& p, const std::string& name, std::int64_t width, bool bias);

}  // namespace lectio::train
