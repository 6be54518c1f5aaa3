// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "compute/kernels/reference/elements.h"
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels::scalar {
namespace {

struct Geometry {
  std::int64_t height, width, in;           // of x
  std::int64_t out_height, out_width, out;  // of y
  std::int64_t kernel, stride, pad;
};

// One number of the result; pixels outside the picture are zero.
template <DType kType>
double convolve(const Geometry& g, const float* picture, const std::byte* filter, std::int64_t row,
                std::int64_t column) {
  double sum = 0;
  for (std::int64_t ky = 0; ky < g.kernel; ++ky) {
    const std::int64_t y = row * g.stride + ky - g.pad;
    if (y < 0 || y >= g.height) continue;
    for (std::int64_t kx = 0; kx < g.kernel; ++kx) {
      const std::int64_t x = column * g.stride + kx - g.pad;
      if (x < 0 || x >= g.width) continue;
      const float* const pixel = picture + (y * g.width + x) * g.in;
      for (std::int64_t c = 0; c < g.in; ++c) {
        const float weight = element<kType>(filter, (c * g.kernel + ky) * g.kernel + kx);
        sum += static_cast<double>(pixel[c]) * static_cast<double>(weight);
      }
    }
  }
  return sum;
}

}  // namespace

void conv2d(Context& context, TensorView x, TensorView weight, TensorView bias, std::int64_t stride,
            std::int64_t pad, TensorView y) {
  LECTIO_CHECK(x.shape.rank() == 4 && y.shape.rank() == 4 && weight.shape.rank() == 4,
               weight.shape.to_string());
  const Geometry g{x.shape[1], x.shape[2],      x.shape[3], y.shape[1], y.shape[2],
                   y.shape[3], weight.shape[2], stride,     pad};
  LECTIO_CHECK(weight.shape == (Shape{g.out, g.in, g.kernel, g.kernel}), weight.shape.to_string());
  LECTIO_CHECK(y.shape == (Shape{x.shape[0], (g.height + 2 * pad - g.kernel) / stride + 1,
                                 (g.width + 2 * pad - g.kernel) / stride + 1, g.out}),
               x.shape.to_string() + " to " + y.shape.to_string());
  LECTIO_CHECK(bias.empty() || bias.shape.elements() == g.out, bias.shape.to_string());
  with_weight_type(weight.dtype, [&](auto type) {
    const std::int64_t filter_length = g.in * g.kernel * g.kernel;
    const auto body = [&](std::int64_t begin, std::int64_t end) {  // rows of y, over all pictures
      for (std::int64_t r = begin; r < end; ++r) {
        const float* const picture = x.f32() + r / g.out_height * g.height * g.width * g.in;
        for (std::int64_t column = 0; column < g.out_width; ++column) {
          float* const pixel = y.f32() + (r * g.out_width + column) * g.out;
          for (std::int64_t o = 0; o < g.out; ++o) {
            const double sum = convolve<decltype(type)::value>(
                g, picture, row_of(weight, o, filter_length), r % g.out_height, column);
            pixel[o] =
                static_cast<float>(sum + (bias.empty() ? 0.0 : static_cast<double>(bias.f32()[o])));
          }
        }
      }
    };
    context.pool.parallel_for(x.shape[0] * g.out_height, 1, std::ref(body));
  });
}

}  // namespace lectio::kernels::scalar
