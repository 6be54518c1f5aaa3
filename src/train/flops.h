// SPDX-License-Identifier: Apache-2.0
// The arithmetic of one training step, counted from the shapes: what the model asks for, not what
// an implementation executes. Padding of windows, masked halves of causal attention, experts that
// no token chose and recomputation count nothing.
#pragma once

#include "train/batch.h"
#include "train/recipe.h"

namespace lectio::train {

// Floating-point operations (a multiply-add is two) of forward and backward of one batch, with the
// supervision heads; the backward pass counts twice the forward.
double step_flops(const Recipe& recipe, const Batch& batch);

}  // namespace lectio::train
