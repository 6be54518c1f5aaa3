// SPDX-License-Identifier: Apache-2.0
// Measures the stages of reading a page, beside what the machine could do at best.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "compute/kernels/kernels.h"
#include "model/network/network.h"

namespace lectio::bench {

struct Options {
  bool encoder = true;
  bool encoder_parts = true;  // the encoder once more, part by part
  bool prefill = true;
  bool decode = true;
  std::int64_t page_tokens = 1000;                         // of the whole page; 0: no whole page
  DType cache = DType::kF16;                               // of keys and values
  int repeats = 3;                                         // the median counts
  std::function<void(const std::string& stage)> on_stage;  // before each
};

// One line of the result. What does not apply is 0.
struct Stage {
  std::string name;  // "encoder", "encoder.sam.block", "prefill.1200", "decode.300.x8", "page"
  double ms = 0;     // median
  std::int64_t tokens = 0;
  double flops = 0;  // floating-point operations
  double bytes = 0;  // from memory
  // Share of the product rate, or of the stream for stages with bytes, as measured right before and
  // behind each repeat: on a busy machine both have what the others leave.
  double of_limit = 0;

  double per_second(double amount) const { return ms > 0 ? 1000 * amount / ms : 0; }
};

struct Report {
  double stream = 0;           // bytes a second, the best of all measurements
  double product_rate = 0;     // floating-point operations a second, the best
  DType format = DType::kF32;  // of the decoder's largest matrices
  std::vector<Stage> stages;
};

Report run(const Network& network, const kernels::Table& ops, ThreadPool& pool,
           const Options& options);

}  // namespace lectio::bench
