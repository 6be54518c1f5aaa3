// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "base/check.h"
#include "compute/kernels/reference/elements.h"
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels::scalar {

void layer_norm(Context& /*context*/, TensorView x, TensorView weight, TensorView bias, float eps,
                TensorView y) {
  const std::int64_t width = x.columns();
  LECTIO_CHECK(x.shape.elements() == y.shape.elements() && y.columns() == width,
               y.shape.to_string());
  LECTIO_CHECK(weight.shape.elements() == width && bias.shape.elements() == width,
               weight.shape.to_string());
  for (std::int64_t n = 0; n < x.rows(); ++n) {
    const float* const in = x.f32() + n * width;
    double mean = 0;
    for (std::int64_t i = 0; i < width; ++i) mean += static_cast<double>(in[i]);
    mean /= static_cast<double>(width);
    double variance = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      const double distance = static_cast<double>(in[i]) - mean;
      variance += distance * distance;
    }
    variance /= static_cast<double>(width);
    const double factor = 1.0 / std::sqrt(variance + static_cast<double>(eps));
    for (std::int64_t i = 0; i < width; ++i) {
      const double normed = (static_cast<double>(in[i]) - mean) * factor;
      set_activation(
          y, n * width + i,
          normed * static_cast<double>(weight.f32()[i]) + static_cast<double>(bias.f32()[i]));
    }
  }
}

void rms_norm(Context& /*context*/, TensorView x, TensorView weight, float eps, TensorView y) {
  const std::int64_t width = x.columns();
  LECTIO_CHECK(x.shape.elements() == y.shape.elements() && y.columns() == width,
               y.shape.to_string());
  LECTIO_CHECK(weight.shape.elements() == width, weight.shape.to_string());
  for (std::int64_t n = 0; n < x.rows(); ++n) {
    const float* const in = x.f32() + n * width;
    double squares = 0;
    for (std::int64_t i = 0; i < width; ++i)
      squares += static_cast<double>(in[i]) * static_cast<double>(in[i]);
    const double factor =
        1.0 / std::sqrt(squares / static_cast<double>(width) + static_cast<double>(eps));
    for (std::int64_t i = 0; i < width; ++i) {
      set_activation(y, n * width + i,
                     static_cast<double>(in[i]) * factor * static_cast<double>(weight.f32()[i]));
    }
  }
}

}  // namespace lectio::kernels::scalar
