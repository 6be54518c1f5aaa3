// SPDX-License-Identifier: Apache-2.0
// The whole v1 network in training: view and text in, hidden rows out.
#pragma once

#include <torch/torch.h>

#include "model/spec/network_spec.h"
#include "train/decoder_net.h"
#include "train/encoder_net.h"
#include "train/parameters.h"

namespace lectio::train {

struct OcrOutput {
  EncoderOutput encoder;
  DecoderOutput decoder;
  std::int64_t vision_begin = 1;  // first vision slot in the sequence, after BOS
  std::int64_t vision_count = 0;  // grid rows with newlines, and the separator
  torch::Tensor text_hidden() const { return decoder.hidden.slice(1, vision_begin + vision_count); }
};

void declare_network(Parameters& p, const NetworkSpec& spec, std::int64_t neck_width);

// grey u8 [B, H, W] or rgb u8 [B, 3, H, W]; ids i64 [B, T], what follows the image.
OcrOutput forward(const Parameters& p, const NetworkSpec& spec, const torch::Tensor& pixels,
                  const torch::Tensor& ids);

}  // namespace lectio::train
