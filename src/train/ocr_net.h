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

// Pages as the decoder has them before it.
struct SeenPages {
  EncoderOutput global;
  EncoderOutput tiles;  // row-major tiles of page 0, then page 1, ...; undefined without tiles
  torch::Tensor rows;   // [B, vision_begin + vision_count, width]: BOS and the vision slots
  std::int64_t vision_begin = 1;  // first vision slot in the sequence, after BOS
  std::int64_t vision_count = 0;  // rows with newlines, of the sheet and of the global view, and
                                  // the separator (spec 6.3)
  // [B, L, ..] of the whole sequence -> [B, T, ..] of what follows the image.
  torch::Tensor text_part(const torch::Tensor& x) const {
    return x.slice(1, vision_begin + vision_count);
  }
};

void declare_network(Parameters& p, const NetworkSpec& spec, std::int64_t neck_width);

// [B, rows * side, columns * side] -> [B * rows * columns, side, side]; units of the side may be
// pixels, cells or vision tokens, and [B, C, ..] keeps its channels.
torch::Tensor cut_tiles(const torch::Tensor& sheet, std::int64_t side_h, std::int64_t side_w);

SeenPages see(const Parameters& p, const NetworkSpec& spec, const Pictures& pictures);

// ids i64 [B, T]: what follows the image.
DecoderOutput decode_text(const Parameters& p, const NetworkSpec& spec, const SeenPages& seen,
                          const torch::Tensor& ids);

// ids with the network's own guesses in place of those that `guessed`, bool [B, T], marks: what a
// reader would have before it that runs alone. Each is the likeliest token behind the ones in front
// of it, of the first pass with the ids given, of the next with the guesses of the one before; the
// end of a text is never guessed. Without gradients.
torch::Tensor with_guesses(const Parameters& p, const NetworkSpec& spec, const SeenPages& seen,
                           const torch::Tensor& ids, const torch::Tensor& guessed,
                           std::int64_t passes);

}  // namespace lectio::train
