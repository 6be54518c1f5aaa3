// SPDX-License-Identifier: Apache-2.0
// The operations that work on one row, or one number, at a time.
#include <cmath>
#include <cstring>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu {
namespace {

// Elementwise chunks begin at whole cache lines.
constexpr std::int64_t kLine = 16;

void check_same(TensorView a, TensorView b) {
  LECTIO_CHECK(a.shape.elements() == b.shape.elements() && a.columns() == b.columns(),
               a.shape.to_string() + " and " + b.shape.to_string());
}

double time_of(std::int64_t count, double bytes_each) {
  return static_cast<double>(count) * bytes_each / kBytesPerNs;
}

}  // namespace

void layer_norm(const Isa& isa, Context& context, TensorView x, TensorView weight, TensorView bias,
                float eps, TensorView y) {
  check_same(x, y);
  const std::int64_t width = x.columns();
  LECTIO_CHECK(weight.shape.elements() == width && bias.shape.elements() == width,
               weight.shape.to_string());
  const float* const from = x.f32();
  float* const to = y.f32();
  const auto body = [&](std::int64_t begin, std::int64_t end) {
    isa.layer_norm(from + begin * width, end - begin, width, weight.f32(), bias.f32(), eps,
                   to + begin * width);
  };
  share(context, x.rows(), 1, time_of(x.shape.elements(), 12), body);
}

void rms_norm(const Isa& isa, Context& context, TensorView x, TensorView weight, float eps,
              TensorView y) {
  check_same(x, y);
  const std::int64_t width = x.columns();
  LECTIO_CHECK(weight.shape.elements() == width, weight.shape.to_string());
  const float* const from = x.f32();
  float* const to = y.f32();
  const auto body = [&](std::int64_t begin, std::int64_t end) {
    isa.rms_norm(from + begin * width, end - begin, width, weight.f32(), eps, to + begin * width);
  };
  share(context, x.rows(), 1, time_of(x.shape.elements(), 12), body);
}

void softmax(const Isa& isa, Context& context, TensorView x, TensorView y) {
  check_same(x, y);
  const std::int64_t width = x.columns();
  const float* const from = x.f32();
  float* const to = y.f32();
  const auto body = [&](std::int64_t begin, std::int64_t end) {
    isa.softmax(from + begin * width, end - begin, width, to + begin * width);
  };
  share(context, x.rows(), 1, static_cast<double>(x.shape.elements()) / kFunctionsPerNs, body);
}

void add(const Isa& isa, Context& context, TensorView a, TensorView b, TensorView y) {
  check_same(a, b);
  check_same(a, y);
  const auto body = [&, p = a.f32(), q = b.f32(), to = y.f32()](std::int64_t begin,
                                                                std::int64_t end) {
    isa.add(p + begin, q + begin, end - begin, to + begin);
  };
  share(context, a.shape.elements(), kLine, time_of(a.shape.elements(), 12), body);
}

void silu_mul(const Isa& isa, Context& context, TensorView gate, TensorView up, TensorView y) {
  check_same(gate, up);
  check_same(gate, y);
  const auto body = [&, g = gate.f32(), u = up.f32(), to = y.f32()](std::int64_t begin,
                                                                    std::int64_t end) {
    isa.silu_mul(g + begin, u + begin, end - begin, to + begin);
  };
  share(context, gate.shape.elements(), kLine,
        static_cast<double>(gate.shape.elements()) / kFunctionsPerNs, body);
}

void gather_rows(const Isa& isa, Context& /*context*/, TensorView table,
                 std::span<const std::int32_t> ids, TensorView y) {
  const std::int64_t width = y.columns();
  const auto count = static_cast<std::int64_t>(ids.size());
  LECTIO_CHECK(table.columns() == width && y.rows() == count,
               table.shape.to_string() + " to " + y.shape.to_string());
  const std::int64_t stride_bytes = row_bytes(table.dtype, width);
  float* const to = y.f32();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t id = ids[static_cast<std::size_t>(i)];
    LECTIO_CHECK(id >= 0 && id < table.rows(),
                 std::to_string(id) + " in " + table.shape.to_string());
    row_to_floats(isa, table.dtype, static_cast<const std::byte*>(table.data) + id * stride_bytes,
                  width, to + i * width);
  }
}

// The released networks compute frequencies and angles in F32, and at position 8000 that shows: so
// does this.
void rope(const Isa& isa, Context& context, TensorView x, std::int64_t head_dim,
          std::int64_t positions_begin, float theta) {
  const std::int64_t width = x.columns();
  const std::int64_t half = head_dim / 2;
  LECTIO_CHECK(head_dim > 0 && head_dim % 2 == 0 && width % head_dim == 0, x.shape.to_string());
  ScratchScope scope(context.scratch);
  float* const frequencies = scope.make({half}).f32();
  const double ratio = std::pow(static_cast<double>(theta), -2.0 / static_cast<double>(head_dim));
  double frequency = 1;
  for (std::int64_t k = 0; k < half; ++k, frequency *= ratio)
    frequencies[k] = static_cast<float>(frequency);
  float* const data = x.f32();
  const auto body = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      isa.rotate(data + row * width, width / head_dim, half, frequencies,
                 static_cast<float>(positions_begin + row));
    }
  };
  share(context, x.rows(), 1, time_of(x.shape.elements(), 16), body);
}

}  // namespace lectio::kernels::cpu
