// SPDX-License-Identifier: Apache-2.0
// Attention in blocks: some queries of one head meet some keys at a time, and a running softmax
// joins the blocks, so that the table of all logits never exists.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"
#include "compute/kernels/promises.h"

namespace lectio::kernels::cpu {
namespace {

// Logits of a block: 60 x 256 floats, next to the keys and values that they come from in the
// second-level cache.
constexpr std::int64_t kQueryBlock = 60;
constexpr std::int64_t kKeyBlock = 256;
// Fewer queries than this read the keys where they lie.
constexpr std::int64_t kFewQueries = 6;
// Up to so many keys, one task does a whole head and keeps its packed keys to itself.
constexpr std::int64_t kFewKeys = 512;
constexpr float kBelowEveryLogit = -3.0e38F;

// How one call is cut up; the same for any number of threads.
struct Plan {
  const Isa& isa;
  const AttentionArgs& args;
  float* out;
  std::int64_t query_block;
  bool in_place;                 // keys and values are read where they lie
  bool whole_heads;              // a task is a head, not a block of its queries
  const float* rel_h = nullptr;  // packed tables in reverse order, or null
  const float* rel_w = nullptr;

  Plan(const Isa& set, const Context& context, const AttentionArgs& call, float* result)
      : isa(set),
        args(call),
        out(result) {
    const std::int64_t blocks_wanted = divide_up(args.queries, kQueryBlock);
    query_block = round_up(divide_up(args.queries, blocks_wanted), isa.tile_rows);
    in_place = args.queries < kFewQueries && args.rel_h == nullptr;
    whole_heads =
        blocks() == 1 || (args.keys <= kFewKeys && args.batch * args.heads >= 2 * slots(context));
  }
  bool shares_packed() const { return !in_place && !whole_heads; }
  // Keys in panels, behind them values row by row: of one key head of one batch.
  std::int64_t packed_keys() const { return round_up(args.keys, isa.panel) * args.head_dim; }
  std::int64_t packed() const { return packed_keys() + args.keys * args.head_dim; }
  std::int64_t table_rows() const { return args.rel_h == nullptr ? 0 : 2 * args.side - 1; }
  std::int64_t key_block() const { return std::min(kKeyBlock, round_up(args.keys, isa.panel)); }
  std::int64_t blocks() const { return divide_up(args.queries, query_block); }
};

// What one thread works in: parts of one piece of memory.
struct Workspace {
  std::int64_t* visible;  // [query_block]
  float* maximum;         // [query_block]
  float* sum;             // [query_block]
  float* output;          // [query_block, head_dim]
  float* q;               // [query_block, head_dim], scaled
  float* scores;          // [query_block, key_block]
  float* table_h;         // [query_block, table_rows]: queries times the relative tables
  float* table_w;
  float* packed;  // keys and values of one head

  static std::int64_t bytes(const Plan& plan) {
    const std::int64_t floats =
        plan.query_block * (2 + 2 * plan.args.head_dim + plan.key_block() + 2 * plan.table_rows()) +
        (plan.whole_heads && !plan.in_place ? plan.packed() : 0);
    return round_up(8 * plan.query_block + 4 * floats, 64);
  }
  Workspace(void* memory, const Plan& plan)
      : visible(static_cast<std::int64_t*>(memory)),
        maximum(static_cast<float*>(memory) + 2 * plan.query_block),
        sum(maximum + plan.query_block),
        output(sum + plan.query_block),
        q(output + plan.query_block * plan.args.head_dim),
        scores(q + plan.query_block * plan.args.head_dim),
        table_h(scores + plan.query_block * plan.key_block()),
        table_w(table_h + plan.query_block * plan.table_rows()),
        packed(table_w + plan.query_block * plan.table_rows()) {}
};

// One head of one batch, and what its queries meet.
struct Head {
  std::int64_t batch, head;
  std::int64_t kv_index;  // over all batches
  const float* k;         // [keys] rows of k_stride
  const float* v;         // [keys] rows of v_stride
  std::int64_t v_stride;
  const float* packed_keys = nullptr;

  Head(const AttentionArgs& args, std::int64_t index)
      : batch(index / args.heads),
        head(index % args.heads),
        v_stride(args.v_stride) {
    const std::int64_t kv_head = head / (args.heads / args.kv_heads);
    kv_index = batch * args.kv_heads + kv_head;
    k = static_cast<const float*>(args.k) + batch * args.keys * args.k_stride +
        kv_head * args.head_dim;
    v = static_cast<const float*>(args.v) + batch * args.keys * args.v_stride +
        kv_head * args.head_dim;
  }
  void use_packed(const Plan& plan, const float* packed) {
    packed_keys = packed;
    v = packed + plan.packed_keys();
    v_stride = plan.args.head_dim;
  }
};

// Rows of numbers as the right side of a product: panels of `rows`, `depth` deep.
void pack_rows(const Isa& isa, const float* rows, std::int64_t stride, std::int64_t count,
               std::int64_t depth, float* packed) {
  isa.pack_rows[static_cast<int>(Format::kF32)](
      rows, stride * static_cast<std::int64_t>(sizeof(float)), count, 0, depth, packed);
}

// Values lie a wide row apart, each on another page of memory: copied together they multiply half
// again as fast.
void pack_head(const Plan& plan, const Head& head, float* packed) {
  const AttentionArgs& args = plan.args;
  pack_rows(plan.isa, head.k, args.k_stride, args.keys, args.head_dim, packed);
  float* values = packed + plan.packed_keys();
  for (std::int64_t key = 0; key < args.keys; ++key, values += args.head_dim) {
    std::copy_n(head.v + key * args.v_stride, args.head_dim, values);
  }
}

// The queries of one task against one head: rows [first, first + rows).
struct Block {
  const Plan& plan;
  const Workspace& work;
  const Head& head;
  std::int64_t first;
  std::int64_t rows;

  // c[rows, columns] (+)= q times packed rows [begin, begin + columns).
  void multiply_packed(const float* q, std::int64_t q_stride, const float* packed,
                       std::int64_t begin, std::int64_t columns, float* c, std::int64_t c_stride,
                       bool accumulate) const {
    const std::int64_t depth = plan.args.head_dim;
    plan.isa.multiply({
        .a = q,
        .a_stride = q_stride,
        .rows = rows,
        .b = packed + begin * depth,
        .b_stride = plan.isa.panel,
        .panel_stride = plan.isa.panel * depth,
        .depth = depth,
        .columns = columns,
        .c = c,
        .c_stride = c_stride,
        .accumulate = accumulate,
    });
  }

  // Zero sums, scaled queries, and the unscaled ones times the relative tables. Returns how many
  // keys the block sees.
  std::int64_t begin() const {
    const AttentionArgs& args = plan.args;
    const float* const q = static_cast<const float*>(args.q) +
                           (head.batch * args.queries + first) * args.q_stride +
                           head.head * args.head_dim;
    plan.isa.scale_rows(q, args.q_stride, rows, args.head_dim, args.scale, work.q, args.head_dim);
    std::fill_n(work.maximum, rows, kBelowEveryLogit);
    std::fill_n(work.sum, rows, 0.0F);
    std::fill_n(work.output, rows * args.head_dim, 0.0F);
    if (args.rel_h != nullptr) {
      const std::int64_t length = plan.table_rows();
      multiply_packed(q, args.q_stride, plan.rel_h, 0, length, work.table_h, length, false);
      multiply_packed(q, args.q_stride, plan.rel_w, 0, length, work.table_w, length, false);
    }
    std::int64_t seen = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
      work.visible[i] = visible_keys(args, first + i);
      seen = std::max(seen, work.visible[i]);
    }
    return seen;
  }

  // Logits against keys [key, key + count).
  void score(std::int64_t key, std::int64_t count) const {
    const AttentionArgs& args = plan.args;
    if (args.rel_h != nullptr) {
      plan.isa.position_bias({
          .table_h = work.table_h,
          .table_w = work.table_w,
          .side = args.side,
          .query_begin = first,
          .rows = rows,
          .key_begin = key,
          .keys = count,
          .scores = work.scores,
          .score_stride = plan.key_block(),
      });
    }
    if (!plan.in_place) {
      multiply_packed(work.q, args.head_dim, head.packed_keys, key, count, work.scores,
                      plan.key_block(), args.rel_h != nullptr);
      return;
    }
    plan.isa.few_rows[static_cast<int>(Format::kF32)]({
        .x = work.q,
        .x_stride = args.head_dim,
        .n = rows,
        .weight = head.k + key * args.k_stride,
        .weight_stride_bytes = args.k_stride * static_cast<std::int64_t>(sizeof(float)),
        .outs = count,
        .depth = args.head_dim,
        .y = work.scores,
        .y_stride = plan.key_block(),
    });
  }

  // The scored keys enter the sums.
  void meet(std::int64_t key, std::int64_t count) const {
    const std::int64_t width = plan.args.head_dim;
    plan.isa.softmax_step({
        .scores = work.scores,
        .score_stride = plan.key_block(),
        .rows = rows,
        .keys = count,
        .key_begin = key,
        .visible = work.visible,
        .maximum = work.maximum,
        .sum = work.sum,
        .output = work.output,
        .output_stride = width,
        .width = width,
    });
    plan.isa.multiply({
        .a = work.scores,
        .a_stride = plan.key_block(),
        .rows = rows,
        .b = head.v + key * head.v_stride,
        .b_stride = head.v_stride,
        .panel_stride = plan.isa.panel,
        .depth = count,
        .columns = width,
        .c = work.output,
        .c_stride = width,
        .accumulate = true,
    });
  }

  void finish() const {
    const std::int64_t width = plan.args.head_dim;
    const std::int64_t out_width = plan.args.heads * width;
    float* out =
        plan.out + (head.batch * plan.args.queries + first) * out_width + head.head * width;
    for (std::int64_t i = 0; i < rows; ++i, out += out_width) {
      plan.isa.scale_rows(work.output + i * width, width, 1, width, 1.0F / work.sum[i], out, width);
    }
  }
};

void attend(const Plan& plan, const Workspace& work, const Head& head, std::int64_t first) {
  const Block block{plan, work, head, first, std::min(plan.query_block, plan.args.queries - first)};
  const std::int64_t seen = block.begin();
  for (std::int64_t key = 0; key < seen; key += plan.key_block()) {
    const std::int64_t count = std::min(plan.key_block(), seen - key);
    block.score(key, count);
    block.meet(key, count);
  }
  block.finish();
}

// Every batch and key head, packed once for all query blocks.
void pack_shared(const Plan& plan, Context& context, float* storage) {
  const AttentionArgs& args = plan.args;
  const std::int64_t queries_a_key = args.heads / args.kv_heads;
  const auto body = [&](std::int64_t, std::int64_t task) {
    pack_head(plan, Head(args, task * queries_a_key), storage + task * plan.packed());
  };
  const std::int64_t count = args.batch * args.kv_heads;
  share_tasks(context, count, static_cast<double>(count * plan.packed()) / 2, body);
}

// Tables in reverse order, so that what one query adds for the keys of a line is consecutive.
const float* pack_reversed(const Plan& plan, ScratchScope& scope, const float* table) {
  const std::int64_t rows = plan.table_rows();
  const std::int64_t width = plan.args.head_dim;
  float* const packed = scope.make({round_up(rows, plan.isa.panel), width}).f32();
  pack_rows(plan.isa, table + (rows - 1) * width, -width, rows, width, packed);
  return packed;
}

void run(const Plan& plan, Context& context) {
  const AttentionArgs& args = plan.args;
  ScratchScope scope(context.scratch);
  float* shared = nullptr;
  if (plan.shares_packed()) {
    shared = scope.make({args.batch * args.kv_heads, plan.packed()}).f32();
    pack_shared(plan, context, shared);
  }
  const std::int64_t bytes = Workspace::bytes(plan);
  auto* const memory =
      static_cast<std::byte*>(scope.make({slots(context), bytes}, DType::kU8).data);
  const std::int64_t blocks_a_task = plan.whole_heads ? plan.blocks() : 1;
  const auto body = [&](std::int64_t slot, std::int64_t task) {
    const Workspace work(memory + slot * bytes, plan);
    const std::int64_t block = task * blocks_a_task;
    Head head(args, block / plan.blocks());
    if (plan.shares_packed()) {
      head.use_packed(plan, shared + head.kv_index * plan.packed());
    } else if (!plan.in_place) {
      pack_head(plan, head, work.packed);
      head.use_packed(plan, work.packed);
    }
    for (std::int64_t i = 0; i < blocks_a_task; ++i) {
      attend(plan, work, head, (block + i) % plan.blocks() * plan.query_block);
    }
  };
  const std::int64_t all_heads = args.batch * args.heads;
  const auto pairs = static_cast<double>(all_heads * args.queries * args.keys);
  const double ns =
      pairs * static_cast<double>(2 * args.head_dim) / kMultiplyAddsPerNs + pairs / kFunctionsPerNs;
  share_tasks(context, all_heads * plan.blocks() / blocks_a_task, ns, body);
}

// The map of a batch cut into windows.
struct Windows {
  std::int64_t batch, grid, side, across;

  std::int64_t rows() const { return batch * across * across * side * side; }
  // The row of the map under row `index` of all windows; negative beyond its edge.
  std::int64_t map_row(std::int64_t index) const {
    const std::int64_t window = index / (side * side);
    const std::int64_t y = window / across % across * side + index / side % side;
    const std::int64_t x = window % across * side + index % side;
    if (y >= grid || x >= grid) return -1;
    return (window / (across * across) * grid + y) * grid + x;
  }
};

// Rows of the map, `width` numbers each, by windows; beyond the edge what `pad` holds, or zeros.
const float* cut(const Windows& windows, ScratchScope& scope, const void* rows, std::int64_t stride,
                 std::int64_t width, const float* pad) {
  float* const all = scope.make({windows.rows(), width}).f32();
  for (std::int64_t i = 0; i < windows.rows(); ++i) {
    const std::int64_t row = windows.map_row(i);
    float* const to = all + i * width;
    if (row >= 0) {
      std::copy_n(static_cast<const float*>(rows) + row * stride, width, to);
    } else if (pad != nullptr) {
      std::copy_n(pad, width, to);
    } else {
      std::fill_n(to, width, 0.0F);
    }
  }
  return all;
}

// Windows as batches of their own.
void attend_in_windows(const Isa& isa, Context& context, const AttentionArgs& args,
                       TensorView out) {
  ScratchScope scope(context.scratch);
  const Windows windows{args.batch, args.grid, args.side, divide_up(args.grid, args.side)};
  const std::int64_t width = args.heads * args.head_dim;
  const std::int64_t kv_width = args.kv_heads * args.head_dim;
  AttentionArgs inside = args;
  inside.q = cut(windows, scope, args.q, args.q_stride, width, nullptr);
  inside.k = cut(windows, scope, args.k, args.k_stride, kv_width, args.pad_k);
  inside.v = cut(windows, scope, args.v, args.v_stride, kv_width, args.pad_v);
  inside.q_stride = width;
  inside.k_stride = inside.v_stride = kv_width;
  inside.batch = args.batch * windows.across * windows.across;
  inside.queries = inside.keys = args.side * args.side;
  inside.grid = 0;
  const TensorView mixed = scope.make({windows.rows(), width});
  attention(isa, context, inside, mixed);
  for (std::int64_t i = 0; i < windows.rows(); ++i) {
    const std::int64_t row = windows.map_row(i);
    if (row >= 0) std::copy_n(mixed.f32() + i * width, width, out.f32() + row * width);
  }
}

}  // namespace

std::int64_t visible_keys(const AttentionArgs& args, std::int64_t query) {
  switch (args.mask) {
    case Mask::kFull:
      return args.keys;
    case Mask::kCausal:
      return query + args.keys - args.queries + 1;
    case Mask::kPrefixCausal:
      return query < args.prefix ? args.prefix : query + 1;
  }
  return args.keys;
}

void attention(const Isa& isa, Context& context, const AttentionArgs& args, TensorView out) {
  check_attention(args, out);
  LECTIO_CHECK(args.dtype == DType::kF32, dtype_name(args.dtype));
  if (out.shape.elements() == 0) return;
  if (args.grid > 0) return attend_in_windows(isa, context, args, out);
  Plan plan(isa, context, args, out.f32());
  ScratchScope scope(context.scratch);
  if (args.rel_h != nullptr) {
    plan.rel_h = pack_reversed(plan, scope, args.rel_h);
    plan.rel_w = pack_reversed(plan, scope, args.rel_w);
  }
  run(plan, context);
}

}  // namespace lectio::kernels::cpu
