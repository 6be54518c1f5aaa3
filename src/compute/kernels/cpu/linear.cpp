// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/blocks.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu {
namespace {

// From this many rows on, unpacking the weights once and multiplying in blocks is faster than
// reading them in place for every few rows (kernels_bench, linear_crossover).
constexpr std::int64_t kManyRows = 16;
// Weights are unpacked in parts of at most 16 MiB.
constexpr std::int64_t kPackedFloats = std::int64_t{4} << 20;

Finish finish_of(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return Finish::kNone;
    case Activation::kGelu:
      return Finish::kGelu;
    case Activation::kQuickGelu:
      return Finish::kQuickGelu;
  }
  return Finish::kNone;
}

struct Call {
  const float* x;
  TensorView weight;
  const float* bias;  // or null
  Finish finish;
  float* y;
  std::int64_t n, in, out;
};

void few_rows(const Isa& isa, Context& context, const Call& call) {
  const std::int64_t stride_bytes = row_bytes(call.weight.dtype, call.in);
  const MultiplyFewRows multiply = isa.few_rows[static_cast<int>(format_of(call.weight.dtype))];
  const auto body = [&](std::int64_t begin, std::int64_t end) {  // outs
    multiply({
        .x = call.x,
        .x_stride = call.in,
        .n = call.n,
        .weight = static_cast<const std::byte*>(call.weight.data) + begin * stride_bytes,
        .weight_stride_bytes = stride_bytes,
        .outs = end - begin,
        .depth = call.in,
        .y = call.y + begin,
        .y_stride = call.out,
    });
    isa.finish(call.y + begin, call.out, call.n, end - begin,
               call.bias == nullptr ? nullptr : call.bias + begin, call.finish);
  };
  const double ns = static_cast<double>(call.out * stride_bytes) / kBytesPerNs +
                    static_cast<double>(call.n * call.in * call.out) / kMultiplyAddsPerNs;
  constexpr std::int64_t kOutsAtATime = 16;  // a line of y, and whole groups of the inner loop
  share(context, call.out, kOutsAtATime, ns, body);
}

// Columns [begin, begin + packed.rows) of y.
void multiply_columns(const Isa& isa, Context& context, const Call& call, const PackedRows& packed,
                      std::int64_t begin) {
  const std::int64_t column_blocks = divide_up(packed.rows, kColumnBlock);
  // Blocks of rows small enough that every thread gets several tasks.
  const std::int64_t wanted = divide_up(4 * slots(context), column_blocks);
  const std::int64_t row_block =
      std::clamp(round_up(divide_up(call.n, wanted), isa.tile_rows), 2 * isa.tile_rows, kRowBlock);
  const auto body = [&](std::int64_t, std::int64_t task) {
    const std::int64_t row = task / column_blocks * row_block;
    const std::int64_t column = task % column_blocks * kColumnBlock;
    const std::int64_t columns = std::min(kColumnBlock, packed.rows - column);
    multiply_tile(isa, call.x + row * call.in, call.in, std::min(row_block, call.n - row), packed,
                  column, columns,
                  {.y = call.y + row * call.out + begin + column,
                   .y_stride = call.out,
                   .bias = call.bias == nullptr ? nullptr : call.bias + begin + column,
                   .finish = call.finish});
  };
  const double ns = static_cast<double>(call.n * call.in * packed.rows) / kMultiplyAddsPerNs;
  share_tasks(context, divide_up(call.n, row_block) * column_blocks, ns, body);
}

void many_rows(const Isa& isa, Context& context, const Call& call) {
  const std::int64_t fitting =
      kPackedFloats / std::max<std::int64_t>(call.in, 1) / kColumnBlock * kColumnBlock;
  const std::int64_t part = std::min(std::max(fitting, kColumnBlock), call.out);
  ScratchScope scope(context.scratch);
  float* const storage = scope.make({PackedRows::floats(isa, part, call.in)}).f32();
  const std::int64_t stride_bytes = row_bytes(call.weight.dtype, call.in);
  for (std::int64_t begin = 0; begin < call.out; begin += part) {
    const auto* const from = static_cast<const std::byte*>(call.weight.data) + begin * stride_bytes;
    const PackedRows packed = pack(isa, context, from, call.weight.dtype,
                                   std::min(part, call.out - begin), call.in, storage);
    multiply_columns(isa, context, call, packed, begin);
  }
}

}  // namespace

void linear(const Isa& isa, Context& context, TensorView x, TensorView weight, TensorView bias,
            Activation activation, TensorView y) {
  const std::int64_t in = x.columns();
  const std::int64_t out = y.columns();
  LECTIO_CHECK(weight.shape == (Shape{out, in}),
               weight.shape.to_string() + " for " + y.shape.to_string());
  LECTIO_CHECK(x.rows() == y.rows(), x.shape.to_string() + " to " + y.shape.to_string());
  LECTIO_CHECK(bias.empty() || bias.shape.elements() == out, bias.shape.to_string());
  const Call call{x.f32(),
                  weight,
                  bias.empty() ? nullptr : bias.f32(),
                  finish_of(activation),
                  y.f32(),
                  x.rows(),
                  in,
                  out};
  if (call.n == 0 || out == 0) return;
  if (call.n < kManyRows) {
    few_rows(isa, context, call);
  } else {
    many_rows(isa, context, call);
  }
}

}  // namespace lectio::kernels::cpu
