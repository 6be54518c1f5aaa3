// SPDX-License-Identifier: Apache-2.0
#include "compute/tensor/blocks.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"

namespace lectio {
namespace {

constexpr std::int64_t kRun = 32;             // numbers under one scale of Q4_K and Q5_K
constexpr std::int64_t kLongBlock = 256;      // numbers of a K block
constexpr std::int64_t kRunsOfBlock = 8;      // of Q4_K and Q5_K
constexpr std::int64_t kNumbersOfHalf = 128;  // of a Q6_K block: its codes come in two halves

float half_at(const std::byte* bytes) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes, 2);
  return half_to_float(bits);
}

int byte_at(const std::byte* bytes, std::int64_t index) {
  return std::to_integer<int>(bytes[index]);
}

int signed_byte_at(const std::byte* bytes, std::int64_t index) {
  return static_cast<std::int8_t>(bytes[index]);
}

std::uint32_t word_at(const std::byte* bytes) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes, 4);
  return word;
}

// Where the parts of a block begin.
struct Parts {
  std::int64_t low = 0;   // the low four bits
  std::int64_t high = 0;  // the bits above
};
constexpr Parts kQ5Parts{6, 2};
constexpr Parts kQ5MinParts{8, 4};
constexpr Parts kQ5KParts{48, 16};
constexpr std::int64_t kLowOfQ4K = 16;
constexpr Parts kQ6KParts{0, 128};
constexpr std::int64_t kScalesOfQ6K = 192;
constexpr std::int64_t kScaleOfQ6K = 208;

// ---- One number at a time -----------------------------------------------------------------------

// Of `count` numbers whose codes share count / 2 bytes.
int low_bits(const std::byte* bytes, std::int64_t index, std::int64_t count) {
  const int both = byte_at(bytes, index % (count / 2));
  return index < count / 2 ? both & 15 : both >> 4;
}

int fifth_bit(const std::byte* bytes, std::int64_t index) {
  return (byte_at(bytes, index / 8) >> (index % 8) & 1) << 4;
}

struct ScaleAndMinimum {
  int scale;
  int minimum;
};

ScaleAndMinimum of_run(const std::byte* packed, std::int64_t run) {
  if (run < 4) return {byte_at(packed, run) & 63, byte_at(packed, run + 4) & 63};
  return {(byte_at(packed, run + 4) & 15) | (byte_at(packed, run - 4) >> 6 << 4),
          (byte_at(packed, run + 4) >> 4) | (byte_at(packed, run) >> 6 << 4)};
}

float number_under_minimum(const std::byte* block, std::int64_t index, int code) {
  const ScaleAndMinimum run = of_run(block + 4, index / kRun);
  return half_at(block) * static_cast<float>(run.scale) * static_cast<float>(code) -
         half_at(block + 2) * static_cast<float>(run.minimum);
}

float q6k_number(const std::byte* block, std::int64_t index) {
  const std::int64_t half = index / kNumbersOfHalf;
  const std::int64_t at = index % kNumbersOfHalf;
  const int low = low_bits(block + kQ6KParts.low + 64 * half, at, kNumbersOfHalf);
  const int high = byte_at(block + kQ6KParts.high + 32 * half, at % 32) >> (at / 32 * 2) & 3;
  const int scale = signed_byte_at(block + kScalesOfQ6K, index / 16);
  return half_at(block + kScaleOfQ6K) * static_cast<float>(scale) *
         static_cast<float>((low | high << 4) - 32);
}

// ---- Whole blocks -------------------------------------------------------------------------------

// The 32 codes under 16 bytes of low bits and 32 bits above them.
void short_codes(const std::byte* low, std::uint32_t high, int* codes) {
  for (int i = 0; i < 16; ++i) {
    const int both = byte_at(low, i);
    codes[i] = (both & 15) | static_cast<int>(high >> i & 1) << 4;
    codes[i + 16] = both >> 4 | static_cast<int>(high >> (i + 16) & 1) << 4;
  }
}

void short_block(const std::byte* low, std::uint32_t high, float d, int zero, float* out) {
  int codes[32];
  short_codes(low, high, codes);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(codes[i] - zero);
}

void short_block_over_minimum(const std::byte* block, float* out) {
  int codes[32];
  short_codes(block + kQ5MinParts.low, word_at(block + kQ5MinParts.high), codes);
  const float d = half_at(block);
  const float m = half_at(block + 2);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(codes[i]) + m;
}

template <bool kFive>
void long_block(const std::byte* block, float* out) {
  const float d = half_at(block);
  const float m = half_at(block + 2);
  const std::byte* low = block + (kFive ? kQ5KParts.low : kLowOfQ4K);
  const std::byte* const high = block + kQ5KParts.high;
  for (int run = 0; run < kRunsOfBlock; ++run, out += kRun) {
    const ScaleAndMinimum packed = of_run(block + 4, run);
    const float scale = d * static_cast<float>(packed.scale);
    const float minimum = m * static_cast<float>(packed.minimum);
    const int shift = run % 2 * 4;
    for (int i = 0; i < kRun; ++i) {
      int code = byte_at(low, i) >> shift & 15;
      if constexpr (kFive) code |= (byte_at(high, i) >> run & 1) << 4;
      out[i] = scale * static_cast<float>(code) - minimum;
    }
    if (run % 2 == 1) low += kRun;
  }
}

void q6k_block(const std::byte* block, float* out) {
  const float d = half_at(block + kScaleOfQ6K);
  for (std::int64_t run = 0; run < kRunsOfBlock; ++run, out += kRun) {
    const std::int64_t half = run / 4;
    const std::byte* const low = block + kQ6KParts.low + 64 * half + run % 2 * kRun;
    const std::byte* const high = block + kQ6KParts.high + 32 * half;
    const auto low_shift = static_cast<int>(run % 4 / 2 * 4);
    const auto high_shift = static_cast<int>(run % 4 * 2);
    for (int i = 0; i < kRun; ++i) {
      const int scale = signed_byte_at(block + kScalesOfQ6K, 2 * run + i / 16);
      const int code = (byte_at(low, i) >> low_shift & 15) | (byte_at(high, i) >> high_shift & 3)
                                                                 << 4;
      out[i] = d * static_cast<float>(scale) * static_cast<float>(code - 32);
    }
  }
}

void block_to_floats(DType dtype, const std::byte* block, float* out) {
  switch (dtype) {
    case DType::kQ8: {
      const float d = half_at(block);
      for (int i = 0; i < kQ8BlockLength; ++i) {
        out[i] = d * static_cast<float>(signed_byte_at(block + 2, i));
      }
      return;
    }
    case DType::kQ4:
      return short_block(block + 2, 0, half_at(block), 8, out);
    case DType::kQ5:
      return short_block(block + kQ5Parts.low, word_at(block + kQ5Parts.high), half_at(block), 16,
                         out);
    case DType::kQ5Min:
      return short_block_over_minimum(block, out);
    case DType::kQ4K:
      return long_block<false>(block, out);
    case DType::kQ5K:
      return long_block<true>(block, out);
    case DType::kQ6K:
      return q6k_block(block, out);
    default:
      LECTIO_CHECK(false, std::string("no blocks in ") + dtype_name(dtype));
  }
}

void plain_to_floats(DType dtype, const std::byte* numbers, std::int64_t count, float* out) {
  if (dtype == DType::kF32) {
    std::memcpy(out, numbers, static_cast<std::size_t>(4 * count));
    return;
  }
  LECTIO_CHECK(dtype == DType::kBF16 || dtype == DType::kF16,
               std::string("no weights in ") + dtype_name(dtype));
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, numbers + 2 * i, 2);
    out[i] = dtype == DType::kBF16 ? bf16_to_float(bits) : half_to_float(bits);
  }
}

}  // namespace

float block_number(DType dtype, const std::byte* row, std::int64_t index) {
  const std::byte* const block = row + index / block_length(dtype) * block_bytes(dtype);
  const std::int64_t at = index % block_length(dtype);
  const float d = half_at(block);
  switch (dtype) {
    case DType::kQ8:
      return d * static_cast<float>(signed_byte_at(block + 2, at));
    case DType::kQ4:
      return d * static_cast<float>(low_bits(block + 2, at, 32) - 8);
    case DType::kQ5:
      return d * static_cast<float>((low_bits(block + kQ5Parts.low, at, 32) |
                                     fifth_bit(block + kQ5Parts.high, at)) -
                                    16);
    case DType::kQ5Min:
      return d * static_cast<float>(low_bits(block + kQ5MinParts.low, at, 32) |
                                    fifth_bit(block + kQ5MinParts.high, at)) +
             half_at(block + 2);
    case DType::kQ4K:
      return number_under_minimum(block, at,
                                  low_bits(block + kLowOfQ4K + at / 64 * 32, at % 64, 64));
    case DType::kQ5K: {
      const int high = byte_at(block + kQ5KParts.high, at % kRun) >> (at / kRun) & 1;
      return number_under_minimum(
          block, at, low_bits(block + kQ5KParts.low + at / 64 * 32, at % 64, 64) | high << 4);
    }
    case DType::kQ6K:
      return q6k_number(block, at);
    default:
      LECTIO_CHECK(false, std::string("no blocks in ") + dtype_name(dtype));
  }
}

void numbers_to_floats(DType dtype, const std::byte* row, std::int64_t begin, std::int64_t count,
                       float* out) {
  const std::int64_t length = block_length(dtype);
  LECTIO_CHECK(begin % length == 0, std::to_string(begin) + " in " + dtype_name(dtype));
  const std::byte* block = row + row_bytes(dtype, begin);
  if (length == 1) return plain_to_floats(dtype, block, count, out);
  for (; count >= length; count -= length, out += length, block += block_bytes(dtype)) {
    block_to_floats(dtype, block, out);
  }
  if (count <= 0) return;
  float last[kLongBlock];
  block_to_floats(dtype, block, last);
  std::copy_n(last, count, out);
}

}  // namespace lectio
