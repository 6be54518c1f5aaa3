// SPDX-License-Identifier: Apache-2.0
// Matrix products with narrow factors. Weights become panels, activations rows of BF16 or bytes;
// the sum of one number of the result runs over blocks of the depth that depend on the depth alone.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/narrow/operations.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"
#include "compute/kernels/promises.h"
#include "compute/tensor/blocks.h"

namespace lectio::kernels::cpu::narrow {
namespace {

// Fewer rows in F32 are multiplied as the CPU tables do, weight by weight from memory.
constexpr std::int64_t kManyRows = 8;

// A panel of BF16 numbers is multiplied 768 deep at a time: the blocks between 256 and 1024 are
// equally fast, and this one holds the common widths whole. A multiple of every block of weights.
constexpr std::int64_t kDepthBlock = 768;
// Rows that pass by a panel at a time: as many as keep 512 KiB of activations in the second-level
// cache, within these bounds.
constexpr std::int64_t kFewestRows = 96;
constexpr std::int64_t kMostRows = 264;
constexpr std::int64_t kCachedBytes = std::int64_t{512} << 10;
// Up to so many rows every thread packs the panels that it multiplies; with more, all panels are
// packed first, so many bytes at a time.
constexpr std::int64_t kPackedBytes = std::int64_t{4} << 20;

struct Call {
  const Set& set;
  bool bytes;
  TensorView x, weight;
  const float* bias;  // or null
  Finish finish;
  TensorView y;
  std::int64_t n, in, out;

  std::int64_t panels() const { return divide_up(out, kNarrowPanel); }
  std::int64_t panel_bytes(std::int64_t depth) const {
    return bytes ? depth / kByteBlock * kBytePanelBlock : round_up(depth, 2) * kNarrowPanel * 2;
  }
  bool in_place() const { return !bytes && x.dtype == DType::kBF16 && in % 2 == 0; }
  // One core's time, roughly.
  double ns() const {
    return static_cast<double>(out * row_bytes(weight.dtype, in)) / kBytesPerNs +
           static_cast<double>(n * in * out) / (2 * kMultiplyAddsPerNs);
  }
};

// Some rows of x as the left side of the product.
struct Left {
  const std::uint16_t* pairs = nullptr;
  ByteRows bytes;
  std::int64_t stride = 0;  // of pairs

  static std::int64_t memory(const Call& call, std::int64_t rows) {
    if (call.in_place()) return 0;
    const std::int64_t blocks = divide_up(call.in, kByteBlock);
    return round_up(rows * blocks * (call.bytes ? kByteBlock + 8 : 2 * kByteBlock), 64);
  }
  // Rows from `first` on, those of x itself or converted row by row into memory.
  Left(const Call& call, std::int64_t first, std::int64_t rows, std::byte* memory) {
    const std::int64_t blocks = divide_up(call.in, kByteBlock);
    stride = call.in_place() ? call.in : blocks * kByteBlock;
    if (call.in_place()) {
      pairs = static_cast<const std::uint16_t*>(call.x.data) + first * call.in;
    } else if (call.bytes) {
      bytes.numbers = reinterpret_cast<std::int8_t*>(memory);
      bytes.scales = reinterpret_cast<float*>(memory + rows * stride);
      bytes.offsets = reinterpret_cast<std::int32_t*>(bytes.scales + rows * blocks);
      bytes.stride = stride;
    } else {
      pairs = reinterpret_cast<const std::uint16_t*>(memory);
    }
  }
  // Converts rows [begin, end), counted from the first.
  void convert(const Call& call, std::int64_t first, std::int64_t begin, std::int64_t end) const {
    if (call.in_place()) return;
    const bool halves = call.x.dtype == DType::kBF16;
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t at = (first + row) * call.in;
      const float* const floats = halves ? nullptr : call.x.f32() + at;
      const auto* const rounded = static_cast<const std::uint16_t*>(call.x.data) + at;
      if (call.bytes && halves) {
        call.set.narrow.quantise_bf16(rounded, call.in, bytes, row);
      } else if (call.bytes) {
        call.set.narrow.quantise(floats, call.in, bytes, row);
      } else {
        auto* const to = const_cast<std::uint16_t*>(pairs) + row * stride;
        if (halves) {
          std::copy_n(rounded, call.in, to);
        } else {
          call.set.narrow.round(floats, call.in, to);
        }
        std::fill(to + call.in, to + stride, std::uint16_t{0});
      }
    }
  }
};

// Numbers [k, k + depth) of the weights of a panel. `decoded` has room for them as floats if the
// format is not read in place.
void pack(const Call& call, std::int64_t panel, std::int64_t k, std::int64_t depth,
          std::byte* packed, float* decoded) {
  const std::int64_t column = panel * kNarrowPanel;
  const std::int64_t rows = std::min(kNarrowPanel, call.out - column);
  const DType dtype = call.weight.dtype;
  const std::int64_t stride = row_bytes(dtype, call.in);
  const auto* const source = static_cast<const std::byte*>(call.weight.data) + column * stride;
  if (call.bytes) {
    call.set.narrow.pack_bytes(source, stride, rows, k, depth,
                               reinterpret_cast<std::uint8_t*>(packed));
    return;
  }
  auto* const pairs = reinterpret_cast<std::uint16_t*>(packed);
  if (is_read_in_place(dtype)) {
    call.set.narrow.pack_pairs[static_cast<int>(format_of(dtype))](source, stride, rows, k, depth,
                                                                   pairs);
    return;
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    numbers_to_floats(dtype, source + i * stride, k, depth, decoded + i * depth);
  }
  call.set.narrow.pack_pairs[static_cast<int>(Format::kF32)](decoded, row_bytes(DType::kF32, depth),
                                                             rows, 0, depth, pairs);
}

// What one thread works in.
struct Workspace {
  std::byte* left;   // rows of x
  std::byte* panel;  // a depth block of a panel
  float* decoded;    // the same as floats
  float* sums;       // [rows, kNarrowPanel]

  static std::int64_t decoded_bytes(const Call& call) {
    if (is_read_in_place(call.weight.dtype)) return 0;
    return 4 * kNarrowPanel * std::min(kDepthBlock, call.in);
  }
  static std::int64_t bytes(const Call& call, std::int64_t rows, bool left_too) {
    return (left_too ? Left::memory(call, rows) : 0) +
           call.panel_bytes(std::min(kDepthBlock, call.in)) + decoded_bytes(call) +
           4 * rows * kNarrowPanel;
  }
  Workspace(std::byte* memory, const Call& call, std::int64_t rows, bool left_too)
      : left(memory),
        panel(left + (left_too ? Left::memory(call, rows) : 0)),
        decoded(reinterpret_cast<float*>(panel + call.panel_bytes(std::min(kDepthBlock, call.in)))),
        sums(reinterpret_cast<float*>(reinterpret_cast<std::byte*>(decoded) +
                                      decoded_bytes(call))) {}
};

// `rows` rows of one panel of y, from `first` on; packed(k, depth) says where a depth block of the
// panel lies.
template <typename Packed>
void multiply_panel(const Call& call, const Left& left, std::int64_t first, std::int64_t rows,
                    std::int64_t panel, float* sums, const Packed& packed) {
  for (std::int64_t k = 0; k < call.in; k += kDepthBlock) {
    const std::int64_t depth = std::min(kDepthBlock, call.in - k);
    const std::byte* const b = packed(k, depth);
    if (call.bytes) {
      call.set.narrow.multiply_bytes({.a = left.bytes,
                                      .first_block = k / kByteBlock,
                                      .rows = rows,
                                      .b = reinterpret_cast<const std::uint8_t*>(b),
                                      .blocks = depth / kByteBlock,
                                      .c = sums,
                                      .c_stride = kNarrowPanel,
                                      .accumulate = k > 0});
    } else {
      call.set.narrow.multiply_pairs({.a = left.pairs + k,
                                      .a_stride = left.stride,
                                      .rows = rows,
                                      .b = reinterpret_cast<const std::uint16_t*>(b),
                                      .pairs = divide_up(depth, 2),
                                      .c = sums,
                                      .c_stride = kNarrowPanel,
                                      .accumulate = k > 0});
    }
  }
  const std::int64_t column = panel * kNarrowPanel;
  const bool halves = call.y.dtype == DType::kBF16;
  call.set.narrow.finish(
      {.c = sums,
       .c_stride = kNarrowPanel,
       .rows = rows,
       .columns = std::min(kNarrowPanel, call.out - column),
       .bias = call.bias == nullptr ? nullptr : call.bias + column,
       .finish = call.finish,
       .y = static_cast<std::byte*>(call.y.data) + (first * call.out + column) * (halves ? 2 : 4),
       .y_stride = call.out,
       .y_is_bf16 = halves});
}

// Every thread takes one panel after another, packs it and multiplies all rows.
void some_rows(Context& context, const Call& call) {
  ScratchScope scope(context.scratch);
  auto* const left_memory =
      static_cast<std::byte*>(scope.make({Left::memory(call, call.n)}, DType::kU8).data);
  const Left left(call, 0, call.n, left_memory);
  if (!call.in_place()) {
    share(context, call.n, 1, static_cast<double>(call.n * call.in) / kFunctionsPerNs,
          [&](std::int64_t begin, std::int64_t end) { left.convert(call, 0, begin, end); });
  }
  const std::int64_t bytes = Workspace::bytes(call, call.n, false);
  auto* const memory =
      static_cast<std::byte*>(scope.make({slots(context), bytes}, DType::kU8).data);
  share_tasks(context, call.panels(), call.ns(), [&](std::int64_t slot, std::int64_t panel) {
    const Workspace work(memory + slot * bytes, call, call.n, false);
    multiply_panel(call, left, 0, call.n, panel, work.sums,
                   [&](std::int64_t k, std::int64_t depth) {
                     pack(call, panel, k, depth, work.panel, work.decoded);
                     return work.panel;
                   });
  });
}

// Rows of one task: few enough for the cache, and of even tasks for all threads.
std::int64_t rows_a_task(const Context& context, const Call& call) {
  const std::int64_t most = std::clamp(kCachedBytes / (2 * call.in), kFewestRows, kMostRows);
  const std::int64_t tasks = round_up(divide_up(call.n, most), slots(context));
  return round_up(divide_up(call.n, tasks), 6);
}

// All panels are packed, then every thread takes one block of rows after another.
void many_rows(Context& context, const Call& call) {
  ScratchScope scope(context.scratch);
  const std::int64_t panel_bytes = call.panel_bytes(call.in);
  const std::int64_t together =
      std::clamp<std::int64_t>(kPackedBytes / panel_bytes, 1, call.panels());
  auto* const packed =
      static_cast<std::byte*>(scope.make({together, panel_bytes}, DType::kU8).data);
  const std::int64_t rows = rows_a_task(context, call);
  const std::int64_t bytes = Workspace::bytes(call, rows, true);
  auto* const memory =
      static_cast<std::byte*>(scope.make({slots(context), bytes}, DType::kU8).data);
  for (std::int64_t first_panel = 0; first_panel < call.panels(); first_panel += together) {
    const std::int64_t panels = std::min(together, call.panels() - first_panel);
    share_tasks(context, panels, static_cast<double>(panels * panel_bytes) / kBytesPerNs * 4,
                [&](std::int64_t slot, std::int64_t panel) {
                  const Workspace work(memory + slot * bytes, call, rows, true);
                  for (std::int64_t k = 0; k < call.in; k += kDepthBlock) {
                    pack(call, first_panel + panel, k, std::min(kDepthBlock, call.in - k),
                         packed + panel * panel_bytes + call.panel_bytes(k), work.decoded);
                  }
                });
    share_tasks(context, divide_up(call.n, rows), call.ns(),
                [&](std::int64_t slot, std::int64_t task) {
                  const Workspace work(memory + slot * bytes, call, rows, true);
                  const std::int64_t first = task * rows;
                  const std::int64_t count = std::min(rows, call.n - first);
                  const Left left(call, first, count, work.left);
                  left.convert(call, first, 0, count);
                  for (std::int64_t panel = 0; panel < panels; ++panel) {
                    const std::byte* const from = packed + panel * panel_bytes;
                    multiply_panel(
                        call, left, first, count, first_panel + panel, work.sums,
                        [&](std::int64_t k, std::int64_t) { return from + call.panel_bytes(k); });
                  }
                });
  }
}

}  // namespace

DType operand(const Set& set, DType weight) {
  if (weight == DType::kF32) return DType::kF32;
  return set.bytes && weight == DType::kQ8 ? DType::kQ8 : DType::kBF16;
}

void linear(const Set& set, Context& context, TensorView x, TensorView weight, TensorView bias,
            Activation activation, TensorView y) {
  const bool floats = x.dtype == DType::kF32 && y.dtype == DType::kF32;
  if (weight.dtype == DType::kF32 || (floats && x.rows() < kManyRows)) {
    return cpu::linear(set.isa, context, x, weight, bias, activation, y);
  }
  const std::int64_t in = x.columns();
  const std::int64_t out = y.columns();
  check_linear(x, weight, bias, y);
  LECTIO_CHECK(is_weight_format(weight.dtype) && in % block_length(weight.dtype) == 0,
               weight.shape.to_string() + " in " + dtype_name(weight.dtype));
  for (const DType dtype : {x.dtype, y.dtype}) {
    LECTIO_CHECK(dtype == DType::kF32 || dtype == DType::kBF16, dtype_name(dtype));
  }
  const Call call{.set = set,
                  .bytes = operand(set, weight.dtype) == DType::kQ8,
                  .x = x,
                  .weight = weight,
                  .bias = bias.empty() ? nullptr : bias.f32(),
                  .finish = finish_of(activation),
                  .y = y,
                  .n = x.rows(),
                  .in = in,
                  .out = out};
  if (call.n == 0 || out == 0) return;
  if (call.n <= kMostRows) {
    some_rows(context, call);
  } else {
    many_rows(context, call);
  }
}

}  // namespace lectio::kernels::cpu::narrow
