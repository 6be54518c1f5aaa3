// SPDX-License-Identifier: Apache-2.0
// A network of any size in memory, to measure with where no checkpoint is at hand.
#pragma once

#include "base/result.h"
#include "compute/tensor/dtype.h"
#include "model/network/network.h"

namespace lectio::bench {

// Every tensor of the network in the format that plan_format gives it (kBF16, kF16, kF32, kQ8; kQ4:
// 4-bit blocks where that plan has 8-bit ones in rows of their own), with numbers that look random,
// always the same, and small enough for activations to stay finite. kInvalidArgument for another
// format. Takes as much memory as the checkpoint.
Result<Network> random_network(const NetworkSpec& spec, DType format);

}  // namespace lectio::bench
