// SPDX-License-Identifier: Apache-2.0
// The v1 encoder in training: SAM, compressor, CLIP, projector (spec 3 and 4.1). Views may be
// rectangles: short lines teach reading first. The engine has its own definition (model/vision);
// tests/parity holds the two together.
#pragma once

#include <torch/torch.h>

#include "model/spec/network_spec.h"
#include "train/parameters.h"

namespace lectio::train {

struct EncoderOutput {
  torch::Tensor patches;  // [B, H/16, W/16, sam width], after the last SAM block
  torch::Tensor tokens;   // [B, H/64 * W/64, decoder width], projected
};

void declare_encoder(Parameters& p, const NetworkSpec& spec, std::int64_t neck_width);

// pixels [B, 3, H, W], or [B, 1, H, W] for grey pages (all channels alike), normalised; H and W
// multiples of 64.
EncoderOutput encode(const Parameters& p, const NetworkSpec& spec, const torch::Tensor& pixels);

}  // namespace lectio::train
