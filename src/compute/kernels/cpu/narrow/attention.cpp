// SPDX-License-Identifier: Apache-2.0
// Attention with BF16 factors. The keys of a head, of a window if there are some, get places in
// panels: in order, or under position biases line by line, each line filled up to whole vectors,
// so that a vector of logits lies in one line of the map.
#include <algorithm>
#include <string>
#include <type_traits>

#include "base/check.h"
#include "compute/kernels/cpu/narrow/operations.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"
#include "compute/kernels/promises.h"

namespace lectio::kernels::cpu::narrow {
namespace {

// Queries that meet a block of keys together, a multiple of the 6 rows of the inner tile. Between
// 24 and 96 of them, and 256 and 512 keys, the speed is the same within 3 %.
constexpr std::int64_t kQueryBlock = 24;
// Up to so many keys, one task does a whole head and keeps its packed keys to itself.
constexpr std::int64_t kFewKeys = 512;
constexpr std::int64_t kLanes = 16;
constexpr float kLog2OfE = 1.44269504F;

// How one call is cut up.
struct Plan {
  const Set& set;
  const AttentionArgs& args;
  TensorView out;
  const std::uint16_t* pad_k = nullptr;  // rounded, or null
  const std::uint16_t* pad_v = nullptr;
  const std::uint16_t* rel_h = nullptr;  // packed tables in reverse order, or null
  const std::uint16_t* rel_w = nullptr;

  bool windowed() const { return args.grid > 0; }
  bool placed() const { return args.rel_h != nullptr; }
  std::int64_t windows_across() const { return windowed() ? divide_up(args.grid, args.side) : 1; }
  std::int64_t windows() const { return windows_across() * windows_across(); }
  std::int64_t depth() const { return round_up(args.head_dim, 2); }
  std::int64_t width() const { return round_up(args.head_dim, kNarrowPanel); }
  std::int64_t line() const { return round_up(args.side, kLanes); }
  std::int64_t slots() const {
    return round_up(placed() ? args.side * line() : args.keys, kNarrowPanel);
  }
  // Lines of the map that the slots reach over, in whole vectors.
  std::int64_t lines() const { return round_up(divide_up(slots(), line()), kLanes); }
  std::int64_t table_columns() const { return round_up(2 * args.side - 1, kNarrowPanel); }
  // Keys, then values, of one head.
  std::int64_t packed_keys() const { return slots() * depth(); }
  std::int64_t packed() const { return packed_keys() + slots() * width(); }
  bool whole_heads(const Context& context) const {
    return windowed() || args.queries <= kQueryBlock ||
           (args.keys <= kFewKeys && args.batch * args.heads >= 2 * cpu::slots(context));
  }
};

// A part of a batch whose queries meet the same keys: all of it, or a window of its map.
struct Window {
  std::int64_t batch = 0;
  std::int64_t top = 0, left = 0;      // of the window
  std::int64_t height = 0, width = 0;  // of what it holds of the map
  std::int64_t map = 0;                // side of the map

  Window(const Plan& plan, std::int64_t index) {
    const AttentionArgs& args = plan.args;
    batch = index / plan.windows();
    if (!plan.placed()) return;
    const std::int64_t across = plan.windows_across();
    map = plan.windowed() ? args.grid : args.side;
    top = index % plan.windows() / across * args.side;
    left = index % across * args.side;
    height = std::min(args.side, map - top);
    width = std::min(args.side, map - left);
  }
  std::int64_t queries(const Plan& plan) const {
    return plan.placed() ? height * width : plan.args.queries;
  }
  // Row of q, and of the result, of a query of this window.
  std::int64_t row(const Plan& plan, std::int64_t query) const {
    const std::int64_t first = batch * plan.args.queries;
    if (!plan.placed()) return first + query;
    return first + (top + query / width) * map + left + query % width;
  }
};

// What one thread works in: parts of one piece of memory.
struct Workspace {
  std::int64_t* visible;
  std::int64_t* place_y;
  std::int64_t* place_x;
  std::uint16_t* q;
  std::uint16_t* weights;
  float* scores;
  float* top;
  float* sum;
  float* maximum;
  float* output;
  float* products;
  float* bias_h;
  float* bias_w;
  std::uint16_t* packed;
  std::int64_t size = 0;

  // With null memory, only counts its size.
  Workspace(std::byte* memory, const Plan& plan, bool with_packed) {
    const auto part = [&](auto*& pointer, std::int64_t numbers) {
      using Number = std::remove_reference_t<decltype(*pointer)>;
      if (memory != nullptr) pointer = reinterpret_cast<Number*>(memory + size);
      size += round_up(numbers * static_cast<std::int64_t>(sizeof(Number)), 64);
    };
    const std::int64_t placed = plan.placed() ? kQueryBlock : 0;
    part(visible, kQueryBlock);
    part(place_y, kQueryBlock);
    part(place_x, kQueryBlock);
    part(q, kQueryBlock * plan.depth());
    part(weights, kQueryBlock * kNarrowKeyBlock);
    part(scores, kQueryBlock * kNarrowKeyBlock);
    part(top, kQueryBlock * kLanes);
    part(sum, kQueryBlock * kLanes);
    part(maximum, kQueryBlock);
    part(output, kQueryBlock * plan.width());
    part(products, placed * plan.table_columns());
    part(bias_h, placed * (plan.placed() ? plan.lines() : 0));
    part(bias_w, placed * plan.line());
    part(packed, with_packed ? plan.packed() : 0);
  }
};

// One head of one window, and where its keys lie packed.
struct Head {
  Window window;
  std::int64_t head, kv_head;

  Head(const Plan& plan, std::int64_t index)
      : window(plan, index / plan.args.heads),
        head(index % plan.args.heads),
        kv_head(head / (plan.args.heads / plan.args.kv_heads)) {}
};

const std::uint16_t* numbers_of(const void* rows) {
  return static_cast<const std::uint16_t*>(rows);
}

// Where the row that belongs into a slot lies: a key, the padding of its window, or nothing.
const std::uint16_t* row_in_slot(const Plan& plan, const Head& head, std::int64_t slot,
                                 const std::uint16_t* rows, std::int64_t stride,
                                 const std::uint16_t* pad) {
  const AttentionArgs& args = plan.args;
  const std::int64_t offset = head.kv_head * args.head_dim;
  const Window& window = head.window;
  if (!plan.placed()) {
    if (slot >= args.keys) return nullptr;
    return rows + (window.batch * args.keys + slot) * stride + offset;
  }
  const std::int64_t y = slot / plan.line();
  const std::int64_t x = slot % plan.line();
  if (y >= args.side || x >= args.side) return nullptr;
  if (y >= window.height || x >= window.width) return pad == nullptr ? nullptr : pad + offset;
  const std::int64_t row = window.row(plan, y * window.width + x);
  return rows + row * stride + offset;
}

// Keys and values of a head into `packed`.
void pack_head(const Plan& plan, const Head& head, std::uint16_t* packed) {
  const AttentionArgs& args = plan.args;
  const std::int64_t value_panel = plan.slots() * kNarrowPanel;
  std::uint16_t* const values = packed + plan.packed_keys();
  const std::uint16_t* rows[kNarrowPanel];
  for (std::int64_t slot = 0; slot < plan.slots(); slot += kNarrowPanel) {
    for (std::int64_t i = 0; i < kNarrowPanel; ++i) {
      rows[i] = row_in_slot(plan, head, slot + i, numbers_of(args.k), args.k_stride, plan.pad_k);
    }
    plan.set.narrow.pack_keys(rows, args.head_dim, packed + slot * plan.depth());
    for (std::int64_t i = 0; i < kNarrowPanel; ++i) {
      rows[i] = row_in_slot(plan, head, slot + i, numbers_of(args.v), args.v_stride, plan.pad_v);
    }
    plan.set.narrow.pack_values(rows, args.head_dim, value_panel, values + slot * kNarrowPanel);
  }
}

// Queries [first, first + rows) of a head gathered, with what they see: returns up to which slot,
// and whether some query sees fewer than whole panels of them.
std::int64_t begin_block(const Plan& plan, const Head& head, std::int64_t first, std::int64_t rows,
                         const Workspace& work, bool& masked) {
  const AttentionArgs& args = plan.args;
  std::int64_t seen = 0;
  masked = false;
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t row = head.window.row(plan, first + i);
    const auto* const from = numbers_of(args.q) + row * args.q_stride + head.head * args.head_dim;
    std::uint16_t* const to = work.q + i * plan.depth();
    to[plan.depth() - 1] = 0;
    std::copy_n(from, args.head_dim, to);
    work.visible[i] = visible_keys(args, first + i);
    seen = std::max(seen, work.visible[i]);
  }
  if (plan.placed()) return plan.args.side * plan.line();
  for (std::int64_t i = 0; i < rows; ++i) {
    masked = masked || work.visible[i] < round_up(seen, kNarrowPanel);
  }
  return seen;
}

// The queries times a relative table, each row moved to where its query stands in the map.
void place_bias(const Plan& plan, const Workspace& work, std::int64_t rows,
                const std::uint16_t* table, const std::int64_t* places, float* bias,
                std::int64_t length) {
  for (std::int64_t column = 0; column < plan.table_columns(); column += kNarrowPanel) {
    plan.set.narrow.multiply_pairs({.a = work.q,
                                    .a_stride = plan.depth(),
                                    .rows = rows,
                                    .b = table + column * plan.depth(),
                                    .pairs = plan.depth() / 2,
                                    .c = work.products + column,
                                    .c_stride = plan.table_columns(),
                                    .accumulate = false});
  }
  plan.set.narrow.place_bias({.products = work.products,
                              .product_stride = plan.table_columns(),
                              .rows = rows,
                              .side = plan.args.side,
                              .place = places,
                              .factor = kLog2OfE,
                              .bias = bias,
                              .length = length});
}

void place_biases(const Plan& plan, const Head& head, std::int64_t first, std::int64_t rows,
                  const Workspace& work) {
  for (std::int64_t i = 0; i < rows; ++i) {
    work.place_y[i] = (first + i) / head.window.width;
    work.place_x[i] = (first + i) % head.window.width;
  }
  place_bias(plan, work, rows, plan.rel_h, work.place_y, work.bias_h, plan.lines());
  place_bias(plan, work, rows, plan.rel_w, work.place_x, work.bias_w, plan.line());
}

void finish_block(const Plan& plan, const Head& head, std::int64_t first, std::int64_t rows,
                  const Workspace& work) {
  const std::int64_t length = plan.args.head_dim;
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t at =
        (head.window.row(plan, first + i) * plan.args.heads + head.head) * length;
    const float* const from = work.output + i * plan.width();
    if (plan.out.dtype == DType::kBF16) {
      plan.set.narrow.round(from, length, static_cast<std::uint16_t*>(plan.out.data) + at);
    } else {
      std::copy_n(from, length, plan.out.f32() + at);
    }
  }
}

void attend(const Plan& plan, const Head& head, std::int64_t first, const std::uint16_t* packed,
            const Workspace& work) {
  const std::int64_t rows = std::min(kQueryBlock, head.window.queries(plan) - first);
  bool masked = false;
  const std::int64_t seen = begin_block(plan, head, first, rows, work, masked);
  if (plan.placed()) place_biases(plan, head, first, rows, work);
  plan.set.narrow.attend({.q = work.q,
                          .rows = rows,
                          .pairs = plan.depth() / 2,
                          .keys = packed,
                          .values = packed + plan.packed_keys(),
                          .value_panel = plan.slots() * kNarrowPanel,
                          .count = round_up(seen, kNarrowPanel),
                          .used = round_up(seen, 2 * kLanes),
                          .scale = plan.args.scale * kLog2OfE,
                          .bias_h = plan.placed() ? work.bias_h : nullptr,
                          .bias_w = plan.placed() ? work.bias_w : nullptr,
                          .lines = plan.placed() ? plan.lines() : 0,
                          .line = plan.placed() ? plan.line() : 0,
                          .visible = masked ? work.visible : nullptr,
                          .width = plan.width(),
                          .scores = work.scores,
                          .weights = work.weights,
                          .top = work.top,
                          .sum = work.sum,
                          .maximum = work.maximum,
                          .output = work.output});
  finish_block(plan, head, first, rows, work);
}

// Every batch and key head, packed once for all query blocks.
std::uint16_t* pack_shared(const Plan& plan, Context& context, ScratchScope& scope) {
  const AttentionArgs& args = plan.args;
  const std::int64_t count = args.batch * args.kv_heads;
  auto* const packed =
      static_cast<std::uint16_t*>(scope.make({count, plan.packed()}, DType::kBF16).data);
  share_tasks(context, count, static_cast<double>(count * plan.packed()) / 4,
              [&](std::int64_t, std::int64_t task) {
                const Head head(plan, task * (args.heads / args.kv_heads));
                pack_head(plan, head, packed + task * plan.packed());
              });
  return packed;
}

// Tables in reverse order, so that what one query adds for the keys of a line is consecutive.
const std::uint16_t* pack_reversed(const Plan& plan, ScratchScope& scope, const float* table) {
  const std::int64_t rows = 2 * plan.args.side - 1;
  const std::int64_t width = plan.args.head_dim;
  const std::int64_t stride = row_bytes(DType::kF32, width);
  auto* const packed = static_cast<std::uint16_t*>(
      scope.make({plan.table_columns(), plan.depth()}, DType::kBF16).data);
  for (std::int64_t row = 0; row < rows; row += kNarrowPanel) {
    plan.set.narrow.pack_pairs[static_cast<int>(Format::kF32)](
        table + (rows - 1 - row) * width, -stride, std::min(kNarrowPanel, rows - row), 0, width,
        packed + row * plan.depth());
  }
  return packed;
}

const std::uint16_t* round_row(const Plan& plan, ScratchScope& scope, const float* row) {
  if (row == nullptr) return nullptr;
  const std::int64_t width = plan.args.kv_heads * plan.args.head_dim;
  auto* const rounded = static_cast<std::uint16_t*>(scope.make({width}, DType::kBF16).data);
  plan.set.narrow.round(row, width, rounded);
  return rounded;
}

void run(const Plan& plan, Context& context, ScratchScope& scope) {
  const AttentionArgs& args = plan.args;
  const bool whole_heads = plan.whole_heads(context);
  const std::uint16_t* const shared = whole_heads ? nullptr : pack_shared(plan, context, scope);
  const std::int64_t bytes = Workspace(nullptr, plan, whole_heads).size;
  auto* const memory =
      static_cast<std::byte*>(scope.make({slots(context), bytes}, DType::kU8).data);
  const std::int64_t blocks = whole_heads ? 1 : divide_up(args.queries, kQueryBlock);
  const std::int64_t heads = args.batch * plan.windows() * args.heads;
  const auto body = [&](std::int64_t slot, std::int64_t task) {
    const Workspace work(memory + slot * bytes, plan, whole_heads);
    const Head head(plan, task / blocks);
    if (!whole_heads) {
      const std::int64_t kv = head.window.batch * args.kv_heads + head.kv_head;
      attend(plan, head, task % blocks * kQueryBlock, shared + kv * plan.packed(), work);
      return;
    }
    pack_head(plan, head, work.packed);
    for (std::int64_t first = 0; first < head.window.queries(plan); first += kQueryBlock) {
      attend(plan, head, first, work.packed, work);
    }
  };
  const auto pairs = static_cast<double>(args.batch * args.heads * args.queries * plan.slots());
  const double ns = pairs * static_cast<double>(args.head_dim) / kMultiplyAddsPerNs;
  share_tasks(context, heads * blocks, ns, body);
}

}  // namespace

void attention(const Set& set, Context& context, const AttentionArgs& args, TensorView out) {
  if (args.dtype == DType::kF32) return cpu::attention(set.isa, context, args, out);
  check_attention(args, out);
  LECTIO_CHECK(args.dtype == DType::kBF16, dtype_name(args.dtype));
  if (out.shape.elements() == 0) return;
  ScratchScope scope(context.scratch);
  Plan plan{.set = set, .args = args, .out = out};
  plan.pad_k = round_row(plan, scope, args.pad_k);
  plan.pad_v = round_row(plan, scope, args.pad_v);
  if (plan.placed()) {
    plan.rel_h = pack_reversed(plan, scope, args.rel_h);
    plan.rel_w = pack_reversed(plan, scope, args.rel_w);
  }
  run(plan, context, scope);
}

}  // namespace lectio::kernels::cpu::narrow
