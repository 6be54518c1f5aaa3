// SPDX-License-Identifier: Apache-2.0
// A network against a golden case, from the picture to the tokens.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "base/thread_pool.h"
#include "compute/kernels/kernels.h"
#include "compute/tensor/dtype.h"
#include "model/network/network.h"
#include "proof/cases.h"
#include "proof/report.h"

namespace lectio::proof {

// What the network runs on.
struct Setting {
  std::filesystem::path golden;  // the folder of the goldens
  const kernels::Table& ops;
  ThreadPool& pool;
  DType format = DType::kBF16;  // of the network's matrices
  DType cache = DType::kF32;    // of keys and values
};

// Views to the byte, every stage of encoder and decoder, choices of experts, logits and the
// likeliest tokens; of tiny cases also tiles encoded a few at a time, and 24 greedy tokens under
// four no-repeat rules. kInvalidInput where the goldens cannot be read or are of another network.
Result<CaseReport> prove_network(const GoldenCase& golden_case, const Network& network,
                                 const Setting& setting);

}  // namespace lectio::proof
