// SPDX-License-Identifier: Apache-2.0
// Number formats of tensors, and conversions of single numbers.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace lectio {

enum class DType : std::uint8_t { kF32, kF64, kBF16, kF16, kI64, kI32, kU8, kQ8 };

// kQ8: blocks of 32 numbers along the last dimension, each an IEEE half scale followed by 32 signed
// bytes (GGUF's Q8_0): value = scale * byte. Rows are whole numbers of blocks.
inline constexpr std::int64_t kQ8BlockLength = 32;
struct Q8Block {
  std::uint16_t scale;  // IEEE half
  std::int8_t values[kQ8BlockLength];
};
static_assert(sizeof(Q8Block) == 34);

const char* dtype_name(DType dtype);

// Bytes of a row of `length` numbers. For kQ8, length must be a multiple of 32.
constexpr std::int64_t row_bytes(DType dtype, std::int64_t length) {
  switch (dtype) {
    case DType::kF64:
    case DType::kI64:
      return 8 * length;
    case DType::kF32:
    case DType::kI32:
      return 4 * length;
    case DType::kBF16:
    case DType::kF16:
      return 2 * length;
    case DType::kU8:
      return length;
    case DType::kQ8:
      return length / kQ8BlockLength * static_cast<std::int64_t>(sizeof(Q8Block));
  }
  return 0;
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
