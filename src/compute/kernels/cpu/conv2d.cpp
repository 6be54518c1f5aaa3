// SPDX-License-Identifier: Apache-2.0
// Convolution as a matrix product: one row a pixel of the result, gathered in blocks that stay in
// cache.
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/pixels.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu {
namespace {

// All filters in the order of memory under channels-last pixels.
void reorder_filters(const Isa& isa, Context& context, const Geometry& g, TensorView weight,
                     float* filters) {
  const std::int64_t length = g.filter();
  ScratchScope scope(context.scratch);
  float* const stored = scope.make({slots(context), length}).f32();
  const auto body = [&](std::int64_t slot, std::int64_t out) {
    reorder_filter(isa, g, weight, out, stored + slot * length, filters + out * length);
  };
  share_tasks(context, g.out, static_cast<double>(g.out * length), body);
}

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

void reorder_filter(const Isa& isa, const Geometry& g, TensorView weight, std::int64_t out,
                    float* stored, float* filter) {
  const std::int64_t area = g.kernel * g.kernel;
  const std::int64_t stride_bytes = row_bytes(weight.dtype, g.filter());
  row_to_floats(isa, weight.dtype, static_cast<const std::byte*>(weight.data) + out * stride_bytes,
                g.filter(), stored);
  for (std::int64_t c = 0; c < g.in; ++c) {
    for (std::int64_t i = 0; i < area; ++i) filter[i * g.in + c] = stored[c * area + i];
  }
}

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
