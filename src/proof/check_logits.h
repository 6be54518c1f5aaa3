// SPDX-License-Identifier: Apache-2.0
// Logits against the golden ones: how far, and whether the same token wins.
#pragma once

#include <vector>

#include "compute/tensor/tensor.h"
#include "proof/golden_file.h"
#include "proof/precision.h"
#include "proof/report.h"

namespace lectio::proof {

// logits[positions, vocabulary] of a whole prompt. Tiny files have the winners of all positions and
// the last 16 whole; full-size ones the last 17 positions: samples, the best five, the sum, the
// given next token. Exact arithmetic must have the same winners everywhere; rounded arithmetic
// where the golden margin is beyond its bound.
std::vector<StageCheck> check_logits(const GoldenFile& golden, TensorView logits,
                                     const Bound& bound, bool exact, bool full_size);

}  // namespace lectio::proof
