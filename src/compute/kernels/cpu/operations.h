// SPDX-License-Identifier: Apache-2.0
// The entries of the CPU tables, each for any instruction set: checks, blocking, threads. kernels.h
// says what each promises. One output's sum runs in an order that depends on shapes alone, never on
// the number of threads.
#pragma once

#include <cstdint>
#include <span>

#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/kernels.h"

namespace lectio::kernels::cpu {

// Whether the loops of an instruction set read this weight type in place; if so, format_of names
// it. The other types are turned into floats first, into scratch memory, a few rows at a time.
bool is_read_in_place(DType dtype);
Format format_of(DType dtype);
Finish finish_of(Activation activation);
// The keys that a query sees are always the first so many.
std::int64_t visible_keys(const AttentionArgs& args, std::int64_t query);
// The first `count` numbers of a row of any weight type.
void row_to_floats(const Isa& isa, DType dtype, const void* row, std::int64_t count, float* out);

void linear(const Isa& isa, Context& context, TensorView x, TensorView weight, TensorView bias,
            Activation activation, TensorView y);
void linear_group(const Isa& isa, Context& context, std::span<const LinearJob> jobs);
// The same with what may follow a product. few_rows.cpp
struct FewRowsJob {
  TensorView x, weight, gate, y;
  const float* bias = nullptr;
  Finish finish = Finish::kNone;
};
void multiply_few_rows(const Isa& isa, Context& context, std::span<const FewRowsJob> jobs);
void conv2d(const Isa& isa, Context& context, TensorView x, TensorView weight, TensorView bias,
            std::int64_t stride, std::int64_t pad, TensorView y);
void layer_norm(const Isa& isa, Context& context, TensorView x, TensorView weight, TensorView bias,
                float eps, TensorView y);
void rms_norm(const Isa& isa, Context& context, TensorView x, TensorView weight, float eps,
              TensorView y);
void attention(const Isa& isa, Context& context, const AttentionArgs& args, TensorView out);
void attend_cached(const Isa& isa, Context& context, std::span<const CachedQuery> queries,
                   float scale);
void store_cached(const Isa& isa, Context& context, TensorView keys, TensorView values,
                  const CacheView& cache, std::int64_t begin);
void load_cached(const Isa& isa, Context& context, const CacheView& cache, TensorView keys,
                 TensorView values);
void rope(const Isa& isa, Context& context, TensorView x, std::int64_t head_dim,
          std::int64_t positions_begin, float theta);
void silu_mul(const Isa& isa, Context& context, TensorView gate, TensorView up, TensorView y);
void add(const Isa& isa, Context& context, TensorView a, TensorView b, TensorView y);
void gather_rows(const Isa& isa, Context& context, TensorView table,
                 std::span<const std::int32_t> ids, TensorView y);
void softmax(const Isa& isa, Context& context, TensorView x, TensorView y);

}  // namespace lectio::kernels::cpu
