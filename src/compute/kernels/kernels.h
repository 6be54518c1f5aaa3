// SPDX-License-Identifier: Apache-2.0
// Every numeric operation of the networks, as a table of pure functions. A table is a backend; it
// is chosen once, by name or by what the machine can do, and every backend is tested against
// `reference`.
//
// All activations are F32, dense, row-major; where a comment says so they may be BF16. Weights are
// F32, BF16, F16 or a block format (compute/tensor/blocks.h) as they lie in the file; biases and
// the vectors of norms are F32. Products with weights in a block format may round a row of x once
// to 16 bits: within max |x| / 65534 for each number; Table::operand says what some tables round
// more than 7 rows to instead. A function reads its inputs and writes its last view; input and
// output may be the same view only where a comment says so. Results do not depend on the number of
// threads. Shapes are promises (LECTIO_CHECK), not user input.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/thread_pool.h"
#include "compute/tensor/arena.h"
#include "compute/tensor/tensor.h"

namespace lectio::kernels {

// What a call may use besides its views. One thread at a time.
struct Context {
  ThreadPool& pool;
  Arena& scratch;
};

// What follows a matrix product, on each number.
enum class Activation {
  kNone,
  kGelu,       // x * Phi(x), with erf: SAM
  kQuickGelu,  // x * sigmoid(1.702 x): CLIP
  kAdd,        // added to what y holds: the end of a residual branch
};

// Which keys a query may look at.
enum class Mask {
  kFull,          // all keys
  kCausal,        // query i sees keys 0 .. i + (keys - queries)
  kPrefixCausal,  // rows below `prefix` see the prefix alone; row i >= prefix sees keys 0 .. i
                  // (spec 4.2)
};

// softmax(scale * q.k + bias) v, per batch and head. Rows of q, k, v may be parts of wider rows (a
// fused qkv), hence the strides, counted in numbers between consecutive rows; head h of a row
// starts at h * head_dim, and query head h uses key head h / (heads / kv_heads).
struct AttentionArgs {
  // F32; or BF16, all three, where operand() is not F32 for some weight: then every product has
  // BF16 factors, the weights of the values among them.
  const void* q = nullptr;
  const void* k = nullptr;
  const void* v = nullptr;
  DType dtype = DType::kF32;
  std::int64_t q_stride = 0, k_stride = 0, v_stride = 0;
  std::int64_t batch = 1;  // consecutive blocks of `queries` rows of q and `keys` rows of k and v
  std::int64_t queries = 0;
  std::int64_t keys = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  float scale = 1.0F;
  Mask mask = Mask::kFull;
  std::int64_t prefix = 0;
  // Decomposed relative position (spec 3.1), for square maps of side s with queries = keys = s*s:
  // the logit of query (qy,qx), key (ky,kx) gains q . rel_h[qy-ky+s-1] + q . rel_w[qx-kx+s-1], with
  // q unscaled. [2s-1, head_dim] each, or null.
  const float* rel_h = nullptr;
  const float* rel_w = nullptr;
  std::int64_t side = 0;
  // With grid > 0, the rows of a batch are a square map of that side, queries = keys = grid * grid,
  // cut from its upper left corner into windows of `side`, and a query meets the keys of its window
  // alone. What a window holds beyond the map takes part as a key, with these k and v, [kv_heads *
  // head_dim] each. Needs rel_h and rel_w.
  std::int64_t grid = 0;
  const float* pad_k = nullptr;
  const float* pad_v = nullptr;
};

// One product of several that run together: y[n, out] = x[n, in] * weight[out, in]^T; with a gate
// of the weight's shape, y = silu(x * gate^T) * (x * weight^T), the inside of a SwiGLU.
struct LinearJob {
  TensorView x;
  TensorView weight;
  TensorView gate;  // or empty
  TensorView y;
};

// One layer of the keys and values of one sequence: [heads][capacity][head_dim] each, F32, F16 or
// I8. Numbers beyond the range of F16 are stored as its largest. I8 are codes from -127 to 127: a
// number is its code times the scale of its head and position, max |x| / 127 over that head's
// numbers, and so is off by half a scale at most; where one of them is not finite, all are NaN.
struct CacheView {
  void* keys = nullptr;
  void* values = nullptr;
  DType dtype = DType::kF32;
  std::int64_t heads = 0;
  std::int64_t capacity = 0;
  std::int64_t head_dim = 0;
  float* key_scales = nullptr;    // of I8: [heads][capacity]
  float* value_scales = nullptr;  // likewise

  std::int64_t width() const { return heads * head_dim; }
};

// One query a head, q[heads * head_dim], over the first `keys` positions of a cache.
struct CachedQuery {
  const float* q = nullptr;
  CacheView cache;
  std::int64_t keys = 0;
  float* out = nullptr;  // [heads * head_dim]
};

struct Table {
  const char* name;
  // What this table rounds the left side of a product with many rows to, given the format of its
  // weights. kF32: nothing but what is said above is rounded. kBF16: x, and weights that are not
  // BF16 themselves, to the nearest, each by at most 2^-8 of itself. kQ8: x in blocks of 32, by at
  // most 1/254 of the largest magnitude in its block. Where it is not kF32, activations that only
  // such products read may be kept as BF16 (activation_type).
  DType (*operand)(DType weight);

  // y[n, out] = activation(x[n, in] * weight[out, in]^T + bias[out]); bias may be empty. x and y
  // may each be BF16 if operand(weight) is not F32.
  void (*linear)(Context&, TensorView x, TensorView weight, TensorView bias, Activation,
                 TensorView y);
  // Products of few rows each, all in one go over the threads: what a step of decoding does. A row
  // of y depends on its row of x and the weights alone, to the bit: not on the rows beside it, nor
  // on the other jobs. No y is an input of another job.
  void (*linear_group)(Context&, std::span<const LinearJob> jobs);
  // 2-D convolution, channels last, as a matrix product: x[b, h, w, in], weight[out, in, k, k],
  // bias[out] or empty
  // -> y[b, (h + 2 pad - k) / stride + 1, (w + 2 pad - k) / stride + 1, out].
  void (*conv2d)(Context&, TensorView x, TensorView weight, TensorView bias, std::int64_t stride,
                 std::int64_t pad, TensorView y);
  // Each row: (x - mean) / sqrt(var + eps) * weight + bias, biased variance. y may be x, or BF16
  // where operand() is not F32 for some weight.
  void (*layer_norm)(Context&, TensorView x, TensorView weight, TensorView bias, float eps,
                     TensorView y);
  // Each row: x / sqrt(mean(x^2) + eps) * weight. y as in layer_norm.
  void (*rms_norm)(Context&, TensorView x, TensorView weight, float eps, TensorView y);
  // out[batch * queries, heads * head_dim], dense; BF16 where q may be.
  void (*attention)(Context&, const AttentionArgs&, TensorView out);
  // softmax(scale * q.k) v for one row each of several sequences; every head by itself, to the bit.
  void (*attend_cached)(Context&, std::span<const CachedQuery> queries, float scale);
  // Rows of keys and values, [n, width] each, to positions [begin, begin + n) of a cache.
  void (*store_cached)(Context&, TensorView keys, TensorView values, const CacheView& cache,
                       std::int64_t begin);
  // Positions [0, n) of a cache as rows [n, width].
  void (*load_cached)(Context&, const CacheView& cache, TensorView keys, TensorView values);
  // In place, half-rotate (spec 4.3): x[n, heads * head_dim], row i at position positions_begin +
  // i.
  void (*rope)(Context&, TensorView x, std::int64_t head_dim, std::int64_t positions_begin,
               float theta);
  // y = silu(gate) * up. y may be gate or up.
  void (*silu_mul)(Context&, TensorView gate, TensorView up, TensorView y);
  // y = a + b. y may be a or b.
  void (*add)(Context&, TensorView a, TensorView b, TensorView y);
  // Rows of a table (any weight dtype) as floats: y[ids, width].
  void (*gather_rows)(Context&, TensorView table, std::span<const std::int32_t> ids, TensorView y);
  // Each row to its softmax. y may be x.
  void (*softmax)(Context&, TensorView x, TensorView y);
};

// How activations are kept that only products with such weights read.
inline DType activation_type(const Table& table, DType weight) {
  return table.operand(weight) == DType::kF32 ? DType::kF32 : DType::kBF16;
}

// Scalar loops with double accumulators, complete: the definition that the others are tested
// against.
const Table& reference();
// The best table that this CPU can run.
const Table& for_this_cpu();
// "reference", "avx2", "avx512", "avx512bf16" (products in BF16), "avx512vnni" (the same, and 8-bit
// weights against 8-bit activations) or "auto"; null where the build or the machine has none.
const Table* by_name(std::string_view name);
// The names that by_name accepts on this machine, best last.
std::vector<std::string_view> available();

}  // namespace lectio::kernels
