// SPDX-License-Identifier: Apache-2.0
// The two inner loops of resampling, on 22-bit fixed-point weights: along a row, and across rows.
#pragma once

#include <cstdint>
#include <vector>

namespace lectio {

inline constexpr int kWeightBits = 22;

// Which inputs make each output along one axis, and how much of each.
struct Taps {
  std::int64_t stride = 0;          // weights kept for an output, even; those past its count are 0
  std::vector<std::int64_t> first;  // [outputs], first input of an output
  std::vector<std::int64_t> count;  // [outputs], inputs of an output, at most stride
  std::vector<std::int32_t> weights;  // [outputs, stride], value * 2^22

  std::int64_t outputs() const { return static_cast<std::int64_t>(first.size()); }
  const std::int32_t* row(std::int64_t output) const { return weights.data() + output * stride; }
};

// out[outputs, 3] from in[width, 3], where width is the length that the taps were made for.
void resample_row(const Taps& taps, const std::uint8_t* in, std::int64_t width, std::uint8_t* out);
void resample_row_plain(const Taps& taps, const std::uint8_t* in, std::uint8_t* out);

// out[i] = sum of weights[k] * rows[k][i], for i in [0, bytes), k in [0, count).
void blend_rows(const std::uint8_t* const* rows, const std::int32_t* weights, std::int64_t count,
                std::int64_t bytes, std::uint8_t* out);
void blend_rows_plain(const std::uint8_t* const* rows, const std::int32_t* weights,
                      std::int64_t count, std::int64_t bytes, std::uint8_t* out);

}  // namespace lectio
