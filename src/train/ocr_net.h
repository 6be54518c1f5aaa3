// SPDX-License-Identifier: Apache-2.0
// The whole v1 network in training: view and text in, hidden rows out.
#pragma once

#include <torch/torch.h>

#include "model/spec/network_spec.h"
#include "train/decoder_net.h"
#include "train/encoder_net.h"
#include "train/parameters.h"

namespace lectio::train {

// What the encoder sees of a batch of pages: u8 [B, H, W] or, in colour, [B, 3, H, W].
struct Pictures {
  torch::Tensor global;
  torch::Tensor sheet;         // the tiles as one picture, its sides multiples of tile_side; or
                               // undefined
  std::int64_t tile_side = 0;  // pixels
};

struct OcrOutput {
  EncoderOutput global;
  EncoderOutput tiles;  // row-major tiles of page 0, then page 1, ...; undefined without tiles
  DecoderOutput decoder;
  std::int64_t vision_begin = 1;  // first vision slot in the sequence, after BOS
  std::int64_t vision_count = 0;  // rows with newlines, of the sheet and of the global view, and
                                  // the separator (spec 6.3)
  torch::Tensor text_hidden() const { return decoder.hidden.slice(1, vision_begin + vision_count); }
};

void declare_network(Parameters& p, const NetworkSpec& spec, std::int64_t neck_width);

// [B, rows * side, columns * side] -> [B * rows * columns, side, side]; units of the side may be
// pixels, cells or vision tokens, and [B, C, ..] keeps its channels.
torch::Tensor cut_tiles(const torch::Tensor& sheet, std::int64_t side_h, std::int64_t side_w);

// ids i64 [B, T]: what follows the image.
OcrOutput forward(const Parameters& p, const NetworkSpec& spec, const Pictures& pictures,
                  const torch::Tensor& ids);

}  // namespace lectio::train
