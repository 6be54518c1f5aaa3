// SPDX-License-Identifier: Apache-2.0
// How fast a training step is and where its time goes.
#pragma once

#include <string>

#include "base/result.h"
#include "train/trainer.h"

namespace lectio::train {

// Runs a few steps of every level of a recipe on the first device of the options and measures, in
// the same run, the rate of a large bf16 product (f32 on the CPU). Gives JSON: the rate, and for
// each level milliseconds a step, pages, tokens and model FLOP a second, the share of the measured
// rate and, with `kernels` > 0 on CUDA, that many kernels by time. Weights start as the recipe says
// and are thrown away.
Result<std::string> bench_steps(const TrainOptions& options, int steps, int kernels);

}  // namespace lectio::train
