// SPDX-License-Identifier: Apache-2.0
#include "train/layers.h"

#include <cmath>

#include "base/check.h"
#include "train/fused_attention.h"
#include "train/fused_elementwise.h"
#include "train/fused_linear.h"
#include "train/fused_norms.h"

namespace lectio::train {

torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight,
                     const torch::Tensor& bias) {
  return fused_linear_takes(x, weight, bias) ? fused_linear(x, weight, bias)
                                             : torch::linear(x, weight, bias);
}

torch::Tensor linear(const Parameters& p, const std::string& name, const torch::Tensor& x,
                     bool bias) {
  return bias ? linear(x, p[name + ".weight"], p[name + ".bias"])
              : torch::linear(x, p[name + ".weight"]);
}

Normed plain_norm(const torch::Tensor& x, const torch::Tensor& branch, const torch::Tensor& weight,
                  const torch::Tensor& bias, double eps) {
  const torch::Tensor sum = branch.defined() ? x + branch : x;
  if (bias.defined()) return {sum, torch::layer_norm(sum, {sum.size(-1)}, weight, bias, eps)};
#if TORCH_VERSION_MAJOR >= 2
  return {sum, at::rms_norm(sum, {sum.size(-1)}, weight, eps)};
#else
  const torch::Tensor wide = sum.to(torch::kFloat32);
  const torch::Tensor normed = wide * torch::rsqrt(wide.square().mean(-1, true) + eps);
  return {sum, normed.to(sum.scalar_type()) * weight};
#endif
}

Normed norm(const torch::Tensor& x, const torch::Tensor& branch, const torch::Tensor& weight,
            const torch::Tensor& bias, double eps) {
  return fused_norm_takes(x, branch, weight) ? fused_norm(x, branch, weight, bias, eps)
                                             : plain_norm(x, branch, weight, bias, eps);
}

Normed add_layer_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                      const torch::Tensor& branch, double eps) {
  return norm(x, branch, p[name + ".weight"], p[name + ".bias"], eps);
}

Normed add_rms_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                    const torch::Tensor& branch, double eps) {
  return norm(x, branch, p[name + ".weight"], {}, eps);
}

torch::Tensor layer_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                         double eps) {
  return add_layer_norm(p, name, x, {}, eps).out;
}

torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        double scale, bool causal) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(q, k, v, {}, 0.0, causal, scale);
#else
  torch::Tensor scores = torch::matmul(q * scale, k.transpose(-1, -2)).to(torch::kFloat32);
  if (causal) {
    const std::int64_t n = q.size(-2);
    const torch::Tensor hidden =
        torch::ones({n, k.size(-2)}, scores.options().dtype(torch::kBool)).triu(1);
    scores = scores.masked_fill(hidden, -std::numeric_limits<float>::infinity());
  }
  return torch::matmul(torch::softmax(scores, -1).to(v.scalar_type()), v);
#endif
}

std::array<torch::Tensor, 3> split_qkv(const torch::Tensor& qkv, std::int64_t heads) {
  const torch::Tensor split =
      qkv.view({qkv.size(0), qkv.size(1), 3, heads, qkv.size(2) / 3 / heads})
          .permute({2, 0, 3, 1, 4});
  const std::vector<torch::Tensor> parts =
      split.unbind(0);  // its gradient is one stack, not three paddings
  return {parts[0], parts[1], parts[2]};
}

torch::Tensor join_heads(const torch::Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)});
}

torch::Tensor plain_relative_attention(const torch::Tensor& qkv, std::int64_t heads,
                                       const torch::Tensor& table_h, const torch::Tensor& table_w,
                                       std::int64_t h, std::int64_t w) {
  const auto [q, k, v] = split_qkv(qkv, heads);
  const std::int64_t batch = q.size(0), n = h * w;
  const auto distances =
      [&](std::int64_t side) {  // [side, side]: row of the table, q - k + side - 1
        const torch::Tensor at = torch::arange(side, qkv.options().dtype(torch::kLong));
        return at.unsqueeze(1) - at.unsqueeze(0) + (side - 1);
      };
  // [h, h, d] and [w, w, d]; then A_h [batch, heads, y, x, y'] and A_w [batch, heads, y, x, x'].
  const torch::Tensor map = q.reshape({batch, heads, h, w, q.size(3)});
  const torch::Tensor rows =
      torch::einsum("bhyxc,ykc->bhyxk", {map, table_h.index({distances(h)})});
  const torch::Tensor columns =
      torch::einsum("bhyxc,xkc->bhyxk", {map, table_w.index({distances(w)})});
  const torch::Tensor bias =
      (rows.unsqueeze(-1) + columns.unsqueeze(-2)).reshape({batch, heads, n, n});
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(3)));
  const torch::Tensor scores = torch::matmul(q * scale, k.transpose(-1, -2)) + bias;
  return join_heads(
      torch::matmul(torch::softmax(scores.to(torch::kFloat32), -1).to(v.scalar_type()), v));
}

torch::Tensor relative_attention(const torch::Tensor& qkv, std::int64_t heads,
                                 const torch::Tensor& table_h, const torch::Tensor& table_w,
                                 std::int64_t h, std::int64_t w) {
  if (fused_relative_attention_takes(qkv, heads, h, w)) {
    return fused_relative_attention(qkv, heads, table_h, table_w, h, w);
  }
  return plain_relative_attention(qkv, heads, table_h, table_w, h, w);
}

torch::Tensor plain_rotate(const torch::Tensor& x, const torch::Tensor& cosine,
                           const torch::Tensor& sine) {
  const std::vector<torch::Tensor> halves = x.chunk(2, -1);
  const torch::Tensor &a = halves[0], &b = halves[1];
  const torch::Tensor c = cosine.unsqueeze(1).to(x.scalar_type());
  const torch::Tensor s = sine.unsqueeze(1).to(x.scalar_type());
  return torch::cat({a * c - b * s, b * c + a * s}, -1);
}

torch::Tensor rotate(const torch::Tensor& x, const torch::Tensor& cosine,
                     const torch::Tensor& sine) {
  return fused_takes(x) && x.size(-1) % 16 == 0 ? fused_rotate(x, cosine, sine)
                                                : plain_rotate(x, cosine, sine);
}

torch::Tensor plain_gated(const torch::Tensor& gate, const torch::Tensor& up,
                          const torch::Tensor& weights) {
  const torch::Tensor hidden = torch::silu(gate) * up;
  if (!weights.defined()) return hidden;
  return (hidden.unflatten(-1, {weights.size(-1), -1}) *
          weights.to(hidden.scalar_type()).unsqueeze(-1))
      .flatten(-2);
}

torch::Tensor gated(const torch::Tensor& gate, const torch::Tensor& up,
                    const torch::Tensor& weights) {
  const bool whole =
      !weights.defined() || (weights.is_contiguous() && gate.size(-1) / weights.size(-1) % 8 == 0);
  LECTIO_CHECK(gate.sizes() == up.sizes(), "gate and up");
  return fused_takes(gate) && fused_takes(up) && whole ? fused_gated(gate, up, weights)
                                                       : plain_gated(gate, up, weights);
}

torch::Tensor plain_cut_windows(const torch::Tensor& x, std::int64_t side) {
  const std::int64_t down = (side - x.size(1) % side) % side,
                     right = (side - x.size(2) % side) % side;
  const torch::Tensor padded =
      down + right > 0 ? torch::constant_pad_nd(x, {0, 0, 0, right, 0, down}) : x;
  const std::int64_t b = x.size(0), rows = padded.size(1) / side, columns = padded.size(2) / side,
                     c = x.size(3);
  return padded.view({b, rows, side, columns, side, c})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({b * rows * columns, side, side, c});
}

torch::Tensor plain_join_windows(const torch::Tensor& windows, std::int64_t b, std::int64_t h,
                                 std::int64_t w) {
  const std::int64_t side = windows.size(1), rows = (h + side - 1) / side,
                     columns = (w + side - 1) / side;
  return windows.view({b, rows, columns, side, side, windows.size(3)})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({b, rows * side, columns * side, windows.size(3)})
      .slice(1, 0, h)
      .slice(2, 0, w);
}

torch::Tensor cut_windows(const torch::Tensor& x, std::int64_t side) {
  return fused_takes(x) ? fused_cut_windows(x, side) : plain_cut_windows(x, side);
}

torch::Tensor join_windows(const torch::Tensor& windows, std::int64_t b, std::int64_t h,
                           std::int64_t w) {
  return fused_takes(windows) ? fused_join_windows(windows, b, h, w)
                              : plain_join_windows(windows, b, h, w);
}

torch::Tensor resample_rows(const torch::Tensor& table, std::int64_t rows) {
  if (table.size(0) == rows) return table;
  const torch::Tensor columns = table.to(torch::kFloat32).t().unsqueeze(0);
  return torch::upsample_linear1d(columns, {rows}, false).squeeze(0).t().to(table.scalar_type());
}

torch::Tensor resize_positions(const torch::Tensor& table, std::int64_t h, std::int64_t w) {
  if (table.size(0) == h && table.size(1) == w) return table;
  const torch::Tensor planes =
      table.to(torch::kFloat32).permute({2, 0, 1}).unsqueeze(0).contiguous();
  return at::_upsample_bicubic2d_aa(planes, {h, w}, false)
      .squeeze(0)
      .permute({1, 2, 0})
      .to(table.scalar_type());
}

void declare_linear(Parameters& p, const std::string& name, std::int64_t out, std::int64_t in,
                    bool bias, double deviation, bool exported) {
  p.declare(name + ".weight", {out, in}, Init::kNormal, deviation, exported);
  if (bias) p.declare(name + ".bias", {out}, Init::kZero, 0, exported);
}

void declare_norm(Parameters& p, const std::string& name, std::int64_t width, bool bias) {
  p.declare(name + ".weight", {width}, Init::kOne);
  if (bias) p.declare(name + ".bias", {width}, Init::kZero);
}

}  // namespace lectio::train
