// SPDX-License-Identifier: Apache-2.0
#include "model/weights/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/check.h"

namespace lectio {
namespace {

constexpr float kMaxHalf = 65504.0F;
constexpr float kMaxByte = 127.0F;

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

void decode_q8_block(const std::byte* in, std::span<float> out) {
  Q8Block block{};
  std::memcpy(&block, in, sizeof(block));
  const float scale = half_to_float(block.scale);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = scale * static_cast<float>(block.values[i]);
}

template <typename Round>
void encode_16(std::span<const float> row, std::byte* out, Round round) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::uint16_t bits = round(row[i]);
    std::memcpy(out + 2 * i, &bits, 2);
  }
}

template <typename Widen>
void decode_16(const std::byte* row, std::span<float> out, Widen widen) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, row + 2 * i, 2);
    out[i] = widen(bits);
  }
}

// Block by block, so that the decoded copy stays on the stack.
RoundingError measure(DType dtype, std::span<const float> row, const std::byte* encoded) {
  RoundingError error;
  float decoded[kQ8BlockLength];
  for (std::size_t begin = 0; begin < row.size(); begin += kQ8BlockLength) {
    const std::size_t count = std::min<std::size_t>(kQ8BlockLength, row.size() - begin);
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
    default:
      LECTIO_CHECK(false, std::string("weights as ") + dtype_name(dtype));
  }
  return measure(dtype, row, out);
}

void decode_row(DType dtype, const std::byte* row, std::span<float> out) {
  switch (dtype) {
    case DType::kF32:
      std::memcpy(out.data(), row, out.size_bytes());
      break;
    case DType::kBF16:
      decode_16(row, out, bf16_to_float);
      break;
    case DType::kF16:
      decode_16(row, out, half_to_float);
      break;
    case DType::kQ8:
      LECTIO_CHECK(out.size() % kQ8BlockLength == 0, std::to_string(out.size()) + " from Q8");
      for (std::size_t i = 0; i < out.size(); i += kQ8BlockLength) {
        decode_q8_block(row + i / kQ8BlockLength * sizeof(Q8Block), out.subspan(i, kQ8BlockLength));
      }
      break;
    default:
      LECTIO_CHECK(false, std::string("weights from ") + dtype_name(dtype));
  }
}

}  // namespace lectio
