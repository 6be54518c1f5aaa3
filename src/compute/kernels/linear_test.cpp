// SPDX-License-Identifier: Apache-2.0
#include <limits>

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

// What rounding the factors of a product costs at most, [n, out]: Table::operand says how they are
// rounded when there are many rows. The second roundings of BF16 factors add 2^-8 of the first.
Tensor rounding_errors(const Table& table, const Case& c, TensorView x, TensorView weight,
                       TensorView size) {
  Tensor errors({c.n, c.out});
  if (c.n < 8 && x.dtype == DType::kF32) return errors;
  const std::vector<float> xs = to_floats(x);
  const std::vector<float> ws = to_floats(weight);
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  for (std::int64_t i = 0; i < c.n * c.out; ++i) {
    double error = 0;
    if (table.operand(c.dtype) == DType::kBF16) {
      const int factors = (x.dtype == DType::kF32 ? 1 : 0) + (c.dtype == DType::kBF16 ? 0 : 1);
      error = factors * 1.01 * kBF16Unit * static_cast<double>(size.f32()[i]);
    } else if (table.operand(c.dtype) == DType::kQ8) {
      for (std::int64_t block = 0; block < c.in; block += 32) {
        double largest = 0;
        double weights = 0;
        for (std::int64_t k = block; k < block + 32; ++k) {
          largest = std::max(largest, std::fabs(static_cast<double>(xs[at(i / c.out * c.in + k)])));
          weights += std::fabs(static_cast<double>(ws[at(i % c.out * c.in + k)]));
        }
        error += largest / 254 * weights;
      }
    }
    errors.f32()[i] = static_cast<float>(error);
  }
  return errors;
}

// A sum of k products, each rounded, in any order: at most k roundings on the way of each term, so
// the error is below k u sum |x||w|; then the bias, and the activation, whose slope is below 1.13
// and whose own error below 8 u |x|. Weights in blocks may meet rows of x rounded to 16 bits, which
// adds sum |w| max |x| / 65534 and two more roundings. Rounded factors and a rounded result
// come on top.
testing::AssertionResult agrees(const Table& table, Workbench& bench, Random& random, const Case& c,
                                DType activations = DType::kF32) {
  const Tensor floats = random_tensor({c.n, c.in}, random);
  const Tensor x =
      activations == DType::kF32 ? random_tensor({c.n, c.in}, random) : rounded(floats.view());
  const Tensor weight = random_weights({c.out, c.in}, c.dtype, random);
  const Tensor bias = random_tensor({c.out}, random);
  const TensorView bias_view = c.with_bias ? bias.view() : TensorView{};
  Tensor got({c.n, c.out}, activations);
  Tensor expected({c.n, c.out});
  Tensor size({c.n, c.out});
  const Tensor bias_size = magnitudes(bias.view());
  if (c.activation == Activation::kAdd) {
    const Tensor before = random_tensor({c.n, c.out}, random);
    const Tensor kept = activations == DType::kF32 ? Tensor({c.n, c.out}) : rounded(before.view());
    const std::vector<float> values =
        to_floats(activations == DType::kF32 ? before.view() : kept.view());
    std::copy(values.begin(), values.end(), expected.f32());
    std::memcpy(got.view().data, activations == DType::kF32 ? before.view().data : kept.view().data,
                static_cast<std::size_t>(got.view().bytes()));
    for (std::int64_t i = 0; i < c.n * c.out; ++i) {
      size.f32()[i] = std::fabs(expected.f32()[i]);
    }
  }
  reference().linear(bench.context, x.view(), weight.view(), bias_view, c.activation,
                     expected.view());
  reference().linear(bench.context, magnitudes(x.view()).view(), magnitudes(weight.view()).view(),
                     c.with_bias ? bias_size.view() : TensorView{},
                     c.activation == Activation::kAdd ? Activation::kAdd : Activation::kNone,
                     size.view());
  const Tensor errors = rounding_errors(table, c, x.view(), weight.view(), size.view());
  const Tensor few = activations == DType::kF32 ? rounding_bound(bench, x.view(), weight.view())
                                                : Tensor({c.n, c.out});
  table.linear(bench.context, x.view(), weight.view(), bias_view, c.activation, got.view());
  const double own = c.activation == Activation::kNone ? 4 : 12;
  const double result = activations == DType::kF32 ? 0 : 1.01 * kBF16Unit;
  return within(to_floats(got.view()), expected.floats(),
                [&](std::size_t i) {
                  return 1.13 * ((static_cast<double>(c.in) + own) * kUnit *
                                     static_cast<double>(size.floats()[i]) +
                                 static_cast<double>(few.floats()[i]) +
                                 static_cast<double>(errors.floats()[i])) +
                         result * std::fabs(static_cast<double>(expected.floats()[i]));
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
  for (const Activation activation :
       {Activation::kGelu, Activation::kQuickGelu, Activation::kAdd}) {
    for (const bool with_bias : {false, true}) {
      for (const std::int64_t n : {1, 3, 40, 300}) {
        for (const DType dtype : {DType::kF32, DType::kBF16, DType::kQ8}) {
          EXPECT_TRUE(agrees(table(), bench, random, {n, 64, 77, dtype, with_bias, activation}));
        }
      }
    }
  }
}

// Activations in BF16 belong to the tables that round to it.
TEST_P(Linear, TakesAndGivesRoundedActivations) {
  for (const DType dtype : kWeightTypes) {
    if (activation_type(table(), dtype) == DType::kF32) continue;
    for (const std::int64_t n : {1, 2, 7, 65, 300}) {
      EXPECT_TRUE(
          agrees(table(), bench, random, {n, whole_blocks(96, dtype), 70, dtype}, DType::kBF16));
    }
    for (const Activation activation :
         {Activation::kGelu, Activation::kQuickGelu, Activation::kAdd}) {
      EXPECT_TRUE(agrees(table(), bench, random,
                         {30, whole_blocks(64, dtype), 77, dtype, true, activation}, DType::kBF16));
    }
  }
  for (std::int64_t in = 1; in <= 34; ++in) {
    if (activation_type(table(), DType::kBF16) == DType::kF32) continue;
    EXPECT_TRUE(agrees(table(), bench, random, {9, in, 9, DType::kBF16}, DType::kBF16));
  }
}

// More panels than are packed together, and depths of several blocks, with all rows and with few.
TEST_P(Linear, AgreesAcrossBlocksOfNarrowProducts) {
  for (const DType dtype : {DType::kBF16, DType::kQ8, DType::kQ4}) {
    EXPECT_TRUE(agrees(table(), bench, random, {11, 1632, 70, dtype}));
    EXPECT_TRUE(agrees(table(), bench, random, {270, 1632, 70, dtype}));
  }
  if (table().operand(DType::kBF16) == DType::kF32) return;
  EXPECT_TRUE(agrees(table(), bench, random, {265, 32, 66000, DType::kBF16}));
}

// Codes at both ends of their range, and activations of one sign: the largest sums there are.
TEST_P(Linear, HoldsTheLargestSums) {
  for (const int byte : {0x7F, 0x80}) {
    Tensor weight({20, 1024}, DType::kQ8);
    auto* const bytes = static_cast<std::uint8_t*>(weight.view().data);
    const std::uint16_t scale = float_to_half(0.01F);
    for (std::int64_t at = 0; at < weight.view().bytes(); at += 34) {
      std::memcpy(bytes + at, &scale, 2);
      std::memset(bytes + at + 2, byte, 32);
    }
    Tensor x({13, 1024});
    std::fill_n(x.f32(), 13 * 1024, -3.0F);
    Tensor got({13, 20});
    Tensor expected({13, 20});
    table().linear(bench.context, x.view(), weight.view(), {}, Activation::kNone, got.view());
    reference().linear(bench.context, x.view(), weight.view(), {}, Activation::kNone,
                       expected.view());
    // The activations are the largest of their row and block, and so not rounded by whole numbers.
    const double rounding = table().operand(DType::kQ8) == DType::kBF16 ? 1.01 * kBF16Unit : 0;
    EXPECT_TRUE(within(got.floats(), expected.floats(), [&](std::size_t i) {
      return (1028 * kUnit + rounding) * std::fabs(static_cast<double>(expected.floats()[i]));
    })) << byte;
  }
}

// Of one row; tables that round to 8 bits take it for zero.
TEST_P(Linear, PassesOnWhatIsNoNumber) {
  for (const DType dtype : kWeightTypes) {
    if (table().operand(dtype) == DType::kQ8) continue;
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      Tensor x({15, 512});
      x.f32()[8 * 512 + 17] = bad;
      const Tensor weight = random_weights({20, 512}, dtype, random);
      Tensor y({15, 20});
      table().linear(bench.context, x.view(), weight.view(), {}, Activation::kNone, y.view());
      for (std::int64_t i = 0; i < 15 * 20; ++i) {
        if (i / 20 != 8) {
          EXPECT_EQ(y.f32()[i], 0.0F) << dtype_name(dtype);
        } else {
          EXPECT_FALSE(std::isfinite(y.f32()[i])) << dtype_name(dtype);
        }
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
  for (const DType dtype : {DType::kQ8, DType::kBF16}) {
    for (const std::int64_t n : {1, 7, 130, 600}) {
      const Tensor x = random_tensor({n, 768}, random);
      const Tensor weight = random_weights({1536, 768}, dtype, random);
      Tensor first({n, 1536});
      Tensor second({n, 1536});
      table().linear(alone.context, x.view(), weight.view(), {}, Activation::kGelu, first.view());
      table().linear(many.context, x.view(), weight.view(), {}, Activation::kGelu, second.view());
      EXPECT_TRUE(same_bits(first.floats(), second.floats())) << n;
    }
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
