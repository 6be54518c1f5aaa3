// SPDX-License-Identifier: Apache-2.0
#include "train/flops.h"

namespace lectio::train {
namespace {

// Of x [rows, in] -> [rows, out].
double product(double rows, double in, double out) { return 2.0 * rows * in * out; }

// One picture of h x w pixels through SAM, compressor, CLIP, projector and the cell heads.
double encoder_flops(const Recipe& recipe, std::int64_t height, std::int64_t width) {
  const SamSpec& sam = recipe.network.sam;
  const ClipSpec& clip = recipe.network.clip;
  const auto patches = static_cast<double>(height / sam.patch * (width / sam.patch));
  const auto side = static_cast<double>(sam.window);
  const auto c = static_cast<double>(sam.width), hidden = c * static_cast<double>(sam.mlp_ratio);
  double sum = product(patches, static_cast<double>(sam.patch * sam.patch), c);
  for (std::int64_t i = 0; i < sam.layers; ++i) {
    const double keys = sam.is_global(i) ? patches : side * side;
    sum += product(patches, c, 4.0 * c + 2.0 * hidden) + 2.0 * product(patches, c, keys);
  }
  const auto neck = static_cast<double>(recipe.neck_width);
  const auto net2 = static_cast<double>(sam.net2_channels);
  const auto net3 = static_cast<double>(sam.net3_channels);
  const double tokens = patches / 16.0;
  sum += product(patches, c, neck) + product(patches, 9.0 * neck, neck) +
         product(patches / 4.0, 9.0 * neck, net2) + product(tokens, 9.0 * net2, net3);
  const auto d = static_cast<double>(clip.width);
  const double wide = d * static_cast<double>(clip.mlp_ratio), positions = tokens + 1.0;
  sum += static_cast<double>(clip.layers) *
         (product(positions, d, 4.0 * d + 2.0 * wide) + 2.0 * product(positions, d, positions));
  const auto out = static_cast<double>(recipe.network.decoder.width);
  sum += product(tokens, d + net3, out);
  constexpr double kCellsOfPatch = 16.0 / kCellHeight * 16.0 / kCellWidth;
  constexpr double kCellsOfToken = 16.0 * kCellsOfPatch;
  return sum + product(patches, c, kCellsOfPatch * kCellClasses) + product(tokens, out, out) +
         product(tokens, out, kCellsOfToken * kCellClasses);
}

// Rows of one sequence, of which the last `text` are asked for the next token.
double decoder_flops(const DecoderSpec& d, double rows, double text) {
  const auto width = static_cast<double>(d.width);
  const double chosen =
      static_cast<double>((d.experts_per_token + d.shared_experts) * d.expert_hidden);
  double sum = product(text, width, static_cast<double>(d.vocabulary));
  for (std::int64_t i = 0; i < d.layers; ++i) {
    sum += product(rows, width, 4.0 * width) + product(rows, width, rows);
    sum += i < d.dense_layers ? product(rows, width, 3.0 * static_cast<double>(d.dense_hidden))
                              : product(rows, width, 3.0 * chosen + static_cast<double>(d.experts));
  }
  return sum;
}

}  // namespace

double step_flops(const Recipe& recipe, const Batch& batch) {
  const auto pages = static_cast<double>(batch.grey.size(0));
  const std::int64_t gh = batch.grey.size(-2) / 64, gw = batch.grey.size(-1) / 64;
  double encoder = encoder_flops(recipe, batch.grey.size(-2), batch.grey.size(-1));
  std::int64_t vision = gh * (gw + 1) + 1;
  if (batch.sheet.defined()) {
    const std::int64_t height = batch.sheet.size(-2), width = batch.sheet.size(-1);
    const auto tiles = static_cast<double>(height / batch.tile_side * (width / batch.tile_side));
    encoder += tiles * encoder_flops(recipe, batch.tile_side, batch.tile_side);
    vision += height / 64 * (width / 64 + 1);
  }
  const auto text = static_cast<double>(batch.ids.size(1));
  const double decoder =
      decoder_flops(recipe.network.decoder, 1.0 + static_cast<double>(vision) + text, text);
  return 3.0 * pages * (encoder + decoder);
}

}  // namespace lectio::train
