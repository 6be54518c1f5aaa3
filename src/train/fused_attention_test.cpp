// SPDX-License-Identifier: Apache-2.0
#include "train/fused_attention.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "train/layers.h"

namespace lectio::train {
namespace {

struct Case {
  std::int64_t batch, heads, h, w;
};

// Of out and of the gradients of qkv and both tables for a random cotangent.
std::vector<torch::Tensor> outputs(
    const std::function<torch::Tensor(const std::vector<torch::Tensor>&)>& run,
    const std::vector<torch::Tensor>& inputs, const torch::Tensor& cotangent) {
  std::vector<torch::Tensor> leaves;
  for (const torch::Tensor& input : inputs) leaves.push_back(input.detach().requires_grad_(true));
  const torch::Tensor out = run(leaves);
  out.backward(cotangent);
  std::vector<torch::Tensor> results = {out.detach().to(torch::kFloat64)};
  for (const torch::Tensor& leaf : leaves) results.push_back(leaf.grad().to(torch::kFloat64));
  return results;
}

// The kernels and the plain path in bf16, each against the plain path in f64 over the same numbers.
// Both round products, probabilities and sums to bf16 (2^-9 relative each); the plain path rounds
// the scores and their gradient too, so its own error, doubled, bounds that of the kernels.
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
    const auto device = torch::TensorOptions(torch::kCUDA).dtype(torch::kFloat32);
    const auto narrow = [](const torch::Tensor& t) { return t.to(torch::kBFloat16); };
    const std::vector<torch::Tensor> inputs = {
        narrow(torch::randn({c.batch, c.h * c.w, 3 * c.heads * 64}, device)),
        narrow(0.3 * torch::randn({2 * c.h - 1, 64}, device)),
        narrow(0.3 * torch::randn({2 * c.w - 1, 64}, device))};
    const torch::Tensor cotangent =
        narrow(torch::randn({c.batch, c.h * c.w, c.heads * 64}, device));
    ASSERT_TRUE(fused_relative_attention_takes(inputs[0], c.heads, c.h, c.w));
    const auto fused = outputs(
        [&](const std::vector<torch::Tensor>& in) {
          return fused_relative_attention(in[0], c.heads, in[1], in[2], c.h, c.w);
        },
        inputs, cotangent);
    const auto run_plain = [&](const std::vector<torch::Tensor>& in) {
      return plain_relative_attention(in[0], c.heads, in[1], in[2], c.h, c.w);
    };
    const auto plain = outputs(run_plain, inputs, cotangent);
    std::vector<torch::Tensor> wide;
    for (const torch::Tensor& input : inputs) wide.push_back(input.to(torch::kFloat64));
    const auto exact = outputs(run_plain, wide, cotangent.to(torch::kFloat64));
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const double norm = exact[i].norm().item<double>() + 1.0;
      const double error = (fused[i] - exact[i]).norm().item<double>() / norm;
      const double plain_error = (plain[i] - exact[i]).norm().item<double>() / norm;
      EXPECT_LE(error, 2.0 * plain_error + 1e-6)
          << c.h << " x " << c.w << ", output " << i << ", plain " << plain_error;
      RecordProperty("error", std::to_string(error));
    }
  }
}

}  // namespace
}  // namespace lectio::train
