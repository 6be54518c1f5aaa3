// SPDX-License-Identifier: Apache-2.0
// Norms, softmax, rope, sums and table rows.
#include <numeric>

#include "compute/kernels/kernels_testing.h"

namespace lectio::kernels {
namespace {

class Rows : public EveryTable {
 protected:
  // Every remainder of both vector widths, and longer rows.
  static std::vector<std::int64_t> widths() {
    std::vector<std::int64_t> all(50);
    std::iota(all.begin(), all.end(), 1);
    all.insert(all.end(), {64, 257, 768, 1023});
    return all;
  }
};
INSTANTIATE_TEST_SUITE_P(Tables, Rows, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Rows);

double size_of(float x) { return std::fabs(static_cast<double>(x)); }

Tensor copy_of(const Tensor& tensor) {
  Tensor copy(tensor.shape());
  std::copy(tensor.floats().begin(), tensor.floats().end(), copy.f32());
  return copy;
}

// The mean is off by (w/2 + 2) u mean|x| at most, and with it every distance, which the scale
// multiplies; the scale is off by (w/4 + 4) u relatively plus the mean's share, squared and so
// below it; then four roundings.
double layer_norm_bound(const Tensor& x, std::int64_t row, std::int64_t width, double weight,
                        double result) {
  const float* const in = x.f32() + row * width;
  double mean = 0;
  double size = 0;
  for (std::int64_t i = 0; i < width; ++i) mean += static_cast<double>(in[i]);
  for (std::int64_t i = 0; i < width; ++i) size += size_of(in[i]);
  mean /= static_cast<double>(width);
  size /= static_cast<double>(width);
  double variance = 0;
  for (std::int64_t i = 0; i < width; ++i)
    variance += std::pow(static_cast<double>(in[i]) - mean, 2);
  const double scale = 1 / std::sqrt(variance / static_cast<double>(width) + 1e-6);
  const auto w = static_cast<double>(width);
  return kUnit * ((w / 2 + 2) * 2 * size * scale * std::fabs(weight) +
                  (w / 4 + 10) * (std::fabs(result) + std::fabs(weight) + 1));
}

TEST_P(Rows, LayerNormAgreesAndMayWorkInPlace) {
  for (const std::int64_t width : widths()) {
    const Tensor x = random_tensor({3, width}, random, -3, 5);
    const Tensor weight = random_tensor({width}, random);
    const Tensor bias = random_tensor({width}, random);
    Tensor expected({3, width});
    reference().layer_norm(bench.context, x.view(), weight.view(), bias.view(), 1e-6F,
                           expected.view());
    const auto bound = [&](std::size_t i) {
      const auto at = static_cast<std::int64_t>(i);
      return layer_norm_bound(x, at / width, width, static_cast<double>(weight.f32()[at % width]),
                              static_cast<double>(expected.f32()[at]));
    };
    Tensor got({3, width});
    table().layer_norm(bench.context, x.view(), weight.view(), bias.view(), 1e-6F, got.view());
    EXPECT_TRUE(within(got.floats(), expected.floats(), bound)) << width;
    Tensor in_place = copy_of(x);
    table().layer_norm(bench.context, in_place.view(), weight.view(), bias.view(), 1e-6F,
                       in_place.view());
    EXPECT_TRUE(same_bits(in_place.floats(), got.floats())) << width;
  }
}

// A sum of w squares is off by (w + 1) u relatively, its root by half of that, and four operations
// follow.
TEST_P(Rows, RmsNormAgreesAndMayWorkInPlace) {
  for (const std::int64_t width : widths()) {
    const Tensor x = random_tensor({3, width}, random, -3, 5);
    const Tensor weight = random_tensor({width}, random);
    Tensor expected({3, width});
    reference().rms_norm(bench.context, x.view(), weight.view(), 1e-6F, expected.view());
    Tensor got({3, width});
    table().rms_norm(bench.context, x.view(), weight.view(), 1e-6F, got.view());
    EXPECT_TRUE(within(got.floats(), expected.floats(), [&](std::size_t i) {
      return (static_cast<double>(width) / 2 + 6) * kUnit * size_of(expected.floats()[i]);
    })) << width;
    Tensor in_place = copy_of(x);
    table().rms_norm(bench.context, in_place.view(), weight.view(), 1e-6F, in_place.view());
    EXPECT_TRUE(same_bits(in_place.floats(), got.floats())) << width;
  }
}

// A norm in BF16 is the same norm, rounded.
TEST_P(Rows, NormsRoundTheirResultToBF16) {
  if (activation_type(table(), DType::kBF16) == DType::kF32) GTEST_SKIP() << "rounds nothing";
  for (const std::int64_t width : widths()) {
    const Tensor x = random_tensor({37, width}, random, -3, 5);
    const Tensor weight = random_tensor({width}, random);
    const Tensor bias = random_tensor({width}, random);
    Tensor floats({37, width});
    Tensor halves({37, width}, DType::kBF16);
    table().layer_norm(bench.context, x.view(), weight.view(), bias.view(), 1e-6F, floats.view());
    table().layer_norm(bench.context, x.view(), weight.view(), bias.view(), 1e-6F, halves.view());
    EXPECT_EQ(to_floats(halves.view()), to_floats(rounded(floats.view()).view())) << width;
    table().rms_norm(bench.context, x.view(), weight.view(), 1e-6F, floats.view());
    table().rms_norm(bench.context, x.view(), weight.view(), 1e-6F, halves.view());
    EXPECT_EQ(to_floats(halves.view()), to_floats(rounded(floats.view()).view())) << width;
  }
}

// The argument x - maximum rounds once, relative to its size d <= 40, which moves e^ by d u; e^ is
// off by 3 u, the sum by w u, the quotient by 3 u.
TEST_P(Rows, SoftmaxAgreesAndMayWorkInPlace) {
  for (const std::int64_t width : widths()) {
    const Tensor x = random_tensor({3, width}, random, -20, 20);
    Tensor expected({3, width});
    reference().softmax(bench.context, x.view(), expected.view());
    Tensor got({3, width});
    table().softmax(bench.context, x.view(), got.view());
    EXPECT_TRUE(within(got.floats(), expected.floats(), [&](std::size_t i) {
      return (static_cast<double>(width) + 2 * 40 + 10) * kUnit * size_of(expected.floats()[i]);
    })) << width;
    Tensor in_place = copy_of(x);
    table().softmax(bench.context, in_place.view(), in_place.view());
    EXPECT_TRUE(same_bits(in_place.floats(), got.floats())) << width;
  }
}

TEST_P(Rows, AddIsExactAndMayWorkInPlace) {
  for (const std::int64_t width : widths()) {
    const Tensor a = random_tensor({2, width}, random);
    const Tensor b = random_tensor({2, width}, random);
    Tensor expected({2, width});
    reference().add(bench.context, a.view(), b.view(), expected.view());
    Tensor into_a = copy_of(a);
    table().add(bench.context, into_a.view(), b.view(), into_a.view());
    EXPECT_TRUE(same_bits(into_a.floats(), expected.floats())) << width;
    Tensor into_b = copy_of(b);
    table().add(bench.context, a.view(), into_b.view(), into_b.view());
    EXPECT_TRUE(same_bits(into_b.floats(), expected.floats())) << width;
  }
}

// e^ is off by 3 u, below zero by the rounding of nothing else (the argument is the gate itself);
// four roundings.
TEST_P(Rows, SiluMulAgreesAndMayWorkInPlace) {
  for (const std::int64_t width : widths()) {
    const Tensor gate = random_tensor({2, width}, random, -30, 30);
    const Tensor up = random_tensor({2, width}, random);
    Tensor expected({2, width});
    reference().silu_mul(bench.context, gate.view(), up.view(), expected.view());
    const auto bound = [&](std::size_t i) { return 10 * kUnit * size_of(expected.floats()[i]); };
    Tensor into_gate = copy_of(gate);
    table().silu_mul(bench.context, into_gate.view(), up.view(), into_gate.view());
    EXPECT_TRUE(within(into_gate.floats(), expected.floats(), bound)) << width;
    Tensor into_up = copy_of(up);
    table().silu_mul(bench.context, gate.view(), into_up.view(), into_up.view());
    EXPECT_TRUE(same_bits(into_up.floats(), into_gate.floats())) << width;
  }
}

TEST_P(Rows, SiluMulSurvivesExtremes) {
  Tensor gate({4});
  const float extremes[] = {-1e30F, -200.0F, 200.0F, 1e30F};
  std::copy(std::begin(extremes), std::end(extremes), gate.f32());
  Tensor up({4});
  std::fill_n(up.f32(), 4, 1.0F);
  table().silu_mul(bench.context, gate.view(), up.view(), gate.view());
  EXPECT_NEAR(gate.f32()[0], 0, 1e-7);  // x / 2^127, the largest e^ there is
  EXPECT_NEAR(gate.f32()[1], 0, 1e-30);
  EXPECT_EQ(gate.f32()[2], 200.0F);
  EXPECT_EQ(gate.f32()[3], 1e30F);
}

// Sine and cosine are off by 2 u each, the angle is the reference's own float; three roundings of
// numbers up to 1.
TEST_P(Rows, RopeAgreesAtEveryPosition) {
  for (const std::int64_t head_dim : {2, 4, 6, 8, 10, 16, 30, 32, 34, 64, 128}) {
    for (const std::int64_t begin : {0, 1, 7, 1000, 8100, 130000}) {
      for (const float theta : {1e4F, 1e6F}) {
        Tensor got = random_tensor({17, 3 * head_dim}, random);
        Tensor expected = copy_of(got);
        table().rope(bench.context, got.view(), head_dim, begin, theta);
        reference().rope(bench.context, expected.view(), head_dim, begin, theta);
        EXPECT_TRUE(within(got.floats(), expected.floats(), [](std::size_t) { return 8 * kUnit; }))
            << head_dim << " at " << begin;
      }
    }
  }
}

TEST_P(Rows, GatherRowsIsExactForEveryFormat) {
  for (const DType dtype : kWeightTypes) {
    for (const std::int64_t numbers : {32, 64, 96, 416}) {
      const std::int64_t width = whole_blocks(numbers, dtype);
      const Tensor weights = random_weights({11, width}, dtype, random);
      const std::vector<std::int32_t> ids = {10, 0, 3, 3, 7};
      Tensor got({5, width});
      Tensor expected({5, width});
      table().gather_rows(bench.context, weights.view(), ids, got.view());
      reference().gather_rows(bench.context, weights.view(), ids, expected.view());
      EXPECT_TRUE(same_bits(got.floats(), expected.floats())) << dtype_name(dtype) << " " << width;
    }
  }
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    for (std::int64_t width = 1; width < 34; ++width) {
      const Tensor weights = random_weights({2, width}, dtype, random);
      const std::vector<std::int32_t> ids = {1};
      Tensor got({1, width});
      Tensor expected({1, width});
      table().gather_rows(bench.context, weights.view(), ids, got.view());
      reference().gather_rows(bench.context, weights.view(), ids, expected.view());
      EXPECT_TRUE(same_bits(got.floats(), expected.floats())) << dtype_name(dtype) << " " << width;
    }
  }
}

TEST_P(Rows, GatherRowsOfNothingDoesNothing) {
  const Tensor weights({3, 32});
  Tensor got({0, 32});
  table().gather_rows(bench.context, weights.view(), {}, got.view());
}

TEST_P(Rows, GatherRowsRefusesAnIdOutsideTheTable) {
  const Tensor weights({3, 32});
  Tensor got({1, 32});
  for (const std::int32_t id : {-1, 3}) {
    const std::vector<std::int32_t> ids = {id};
    EXPECT_THROW(table().gather_rows(bench.context, weights.view(), ids, got.view()),
                 InvariantError)
        << id;
  }
}

}  // namespace
}  // namespace lectio::kernels
