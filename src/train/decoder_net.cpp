// SPDX-License-Identifier: Apache-2.0
#include "train/decoder_net.h"

#include <algorithm>
#include <cmath>

#include "train/layers.h"

namespace lectio::train {
namespace {

std::string layer_name(std::int64_t i) { return "model.layers." + std::to_string(i); }

struct Rotation {
  torch::Tensor cosine, sine;  // f32 [L, head_dim / 2]
};

Rotation rotation(const DecoderSpec& d, std::int64_t length, const torch::TensorOptions& options) {
  const auto wide = options.dtype(torch::kFloat32);
  const torch::Tensor k = torch::arange(d.head_dim() / 2, wide);
  const torch::Tensor frequency = torch::exp(
      k * (-2.0 * std::log(static_cast<double>(d.rope_theta)) / static_cast<double>(d.head_dim())));
  const torch::Tensor angle = torch::arange(length, wide).unsqueeze(1) * frequency;
  return {angle.cos(), angle.sin()};
}

// weights [B, L, experts]: of all experts side by side, or undefined for one.
torch::Tensor swiglu(const Parameters& p, const std::string& name, const torch::Tensor& x,
                     const torch::Tensor& weights = {}) {
  const torch::Tensor hidden = gated(linear(p, name + ".gate_proj", x, false),
                                     linear(p, name + ".up_proj", x, false), weights);
  return linear(p, name + ".down_proj", hidden, false);
}

struct Routing {
  torch::Tensor weights;  // f32 [B, L, experts]: the score where chosen, else 0; not renormalised
  torch::Tensor balance;
  torch::Tensor shares;
};

Routing route(const Parameters& p, const DecoderSpec& d, const std::string& name,
              const torch::Tensor& x) {
  const torch::Tensor gate = p[name + ".gate.weight"].to(torch::kFloat32);
  const torch::Tensor scores = torch::softmax(torch::linear(x.to(torch::kFloat32), gate), -1);
  const torch::Tensor chosen = std::get<1>(scores.detach().topk(d.experts_per_token, -1));
  const torch::Tensor mask = torch::zeros_like(scores).scatter_(-1, chosen, 1.0);
  const torch::Tensor shares =
      mask.mean(at::IntArrayRef({0, 1})) / static_cast<double>(d.experts_per_token);
  const torch::Tensor balance =
      static_cast<double>(d.experts) * (shares * scores.mean(at::IntArrayRef({0, 1}))).sum();
  return {scores * mask, balance, shares};
}

}  // namespace

void declare_decoder(Parameters& p, const NetworkSpec& spec) {
  const DecoderSpec& d = spec.decoder;
  const double residual = 0.02 / std::sqrt(2.0 * static_cast<double>(d.layers));
  p.declare("model.image_newline", {d.width}, Init::kNormal);
  p.declare("model.view_seperator", {d.width}, Init::kNormal);
  p.declare("model.embed_tokens.weight", {d.vocabulary, d.width}, Init::kNormal);
  for (std::int64_t i = 0; i < d.layers; ++i) {
    const std::string name = layer_name(i);
    for (const char* part : {"q", "k", "v"}) {
      declare_linear(p, name + ".self_attn." + part + "_proj", d.width, d.width, false, 0.03);
    }
    declare_linear(p, name + ".self_attn.o_proj", d.width, d.width, false, residual);
    const auto declare_mlp = [&](const std::string& mlp, std::int64_t hidden) {
      declare_linear(p, mlp + ".gate_proj", hidden, d.width, false, 0.03);
      declare_linear(p, mlp + ".up_proj", hidden, d.width, false, 0.03);
      declare_linear(p, mlp + ".down_proj", d.width, hidden, false, residual);
    };
    if (i < d.dense_layers) {
      declare_mlp(name + ".mlp", d.dense_hidden);
    } else {
      declare_mlp(name + ".mlp.experts", d.experts * d.expert_hidden);
      declare_linear(p, name + ".mlp.gate", d.experts, d.width, false, 0.02);
      declare_mlp(name + ".mlp.shared_experts", d.shared_experts * d.expert_hidden);
    }
    declare_norm(p, name + ".input_layernorm", d.width, false);
    declare_norm(p, name + ".post_attention_layernorm", d.width, false);
  }
  declare_norm(p, "model.norm", d.width, false);
  declare_linear(p, "lm_head", d.vocabulary, d.width, false, 0.02);
}

DecoderOutput decode(const Parameters& p, const NetworkSpec& spec, const torch::Tensor& rows) {
  const DecoderSpec& d = spec.decoder;
  const std::int64_t batch = rows.size(0), length = rows.size(1);
  const Rotation r = rotation(d, length, rows.options());
  const double scale = 1.0 / std::sqrt(static_cast<double>(d.head_dim()));
  const auto heads = [&](const torch::Tensor& x) {
    return x.view({batch, length, d.heads, d.head_dim()});
  };
  DecoderOutput out;
  std::vector<torch::Tensor> balances, shares;
  torch::Tensor x = rows, branch;
  for (std::int64_t i = 0; i < d.layers; ++i) {
    const std::string name = layer_name(i);
    const Normed outer = add_rms_norm(p, name + ".input_layernorm", x, branch, d.norm_eps);
    const auto project = [&](const char* part) {
      return heads(linear(p, name + ".self_attn." + part, outer.out, false));
    };
    const torch::Tensor q = rotate(project("q_proj"), r.cosine, r.sine).transpose(1, 2);
    const torch::Tensor k = rotate(project("k_proj"), r.cosine, r.sine).transpose(1, 2);
    const torch::Tensor v = project("v_proj").transpose(1, 2);
    if (i == std::min(kAlignLayer, d.layers - 1)) {
      out.align_q = q.select(1, 0);
      out.align_k = k.select(1, 0);
    }
    const torch::Tensor mixed =
        attention(q, k, v, scale, true).transpose(1, 2).reshape({batch, length, d.width});
    const auto [sum, inner] =
        add_rms_norm(p, name + ".post_attention_layernorm", outer.sum,
                     linear(p, name + ".self_attn.o_proj", mixed, false), d.norm_eps);
    if (i < d.dense_layers) {
      x = sum;
      branch = swiglu(p, name + ".mlp", inner);
      continue;
    }
    const Routing routing = route(p, d, name + ".mlp", inner);
    x = sum + swiglu(p, name + ".mlp.experts", inner, routing.weights);
    branch = swiglu(p, name + ".mlp.shared_experts", inner);
    balances.push_back(routing.balance);
    shares.push_back(routing.shares);
  }
  out.hidden = add_rms_norm(p, "model.norm", x, branch, d.norm_eps).out;
  if (balances.empty()) {
    out.balance_loss = torch::zeros({}, rows.options().dtype(torch::kFloat32));
  } else {
    out.balance_loss = torch::stack(balances).mean();
    out.expert_shares = torch::stack(shares);
  }
  return out;
}

torch::Tensor logits(const Parameters& p, const torch::Tensor& hidden) {
  return linear(p, "lm_head", hidden, false);
}

}  // namespace lectio::train
