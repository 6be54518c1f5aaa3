// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/kernels_testing.h"

namespace lectio::kernels {
namespace {

class Linear : public EveryTable {};
INSTANTIATE_TEST_SUITE_P(Tables, Linear, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Linear);

struct Case {
  std::int64_t n, in, out;
  DType dtype = DType::kF32;
  bool with_bias = true;
  Activation activation = Activation::kNone;

  std::string name() const {
    return std::to_string(n) + " x " + std::to_string(in) + " to " + std::to_string(out) + " " +
           dtype_name(dtype);
  }
};

// A sum of k products, each rounded, in any order: at most k roundings on the way of each term, so
// the error is below k u sum |x||w|; then the bias, and the activation, whose slope is below 1.13
// and whose own error below 8 u |x|. Weights in blocks may meet x rounded to 16 bits, which adds
// sum |w| max |x| / 65534 and two more roundings.
testing::AssertionResult agrees(const Table& table, Workbench& bench, Random& random,
                                const Case& c) {
  const Tensor x = random_tensor({c.n, c.in}, random);
  const Tensor weight = random_weights({c.out, c.in}, c.dtype, random);
  const Tensor bias = random_tensor({c.out}, random);
  const TensorView bias_view = c.with_bias ? bias.view() : TensorView{};
  Tensor got({c.n, c.out});
  Tensor expected({c.n, c.out});
  Tensor size({c.n, c.out});
  const Tensor bias_size = magnitudes(bias.view());
  reference().linear(bench.context, x.view(), weight.view(), bias_view, c.activation,
                     expected.view());
  reference().linear(bench.context, magnitudes(x.view()).view(), magnitudes(weight.view()).view(),
                     c.with_bias ? bias_size.view() : TensorView{}, Activation::kNone, size.view());
  const Tensor rounding = rounding_bound(bench, x.view(), weight.view());
  table.linear(bench.context, x.view(), weight.view(), bias_view, c.activation, got.view());
  const double own = c.activation == Activation::kNone ? 4 : 12;
  return within(got.floats(), expected.floats(),
                [&](std::size_t i) {
                  return 1.13 * ((static_cast<double>(c.in) + own) * kUnit *
                                     static_cast<double>(size.floats()[i]) +
                                 static_cast<double>(rounding.floats()[i]));
                })
         << c.name();
}

TEST_P(Linear, AgreesWithTheReferenceForEveryCountOfRowsAndFormat) {
  for (const DType dtype : kWeightTypes) {
    for (const std::int64_t n :
         {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 23, 29, 101}) {
      EXPECT_TRUE(agrees(table(), bench, random, {n, whole_blocks(96, dtype), 70, dtype}));
    }
  }
}

TEST_P(Linear, AgreesForEveryRemainderOfTheDepth) {
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    for (std::int64_t in = 1; in <= 34; ++in) {
      for (const std::int64_t n : {1, 2, 19})
        EXPECT_TRUE(agrees(table(), bench, random, {n, in, 9, dtype}));
    }
  }
}

TEST_P(Linear, AgreesForEveryRemainderOfTheOutputs) {
  for (std::int64_t out = 1; out <= 67; ++out) {
    for (const std::int64_t n : {1, 5, 20}) {
      EXPECT_TRUE(agrees(table(), bench, random, {n, 32, out, DType::kQ8}));
      EXPECT_TRUE(agrees(table(), bench, random, {n, 32, out, DType::kQ5Min}));
    }
  }
}

TEST_P(Linear, AgreesAcrossBlocksOfDepthColumnsAndRows) {
  for (const DType dtype : kWeightTypes) {
    EXPECT_TRUE(agrees(table(), bench, random, {23, whole_blocks(416, dtype), 577, dtype}));
    EXPECT_TRUE(agrees(table(), bench, random, {2, whole_blocks(544, dtype), 577, dtype}));
    EXPECT_TRUE(agrees(table(), bench, random, {541, whole_blocks(32, dtype), 70, dtype}));
  }
}

TEST_P(Linear, AppliesTheActivationBehindTheBias) {
  for (const Activation activation : {Activation::kGelu, Activation::kQuickGelu}) {
    for (const bool with_bias : {false, true}) {
      for (const std::int64_t n : {1, 3, 40}) {
        EXPECT_TRUE(
            agrees(table(), bench, random, {n, 64, 77, DType::kF32, with_bias, activation}));
      }
    }
  }
}

// One input, weight 1, no bias: the activation alone. The argument of e^ is rounded, which costs (1
// + its size) u.
TEST_P(Linear, ActivationsAreAccurateOverTheirWholeRange) {
  std::vector<float> points;
  for (double x = -14; x <= 14; x += 0.00137) points.push_back(static_cast<float>(x));
  for (const double x : {0.0, 1e-30, -1e-30, 1e-6, -1e-6, 50.0, -50.0, 1e4, -1e4, 3e38}) {
    points.push_back(static_cast<float>(x));
  }
  const auto n = static_cast<std::int64_t>(points.size());
  Tensor x({n, 1});
  std::copy(points.begin(), points.end(), x.f32());
  Tensor one({1, 1});
  one.f32()[0] = 1;
  Tensor got({n, 1});
  Tensor expected({n, 1});
  for (const Activation activation : {Activation::kGelu, Activation::kQuickGelu}) {
    table().linear(bench.context, x.view(), one.view(), {}, activation, got.view());
    reference().linear(bench.context, x.view(), one.view(), {}, activation, expected.view());
    EXPECT_TRUE(within(got.floats(), expected.floats(), [&](std::size_t i) {
      const double point = static_cast<double>(points[i]);
      const double argument =
          activation == Activation::kGelu ? point * point / 2 : std::fabs(1.702 * point);
      return (8 + (point < 0 ? 2 * argument : 0)) * kUnit *
                 std::fabs(static_cast<double>(expected.floats()[i])) +
             1e-33;
    })) << static_cast<int>(activation);
  }
}

TEST_P(Linear, GivesTheSameBitsForAnyNumberOfThreads) {
  Workbench alone(1);
  Workbench many(5);
  for (const std::int64_t n : {1, 7, 130}) {
    const Tensor x = random_tensor({n, 768}, random);
    const Tensor weight = random_weights({1536, 768}, DType::kQ8, random);
    Tensor first({n, 1536});
    Tensor second({n, 1536});
    table().linear(alone.context, x.view(), weight.view(), {}, Activation::kGelu, first.view());
    table().linear(many.context, x.view(), weight.view(), {}, Activation::kGelu, second.view());
    EXPECT_TRUE(same_bits(first.floats(), second.floats())) << n;
  }
}

TEST_P(Linear, RefusesShapesThatDoNotFit) {
  Tensor x({2, 8});
  Tensor weight({3, 7});
  Tensor y({2, 3});
  EXPECT_THROW(
      table().linear(bench.context, x.view(), weight.view(), {}, Activation::kNone, y.view()),
      InvariantError);
}

}  // namespace
}  // namespace lectio::kernels
