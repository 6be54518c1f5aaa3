// SPDX-License-Identifier: Apache-2.0
// Convolution as a matrix product: one row a pixel of the result, gathered in blocks that stay in
// cache.
#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu {
namespace {

struct Geometry {
  std::int64_t batch, height, width, in;    // of x
  std::int64_t out_height, out_width, out;  // of y
  std::int64_t kernel, stride, pad;

  std::int64_t filter() const { return kernel * kernel * in; }
  std::int64_t pixels() const { return batch * out_height * out_width; }
};

Geometry geometry_of(TensorView x, TensorView weight, std::int64_t stride, std::int64_t pad,
                     TensorView y) {
  LECTIO_CHECK(x.shape.rank() == 4 && y.shape.rank() == 4 && weight.shape.rank() == 4,
               weight.shape.to_string());
  const Geometry g{x.shape[0], x.shape[1], x.shape[2],      x.shape[3], y.shape[1],
                   y.shape[2], y.shape[3], weight.shape[2], stride,     pad};
  LECTIO_CHECK(weight.shape == (Shape{g.out, g.in, g.kernel, g.kernel}), weight.shape.to_string());
  LECTIO_CHECK(y.shape == (Shape{g.batch, (g.height + 2 * pad - g.kernel) / stride + 1,
                                 (g.width + 2 * pad - g.kernel) / stride + 1, g.out}),
               x.shape.to_string() + " to " + y.shape.to_string());
  return g;
}

// Filters as [out, kernel, kernel, in] floats: their numbers in the order of memory under
// channels-last pixels.
void reorder_filters(const Isa& isa, Context& context, const Geometry& g, TensorView weight,
                     float* filters) {
  const std::int64_t length = g.filter();
  const std::int64_t area = g.kernel * g.kernel;
  const std::int64_t stride_bytes = row_bytes(weight.dtype, length);
  ScratchScope scope(context.scratch);
  float* const stored = scope.make({slots(context), length}).f32();
  const auto body = [&](std::int64_t slot, std::int64_t out) {
    float* const from = stored + slot * length;
    float* const to = filters + out * length;
    row_to_floats(isa, weight.dtype,
                  static_cast<const std::byte*>(weight.data) + out * stride_bytes, length, from);
    for (std::int64_t c = 0; c < g.in; ++c) {
      for (std::int64_t i = 0; i < area; ++i) to[i * g.in + c] = from[c * area + i];
    }
  };
  share_tasks(context, g.out, static_cast<double>(g.out * length), body);
}

// The pixels under the filter at pixel `index` of the result, [kernel, kernel, in]; zeros outside
// the picture.
void gather_pixel(const Geometry& g, const float* x, std::int64_t index, float* row) {
  const std::int64_t column = index % g.out_width * g.stride - g.pad;
  const std::int64_t line = index / g.out_width % g.out_height * g.stride - g.pad;
  const float* const picture = x + index / g.out_width / g.out_height * g.height * g.width * g.in;
  const std::int64_t first = std::clamp<std::int64_t>(-column, 0, g.kernel);
  const std::int64_t last = std::clamp<std::int64_t>(g.width - column, first, g.kernel);
  for (std::int64_t ky = 0; ky < g.kernel; ++ky, row += g.kernel * g.in) {
    const std::int64_t y = line + ky;
    if (y < 0 || y >= g.height) {
      std::fill_n(row, g.kernel * g.in, 0.0F);
      continue;
    }
    std::fill_n(row, first * g.in, 0.0F);
    std::copy_n(picture + (y * g.width + column + first) * g.in, (last - first) * g.in,
                row + first * g.in);
    std::fill_n(row + last * g.in, (g.kernel - last) * g.in, 0.0F);
  }
}

// Pixels of the result that are gathered and multiplied at a time: with 3 x 3 x 512 numbers each,
// 18 MiB.
constexpr std::int64_t kPixelBlock = 1024;

void multiply_pixels(const Isa& isa, Context& context, const Geometry& g, const float* x,
                     TensorView filters, TensorView bias, TensorView y) {
  const std::int64_t length = g.filter();
  ScratchScope scope(context.scratch);
  const TensorView rows = scope.make({std::min(kPixelBlock, g.pixels()), length});
  for (std::int64_t begin = 0; begin < g.pixels(); begin += kPixelBlock) {
    const std::int64_t count = std::min(kPixelBlock, g.pixels() - begin);
    const auto gather = [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        gather_pixel(g, x, begin + i, rows.f32() + i * length);
      }
    };
    share(context, count, 1, static_cast<double>(4 * count * length) / kBytesPerNs, gather);
    linear(isa, context, rows.row_range(0, count), filters, bias, Activation::kNone,
           y.row_range(begin, count));
  }
}

}  // namespace

void conv2d(const Isa& isa, Context& context, TensorView x, TensorView weight, TensorView bias,
            std::int64_t stride, std::int64_t pad, TensorView y) {
  const Geometry g = geometry_of(x, weight, stride, pad, y);
  LECTIO_CHECK(bias.empty() || bias.shape.elements() == g.out, bias.shape.to_string());
  if (g.pixels() == 0 || g.out == 0) return;
  if (g.kernel == 1 && stride == 1 && pad == 0) {
    linear(isa, context, x.reshaped({g.pixels(), g.in}), weight.reshaped({g.out, g.in}), bias,
           Activation::kNone, y.reshaped({g.pixels(), g.out}));
    return;
  }
  ScratchScope scope(context.scratch);
  const TensorView filters = scope.make({g.out, g.filter()});
  reorder_filters(isa, context, g, weight, filters.f32());
  multiply_pixels(isa, context, g, x.f32(), filters, bias, y);
}

}  // namespace lectio::kernels::cpu
