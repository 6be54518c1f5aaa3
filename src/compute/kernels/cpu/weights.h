// SPDX-License-Identifier: Apache-2.0
// Weights of any format as vectors of floats, for the *_isa.cpp files alone.
#pragma once

#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/vector.h"

namespace {  // NOLINT(google-build-namespaces): see vector.h

using lectio::kernels::Format;

constexpr std::int64_t kQ8Length = 32;
constexpr std::int64_t kQ8Bytes = 34;  // an IEEE half, then 32 signed bytes

inline float q8_scale(const std::uint8_t* block) {
  std::uint16_t half = 0;
  __builtin_memcpy(&half, block, sizeof(half));
  return _cvtsh_ss(half);
}

inline const std::int8_t* q8_values(const std::uint8_t* block) {
  return reinterpret_cast<const std::int8_t*>(block + 2);
}

// Where number k of a row begins; for kQ8, its block.
template <Format kFormat>
constexpr std::int64_t bytes_of(std::int64_t k) {
  if constexpr (kFormat == Format::kQ8) return k / kQ8Length * kQ8Bytes;
  if constexpr (kFormat == Format::kI8) return k;
  return k * (kFormat == Format::kF32 ? 4 : 2);
}

// Numbers [k, k + kWidth) of a row. For kQ8, k is a multiple of kWidth.
template <Format kFormat>
inline Vec load_weights(const std::uint8_t* row, std::int64_t k) {
  if constexpr (kFormat == Format::kF32) {
    return load(reinterpret_cast<const float*>(row) + k);
  } else if constexpr (kFormat == Format::kBF16) {
    return load_bf16(reinterpret_cast<const std::uint16_t*>(row) + k);
  } else if constexpr (kFormat == Format::kF16) {
    return load_f16(reinterpret_cast<const std::uint16_t*>(row) + k);
  } else if constexpr (kFormat == Format::kI8) {
    return load_i8(reinterpret_cast<const std::int8_t*>(row) + k);
  } else {
    const std::uint8_t* const block = row + k / kQ8Length * kQ8Bytes;
    return mul(load_i8(q8_values(block) + k % kQ8Length), all(q8_scale(block)));
  }
}

// Numbers [k, k + count) of a row, count < kWidth, and zeros; reads nothing behind them. Rows of
// kQ8 have no such end.
template <Format kFormat>
inline Vec load_last_weights(const std::uint8_t* row, std::int64_t k, std::int64_t count) {
  if constexpr (kFormat == Format::kF32) {
    return load(reinterpret_cast<const float*>(row) + k, first(count));
  } else if constexpr (kFormat == Format::kQ8) {
    return zero();
  } else if constexpr (kFormat == Format::kI8) {
    std::uint8_t codes[kWidth] = {};
    for (std::int64_t i = 0; i < count; ++i) codes[i] = row[k + i];
    return load_weights<kFormat>(codes, 0);
  } else {
    std::uint16_t bits[kWidth] = {};
    for (std::int64_t i = 0; i < count; ++i)
      bits[i] = reinterpret_cast<const std::uint16_t*>(row)[k + i];
    return load_weights<kFormat>(reinterpret_cast<const std::uint8_t*>(bits), 0);
  }
}

// Asks for the memory of kRows rows of weights that are read side by side, kBytes of each at a
// time: at least a group of rows ahead, in the order of addresses, which is what memory and the
// prefetchers of the hardware like best. Rows too long for that are so many streams.
template <int kRows, std::int64_t kBytes>
struct Prefetcher {
  static constexpr std::int64_t kAhead = 4096;
  static constexpr std::int64_t kFarthest = 16 << 10;

  Prefetcher(const std::uint8_t* weight, std::int64_t stride_bytes) {
    const std::int64_t group = kRows * stride_bytes;
    const bool in_order = group <= kFarthest;
    next = weight + (in_order && group > kAhead ? group : kAhead);
    piece = in_order ? kBytes : stride_bytes;
    step = in_order ? kRows * kBytes : kBytes;
  }
  void ask() {
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (std::int64_t i = 0; i < kBytes; i += 64) {
        _mm_prefetch(reinterpret_cast<const char*>(next + r * piece + i), _MM_HINT_T0);
      }
    }
    next += step;
  }

  const std::uint8_t* next;
  std::int64_t piece;
  std::int64_t step;
};

}  // namespace
