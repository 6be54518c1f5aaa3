// SPDX-License-Identifier: Apache-2.0
#include "train/layers.h"

#include <cmath>

namespace lectio::train {

torch::Tensor linear(const Parameters& p, const std::string& name, const torch::Tensor& x,
                     bool bias) {
  return torch::linear(x, p[name + ".weight"], bias ? p[name + ".bias"] : torch::Tensor());
}

torch::Tensor layer_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                         double eps) {
  return torch::layer_norm(x, {x.size(-1)}, p[name + ".weight"], p[name + ".bias"], eps);
}

torch::Tensor rms_norm(const Parameters& p, const std::string& name, const torch::Tensor& x,
                       double eps) {
#if TORCH_VERSION_MAJOR >= 2
  return at::rms_norm(x, {x.size(-1)}, p[name + ".weight"], eps);
#else
  const torch::Tensor wide = x.to(torch::kFloat32);
  const torch::Tensor normed = wide * torch::rsqrt(wide.square().mean(-1, true) + eps);
  return normed.to(x.scalar_type()) * p[name + ".weight"];
#endif
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

namespace {

// Which column of P = q . [table_h; table_w]^T each query needs for each key row and key column: [h
// * w, h + w], entry (y, x), k: y - k + h - 1 among the rows of table_h, then x - k + w - 1 among
// those of table_w.
torch::Tensor relative_columns(std::int64_t h, std::int64_t w,
                               const torch::TensorOptions& options) {
  const torch::Tensor y = torch::arange(h, options), x = torch::arange(w, options);
  const torch::Tensor rows = (y.unsqueeze(1) - y.unsqueeze(0) + (h - 1)).repeat_interleave(w, 0);
  const torch::Tensor columns =
      (x.unsqueeze(1) - x.unsqueeze(0) + (w - 1) + (2 * h - 1)).repeat({h, 1});
  return torch::cat({rows, columns}, 1);
}

// The inverse: for each column of P the key row or column that took it, or h + w where none did.
torch::Tensor relative_takers(std::int64_t h, std::int64_t w, const torch::TensorOptions& options) {
  const torch::Tensor columns = relative_columns(h, w, options);
  const torch::Tensor takers = torch::full({h * w, 2 * (h + w) - 2}, h + w, options);
  return takers.scatter(1, columns, torch::arange(h + w, options).expand({h * w, h + w}));
}

// P [..., h * w, 2h - 1 + 2w - 1] -> [..., h * w, h + w]. Each entry of P is taken at most once, so
// the gradient is a selection too: no atomics, and the same bits every time.
class SelectRelative : public torch::autograd::Function<SelectRelative> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& p,
                               std::int64_t h, std::int64_t w) {
    context->saved_data["h"] = h;
    context->saved_data["w"] = w;
    return select(p, relative_columns(h, w, p.options().dtype(torch::kLong)));
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const std::int64_t h = context->saved_data["h"].toInt(), w = context->saved_data["w"].toInt();
    const torch::Tensor padded = torch::constant_pad_nd(grads[0], {0, 1});
    return {select(padded, relative_takers(h, w, padded.options().dtype(torch::kLong))), {}, {}};
  }

 private:
  static torch::Tensor select(const torch::Tensor& from, const torch::Tensor& columns) {
    std::vector<std::int64_t> shape = from.sizes().vec();
    shape.back() = columns.size(1);
    return from.gather(-1, columns.expand(shape));
  }
};

// One-hot rows: [h * w, h] of y and [h * w, w] of x.
torch::Tensor one_hot_positions(std::int64_t h, std::int64_t w,
                                const torch::TensorOptions& options) {
  const torch::Tensor rows = torch::eye(h, options).repeat_interleave(w, 0);
  const torch::Tensor columns = torch::eye(w, options).repeat({h, 1});
  return torch::cat({rows, columns}, 1);
}

}  // namespace

torch::Tensor relative_attention(const torch::Tensor& q, const torch::Tensor& k,
                                 const torch::Tensor& v, const torch::Tensor& table_h,
                                 const torch::Tensor& table_w, std::int64_t h, std::int64_t w) {
  const std::int64_t batch = q.size(0), heads = q.size(1), d = q.size(3), n = h * w;
  // The position term is not scaled: the tables carry the inverse of the scale that the product
  // gets.
  const double scale = 1.0 / std::sqrt(static_cast<double>(d));
  const torch::Tensor tables = torch::cat({table_h, table_w}, 0) / scale;
  const torch::Tensor terms = SelectRelative::apply(torch::matmul(q, tables.t()), h, w);
  const std::int64_t extra = (8 - (d + h + w) % 8) % 8;
  std::vector<torch::Tensor> parts = {q, terms};
  if (extra > 0) parts.push_back(torch::zeros({batch, heads, n, extra}, q.options()));
  const torch::Tensor wide_q = torch::cat(parts, -1);
  const torch::Tensor positions =
      torch::constant_pad_nd(one_hot_positions(h, w, q.options()), {0, extra});
  const torch::Tensor wide_k = torch::cat(
      {k, positions.view({1, 1, n, h + w + extra}).expand({batch, heads, n, h + w + extra})}, -1);
  const torch::Tensor wide_v = torch::constant_pad_nd(v, {0, h + w + extra});
  return attention(wide_q, wide_k, wide_v, scale, false).narrow(-1, 0, d);
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
