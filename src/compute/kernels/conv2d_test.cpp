// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/kernels_testing.h"

namespace lectio::kernels {
namespace {

class Conv2d : public EveryTable {};
INSTANTIATE_TEST_SUITE_P(Tables, Conv2d, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Conv2d);

struct Case {
  std::int64_t batch, height, width, in, out, kernel, stride, pad;
  DType dtype = DType::kF32;
  bool with_bias = true;

  Shape result() const {
    return {batch, (height + 2 * pad - kernel) / stride + 1,
            (width + 2 * pad - kernel) / stride + 1, out};
  }
  std::string name() const {
    return result().to_string() + " from " + std::to_string(in) + " channels under " +
           std::to_string(kernel) + ", stride " + std::to_string(stride) + " " + dtype_name(dtype);
  }
};

// A product of k = in * kernel^2 terms, as in linear_test.cpp. Where Table::operand says BF16, both
// factors are rounded, unless the weights are BF16 already.
testing::AssertionResult agrees(const Table& table, Workbench& bench, Random& random,
                                const Case& c) {
  const Tensor x = random_tensor({c.batch, c.height, c.width, c.in}, random);
  const Tensor weight = random_weights({c.out, c.in, c.kernel, c.kernel}, c.dtype, random);
  const Tensor bias = random_tensor({c.out}, random);
  const Tensor bias_size = magnitudes(bias.view());
  Tensor got(c.result());
  Tensor expected(c.result());
  Tensor size(c.result());
  table.conv2d(bench.context, x.view(), weight.view(), c.with_bias ? bias.view() : TensorView{},
               c.stride, c.pad, got.view());
  reference().conv2d(bench.context, x.view(), weight.view(),
                     c.with_bias ? bias.view() : TensorView{}, c.stride, c.pad, expected.view());
  reference().conv2d(bench.context, magnitudes(x.view()).view(), magnitudes(weight.view()).view(),
                     c.with_bias ? bias_size.view() : TensorView{}, c.stride, c.pad, size.view());
  const auto depth = static_cast<double>(c.in * c.kernel * c.kernel + 2);
  const int roundings =
      table.operand(c.dtype) == DType::kF32 ? 0 : (c.dtype == DType::kBF16 ? 1 : 2);
  const double relative = depth * kUnit + roundings * 1.01 * kBF16Unit;
  return within(got.floats(), expected.floats(),
                [&](std::size_t i) { return relative * static_cast<double>(size.floats()[i]); })
         << c.name();
}

TEST_P(Conv2d, AgreesForPatches) {
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    EXPECT_TRUE(agrees(table(), bench, random, {2, 48, 64, 3, 33, 16, 16, 0, dtype}));
  }
}

TEST_P(Conv2d, AgreesForThreeByThreeAtBothStrides) {
  for (const std::int64_t stride : {1, 2}) {
    for (const std::int64_t side : {1, 2, 3, 4, 7, 16}) {
      for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
        EXPECT_TRUE(
            agrees(table(), bench, random, {2, side, side, 19, 35, 3, stride, 1, dtype, false}));
      }
    }
  }
}

TEST_P(Conv2d, AgreesForPicturesThatAreNotSquare) {
  EXPECT_TRUE(agrees(table(), bench, random, {1, 5, 11, 6, 70, 3, 1, 1}));
  EXPECT_TRUE(agrees(table(), bench, random, {3, 11, 4, 6, 70, 3, 2, 1}));
  EXPECT_TRUE(agrees(table(), bench, random, {1, 9, 6, 2, 5, 5, 3, 4}));  // windows wholly outside
}

TEST_P(Conv2d, AgreesForOneByOneInEveryFormat) {
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    EXPECT_TRUE(agrees(table(), bench, random, {1, 5, 7, 40, 66, 1, 1, 0, dtype}));
  }
  EXPECT_TRUE(agrees(table(), bench, random, {1, 6, 6, 8, 6, 1, 2, 0}));
}

TEST_P(Conv2d, AgreesAcrossBlocksOfDepthAndPixels) {
  EXPECT_TRUE(agrees(table(), bench, random, {1, 6, 6, 64, 290, 3, 1, 1}));
  EXPECT_TRUE(agrees(table(), bench, random, {2, 36, 35, 2, 5, 3, 1, 1}));
}

TEST_P(Conv2d, GivesTheSameBitsForAnyNumberOfThreads) {
  Workbench alone(1);
  Workbench many(5);
  const Tensor x = random_tensor({1, 24, 24, 64}, random);
  const Tensor weight = random_weights({96, 64, 3, 3}, DType::kBF16, random);
  Tensor first({1, 24, 24, 96});
  Tensor second({1, 24, 24, 96});
  table().conv2d(alone.context, x.view(), weight.view(), {}, 1, 1, first.view());
  table().conv2d(many.context, x.view(), weight.view(), {}, 1, 1, second.view());
  EXPECT_TRUE(same_bits(first.floats(), second.floats()));
}

}  // namespace
}  // namespace lectio::kernels
