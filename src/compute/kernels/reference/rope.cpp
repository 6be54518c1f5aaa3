// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "base/check.h"
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels::scalar {

// The released networks compute frequency and angle in F32, and at position 8000 that shows: so
// does this. Everything after the angle is double.
void rope(Context& /*context*/, TensorView x, std::int64_t head_dim, std::int64_t positions_begin,
          float theta) {
  const std::int64_t width = x.columns();
  const std::int64_t half = head_dim / 2;
  LECTIO_CHECK(head_dim % 2 == 0 && width % head_dim == 0, x.shape.to_string());
  for (std::int64_t n = 0; n < x.rows(); ++n) {
    for (std::int64_t k = 0; k < half; ++k) {
      const double exponent = 2.0 * static_cast<double>(k) / static_cast<double>(head_dim);
      const auto frequency = static_cast<float>(std::pow(static_cast<double>(theta), -exponent));
      const float angle = static_cast<float>(positions_begin + n) * frequency;
      const double cosine = std::cos(static_cast<double>(angle));
      const double sine = std::sin(static_cast<double>(angle));
      for (float* head = x.f32() + n * width; head < x.f32() + (n + 1) * width; head += head_dim) {
        const auto first = static_cast<double>(head[k]);
        const auto second = static_cast<double>(head[k + half]);
        head[k] = static_cast<float>(first * cosine - second * sine);
        head[k + half] = static_cast<float>(second * cosine + first * sine);
      }
    }
  }
}

}  // namespace lectio::kernels::scalar
