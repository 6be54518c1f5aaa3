// SPDX-License-Identifier: Apache-2.0
// linear_group: several products of few rows in one go.
#include <limits>

#include "compute/kernels/kernels_testing.h"

namespace lectio::kernels {
namespace {

class FewRows : public EveryTable {
 protected:
  Tensor product(TensorView x, TensorView weight) {
    Tensor y({x.rows(), weight.rows()});
    const LinearJob job{.x = x, .weight = weight, .gate = {}, .y = y.view()};
    table().linear_group(bench.context, {&job, 1});
    return y;
  }
};
INSTANTIATE_TEST_SUITE_P(Tables, FewRows, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FewRows);

// The bound of Linear's tests, for an ungated product.
testing::AssertionResult is_product(Workbench& bench, TensorView got, TensorView x,
                                    TensorView weight) {
  Tensor expected(got.shape);
  Tensor size(got.shape);
  reference().linear(bench.context, x, weight, {}, Activation::kNone, expected.view());
  reference().linear(bench.context, magnitudes(x).view(), magnitudes(weight).view(), {},
                     Activation::kNone, size.view());
  const Tensor rounding = rounding_bound(bench, x, weight);
  return within(got.floats(), expected.floats(), [&](std::size_t i) {
    return (static_cast<double>(x.columns()) + 4) * kUnit * static_cast<double>(size.floats()[i]) +
           static_cast<double>(rounding.floats()[i]);
  });
}

TEST_P(FewRows, AgreeWithTheReferenceForEveryDepthOfABlockFormat) {
  for (const DType dtype : kWeightTypes) {
    for (int blocks = 1; blocks <= 9; ++blocks) {
      for (const std::int64_t n : {1, 3, 8, 11}) {
        const std::int64_t in = blocks * whole_blocks(32, dtype);
        const Tensor x = random_tensor({n, in}, random);
        const Tensor weight = random_weights({37, in}, dtype, random);
        EXPECT_TRUE(
            is_product(bench, product(x.view(), weight.view()).view(), x.view(), weight.view()))
            << dtype_name(dtype) << ", " << n << " x " << in;
      }
    }
  }
}

// Codes at both ends of their range, and activations of one sign: the largest sums there are.
TEST_P(FewRows, HoldTheLargestSums) {
  for (const DType dtype : kWeightTypes) {
    if (!is_block_format(dtype)) continue;
    for (const int byte : {0x00, 0x7F, 0x80, 0xFF}) {
      Tensor weight({4, 1024}, dtype);
      fill_with_blocks(weight.view(), random);
      auto* block = static_cast<std::byte*>(weight.view().data);
      const BlockFactors factors = factors_of(dtype);
      for (std::int64_t at = 0; at < weight.view().bytes(); ++at) {
        const std::int64_t in_block = at % block_bytes(dtype);
        const bool is_factor = (in_block - factors.scale) / 2 == 0 && in_block >= factors.scale;
        const bool is_minimum =
            factors.minimum >= 0 && in_block >= factors.minimum && in_block < factors.minimum + 2;
        if (!is_factor && !is_minimum) block[at] = static_cast<std::byte>(byte);
      }
      Tensor x({1, 1024});
      std::fill_n(x.f32(), 1024, -3.0F);
      EXPECT_TRUE(
          is_product(bench, product(x.view(), weight.view()).view(), x.view(), weight.view()))
          << dtype_name(dtype) << " of bytes " << byte;
    }
  }
}

TEST_P(FewRows, GiveARowTheSameBitsWhateverIsBesideIt) {
  for (const DType dtype : kWeightTypes) {
    const std::int64_t in = whole_blocks(544, dtype);
    const Tensor x = random_tensor({19, in}, random);
    const Tensor weight = random_weights({45, in}, dtype, random);
    const Tensor together = product(x.view(), weight.view());
    for (std::int64_t count = 1; count <= 19; ++count) {
      const TensorView rows = x.view().row_range(19 - count, count);
      const Tensor some = product(rows, weight.view());
      EXPECT_TRUE(same_bits(some.floats(), together.view().row_range(19 - count, count).floats()))
          << dtype_name(dtype) << ", " << count;
    }
    Tensor single({1, 45});
    table().linear(bench.context, x.view().row_range(3, 1), weight.view(), {}, Activation::kNone,
                   single.view());
    EXPECT_TRUE(same_bits(single.floats(), together.view().row_range(3, 1).floats()));
  }
}

// More jobs than go at once, of mixed formats, some sharing their rows, some gated, some empty.
TEST_P(FewRows, DoEveryJobOfAGroup) {
  std::vector<Tensor> xs, weights, gates, ys;
  std::vector<LinearJob> jobs;
  const Tensor shared = random_tensor({3, 512}, random);
  for (int i = 0; i < 70; ++i) {
    const DType dtype = kWeightTypes[i % std::size(kWeightTypes)];
    const DType other = kWeightTypes[(i + i / 3) % std::size(kWeightTypes)];
    const std::int64_t n = i % 2 == 0 ? 3 : i % 5;
    const std::int64_t out = 1 + i * 7 % 90;
    xs.push_back(random_tensor({n, 512}, random));
    weights.push_back(random_weights({out, 512}, dtype, random));
    gates.push_back(random_weights({out, 512}, other, random));
    ys.emplace_back(Shape{n, out});
    jobs.push_back({.x = i % 2 == 0 ? shared.view() : xs.back().view(),
                    .weight = weights.back().view(),
                    .gate = i % 3 == 0 ? gates.back().view() : TensorView{},
                    .y = ys.back().view()});
  }
  table().linear_group(bench.context, jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const LinearJob& job = jobs[i];
    if (job.gate.empty()) {
      EXPECT_TRUE(is_product(bench, job.y, job.x, job.weight)) << i;
      continue;
    }
    Tensor expected = product(job.x, job.weight);
    const Tensor gate = product(job.x, job.gate);
    table().silu_mul(bench.context, gate.view(), expected.view(), expected.view());
    EXPECT_TRUE(within(job.y.floats(), expected.floats(), [&](std::size_t k) {
      return 16 * kUnit * std::fabs(static_cast<double>(expected.floats()[k]));
    })) << i;
  }
}

TEST_P(FewRows, GiveTheSameBitsForAnyNumberOfThreads) {
  Workbench alone(1);
  Workbench many(5);
  for (const DType dtype : kWeightTypes) {
    const Tensor x = random_tensor({3, 768}, random);
    const Tensor weight = random_weights({1536, 768}, dtype, random);
    const Tensor gate = random_weights({1536, 768}, dtype, random);
    Tensor first({3, 1536});
    Tensor second({3, 1536});
    for (const auto& [context, y] :
         {std::pair(&alone.context, first.view()), std::pair(&many.context, second.view())}) {
      const LinearJob job{.x = x.view(), .weight = weight.view(), .gate = gate.view(), .y = y};
      table().linear_group(*context, {&job, 1});
    }
    EXPECT_TRUE(same_bits(first.floats(), second.floats())) << dtype_name(dtype);
  }
}

TEST_P(FewRows, PassOnWhatIsNoNumber) {
  for (const DType dtype : kWeightTypes) {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      Tensor x({2, 512});
      x.f32()[17] = bad;
      const Tensor weight = random_weights({5, 512}, dtype, random);
      const Tensor y = product(x.view(), weight.view());
      for (int o = 0; o < 5; ++o) {
        EXPECT_FALSE(std::isfinite(y.f32()[o])) << dtype_name(dtype);
        EXPECT_EQ(y.f32()[5 + o], 0.0F);
      }
    }
  }
}

TEST_P(FewRows, RefuseShapesThatDoNotFit) {
  const Tensor x({2, 64});
  const Tensor weight({3, 64});
  const Tensor gate({3, 32});
  const Tensor y({2, 3});
  const LinearJob bad_gate{x.view(), weight.view(), gate.view(), y.view()};
  EXPECT_THROW(table().linear_group(bench.context, {&bad_gate, 1}), InvariantError);
  const LinearJob bad_weight{x.view(), gate.view(), {}, y.view()};
  EXPECT_THROW(table().linear_group(bench.context, {&bad_weight, 1}), InvariantError);
}

}  // namespace
}  // namespace lectio::kernels
