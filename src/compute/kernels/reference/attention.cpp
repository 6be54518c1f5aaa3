// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>

#include "base/check.h"
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

// The numbers that one head works on at a time.
struct Workspace {
  double* logits;  // [keys]
  double* sum;     // [head_dim]
  double* bias_y;  // [side]
  double* bias_x;  // [side]

  static std::int64_t length(const AttentionArgs& args) {
    return args.keys + args.head_dim + 2 * args.side;
  }
  Workspace(double* begin, const AttentionArgs& args)
      : logits(begin),
        sum(logits + args.keys),
        bias_y(sum + args.head_dim),
        bias_x(bias_y + args.side) {}
};

// What relative position adds to the logit of a key: bias_y[its row] + bias_x[its column].
void position_biases(const AttentionArgs& args, const float* q, std::int64_t query,
                     const Workspace& work) {
  for (std::int64_t key = 0; key < args.side; ++key) {
    const std::int64_t from_y = query / args.side - key + args.side - 1;
    const std::int64_t from_x = query % args.side - key + args.side - 1;
    work.bias_y[key] = dot(q, args.rel_h + from_y * args.head_dim, args.head_dim);
    work.bias_x[key] = dot(q, args.rel_w + from_x * args.head_dim, args.head_dim);
  }
}

// One row of the result; q, k, v and out start at their head, k and v at their batch too.
void attend(const AttentionArgs& args, std::int64_t query, const float* q, const float* k,
            const float* v, const Workspace& work, float* out) {
  const std::int64_t visible = visible_keys(args, query);
  if (args.rel_h != nullptr) position_biases(args, q, query, work);
  for (std::int64_t j = 0; j < visible; ++j) {
    work.logits[j] = static_cast<double>(args.scale) * dot(q, k + j * args.k_stride, args.head_dim);
    if (args.rel_h != nullptr)
      work.logits[j] += work.bias_y[j / args.side] + work.bias_x[j % args.side];
  }
  const double highest = *std::max_element(work.logits, work.logits + visible);
  double total = 0;
  std::fill_n(work.sum, args.head_dim, 0.0);
  for (std::int64_t j = 0; j < visible; ++j) {
    const double weight = std::exp(work.logits[j] - highest);
    total += weight;
    for (std::int64_t d = 0; d < args.head_dim; ++d) {
      work.sum[d] += weight * static_cast<double>(v[j * args.v_stride + d]);
    }
  }
  for (std::int64_t d = 0; d < args.head_dim; ++d) out[d] = static_cast<float>(work.sum[d] / total);
}

void check(const AttentionArgs& args, TensorView out) {
  LECTIO_CHECK(args.kv_heads > 0 && args.heads % args.kv_heads == 0, std::to_string(args.heads));
  LECTIO_CHECK(out.shape.elements() == args.batch * args.queries * args.heads * args.head_dim,
               out.shape.to_string());
  LECTIO_CHECK(args.mask != Mask::kCausal || args.queries <= args.keys,
               std::to_string(args.queries));
  LECTIO_CHECK(
      args.mask != Mask::kPrefixCausal || (args.queries == args.keys && args.prefix <= args.keys),
      std::to_string(args.prefix));
  LECTIO_CHECK((args.rel_h == nullptr) == (args.rel_w == nullptr), "one relative table");
  LECTIO_CHECK(
      args.rel_h == nullptr || (args.queries == args.side * args.side && args.keys == args.queries),
      std::to_string(args.side));
}

}  // namespace

void attention(Context& context, const AttentionArgs& args, TensorView out) {
  check(args, out);
  const std::int64_t width = args.heads * args.head_dim;
  const std::int64_t work_length = Workspace::length(args);
  ScratchScope scratch(context.scratch);
  auto* const work =
      static_cast<double*>(scratch.make({args.batch * args.heads, work_length}, DType::kF64).data);
  const auto body = [&](std::int64_t begin, std::int64_t end) {  // heads of all batches
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t batch = item / args.heads;
      const std::int64_t head = item % args.heads;
      const std::int64_t kv_head = head / (args.heads / args.kv_heads);
      const float* const k = args.k + batch * args.keys * args.k_stride + kv_head * args.head_dim;
      const float* const v = args.v + batch * args.keys * args.v_stride + kv_head * args.head_dim;
      for (std::int64_t query = 0; query < args.queries; ++query) {
        const std::int64_t row = batch * args.queries + query;
        attend(args, query, args.q + row * args.q_stride + head * args.head_dim, k, v,
               Workspace(work + item * work_length, args),
               out.f32() + row * width + head * args.head_dim);
      }
    }
  };
  context.pool.parallel_for(args.batch * args.heads, 1, std::ref(body));
}

}  // namespace lectio::kernels::scalar
