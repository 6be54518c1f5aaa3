// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"
#include "compute/kernels/promises.h"
#include "compute/tensor/blocks.h"

namespace lectio::kernels::cpu {
namespace {

// From this many rows on, unpacking the weights and multiplying in blocks is faster than reading
// them in place for every few rows (kernels_bench, linear_crossover).
constexpr std::int64_t kManyRows = 8;

// A block of weights, kDepthBlock deep and kColumnBlock wide, is unpacked into 384 KiB that stay in
// the second-level cache while up to kRowBlock rows pass by; then the next one takes its place.
// Weights unpacked once for all, in memory, cost more in traffic than unpacking them again for
// every kRowBlock rows: at n = 512 by a fifth, at n = 24 by a factor of 2.5.
constexpr std::int64_t kDepthBlock = 384;
constexpr std::int64_t kDecodedDepthBlock = 256;  // whole blocks of every format
constexpr std::int64_t kWholeDepthBlock = 640;    // at most: a panel of 16-bit numbers in the first
constexpr std::int64_t kColumnBlock = 256;
constexpr std::int64_t kRowBlock = 264;

struct Call {
  const float* x;
  const std::int16_t* codes;  // x rounded, in tiles, for products in whole numbers; or null
  const float* scales;        // of its rows
  TensorView weight;
  const float* bias;  // or null
  Finish finish;
  float* y;
  std::int64_t n, in, out;

  std::int64_t weight_stride() const { return row_bytes(weight.dtype, in); }
  const std::byte* weight_row(std::int64_t row) const {
    return static_cast<const std::byte*>(weight.data) + row * weight_stride();
  }
  const float* bias_from(std::int64_t column) const {
    return bias == nullptr ? nullptr : bias + column;
  }
  // One core's time, roughly.
  double ns() const {
    return static_cast<double>(out * weight_stride()) / kBytesPerNs +
           static_cast<double>(n * in * out) / kMultiplyAddsPerNs;
  }
};

// Whether many rows are rounded to 16 bits and multiplied in whole numbers, which is faster.
bool is_whole(const Isa& isa, DType weight) {
  return weight == DType::kQ8 && isa.code_tiles->multiply != nullptr;
}

struct Tile {
  std::int64_t row, rows, column, columns;
};

// Equal parts of the depth, of whole blocks.
std::int64_t whole_depth_block(std::int64_t in) {
  return round_up(divide_up(in, divide_up(in, kWholeDepthBlock)), kQ8BlockLength);
}

// What a block of weights needs on the way, floats: its panels, and its rows as floats where they
// are not read in place.
struct TileScratch {
  float* panels;
  float* decoded;  // or null
};

// Columns [k, k + depth) of the tile's weight rows, as panels.
void unpack_weights(const Isa& isa, const Call& call, const Tile& tile, std::int64_t k,
                    std::int64_t depth, const TileScratch& scratch) {
  if (scratch.decoded == nullptr) {
    isa.pack_rows[static_cast<int>(format_of(call.weight.dtype))](
        call.weight_row(tile.column), call.weight_stride(), tile.columns, k, depth, scratch.panels);
    return;
  }
  for (std::int64_t i = 0; i < tile.columns; ++i) {
    numbers_to_floats(call.weight.dtype, call.weight_row(tile.column + i), k, depth,
                      scratch.decoded + i * depth);
  }
  isa.pack_rows[static_cast<int>(Format::kF32)](scratch.decoded, row_bytes(DType::kF32, depth),
                                                tile.columns, 0, depth, scratch.panels);
}

// What numbers [k, k + depth) of the rows give to a tile of y.
void multiply_block(const Isa& isa, const Call& call, const Tile& tile, std::int64_t k,
                    std::int64_t depth, const TileScratch& scratch) {
  float* const y = call.y + tile.row * call.out + tile.column;
  const bool accumulate = k > 0 || call.finish == Finish::kAdd;
  if (call.codes != nullptr) {
    auto* const panels = reinterpret_cast<std::uint8_t*>(scratch.panels);
    isa.code_tiles->pack(call.weight_row(tile.column), call.weight_stride(), tile.columns, k, depth,
                         panels);
    isa.code_tiles->multiply({.x = call.codes + tile.row * call.in + isa.tile_rows * k,
                              .tile_stride = isa.tile_rows * call.in,
                              .x_scales = call.scales + tile.row,
                              .rows = tile.rows,
                              .panels = panels,
                              .blocks = depth / kQ8BlockLength,
                              .columns = tile.columns,
                              .c = y,
                              .c_stride = call.out,
                              .accumulate = accumulate});
    return;
  }
  unpack_weights(isa, call, tile, k, depth, scratch);
  isa.multiply({.a = call.x + tile.row * call.in + k,
                .a_stride = call.in,
                .rows = tile.rows,
                .b = scratch.panels,
                .b_stride = isa.panel,
                .panel_stride = isa.panel * depth,
                .depth = depth,
                .columns = tile.columns,
                .c = y,
                .c_stride = call.out,
                .accumulate = accumulate});
}

// One tile of y, on the calling thread; the scratch has room for a block of weights.
void multiply_tile(const Isa& isa, const Call& call, const Tile& tile, std::int64_t depth_block,
                   const TileScratch& scratch) {
  for (std::int64_t k = 0; k < call.in; k += depth_block) {
    multiply_block(isa, call, tile, k, std::min(depth_block, call.in - k), scratch);
  }
  float* const y = call.y + tile.row * call.out + tile.column;
  isa.finish(y, call.out, tile.rows, tile.columns, call.bias_from(tile.column), call.finish);
}

void many_rows(const Isa& isa, Context& context, const Call& call) {
  const std::int64_t row_blocks = divide_up(call.n, kRowBlock);
  const std::int64_t rows = round_up(divide_up(call.n, row_blocks), isa.tile_rows);
  // Narrow enough that every thread gets several tiles.
  const std::int64_t wanted = divide_up(call.out * row_blocks, 4 * slots(context));
  const std::int64_t columns = std::clamp(round_up(wanted, isa.panel), isa.panel, kColumnBlock);
  const bool in_place = is_read_in_place(call.weight.dtype);
  const std::int64_t depth_block = call.codes != nullptr
                                       ? whole_depth_block(call.in)
                                       : (in_place ? kDepthBlock : kDecodedDepthBlock);
  const std::int64_t block = columns * std::min(depth_block, call.in);
  ScratchScope scope(context.scratch);
  float* const panels = scope.make({slots(context), block}).f32();
  float* const decoded = in_place ? nullptr : scope.make({slots(context), block}).f32();
  const auto body = [&](std::int64_t slot, std::int64_t task) {
    const std::int64_t row = task % row_blocks * rows;
    const std::int64_t column = task / row_blocks * columns;
    multiply_tile(isa, call,
                  {row, std::min(rows, call.n - row), column, std::min(columns, call.out - column)},
                  depth_block,
                  {panels + slot * block, in_place ? nullptr : decoded + slot * block});
  };
  share_tasks(context, row_blocks * divide_up(call.out, columns), call.ns(), body);
}

// The same with x rounded to 16 bits, once for all tiles of y.
void many_rows_whole(const Isa& isa, Context& context, Call call) {
  const std::int64_t tiles = divide_up(call.n, isa.tile_rows);
  const std::int64_t tile = isa.tile_rows * call.in;
  ScratchScope scope(context.scratch);
  auto* const codes = static_cast<std::int16_t*>(scope.make({tiles, tile}, DType::kF16).data);
  float* const scales = scope.make({tiles, isa.tile_rows}).f32();
  share(context, tiles, 1, static_cast<double>(6 * call.n * call.in) / kBytesPerNs,
        [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t t = begin; t < end; ++t) {
            const std::int64_t row = t * isa.tile_rows;
            isa.code_tiles->round(call.x + row * call.in, call.in,
                                  std::min(isa.tile_rows, call.n - row), call.in, codes + t * tile,
                                  scales + row);
          }
        });
  call.codes = codes;
  call.scales = scales;
  many_rows(isa, context, call);
}

}  // namespace

Finish finish_of(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return Finish::kNone;
    case Activation::kGelu:
      return Finish::kGelu;
    case Activation::kQuickGelu:
      return Finish::kQuickGelu;
    case Activation::kAdd:
      return Finish::kAdd;
  }
  return Finish::kNone;
}

bool is_read_in_place(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kF16 ||
         dtype == DType::kQ8;
}

Format format_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return Format::kF32;
    case DType::kBF16:
      return Format::kBF16;
    case DType::kF16:
      return Format::kF16;
    case DType::kQ8:
      return Format::kQ8;
    default:
      break;
  }
  LECTIO_CHECK(false, std::string("not read in place: ") + dtype_name(dtype));
}

void row_to_floats(const Isa& isa, DType dtype, const void* row, std::int64_t count, float* out) {
  if (is_read_in_place(dtype)) {
    isa.convert[static_cast<int>(format_of(dtype))](row, count, out);
  } else {
    numbers_to_floats(dtype, static_cast<const std::byte*>(row), 0, count, out);
  }
}

void linear(const Isa& isa, Context& context, TensorView x, TensorView weight, TensorView bias,
            Activation activation, TensorView y) {
  const std::int64_t in = x.columns();
  const std::int64_t out = y.columns();
  check_linear(x, weight, bias, y);
  const Call call{.x = x.f32(),
                  .codes = nullptr,
                  .scales = nullptr,
                  .weight = weight,
                  .bias = bias.empty() ? nullptr : bias.f32(),
                  .finish = finish_of(activation),
                  .y = y.f32(),
                  .n = x.rows(),
                  .in = in,
                  .out = out};
  if (call.n == 0 || out == 0) return;
  LECTIO_CHECK(is_weight_format(weight.dtype) && in % block_length(weight.dtype) == 0,
               weight.shape.to_string() + " in " + dtype_name(weight.dtype));
  if (call.n < kManyRows && activation == Activation::kAdd) {
    ScratchScope scope(context.scratch);
    const TensorView sum = scope.make(y.shape);
    linear(isa, context, x, weight, bias, Activation::kNone, sum);
    add(isa, context, y, sum, y);
  } else if (call.n < kManyRows) {
    const FewRowsJob job{
        .x = x, .weight = weight, .gate = {}, .y = y, .bias = call.bias, .finish = call.finish};
    multiply_few_rows(isa, context, {&job, 1});
  } else if (is_whole(isa, weight.dtype)) {
    many_rows_whole(isa, context, call);
  } else {
    many_rows(isa, context, call);
  }
}

}  // namespace lectio::kernels::cpu
