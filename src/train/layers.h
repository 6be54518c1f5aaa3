// SPDX-License-Identifier: Apache-2.0
// The layers that several parts of the network in training share, as free functions over
// parameters. Where a function has a plain_ twin, it runs by the kernels of compute/cuda where they
// take its input (bf16 on CUDA), and as the twin elsewhere.
#pragma once

#include <torch/torch.h>

#include <array>
#include <string>

#include "train/parameters.h"

namespace lectio::train {

// x [..., in] -> [..., out]; its plain twin is torch::linear.
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight,
                     const torch::Tensor& bias);
// The same with `name`.weight and, where declared so, `name`.bias.
torch::Tensor linear(const Parameters& p, const std::string& name, const torch::Tensor& x,
                     bool bias);

// A residual stream after an addition, and its norm.
struct Normed {
  torch::Tensor sum, out;
};

// sum = x + branch [..., C], an undefined branch adds nothing; out is its layer norm or, with an
// undefined bias, its RMS norm.
Normed norm(const torch::Tensor& x, const torch::Tensor& branch, const torch::Tensor& weight,
            const torch::Tensor& bias, double eps);
Normed plain_norm(const torch::Tensor& x, const torch::Tensor& branch, const torch::Tensor& weight,
                  const torch::Tensor& bias, double eps);
// The same with `name`.weight and `name`.bias.
Normed add_layer_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                      const torch::Tensor& branch, double eps);
Normed add_rms_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                    const torch::Tensor& branch, double eps);
torch::Tensor layer_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                         double eps);

// softmax(q k^T * scale) v over [batch, heads, n, head_dim].
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        double scale, bool causal);

// Half-rotate (spec 4.3): x [B, L, heads, 2 * half], tables f32 [L, half].
torch::Tensor rotate(const torch::Tensor& x, const torch::Tensor& cosine,
                     const torch::Tensor& sine);
torch::Tensor plain_rotate(const torch::Tensor& x, const torch::Tensor& cosine,
                           const torch::Tensor& sine);

// silu(gate) * up [..., C], each of the groups of columns times its weight, f32 [..., groups];
// undefined weights are ones.
torch::Tensor gated(const torch::Tensor& gate, const torch::Tensor& up,
                    const torch::Tensor& weights);
torch::Tensor plain_gated(const torch::Tensor& gate, const torch::Tensor& up,
                          const torch::Tensor& weights);

// [B, h, w, C] -> [B * windows, side, side, C], zero-padded to the right and below, and back.
torch::Tensor cut_windows(const torch::Tensor& x, std::int64_t side);
torch::Tensor plain_cut_windows(const torch::Tensor& x, std::int64_t side);
torch::Tensor join_windows(const torch::Tensor& windows, std::int64_t b, std::int64_t h,
                           std::int64_t w);
torch::Tensor plain_join_windows(const torch::Tensor& windows, std::int64_t b, std::int64_t h,
                                 std::int64_t w);

// Attention over an h x w map with decomposed relative positions (spec 3.1): qkv [batch, h * w, 3 *
// heads * head_dim] -> [batch, h * w, heads * head_dim]; tables [2h - 1, head_dim] and [2w - 1,
// head_dim]; the position term uses the unscaled q. On CUDA in bf16 with heads of 64 no score
// leaves the chip (compute/cuda); elsewhere the scores are written down.
torch::Tensor relative_attention(const torch::Tensor& qkv, std::int64_t heads,
                                 const torch::Tensor& table_h, const torch::Tensor& table_w,
                                 std::int64_t h, std::int64_t w);
torch::Tensor plain_relative_attention(const torch::Tensor& qkv, std::int64_t heads,
                                       const torch::Tensor& table_h, const torch::Tensor& table_w,
                                       std::int64_t h, std::int64_t w);

// [batch, n, 3 * heads * d] -> q, k, v, each [batch, heads, n, d].
std::array<torch::Tensor, 3> split_qkv(const torch::Tensor& qkv, std::int64_t heads);
// [batch, heads, n, d] -> [batch, n, heads * d].
torch::Tensor join_heads(const torch::Tensor& x);

// Rows of a [L, d] table resampled to `rows` (spec 3.3, linear).
torch::Tensor resample_rows(const torch::Tensor& table, std::int64_t rows);
// A [side, side, d] position table resized to h x w (spec 3.3, bicubic with antialias).
torch::Tensor resize_positions(const torch::Tensor& table, std::int64_t h, std::int64_t w);

void declare_linear(Parameters& p, const std::string& name, std::int64_t out, std::int64_t in,
                    bool bias, double deviation, bool exported = true);
void declare_norm(Parameters& p, const std::string& name, std::int64_t width, bool bias);

}  // namespace lectio::train
