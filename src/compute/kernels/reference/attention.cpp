// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/check.h"
#include "compute/kernels/promises.h"
#include "compute/kernels/reference/elements.h"
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels::scalar {
namespace {

double dot(const float* a, const float* b, std::int64_t length) {
  double sum = 0;
  for (std::int64_t i = 0; i < length; ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

// The keys that a query sees are always the first so many.
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

// What one head works in, parts of one piece of memory.
struct Workspace {
  std::int64_t count = 0;  // keys that the query at hand meets
  double* logits;          // [count]
  double* sum;             // [head_dim]
  double* bias_y;          // [side]
  double* bias_x;          // [side]
  const float** k;         // [count]: where each key lies
  const float** v;         // [count]

  static std::int64_t most_keys(const AttentionArgs& args) {
    return args.grid > 0 ? args.side * args.side : args.keys;
  }
  // In units of eight bytes.
  static std::int64_t length(const AttentionArgs& args) {
    return 3 * most_keys(args) + args.head_dim + 2 * args.side;
  }
  Workspace(double* begin, const AttentionArgs& args)
      : logits(begin),
        sum(logits + most_keys(args)),
        bias_y(sum + args.head_dim),
        bias_x(bias_y + args.side),
        k(reinterpret_cast<const float**>(bias_x + args.side)),
        v(k + most_keys(args)) {
    static_assert(sizeof(const float*) <= sizeof(double));
  }
};

// Where a query stands in its map; 0, 0 without one.
struct Place {
  std::int64_t y = 0, x = 0;
};

// The keys of a query.
Place find_keys(const AttentionArgs& args, std::int64_t batch, std::int64_t kv_head,
                std::int64_t query, Workspace& work) {
  const auto* const k = static_cast<const float*>(args.k) + kv_head * args.head_dim;
  const auto* const v = static_cast<const float*>(args.v) + kv_head * args.head_dim;
  const std::int64_t first = batch * args.keys;
  work.count = 0;
  const auto meet = [&](const float* key, const float* value) {
    work.k[work.count] = key;
    work.v[work.count++] = value;
  };
  if (args.grid == 0) {
    for (std::int64_t i = first; i < first + visible_keys(args, query); ++i) {
      meet(k + i * args.k_stride, v + i * args.v_stride);
    }
    if (args.side == 0) return {};
    return {query / args.side, query % args.side};
  }
  const std::int64_t top = query / args.grid / args.side * args.side;
  const std::int64_t left = query % args.grid / args.side * args.side;
  for (std::int64_t y = top; y < top + args.side; ++y) {
    for (std::int64_t x = left; x < left + args.side; ++x) {
      const std::int64_t row = first + y * args.grid + x;
      const std::int64_t pad = kv_head * args.head_dim;
      if (y < args.grid && x < args.grid) {
        meet(k + row * args.k_stride, v + row * args.v_stride);
      } else {
        meet(args.pad_k == nullptr ? nullptr : args.pad_k + pad,
             args.pad_v == nullptr ? nullptr : args.pad_v + pad);
      }
    }
  }
  return {query / args.grid - top, query % args.grid - left};
}

// What relative position adds to the logit of a key: bias_y[its row] + bias_x[its column].
void position_biases(const AttentionArgs& args, const float* q, Place place,
                     const Workspace& work) {
  for (std::int64_t key = 0; key < args.side; ++key) {
    const std::int64_t from_y = place.y - key + args.side - 1;
    const std::int64_t from_x = place.x - key + args.side - 1;
    work.bias_y[key] = dot(q, args.rel_h + from_y * args.head_dim, args.head_dim);
    work.bias_x[key] = dot(q, args.rel_w + from_x * args.head_dim, args.head_dim);
  }
}

// One row of the result, at number out_at of it; q starts at its head. Keys and values that are
// null are zero.
void attend(const AttentionArgs& args, const float* q, Place place, const Workspace& work,
            TensorView out, std::int64_t out_at) {
  if (args.rel_h != nullptr) position_biases(args, q, place, work);
  for (std::int64_t j = 0; j < work.count; ++j) {
    const double product = work.k[j] == nullptr ? 0.0 : dot(q, work.k[j], args.head_dim);
    work.logits[j] = static_cast<double>(args.scale) * product;
    if (args.rel_h != nullptr)
      work.logits[j] += work.bias_y[j / args.side] + work.bias_x[j % args.side];
  }
  const double highest = *std::max_element(work.logits, work.logits + work.count);
  double total = 0;
  std::fill_n(work.sum, args.head_dim, 0.0);
  for (std::int64_t j = 0; j < work.count; ++j) {
    const double weight = std::exp(work.logits[j] - highest);
    total += weight;
    if (work.v[j] == nullptr) continue;
    for (std::int64_t d = 0; d < args.head_dim; ++d) {
      work.sum[d] += weight * static_cast<double>(work.v[j][d]);
    }
  }
  for (std::int64_t d = 0; d < args.head_dim; ++d) {
    set_activation(out, out_at + d, work.sum[d] / total);
  }
}

// Rows of BF16 numbers as dense rows of floats.
std::vector<float> widened(const void* rows, std::int64_t stride, std::int64_t count,
                           std::int64_t width) {
  const auto* const from = static_cast<const std::uint16_t*>(rows);
  std::vector<float> floats;
  for (std::int64_t row = 0; row < count; ++row) {
    for (std::int64_t i = 0; i < width; ++i)
      floats.push_back(bf16_to_float(from[row * stride + i]));
  }
  return floats;
}

void attend_all(Context& context, const AttentionArgs& args, TensorView out) {
  const std::int64_t work_length = Workspace::length(args);
  ScratchScope scratch(context.scratch);
  auto* const memory =
      static_cast<double*>(scratch.make({args.batch * args.heads, work_length}, DType::kF64).data);
  const auto body = [&](std::int64_t begin, std::int64_t end) {  // heads of all batches
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t batch = item / args.heads;
      const std::int64_t head = item % args.heads;
      const std::int64_t kv_head = head / (args.heads / args.kv_heads);
      Workspace work(memory + item * work_length, args);
      for (std::int64_t query = 0; query < args.queries; ++query) {
        const std::int64_t row = batch * args.queries + query;
        const Place place = find_keys(args, batch, kv_head, query, work);
        const auto* const q =
            static_cast<const float*>(args.q) + row * args.q_stride + head * args.head_dim;
        attend(args, q, place, work, out, (row * args.heads + head) * args.head_dim);
      }
    }
  };
  context.pool.parallel_for(args.batch * args.heads, 1, std::ref(body));
}

}  // namespace

void attention(Context& context, const AttentionArgs& args, TensorView out) {
  check_attention(args, out);
  if (args.dtype == DType::kF32) return attend_all(context, args, out);
  LECTIO_CHECK(args.dtype == DType::kBF16, dtype_name(args.dtype));
  const std::int64_t kv_width = args.kv_heads * args.head_dim;
  const auto q =
      widened(args.q, args.q_stride, args.batch * args.queries, args.heads * args.head_dim);
  const auto k = widened(args.k, args.k_stride, args.batch * args.keys, kv_width);
  const auto v = widened(args.v, args.v_stride, args.batch * args.keys, kv_width);
  AttentionArgs floats = args;
  floats.q = q.data();
  floats.k = k.data();
  floats.v = v.data();
  floats.q_stride = args.heads * args.head_dim;
  floats.k_stride = floats.v_stride = kv_width;
  floats.dtype = DType::kF32;
  attend_all(context, floats, out);
}

}  // namespace lectio::kernels::scalar
