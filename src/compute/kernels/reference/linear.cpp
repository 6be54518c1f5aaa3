// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "compute/kernels/promises.h"
#include "compute/kernels/reference/elements.h"
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels::scalar {
namespace {

double activate(double x, Activation activation) {
  switch (activation) {
    case Activation::kNone:
    case Activation::kAdd:
      return x;
    case Activation::kGelu:
      return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
    case Activation::kQuickGelu:
      return x / (1.0 + std::exp(-1.702 * x));
  }
  return x;
}

template <DType kType>
double dot(const float* x, const std::byte* weight_row, std::int64_t length) {
  double sum = 0;
  for (std::int64_t i = 0; i < length; ++i) {
    sum += static_cast<double>(x[i]) * static_cast<double>(element<kType>(weight_row, i));
  }
  return sum;
}

}  // namespace

void linear(Context& context, TensorView x, TensorView weight, TensorView bias,
            Activation activation, TensorView y) {
  const std::int64_t in = x.columns();
  const std::int64_t out = y.columns();
  check_linear(x, weight, bias, y);
  const std::vector<float> widened = x.dtype == DType::kBF16 ? to_floats(x) : std::vector<float>();
  const float* const numbers = x.dtype == DType::kBF16 ? widened.data() : x.f32();
  with_weight_type(weight.dtype, [&](auto type) {
    const auto body = [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = begin; o < end; ++o) {
        const std::byte* const row = row_of(weight, o, in);
        const double offset = bias.empty() ? 0.0 : static_cast<double>(bias.f32()[o]);
        for (std::int64_t n = 0; n < x.rows(); ++n) {
          const double sum = dot<decltype(type)::value>(numbers + n * in, row, in) + offset;
          const std::int64_t at = n * out + o;
          const double before =
              activation == Activation::kAdd ? static_cast<double>(activation_at(y, at)) : 0.0;
          set_activation(y, at, before + activate(sum, activation));
        }
      }
    };
    context.pool.parallel_for(out, 1, std::ref(body));
  });
}

void linear_group(Context& context, std::span<const LinearJob> jobs) {
  for (const LinearJob& job : jobs) {
    linear(context, job.x, job.weight, {}, Activation::kNone, job.y);
    if (job.gate.empty()) continue;
    ScratchScope scratch(context.scratch);
    const TensorView gate = scratch.make(job.y.shape);
    linear(context, job.x, job.gate, {}, Activation::kNone, gate);
    silu_mul(context, gate, job.y, job.y);
  }
}

}  // namespace lectio::kernels::scalar
