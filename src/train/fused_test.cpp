// SPDX-License-Identifier: Apache-2.0
// The kernels of compute/cuda and the plain paths in bf16, each against the plain path in f64 over
// the same numbers. Both round what they store to bf16 (2^-9 relative each); the plain paths round
// more of what lies between, so their own error, doubled, bounds that of the kernels.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "train/fused_attention.h"
#include "train/fused_elementwise.h"
#include "train/layers.h"

namespace lectio::train {
namespace {

using Run = std::function<torch::Tensor(const std::vector<torch::Tensor>&)>;

// The output, and the gradients of the inputs for a cotangent.
std::vector<torch::Tensor> outputs(const Run& run, const std::vector<torch::Tensor>& inputs,
                                   const torch::Tensor& cotangent) {
  std::vector<torch::Tensor> leaves;
  for (const torch::Tensor& input : inputs) leaves.push_back(input.detach().requires_grad_(true));
  const torch::Tensor out = run(leaves);
  out.backward(cotangent);
  std::vector<torch::Tensor> results = {out.detach().to(torch::kFloat64)};
  for (const torch::Tensor& leaf : leaves) results.push_back(leaf.grad().to(torch::kFloat64));
  return results;
}

torch::TensorOptions on_card() { return torch::TensorOptions(torch::kCUDA); }

torch::Tensor narrow(const torch::Tensor& t) { return t.to(torch::kBFloat16); }

void expect_agreement(const Run& fused_run, const Run& plain_run,
                      const std::vector<torch::Tensor>& inputs, const std::string& what) {
  const torch::Tensor cotangent = torch::randn_like(plain_run(inputs));
  const auto fused = outputs(fused_run, inputs, cotangent);
  const auto plain = outputs(plain_run, inputs, cotangent);
  std::vector<torch::Tensor> wide;
  for (const torch::Tensor& input : inputs) wide.push_back(input.to(torch::kFloat64));
  const auto exact = outputs(plain_run, wide, cotangent.to(torch::kFloat64));
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double norm = exact[i].norm().item<double>() + 1.0;
    const double error = (fused[i] - exact[i]).norm().item<double>() / norm;
    const double plain_error = (plain[i] - exact[i]).norm().item<double>() / norm;
    EXPECT_LE(error, 2.0 * plain_error + 1e-6)
        << what << ", output " << i << ", plain " << plain_error;
  }
}

struct Case {
  std::int64_t batch, heads, h, w;
};

TEST(FusedAttention, AgreesWithThePlainPathOnTheCard) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(7);
  for (const Case& c : std::vector<Case>{{3, 2, 14, 14},
                                         {2, 3, 40, 40},
                                         {1, 2, 64, 64},
                                         {2, 1, 32, 32},
                                         {1, 1, 80, 80},
                                         {1, 5, 12, 28},
                                         {2, 2, 7, 3},
                                         {1, 1, 1, 1}}) {
    const std::vector<torch::Tensor> inputs = {
        narrow(torch::randn({c.batch, c.h * c.w, 3 * c.heads * 64}, on_card())),
        narrow(0.3 * torch::randn({2 * c.h - 1, 64}, on_card())),
        narrow(0.3 * torch::randn({2 * c.w - 1, 64}, on_card()))};
    ASSERT_TRUE(fused_relative_attention_takes(inputs[0], c.heads, c.h, c.w));
    expect_agreement(
        [&](const std::vector<torch::Tensor>& in) {
          return fused_relative_attention(in[0], c.heads, in[1], in[2], c.h, c.w);
        },
        [&](const std::vector<torch::Tensor>& in) {
          return plain_relative_attention(in[0], c.heads, in[1], in[2], c.h, c.w);
        },
        inputs, std::to_string(c.h) + " x " + std::to_string(c.w));
  }
}

TEST(FusedRotate, AgreesWithThePlainPathOnTheCard) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(8);
  for (const std::int64_t half : {8, 32}) {
    const torch::Tensor angle = 3.0 * torch::randn({37, half}, on_card());
    const std::vector<torch::Tensor> inputs = {
        narrow(torch::randn({3, 37, 5, 2 * half}, on_card()))};
    ASSERT_TRUE(fused_takes(inputs[0]));
    expect_agreement(
        [&](const std::vector<torch::Tensor>& in) {
          return fused_rotate(in[0], angle.cos(), angle.sin());
        },
        [&](const std::vector<torch::Tensor>& in) {
          return plain_rotate(in[0], angle.cos(), angle.sin());
        },
        inputs, "half " + std::to_string(half));
  }
}

TEST(FusedGated, AgreesWithThePlainPathOnTheCard) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(9);
  for (const std::int64_t group : {8, 96, 264}) {
    for (const std::int64_t groups : {1, 8}) {
      const std::vector<torch::Tensor> inputs = {
          narrow(torch::randn({3, 11, groups * group}, on_card())),
          narrow(torch::randn({3, 11, groups * group}, on_card())),
          torch::rand({3, 11, groups}, on_card())};
      expect_agreement(
          [](const std::vector<torch::Tensor>& in) { return fused_gated(in[0], in[1], in[2]); },
          [](const std::vector<torch::Tensor>& in) { return plain_gated(in[0], in[1], in[2]); },
          inputs, std::to_string(groups) + " groups of " + std::to_string(group));
    }
    const std::vector<torch::Tensor> pair = {narrow(torch::randn({2, 9, group}, on_card())),
                                             narrow(torch::randn({2, 9, group}, on_card()))};
    expect_agreement(
        [](const std::vector<torch::Tensor>& in) { return fused_gated(in[0], in[1], {}); },
        [](const std::vector<torch::Tensor>& in) { return plain_gated(in[0], in[1], {}); }, pair,
        "no weights, " + std::to_string(group));
  }
}

TEST(FusedWindows, AreThePlainOnesOnTheCard) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(10);
  for (const std::int64_t side : {14, 5}) {
    const std::vector<torch::Tensor> map = {narrow(torch::randn({2, 20, 14, 24}, on_card()))};
    expect_agreement(
        [&](const std::vector<torch::Tensor>& in) { return fused_cut_windows(in[0], side); },
        [&](const std::vector<torch::Tensor>& in) { return plain_cut_windows(in[0], side); }, map,
        "cut by " + std::to_string(side));
    const std::vector<torch::Tensor> windows = {plain_cut_windows(map[0], side).contiguous()};
    expect_agreement(
        [&](const std::vector<torch::Tensor>& in) { return fused_join_windows(in[0], 2, 20, 14); },
        [&](const std::vector<torch::Tensor>& in) { return plain_join_windows(in[0], 2, 20, 14); },
        windows, "join by " + std::to_string(side));
  }
}

}  // namespace
}  // namespace lectio::train
