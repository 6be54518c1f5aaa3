// SPDX-License-Identifier: Apache-2.0
#include "model/weights/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/check.h"
#include "compute/tensor/blocks.h"

namespace lectio {
namespace {

constexpr float kMaxHalf = 65504.0F;
constexpr float kMaxByte = 127.0F;
constexpr std::size_t kQ4Length = 32;

float largest_magnitude(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

// The largest magnitude that a finite number of the format stands for, with what rounds down to it.
float format_limit(DType dtype) {
  switch (dtype) {
    case DType::kF16:
      return 0x1.FFDFFEp15F;
    case DType::kBF16:
      return 0x1.FEFFFEp127F;
    case DType::kQ8:
      return kMaxHalf * kMaxByte;
    case DType::kQ4:
      return kMaxHalf * 8;
    default:
      return 3.4028235e38F;
  }
}

Result<void> check_range(DType dtype, std::span<const float> row) {
  const float limit = format_limit(dtype);
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (std::fabs(row[i]) <= limit) continue;  // false for NaN
    return Error(ErrorCode::kInvalidModel,
                 "number " + std::to_string(i) + " of the row: expected " + "one that " +
                     dtype_name(dtype) + " can hold, found " + std::to_string(row[i]));
  }
  return {};
}

void encode_q8_block(std::span<const float> values, std::byte* out) {
  Q8Block block{};
  block.scale = float_to_half(largest_magnitude(values) / kMaxByte);
  const float scale = half_to_float(block.scale);
  const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
  for (std::size_t i = 0; i < values.size(); ++i) {
    // A scale that was rounded down, or is subnormal, can lift the largest value over 127.
    const float byte = std::clamp(std::nearbyint(values[i] * inverse), -kMaxByte, kMaxByte);
    block.values[i] = static_cast<std::int8_t>(byte);
  }
  std::memcpy(out, &block, sizeof(block));
}

// ---- Q4_0 ---------------------------------------------------------------------------------------

// What became of 32 numbers under one scale.
struct Q4Try {
  std::uint16_t scale = 0;
  std::int8_t codes[kQ4Length] = {};  // -8 to 7
  float error = 0;                    // sum of squares
};

void round_codes(std::span<const float> values, float inverse, std::int8_t* codes) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    codes[i] =
        static_cast<std::int8_t>(std::clamp(std::nearbyint(values[i] * inverse), -8.0F, 7.0F));
  }
}

// The scale under which these codes have the least squared error.
float best_scale(std::span<const float> values, const std::int8_t* codes) {
  float along = 0;
  float length = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto code = static_cast<float>(codes[i]);
    along += code * values[i];
    length += code * code;
  }
  return length > 0 ? along / length : 0;
}

Q4Try try_scale(std::span<const float> values, float wanted) {
  Q4Try result;
  result.scale = float_to_half(wanted);
  const float scale = half_to_float(result.scale);
  round_codes(values, scale != 0 ? 1.0F / scale : 0.0F, result.codes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float difference = values[i] - scale * static_cast<float>(result.codes[i]);
    result.error += difference * difference;
  }
  return result;
}

// The largest magnitude, with its sign, becomes code -8: the plain choice. Then scales beside it
// are tried, each moved to the least squared error of the codes that it gives; the best one stays.
void encode_q4_block(std::span<const float> values, std::byte* out) {
  float extreme = 0;
  for (const float value : values) {
    if (std::fabs(value) > std::fabs(extreme)) extreme = value;
  }
  Q4Try best = try_scale(values, extreme / -8.0F);
  constexpr int kSteps = 7;
  for (int step = -kSteps; step <= kSteps && best.error > 0 && extreme != 0; ++step) {
    std::int8_t codes[kQ4Length];
    round_codes(values, -(8.0F + 0.2F * static_cast<float>(step)) / extreme, codes);
    const Q4Try other = try_scale(values, best_scale(values, codes));
    if (other.error < best.error) best = other;
  }
  std::memcpy(out, &best.scale, 2);
  for (std::size_t i = 0; i < kQ4Length / 2; ++i) {
    const int low = best.codes[i] + 8;
    const int high = best.codes[i + kQ4Length / 2] + 8;
    out[2 + i] = static_cast<std::byte>(low | high << 4);
  }
}

template <typename Round>
void encode_16(std::span<const float> row, std::byte* out, Round round) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::uint16_t bits = round(row[i]);
    std::memcpy(out + 2 * i, &bits, 2);
  }
}

// Block by block, so that the decoded copy stays on the stack.
RoundingError measure(DType dtype, std::span<const float> row, const std::byte* encoded) {
  RoundingError error;
  constexpr std::size_t kAtATime = 256;
  float decoded[kAtATime];
  for (std::size_t begin = 0; begin < row.size(); begin += kAtATime) {
    const std::size_t count = std::min(kAtATime, row.size() - begin);
    const std::int64_t offset = row_bytes(dtype, static_cast<std::int64_t>(begin));
    decode_row(dtype, encoded + offset, std::span(decoded, count));
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<double>(row[begin + i]);
      const double difference = static_cast<double>(decoded[i]) - value;
      error.max_abs = std::max(error.max_abs, std::fabs(difference));
      error.sum_error_squares += difference * difference;
      error.sum_value_squares += value * value;
    }
  }
  return error;
}

}  // namespace

void RoundingError::add(const RoundingError& other) {
  max_abs = std::max(max_abs, other.max_abs);
  sum_error_squares += other.sum_error_squares;
  sum_value_squares += other.sum_value_squares;
}

double RoundingError::rms_relative() const {
  return sum_value_squares > 0 ? std::sqrt(sum_error_squares / sum_value_squares) : 0;
}

Result<RoundingError> encode_row(DType dtype, std::span<const float> row, std::byte* out) {
  LECTIO_TRY_VOID(check_range(dtype, row));
  switch (dtype) {
    case DType::kF32:
      std::memcpy(out, row.data(), row.size_bytes());
      break;
    case DType::kBF16:
      encode_16(row, out, float_to_bf16);
      break;
    case DType::kF16:
      encode_16(row, out, float_to_half);
      break;
    case DType::kQ8:
      LECTIO_CHECK(row.size() % kQ8BlockLength == 0, std::to_string(row.size()) + " as Q8");
      for (std::size_t i = 0; i < row.size(); i += kQ8BlockLength) {
        encode_q8_block(row.subspan(i, kQ8BlockLength), out + i / kQ8BlockLength * sizeof(Q8Block));
      }
      break;
    case DType::kQ4:
      LECTIO_CHECK(row.size() % kQ4Length == 0, std::to_string(row.size()) + " as Q4_0");
      for (std::size_t i = 0; i < row.size(); i += kQ4Length) {
        encode_q4_block(row.subspan(i, kQ4Length),
                        out + row_bytes(dtype, static_cast<std::int64_t>(i)));
      }
      break;
    default:
      LECTIO_CHECK(false, std::string("weights as ") + dtype_name(dtype));
  }
  return measure(dtype, row, out);
}

void decode_row(DType dtype, const std::byte* row, std::span<float> out) {
  numbers_to_floats(dtype, row, 0, static_cast<std::int64_t>(out.size()), out.data());
}

}  // namespace lectio
