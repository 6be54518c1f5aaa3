// SPDX-License-Identifier: Apache-2.0
// The kernels of compute/cuda and the plain paths in bf16, each against the plain path in f64 over
// the same numbers. Both round what they store to bf16 (2^-9 relative each); the plain paths round
// more of what lies between, so their own error, doubled, bounds that of the kernels.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "train/flat_adam.h"
#include "train/fused_adam.h"
#include "train/fused_attention.h"
#include "train/fused_elementwise.h"
#include "train/fused_linear.h"
#include "train/fused_norms.h"
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

TEST(FusedLinear, AgreesWithThePlainPathOnTheCard) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(12);
  struct Sizes {
    std::vector<std::int64_t> rows;
    std::int64_t in, out;
  };
  for (const Sizes& sizes : std::vector<Sizes>{{{1}, 64, 320},
                                               {{33}, 24, 8},
                                               {{2, 257}, 384, 72},
                                               {{3, 5, 7}, 40, 136},
                                               {{70001}, 16, 64}}) {
    std::vector<std::int64_t> shape = sizes.rows;
    shape.push_back(sizes.in);
    const std::vector<torch::Tensor> inputs = {
        narrow(torch::randn(shape, on_card())),
        narrow(0.2 * torch::randn({sizes.out, sizes.in}, on_card())),
        narrow(torch::randn({sizes.out}, on_card()))};
    ASSERT_TRUE(fused_linear_takes(inputs[0], inputs[1], inputs[2]));
    expect_agreement(
        [](const std::vector<torch::Tensor>& in) { return fused_linear(in[0], in[1], in[2]); },
        [](const std::vector<torch::Tensor>& in) { return torch::linear(in[0], in[1], in[2]); },
        inputs, std::to_string(sizes.in) + " to " + std::to_string(sizes.out));
  }
}

// inputs: x, weight and, where they are, the branch and then the bias.
Run norm_of(Normed (*path)(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&,
                           const torch::Tensor&, double),
            bool adds, bool centred, bool with_sum) {
  return [=](const std::vector<torch::Tensor>& in) {
    const Normed normed = path(in[0], adds ? in[2] : torch::Tensor(), in[1],
                               centred ? in[adds ? 3 : 2] : torch::Tensor(), 1e-5);
    return with_sum ? torch::cat({normed.sum, normed.out}, -1) : normed.out;
  };
}

TEST(FusedNorm, AgreesWithThePlainPathOnTheCard) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(13);
  for (const auto& [rows, width] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {37, 8}, {1, 192}, {300, 200}, {20001, 320}, {257, 384}, {63, 768}}) {
    for (const bool adds : {false, true}) {
      for (const bool centred : {false, true}) {
        const auto of_columns = [&] { return narrow(torch::randn({width}, on_card())); };
        const auto of_rows = [&] { return narrow(0.5 + torch::randn({rows, width}, on_card())); };
        std::vector<torch::Tensor> inputs = {of_rows(), of_columns()};
        if (adds) inputs.push_back(of_rows());
        if (centred) inputs.push_back(of_columns());
        ASSERT_TRUE(fused_norm_takes(inputs[0], adds ? inputs[2] : torch::Tensor(), inputs[1]));
        for (const bool with_sum : {false, true}) {
          expect_agreement(norm_of(fused_norm, adds, centred, with_sum),
                           norm_of(plain_norm, adds, centred, with_sum), inputs,
                           std::to_string(rows) + " x " + std::to_string(width) +
                               (adds ? ", adds" : "") + (centred ? ", centred" : "") +
                               (with_sum ? ", with the sum" : ""));
        }
      }
    }
  }
}

TEST(FusedNorm, SumsInTheSameOrderEveryTime) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(14);
  const std::vector<torch::Tensor> inputs = {
      narrow(torch::randn({20001, 320}, on_card())), narrow(torch::randn({320}, on_card())),
      narrow(torch::randn({20001, 320}, on_card())), narrow(torch::randn({320}, on_card()))};
  const torch::Tensor cotangent = torch::randn_like(inputs[0]);
  const auto run = norm_of(fused_norm, true, true, false);
  const auto once = outputs(run, inputs, cotangent), again = outputs(run, inputs, cotangent);
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_TRUE(once[i].equal(again[i])) << i;
}

// Buffers of n numbers as after some steps.
AdamBuffers random_buffers(std::int64_t n) {
  AdamBuffers buffers;
  buffers.moment1 = 0.1 * torch::randn({n}, on_card());
  buffers.moment2 = 0.1 * torch::rand({n}, on_card()) + 1e-3;
  buffers.master = torch::randn({n}, on_card());
  buffers.decay_mask = torch::rand({n}, on_card()).gt(0.5).to(torch::kFloat32);
  buffers.average = torch::randn({n}, on_card());
  buffers.working = narrow(buffers.master);
  return buffers;
}

std::vector<torch::Tensor> list(const AdamBuffers& b) {
  return {b.moment1, b.moment2, b.master, b.decay_mask, b.average, b.working};
}

AdamBuffers copy_of(const AdamBuffers& b, std::optional<torch::ScalarType> type = {}) {
  const auto copy = [&](const torch::Tensor& t) {
    return t.to(type.value_or(t.scalar_type()), /*non_blocking=*/false, /*copy=*/true);
  };
  return {copy(b.moment1),    copy(b.moment2), copy(b.master),
          copy(b.decay_mask), copy(b.average), copy(b.working)};
}

// Each number goes through some ten operations of f32 a step on either path (2^-24 relative each,
// in one order, but with a product and a sum rounded once or twice), and the working copy through
// one to bf16. Errors of the two are then alike but not the same: twice that of the plain path, and
// ten roundings a step for what it may have had by luck.
TEST(FusedAdam, AgreesWithThePlainPathOnTheCard) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(11);
  constexpr double kRounding = 1.0 / (1 << 24);
  const char* names[] = {"moment1", "moment2", "master", "decay_mask", "average", "working"};
  constexpr int kSteps = 6;
  for (const std::int64_t n : {4, 1020, 70000}) {
    for (const torch::ScalarType type : {torch::kBFloat16, torch::kFloat32}) {
      const AdamBuffers fused = random_buffers(n);
      const AdamBuffers plain = copy_of(fused), exact = copy_of(fused, torch::kFloat64);
      for (int t = 1; t <= kSteps; ++t) {
        // Norms below and above the limit; then a NaN and an infinity, and an infinity alone.
        torch::Tensor grad = (t % 2 == 0 ? 1e-4 : 1.0) * torch::randn({n}, on_card());
        if (t == 3) grad[n / 2] = std::numeric_limits<float>::quiet_NaN();
        if (t == 3 || t == 4) grad[n - 1] = -std::numeric_limits<float>::infinity();
        grad = grad.to(type);
        const torch::Tensor norm = grad.norm(2, torch::kFloat32);
        AdamStep step;
        step.clip = 0.5;
        step.correction1 = 1.0 - std::pow(step.beta1, t);
        step.correction2 = 1.0 - std::pow(step.beta2, t);
        step.learning_rate = 1e-2;
        step.weight_decay = 0.05;
        step.average_weight = t < 3 ? 0.8 : 0.01;
        ASSERT_TRUE(fused_adam_takes(fused, grad));
        const torch::Tensor untouched = grad.clone();
        fused_adam(fused, step, grad, norm);
        EXPECT_TRUE(grad.eq(untouched).logical_or(grad.isnan()).all().item<bool>());
        plain_adam(plain, step, grad, norm);
        plain_adam(exact, step, grad, norm.to(torch::kFloat64));
      }
      const auto a = list(fused), b = list(plain), c = list(exact);
      for (std::size_t i = 0; i < c.size(); ++i) {
        const double size = c[i].abs().max().item<double>();
        const double error = (a[i] - c[i]).abs().max().item<double>();
        const double plain_error = (b[i] - c[i]).abs().max().item<double>();
        EXPECT_LE(error, 2.0 * plain_error + 10.0 * kSteps * kRounding * size)
            << names[i] << ", " << n << " of " << type << ", plain " << plain_error;
      }
      EXPECT_TRUE(fused.working.equal(narrow(fused.master)));
    }
  }
}

}  // namespace
}  // namespace lectio::train
