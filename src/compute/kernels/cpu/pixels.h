// SPDX-License-Identifier: Apache-2.0
// Convolution as a matrix product: its shapes, and the rows that it multiplies.
#pragma once

#include <algorithm>
#include <cstdint>

#include "compute/kernels/cpu/isa.h"
#include "compute/tensor/tensor.h"

namespace lectio::kernels::cpu {

struct Geometry {
  std::int64_t batch, height, width, in;    // of x
  std::int64_t out_height, out_width, out;  // of y
  std::int64_t kernel, stride, pad;

  std::int64_t filter() const { return kernel * kernel * in; }
  std::int64_t pixels() const { return batch * out_height * out_width; }
};

// Checks that the shapes fit each other.
Geometry geometry_of(TensorView x, TensorView weight, std::int64_t stride, std::int64_t pad,
                     TensorView y);

// Filter `out` as [kernel, kernel, in] floats: the order of memory under channels-last pixels.
// `stored` has room for one filter.
void reorder_filter(const Isa& isa, const Geometry& g, TensorView weight, std::int64_t out,
                    float* stored, float* filter);

// Pixels of the result that are gathered and multiplied at a time: with 3 x 3 x 512 numbers each,
// 18 MiB.
inline constexpr std::int64_t kPixelBlock = 1024;

// The pixels under the filter at pixel `index` of the result, [kernel, kernel, in]; zeros outside
// the picture.
template <typename Number>
void gather_pixel(const Geometry& g, const Number* x, std::int64_t index, Number* row) {
  const std::int64_t column = index % g.out_width * g.stride - g.pad;
  const std::int64_t line = index / g.out_width % g.out_height * g.stride - g.pad;
  const Number* const picture = x + index / g.out_width / g.out_height * g.height * g.width * g.in;
  const std::int64_t first = std::clamp<std::int64_t>(-column, 0, g.kernel);
  const std::int64_t last = std::clamp<std::int64_t>(g.width - column, first, g.kernel);
  for (std::int64_t ky = 0; ky < g.kernel; ++ky, row += g.kernel * g.in) {
    const std::int64_t y = line + ky;
    if (y < 0 || y >= g.height) {
      std::fill_n(row, g.kernel * g.in, Number{0});
      continue;
    }
    std::fill_n(row, first * g.in, Number{0});
    std::copy_n(picture + (y * g.width + column + first) * g.in, (last - first) * g.in,
                row + first * g.in);
    std::fill_n(row + last * g.in, (g.kernel - last) * g.in, Number{0});
  }
}

}  // namespace lectio::kernels::cpu
