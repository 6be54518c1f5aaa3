// SPDX-License-Identifier: Apache-2.0
// Convolution with BF16 factors: pixels and filters are rounded once, and what lies under a filter
// is gathered in half the bytes.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/narrow/operations.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/pixels.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu::narrow {
namespace {

std::uint16_t* halves_of(TensorView view) { return static_cast<std::uint16_t*>(view.data); }

// x as BF16: itself, or rounded into scratch memory.
TensorView rounded(const Set& set, Context& context, ScratchScope& scope, TensorView x) {
  if (x.dtype == DType::kBF16) return x;
  const TensorView y = scope.make(x.shape, DType::kBF16);
  const float* const from = x.f32();
  constexpr std::int64_t kLine = 32;
  share(context, x.shape.elements(), kLine,
        static_cast<double>(6 * x.shape.elements()) / kBytesPerNs,
        [&](std::int64_t begin, std::int64_t end) {
          set.narrow.round(from + begin, end - begin, halves_of(y) + begin);
        });
  return y;
}

TensorView reordered_filters(const Set& set, Context& context, ScratchScope& scope,
                             const Geometry& g, TensorView weight) {
  const std::int64_t length = g.filter();
  const TensorView filters = scope.make({g.out, length}, DType::kBF16);
  float* const memory = scope.make({slots(context), 2 * length}).f32();
  share_tasks(context, g.out, static_cast<double>(g.out * length),
              [&](std::int64_t slot, std::int64_t out) {
                float* const stored = memory + slot * 2 * length;
                reorder_filter(set.isa, g, weight, out, stored, stored + length);
                set.narrow.round(stored + length, length, halves_of(filters) + out * length);
              });
  return filters;
}

}  // namespace

void conv2d(const Set& set, Context& context, TensorView x, TensorView weight, TensorView bias,
            std::int64_t stride, std::int64_t pad, TensorView y) {
  if (weight.dtype == DType::kF32) {
    return cpu::conv2d(set.isa, context, x, weight, bias, stride, pad, y);
  }
  const Geometry g = geometry_of(x, weight, stride, pad, y);
  LECTIO_CHECK(bias.empty() || bias.shape.elements() == g.out, bias.shape.to_string());
  if (g.pixels() == 0 || g.out == 0) return;
  if (g.kernel == 1 && stride == 1 && pad == 0) {
    return linear(set, context, x.reshaped({g.pixels(), g.in}), weight.reshaped({g.out, g.in}),
                  bias, Activation::kNone, y.reshaped({g.pixels(), g.out}));
  }
  ScratchScope scope(context.scratch);
  const TensorView pixels = rounded(set, context, scope, x);
  const TensorView filters = reordered_filters(set, context, scope, g, weight);
  const std::int64_t length = g.filter();
  const TensorView rows = scope.make({std::min(kPixelBlock, g.pixels()), length}, DType::kBF16);
  for (std::int64_t begin = 0; begin < g.pixels(); begin += kPixelBlock) {
    const std::int64_t count = std::min(kPixelBlock, g.pixels() - begin);
    share(context, count, 1, static_cast<double>(2 * count * length) / kBytesPerNs,
          [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t i = first; i < last; ++i) {
              gather_pixel(g, halves_of(pixels), begin + i, halves_of(rows) + i * length);
            }
          });
    linear(set, context, rows.row_range(0, count), filters, bias, Activation::kNone,
           y.row_range(begin, count));
  }
}

}  // namespace lectio::kernels::cpu::narrow
