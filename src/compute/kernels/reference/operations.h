// SPDX-License-Identifier: Apache-2.0
// The entries of the reference table; kernels.h says what each promises.
#pragma once

#include <cstdint>
#include <span>

#include "compute/kernels/kernels.h"

namespace lectio::kernels::scalar {

void linear(Context& context, TensorView x, TensorView weight, TensorView bias,
            Activation activation, TensorView y);
void linear_group(Context& context, std::span<const LinearJob> jobs);
void conv2d(Context& context, TensorView x, TensorView weight, TensorView bias, std::int64_t stride,
            std::int64_t pad, TensorView y);
void layer_norm(Context& context, TensorView x, TensorView weight, TensorView bias, float eps,
                TensorView y);
void rms_norm(Context& context, TensorView x, TensorView weight, float eps, TensorView y);
void attention(Context& context, const AttentionArgs& args, TensorView out);
void attend_cached(Context& context, std::span<const CachedQuery> queries, float scale);
void store_cached(Context& context, TensorView keys, TensorView values, const CacheView& cache,
                  std::int64_t begin);
void load_cached(Context& context, const CacheView& cache, TensorView keys, TensorView values);
void rope(Context& context, TensorView x, std::int64_t head_dim, std::int64_t positions_begin,
          float theta);
void silu_mul(Context& context, TensorView gate, TensorView up, TensorView y);
void add(Context& context, TensorView a, TensorView b, TensorView y);
void gather_rows(Context& context, TensorView table, std::span<const std::int32_t> ids,
                 TensorView y);
void softmax(Context& context, TensorView x, TensorView y);

}  // namespace lectio::kernels::scalar
