// SPDX-License-Identifier: Apache-2.0
#include "model/weights/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "base/splitmix.h"
#include "compute/tensor/tensor.h"

namespace lectio {
namespace {

std::vector<float> random_row(std::size_t length, double scale) {
  Random random(42);
  std::vector<float> row(length);
  for (float& value : row) value = static_cast<float>(random.uniform(-scale, scale));
  return row;
}

std::vector<std::byte> encode(DType dtype, const std::vector<float>& row,
                              RoundingError* error = nullptr) {
  std::vector<std::byte> bytes(
      static_cast<std::size_t>(row_bytes(dtype, static_cast<std::int64_t>(row.size()))));
  const auto result = encode_row(dtype, row, bytes.data());
  EXPECT_TRUE(result) << result.error().message();
  if (error != nullptr) *error = *result;
  return bytes;
}

TEST(Quantize, RoundsWithinTheStepOfEachFormat) {
  const std::vector<float> row = random_row(320, 3.0);
  // Half a unit in the last place of 3.0; for Q8 half a step of the largest scale, itself rounded
  // to 11 bits; Q4_0 has no code 8, so that one end of the range may be off by a whole step.
  const std::vector<std::pair<DType, double>> bounds = {{DType::kF32, 0.0},
                                                        {DType::kF16, 0x1p-10},
                                                        {DType::kBF16, 0x1p-7},
                                                        {DType::kQ8, 0.5 * 3.0 / 127 * 1.02},
                                                        {DType::kQ4, 0.5 * 3.0 / 8 * 2.1}};
  for (const auto& [dtype, bound] : bounds) {
    RoundingError error;
    const std::vector<std::byte> bytes = encode(dtype, row, &error);
    std::vector<float> decoded(row.size());
    decode_row(dtype, bytes.data(), decoded);
    double worst = 0;
    double error_squares = 0;
    double value_squares = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double difference = static_cast<double>(decoded[i]) - static_cast<double>(row[i]);
      worst = std::max(worst, std::fabs(difference));
      error_squares += difference * difference;
      value_squares += static_cast<double>(row[i]) * static_cast<double>(row[i]);
    }
    EXPECT_LE(worst, bound) << dtype_name(dtype);
    EXPECT_EQ(error.max_abs, worst) << dtype_name(dtype);
    EXPECT_NEAR(error.rms_relative(), std::sqrt(error_squares / value_squares), 1e-12)
        << dtype_name(dtype);
  }
}

TEST(Quantize, DecodesAsTensorsDo) {
  const std::vector<float> row = random_row(96, 1.0);
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8, DType::kQ4}) {
    std::vector<std::byte> bytes = encode(dtype, row);
    std::vector<float> decoded(row.size());
    decode_row(dtype, bytes.data(), decoded);
    EXPECT_EQ(decoded, to_floats({bytes.data(), dtype, Shape{96}})) << dtype_name(dtype);
  }
}

TEST(Quantize, KeepsNumbersThatAFormatHoldsExactly) {
  std::vector<float> row(64);
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = static_cast<float>(static_cast<int>(i) - 32) * 0.25F;
  row[0] = 127 * 0.25F;
  row[32] = -127 * 0.25F;
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ8}) {
    RoundingError error;
    encode(dtype, row, &error);
    EXPECT_EQ(error.max_abs, 0) << dtype_name(dtype);
    EXPECT_EQ(error.rms_relative(), 0) << dtype_name(dtype);
  }
}

// The plain way: the largest magnitude becomes code -8.
double plain_q4_error(std::span<const float> block) {
  float extreme = 0;
  for (const float value : block) {
    if (std::fabs(value) > std::fabs(extreme)) extreme = value;
  }
  const float scale = half_to_float(float_to_half(extreme / -8));
  double error = 0;
  for (const float value : block) {
    const float code = std::clamp(std::nearbyint(value / scale), -8.0F, 7.0F);
    error += std::pow(static_cast<double>(value - code * scale), 2);
  }
  return error;
}

TEST(Quantize, SearchesTheScaleOfFourBits) {
  Random random(5);
  double plain = 0;
  double searched = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<float> block(32);
    for (float& value : block)
      value = static_cast<float>(random.uniform(-1, 1) * random.uniform(0, 1));
    RoundingError error;
    encode(DType::kQ4, block, &error);
    const double bound = plain_q4_error(block);
    EXPECT_LE(error.sum_error_squares, bound * (1 + 1e-5));  // sums in another order
    plain += bound;
    searched += error.sum_error_squares;
  }
  EXPECT_LT(searched, 0.95 * plain);
}

TEST(Quantize, KeepsNumbersOnTheGridOfFourBits) {
  std::vector<float> row(32);
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = 0.5F * static_cast<float>(static_cast<int>(i % 16) - 8);
  for (const float sign : {1.0F, -1.0F}) {
    for (float& value : row) value *= sign;
    RoundingError error;
    encode(DType::kQ4, row, &error);
    EXPECT_EQ(error.max_abs, 0);
  }
}

TEST(Quantize, GivesEachBlockItsOwnScale) {
  std::vector<float> row(64, 1e-3F);
  for (std::size_t i = 0; i < 32; ++i) row[i] = 100.0F;
  std::vector<std::byte> bytes = encode(DType::kQ8, row);
  std::vector<float> decoded(64);
  decode_row(DType::kQ8, bytes.data(), decoded);
  EXPECT_NEAR(decoded[0], 100.0, 100.0 * 0x1p-11);
  EXPECT_NEAR(decoded[63], 1e-3,
              1e-3 * 0x1p-6);  // the scale of so small a block is a subnormal half
}

TEST(Quantize, SurvivesZerosAndTheTiniestNumbers) {
  for (const float value : {0.0F, 1e-12F, std::numeric_limits<float>::denorm_min(), 6e-6F}) {
    const std::vector<float> row(32, value);
    RoundingError error;
    encode(DType::kQ8, row, &error);
    EXPECT_LE(error.max_abs, 8e-6);
    EXPECT_FALSE(std::isnan(error.rms_relative()));
    encode(DType::kQ4, row, &error);
    EXPECT_LE(error.max_abs, 8e-6);
    EXPECT_FALSE(std::isnan(error.rms_relative()));
  }
}

TEST(Quantize, RefusesNumbersThatTheFormatCannotHold) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::pair<DType, float>> cases = {
      {DType::kF32, nan},      {DType::kF32, -infinity}, {DType::kF16, 65520.0F},
      {DType::kBF16, 3.4e38F}, {DType::kBF16, nan},      {DType::kQ8, nan},
      {DType::kQ8, infinity},  {DType::kQ8, 9e6F},       {DType::kQ4, nan},
      {DType::kQ4, 6e5F}};
  for (const auto& [dtype, value] : cases) {
    std::vector<float> row(32, 1.0F);
    row[5] = value;
    std::vector<std::byte> bytes(128);
    const auto result = encode_row(dtype, row, bytes.data());
    ASSERT_FALSE(result) << dtype_name(dtype) << " " << value;
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalidModel);
    EXPECT_THAT(result.error().message(), ::testing::HasSubstr("number 5 of the row"));
  }
  std::vector<float> row(32, 65519.0F);  // rounds to the largest half
  encode(DType::kF16, row);
}

TEST(Quantize, SumsFiguresOverRows) {
  RoundingError sum;
  sum.add({0.5, 1.0, 4.0});
  sum.add({0.25, 3.0, 12.0});
  EXPECT_EQ(sum.max_abs, 0.5);
  EXPECT_EQ(sum.rms_relative(), 0.5);
}

}  // namespace
}  // namespace lectio
