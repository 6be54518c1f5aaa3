// SPDX-License-Identifier: Apache-2.0
// Learned position tables at other sizes than they were learned at (spec 3.3).
#pragma once

#include <cstdint>
#include <vector>

#include "compute/tensor/tensor.h"

namespace lectio {

// Number i of a resized line: sum over t of weights[t] * line[first + t]. The weights sum to one.
struct ResizeTaps {
  std::int64_t first = 0;
  std::vector<double> weights;
};

// Antialiased cubic convolution, a = -0.5, half-pixel centres; taps beyond an edge are dropped, not
// replicated.
ResizeTaps cubic_taps(std::int64_t index, std::int64_t length, std::int64_t new_length);

// table[side * side, width] (row-major grid) -> [new_side * new_side, width], cubic in both
// directions.
Tensor resize_grid(TensorView table, std::int64_t side, std::int64_t new_side);

// table[length, width] -> [new_length, width], linear between neighbours, not antialiased.
Tensor resize_line(TensorView table, std::int64_t new_length);

}  // namespace lectio
