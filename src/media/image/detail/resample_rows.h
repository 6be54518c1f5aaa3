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
  // [outputs, stride / 2, 4]: the high parts of two weights, then their low parts. See
  // split_weights.
  std::vector<std::int16_t> halves;

  std::int64_t outputs() const { return static_cast<std::int64_t>(first.size()); }
};

// Makes the halves, which the two fast functions read, from the weights.
void split_weights(Taps& taps);

// out[outputs, 3] from in[width, 3], where width is the length that the taps were made for.
void resample_row(const Taps& taps, const std::uint8_t* in, std::int64_t width, std::uint8_t* out);
void resample_row_plain(const Taps& taps, const std::uint8_t* in, std::uint8_t* out);

// One output row from the rows that it takes: out[i] = sum of weight k * rows[k][i], i < bytes.
void blend_rows(const Taps& taps, std::int64_t output, const std::uint8_t* const* rows,
                std::int64_t bytes, std::uint8_t* out);
void blend_rows_plain(const Taps& taps, std::int64_t output, const std::uint8_t* const* rows,
                      std::int64_t bytes, std::uint8_t* out);

}  // namespace lectio
