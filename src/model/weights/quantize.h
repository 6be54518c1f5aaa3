// SPDX-License-Identifier: Apache-2.0
// Floats to the weight formats and back, row by row, with the error that the rounding makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "compute/tensor/dtype.h"

namespace lectio {

// Figures over any number of rounded values.
struct RoundingError {
  double max_abs = 0;
  double sum_error_squares = 0;
  double sum_value_squares = 0;

  void add(const RoundingError& other);
  // RMS of the error over RMS of the values; 0 where all values are 0.
  double rms_relative() const;
};

// One row of numbers as F32, BF16, F16, Q8 or Q4_0; out holds row_bytes(dtype, row.size()) bytes,
// and the length is whole blocks. kInvalidModel for numbers that the format cannot hold: NaN,
// infinities, beyond the half range.
//
// Q8: the scale of a block is its largest magnitude / 127 rounded to half, and the bytes are
// rounded against that rounded scale, so that its rounding costs nothing more. Q4_0: of the scales
// about largest magnitude / 8, with both signs of it, the one with the least squared error.
Result<RoundingError> encode_row(DType dtype, std::span<const float> row, std::byte* out);

// The way back: out.size() numbers from any weight format.
void decode_row(DType dtype, const std::byte* row, std::span<float> out);

}  // namespace lectio
