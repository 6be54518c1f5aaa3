// SPDX-License-Identifier: Apache-2.0
// What the machine can do at best, measured: the yardsticks of a benchmark.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/kernels/kernels.h"

namespace lectio::bench {

// A plain read of memory that no cache holds, by all threads of a pool together.
class Stream {
 public:
  Stream();
  double bytes_per_second(ThreadPool& pool) const;

 private:
  std::vector<std::uint64_t> memory_;
};

// What `linear` makes of large matrices in cache-friendly shape, [1024, 2048] x [2048, 2048]^T,
// with weights of one format: floating-point operations a second.
class LargeProduct {
 public:
  explicit LargeProduct(DType format);
  double flops_per_second(const kernels::Table& ops, kernels::Context& context) const;

 private:
  Tensor x_, weight_, y_;
};

}  // namespace lectio::bench
