// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "compute/kernels/reference/elements.h"
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels::scalar {

void silu_mul(Context& /*context*/, TensorView gate, TensorView up, TensorView y) {
  const std::int64_t count = y.shape.elements();
  LECTIO_CHECK(gate.shape.elements() == count && up.shape.elements() == count, y.shape.to_string());
  for (std::int64_t i = 0; i < count; ++i) {
    const auto x = static_cast<double>(gate.f32()[i]);
    y.f32()[i] = static_cast<float>(x / (1.0 + std::exp(-x)) * static_cast<double>(up.f32()[i]));
  }
}

void add(Context& /*context*/, TensorView a, TensorView b, TensorView y) {
  const std::int64_t count = y.shape.elements();
  LECTIO_CHECK(a.shape.elements() == count && b.shape.elements() == count, y.shape.to_string());
  for (std::int64_t i = 0; i < count; ++i) y.f32()[i] = a.f32()[i] + b.f32()[i];
}

void gather_rows(Context& /*context*/, TensorView table, std::span<const std::int32_t> ids,
                 TensorView y) {
  const std::int64_t width = table.columns();
  LECTIO_CHECK(y.shape == (Shape{static_cast<std::int64_t>(ids.size()), width}),
               y.shape.to_string());
  with_weight_type(table.dtype, [&](auto type) {
    float* out = y.f32();
    for (const std::int32_t id : ids) {
      LECTIO_CHECK(id >= 0 && id < table.rows(),
                   "row " + std::to_string(id) + " of " + table.shape.to_string());
      for (std::int64_t i = 0; i < width; ++i)
        *out++ = element<decltype(type)::value>(row_of(table, id, width), i);
    }
  });
}

void softmax(Context& /*context*/, TensorView x, TensorView y) {
  const std::int64_t width = x.columns();
  LECTIO_CHECK(x.shape.elements() == y.shape.elements() && y.columns() == width,
               y.shape.to_string());
  for (std::int64_t n = 0; n < x.rows(); ++n) {
    const float* const in = x.f32() + n * width;
    float* const out = y.f32() + n * width;
    const auto highest = static_cast<double>(*std::max_element(in, in + width));
    double total = 0;
    for (std::int64_t i = 0; i < width; ++i)
      total += std::exp(static_cast<double>(in[i]) - highest);
    for (std::int64_t i = 0; i < width; ++i) {
      out[i] = static_cast<float>(std::exp(static_cast<double>(in[i]) - highest) / total);
    }
  }
}

}  // namespace lectio::kernels::scalar
