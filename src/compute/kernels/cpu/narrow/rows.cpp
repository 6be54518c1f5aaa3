// SPDX-License-Identifier: Apache-2.0
// Norms whose rows go into a narrow product: computed in F32, rounded once.
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/narrow/operations.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu::narrow {
namespace {

// norm(row, out) makes one row of floats; y gets it rounded.
template <typename Norm>
void round_rows(const Set& set, Context& context, TensorView x, TensorView y, const Norm& norm) {
  LECTIO_CHECK(x.shape.elements() == y.shape.elements() && x.columns() == y.columns() &&
                   y.dtype == DType::kBF16,
               y.shape.to_string() + " in " + dtype_name(y.dtype));
  const std::int64_t width = x.columns();
  const float* const from = x.f32();
  auto* const to = static_cast<std::uint16_t*>(y.data);
  ScratchScope scope(context.scratch);
  constexpr std::int64_t kRows = 16;
  float* const memory = scope.make({slots(context), width}).f32();
  const double ns = static_cast<double>(10 * x.shape.elements()) / kBytesPerNs;
  share_tasks(context, divide_up(x.rows(), kRows), ns, [&](std::int64_t slot, std::int64_t task) {
    float* const row = memory + slot * width;
    const std::int64_t end = std::min(x.rows(), (task + 1) * kRows);
    for (std::int64_t i = task * kRows; i < end; ++i) {
      norm(from + i * width, row);
      set.narrow.round(row, width, to + i * width);
    }
  });
}

}  // namespace

void layer_norm(const Set& set, Context& context, TensorView x, TensorView weight, TensorView bias,
                float eps, TensorView y) {
  if (y.dtype == DType::kF32) {
    return cpu::layer_norm(set.isa, context, x, weight, bias, eps, y);
  }
  const std::int64_t width = x.columns();
  LECTIO_CHECK(weight.shape.elements() == width && bias.shape.elements() == width,
               weight.shape.to_string());
  round_rows(set, context, x, y, [&](const float* row, float* out) {
    set.isa.layer_norm(row, 1, width, weight.f32(), bias.f32(), eps, out);
  });
}

void rms_norm(const Set& set, Context& context, TensorView x, TensorView weight, float eps,
              TensorView y) {
  if (y.dtype == DType::kF32) return cpu::rms_norm(set.isa, context, x, weight, eps, y);
  const std::int64_t width = x.columns();
  LECTIO_CHECK(weight.shape.elements() == width, weight.shape.to_string());
  round_rows(set, context, x, y, [&](const float* row, float* out) {
    set.isa.rms_norm(row, 1, width, weight.f32(), eps, out);
  });
}

}  // namespace lectio::kernels::cpu::narrow
