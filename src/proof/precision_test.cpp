// SPDX-License-Identifier: Apache-2.0
#include "proof/precision.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/splitmix.h"
#include "base/thread_pool.h"
#include "compute/tensor/arena.h"
#include "model/language/kv_cache.h"
#include "model/spec/official_spec.h"
#include "model/weights/quantize.h"

namespace lectio::proof {
namespace {

TEST(Precision, KnowsWhichFormatsHoldTheGoldensWithoutRounding) {
  for (const DType format : {DType::kF32, DType::kBF16, DType::kF16}) {
    EXPECT_TRUE(precision_of(kernels::reference(), format).exact()) << dtype_name(format);
  }
  EXPECT_FALSE(precision_of(kernels::reference(), DType::kQ8).exact());
  EXPECT_FALSE(precision_of(kernels::reference(), DType::kF32, DType::kF16).exact());
}

// What is derived against what the quantiser does to normal numbers.
TEST(Precision, IsWhatRoundingToBlocksCosts) {
  Random random(3);
  std::vector<float> row(32 * 4000);
  for (float& number : row) {
    double sum = -6;  // twelve uniform numbers are a normal one
    for (int i = 0; i < 12; ++i) sum += random.unit();
    number = static_cast<float>(sum);
  }
  for (const DType format : {DType::kQ8, DType::kQ4}) {
    std::vector<std::byte> out(static_cast<std::size_t>(row_bytes(format, std::ssize(row))));
    const auto error = encode_row(format, row, out.data());
    ASSERT_TRUE(error);
    const double derived = precision_of(kernels::reference(), format).weights;
    EXPECT_LT(error->rms_relative(), 1.1 * derived) << dtype_name(format);
    EXPECT_GT(error->rms_relative(), 0.8 * derived) << dtype_name(format);
  }
}

// Numbers of any magnitude, as they lie between two powers of two.
TEST(Precision, IsWhatRoundingToBF16Costs) {
  const kernels::Table* const rounds = kernels::by_name("avx512bf16");
  if (rounds == nullptr) GTEST_SKIP() << "no table here rounds to BF16";
  Random random(3);
  double squares = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double number = std::exp2(random.uniform(-3, 3));
    const auto rounded = static_cast<double>(round_to_bf16(static_cast<float>(number)));
    squares += std::pow((rounded - number) / number, 2);
  }
  const Precision precision = precision_of(*rounds, DType::kBF16);
  EXPECT_NEAR(precision.operands, std::sqrt(squares / kCount), 0.02 * precision.operands);
  EXPECT_EQ(precision.weights, 0);
  EXPECT_TRUE(precision_of(*rounds, DType::kF32).exact());
}

TEST(Precision, CountsTheProductsBeforeAStage) {
  const NetworkSpec v1 = official_spec(Family::kV1);
  EXPECT_EQ(products_before("global.pixels", v1), 0);
  EXPECT_EQ(products_before("global.sam.embed", v1), 1);
  EXPECT_EQ(products_before("local.sam.block11", v1), 73);
  EXPECT_EQ(products_before("global.sam.neck", v1), 75);
  EXPECT_EQ(products_before("global.sam.net3", v1), 77);
  EXPECT_EQ(products_before("global.clip.layer23", v1), 77 + 6 * 24);
  EXPECT_EQ(products_before("global.proj", v1), 222);
  EXPECT_EQ(products_before("embeds", v1), 222);
  EXPECT_EQ(products_before("dec.layer0", v1), 228);
  EXPECT_EQ(products_before("router1.scores", v1), 222 + 6 + 5);
  EXPECT_EQ(products_before("router11.weights", v1), 222 + 66 + 5);
  EXPECT_EQ(products_before("dec.norm", v1), 222 + 72);
  EXPECT_EQ(products_before("logits", v1), 222 + 73);
  const NetworkSpec v2 = official_spec(Family::kV2);
  EXPECT_EQ(products_before("global.qwen.layer0", v2), 83);
  EXPECT_EQ(products_before("global.qwen.out", v2), 77 + 144);
}

TEST(Precision, BoundsPixelsExactlyAndRoundedStagesByTheirNorm) {
  const NetworkSpec spec = official_spec(Family::kV1);
  const Precision rounded = precision_of(kernels::reference(), DType::kQ8);
  EXPECT_EQ(bound_of("global.pixels", spec, rounded, true).tolerance, 0);
  EXPECT_EQ(bound_of("dec.layer3", spec, {}, false).tolerance, 1e-4);
  EXPECT_EQ(bound_of("dec.layer3", spec, {}, true).tolerance, 5e-4);
  EXPECT_EQ(bound_of("global.proj", spec, {}, true).tolerance, 2e-4);
  const Bound bound = bound_of("global.sam.embed", spec, rounded, true);
  EXPECT_EQ(bound.measure, Measure::kNorm);
  EXPECT_DOUBLE_EQ(bound.tolerance, 2 * rounded.weights);
}

TEST(Precision, BoundsWhatRoundedKeysAndValuesReachAndNothingBefore) {
  const NetworkSpec spec = official_spec(Family::kV1);
  const Precision cached = precision_of(kernels::reference(), DType::kBF16, DType::kI8);
  EXPECT_EQ(bound_of("global.proj", spec, cached, true).tolerance, 2e-4);
  EXPECT_EQ(bound_of("embeds", spec, cached, true).tolerance,
            bound_of("embeds", spec, {}, true).tolerance);
  const Bound first = bound_of("dec.layer0", spec, cached, true);
  EXPECT_EQ(first.measure, Measure::kNorm);
  EXPECT_DOUBLE_EQ(first.tolerance, 2 * cached.cache * std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(bound_of("logits", spec, cached, true).tolerance,
                   2 * cached.cache * std::sqrt(24.0));
  const Precision both = precision_of(kernels::reference(), DType::kQ8, DType::kI8);
  EXPECT_DOUBLE_EQ(bound_of("dec.layer0", spec, both, true).tolerance,
                   2 * std::hypot(both.weights * std::sqrt(228.0), both.cache * std::sqrt(2.0)));
}

// What is derived against what storing normal numbers costs.
TEST(Precision, IsWhatRoundingKeysAndValuesCosts) {
  constexpr std::int64_t kRows = 1000, kDim = 128;
  Random random(3);
  const Tensor rows({kRows, kDim}), got({kRows, kDim}), unused({kRows, kDim});
  for (float& number : rows.floats()) {
    double sum = -6;  // twelve uniform numbers are a normal one
    for (int i = 0; i < 12; ++i) sum += random.unit();
    number = static_cast<float>(sum);
  }
  ThreadPool pool(1);
  Arena scratch;
  kernels::Context context{pool, scratch};
  const kernels::Table& ops = kernels::reference();
  for (const DType dtype : {DType::kF16, DType::kI8}) {
    NetworkSpec spec = official_spec(Family::kV1);
    spec.decoder.layers = spec.decoder.heads = 1;
    spec.decoder.width = kDim;
    const KvCache cache(spec.decoder, kRows, dtype);
    ops.store_cached(context, rows.view(), rows.view(), cache.layer(0), 0);
    ops.load_cached(context, cache.layer(0), got.view(), unused.view());
    double error = 0, size = 0;
    for (std::size_t i = 0; i < rows.floats().size(); ++i) {
      const auto exact = static_cast<double>(rows.floats()[i]);
      error += std::pow(static_cast<double>(got.floats()[i]) - exact, 2);
      size += exact * exact;
    }
    const double derived = precision_of(ops, DType::kF32, dtype).cache;
    EXPECT_LT(std::sqrt(error / size), 1.1 * derived) << dtype_name(dtype);
    EXPECT_GT(std::sqrt(error / size), 0.8 * derived) << dtype_name(dtype);
  }
}

}  // namespace
}  // namespace lectio::proof
