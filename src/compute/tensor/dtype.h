// SPDX-License-Identifier: Apache-2.0
// Number formats of tensors, and conversions of single numbers.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace lectio {

// The last seven are block formats, laid out as in GGUF files (blocks.h).
enum class DType : std::uint8_t {
  kF32,
  kF64,
  kBF16,
  kF16,
  kI64,
  kI32,
  kU8,
  kI8,     // of caches alone: codes whose factors lie elsewhere (kernels::CacheView)
  kQ8,     // GGUF's Q8_0
  kQ4,     // Q4_0
  kQ5,     // Q5_0
  kQ5Min,  // Q5_1
  kQ4K,    // Q4_K
  kQ5K,    // Q5_K
  kQ6K,    // Q6_K
};

// kQ8: blocks of 32 numbers along the last dimension, each an IEEE half scale followed by 32 signed
// bytes: value = scale * byte.
inline constexpr std::int64_t kQ8BlockLength = 32;
struct Q8Block {
  std::uint16_t scale;  // IEEE half
  std::int8_t values[kQ8BlockLength];
};
static_assert(sizeof(Q8Block) == 34);

// "F32", "BF16", "Q8", "Q4_0", "Q4_K" ...
const char* dtype_name(DType dtype);

// Numbers of one block along the last dimension; 1 for formats of single numbers. Rows are whole
// numbers of blocks.
constexpr std::int64_t block_length(DType dtype) {
  switch (dtype) {
    case DType::kQ8:
    case DType::kQ4:
    case DType::kQ5:
    case DType::kQ5Min:
      return 32;
    case DType::kQ4K:
    case DType::kQ5K:
    case DType::kQ6K:
      return 256;
    default:
      return 1;
  }
}

// Bytes of one block, or of one number.
constexpr std::int64_t block_bytes(DType dtype) {
  switch (dtype) {
    case DType::kF64:
    case DType::kI64:
      return 8;
    case DType::kF32:
    case DType::kI32:
      return 4;
    case DType::kBF16:
    case DType::kF16:
      return 2;
    case DType::kU8:
    case DType::kI8:
      return 1;
    case DType::kQ8:
      return 34;
    case DType::kQ4:
      return 18;
    case DType::kQ5:
      return 22;
    case DType::kQ5Min:
      return 24;
    case DType::kQ4K:
      return 144;
    case DType::kQ5K:
      return 176;
    case DType::kQ6K:
      return 210;
  }
  return 0;
}

constexpr bool is_block_format(DType dtype) { return block_length(dtype) > 1; }

// What matrices and tables may be stored as.
constexpr bool is_weight_format(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kF16 ||
         is_block_format(dtype);
}

// Bytes of a row of `length` numbers, a multiple of the block length.
constexpr std::int64_t row_bytes(DType dtype, std::int64_t length) {
  return length / block_length(dtype) * block_bytes(dtype);
}

inline float bf16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

// Round to nearest, ties to even; NaN stays NaN.
inline std::uint16_t float_to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

inline float round_to_bf16(float value) { return bf16_to_float(float_to_bf16(value)); }

inline float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000u} << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1F;
  const std::uint32_t fraction = bits & 0x3FF;
  if (exponent == 0) {  // zero and subnormals
    const float magnitude = static_cast<float>(fraction) * 0x1.0p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

// Round to nearest, ties to even; overflow becomes infinity.
inline std::uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude >= 0x7F800000u) {
    return static_cast<std::uint16_t>(sign | 0x7C00u | (magnitude > 0x7F800000u ? 0x200u : 0u));
  }
  if (magnitude >= 0x477FF000u) return static_cast<std::uint16_t>(sign | 0x7C00u);
  if (magnitude < 0x38800000u) {  // subnormal half: let the float adder round at 2^-24
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u));
  }
  const std::uint32_t rounded = magnitude + 0xFFFu + ((magnitude >> 13) & 1);
  return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

}  // namespace lectio
