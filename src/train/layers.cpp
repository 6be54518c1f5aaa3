// SPDX-License-Identifier: Apache-2.0
#include "train/layers.h"

#include <cmath>

namespace lectio::train {

torch::Tensor linear(const Parameters& p, const std::string& name, const torch::Tensor& x, bool bias) {
  return torch::linear(x, p[name + ".weight"], bias ? p[name + ".bias"] : torch::Tensor());
}

torch::Tensor layer_norm(const Parameters& p, const std::string& name, const torch::Tensor& x, double eps) {
  return torch::layer_norm(x, {x.size(-1)}, p[name + ".weight"], p[name + ".bias"], eps);
}

torch::Tensor rms_norm(const Parameters& p, const std::string& name, const torch::Tensor& x, double eps) {
  const torch::Tensor wide = x.to(torch::kFloat32);
  const torch::Tensor normed = wide * torch::rsqrt(wide.square().mean(-1, true) + eps);
  return normed.to(x.scalar_type()) * p[name + ".weight"];
}

torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, double scale,
                        bool causal) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(q, k, v, {}, 0.0, causal, scale);
#else
  torch::Tensor scores = torch::matmul(q * scale, k.transpose(-1, -2)).to(torch::kFloat32);
  if (causal) {
    const std::int64_t n = q.size(-2);
    const torch::Tensor hidden = torch::ones({n, k.size(-2)}, scores.options().dtype(torch::kBool)).triu(1);
    scores = scores.masked_fill(hidden, -std::numeric_limits<float>::infinity());
  }
  return torch::matmul(torch::softmax(scores, -1).to(v.scalar_type()), v);
#endif
}

namespace {

// [n, n, d]: the table's row for query coordinate a and key coordinate b, a - b + n - 1.
torch::Tensor expand_table(const torch::Tensor& table, std::int64_t n) {
  const torch::Tensor a = torch::arange(n, table.options().dtype(torch::kLong));
  const torch::Tensor index = (a.unsqueeze(1) - a.unsqueeze(0) + (n - 1)).reshape({-1});
  return table.index_select(0, index).view({n, n, table.size(1)});
}

// One-hot rows: [h * w, h] of y and [h * w, w] of x.
torch::Tensor one_hot_positions(std::int64_t h, std::int64_t w, const torch::TensorOptions& options) {
  const torch::Tensor rows = torch::eye(h, options).repeat_interleave(w, 0);
  const torch::Tensor columns = torch::eye(w, options).repeat({h, 1});
  return torch::cat({rows, columns}, 1);
}

}  // namespace

torch::Tensor relative_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                 const torch::Tensor& table_h, const torch::Tensor& table_w, std::int64_t h,
                                 std::int64_t w) {
  const std::int64_t batch = q.size(0), heads = q.size(1), d = q.size(3), n = h * w;
  const double scale = 1.0 / std::sqrt(static_cast<double>(d));
  const torch::Tensor map = q.reshape({batch * heads, h, w, d});
  // term_h [h, batch*heads*w, h] = map rows y against R_h[y]; term_w likewise by columns.
  const torch::Tensor term_h =
      torch::bmm(map.permute({1, 0, 2, 3}).reshape({h, batch * heads * w, d}), expand_table(table_h, h).transpose(1, 2))
          .view({h, batch * heads, w, h}).permute({1, 0, 2, 3});
  const torch::Tensor term_w =
      torch::bmm(map.permute({2, 0, 1, 3}).reshape({w, batch * heads * h, d}), expand_table(table_w, w).transpose(1, 2))
          .view({w, batch * heads, h, w}).permute({1, 2, 0, 3});
  const std::int64_t extra = (8 - (d + h + w) % 8) % 8;
  std::vector<torch::Tensor> parts = {map * scale, term_h, term_w};
  if (extra > 0) parts.push_back(torch::zeros({batch * heads, h, w, extra}, q.options()));
  const torch::Tensor wide_q = torch::cat(parts, -1).view({batch, heads, n, d + h + w + extra});
  const torch::Tensor positions = torch::constant_pad_nd(one_hot_positions(h, w, q.options()), {0, extra});
  const torch::Tensor wide_k =
      torch::cat({k, positions.view({1, 1, n, h + w + extra}).expand({batch, heads, n, h + w + extra})}, -1);
  const torch::Tensor wide_v = torch::constant_pad_nd(v, {0, h + w + extra});
  return attention(wide_q, wide_k, wide_v, 1.0, false).narrow(-1, 0, d);
}

torch::Tensor resample_rows(const torch::Tensor& table, std::int64_t rows) {
  if (table.size(0) == rows) return table;
  const torch::Tensor columns = table.to(torch::kFloat32).t().unsqueeze(0);
  return torch::upsample_linear1d(columns, {rows}, false).squeeze(0).t().to(table.scalar_type());
}

torch::Tensor resize_positions(const torch::Tensor& table, std::int64_t h, std::int64_t w) {
  if (table.size(0) == h && table.size(1) == w) return table;
  const torch::Tensor planes = table.to(torch::kFloat32).permute({2, 0, 1}).unsqueeze(0).contiguous();
  return at::_upsample_bicubic2d_aa(planes, {h, w}, false).squeeze(0).permute({1, 2, 0}).to(table.scalar_type());
}

void declare_linear(Parameters& p, const std::string& name, std::int64_t out, std::int64_t in, bool bias,
                    double deviation, bool exported) {
  p.declare(name + ".weight", {out, in}, Init::kNormal, deviation, exported);
  if (bias) p.declare(name + ".bias", {out}, Init::kZero, 0, exported);
}

void declare_norm(Parameters& p, const std::string& name, std::int64_t width, bool bias) {
  p.declare(name + ".weight", {width}, Init::kOne);
  if (bias) p.declare(name + ".bias", {width}, Init::kZero);
}

}  // namespace lectio::train
