// SPDX-License-Identifier: Apache-2.0
#include "bench/work.h"

#include <cmath>

#include "model/spec/official_spec.h"

namespace lectio::bench {
namespace {

double product(std::int64_t n, std::int64_t in, std::int64_t out) {
  return 2.0 * static_cast<double>(n) * static_cast<double>(in) * static_cast<double>(out);
}

// Both products of attention.
double attention(std::int64_t queries, std::int64_t keys, std::int64_t width) {
  return product(queries, width, keys) + product(queries, keys, width);
}

// Tokens that windows of a square map hold, padding included.
std::int64_t padded_tokens(std::int64_t side, std::int64_t window) {
  const std::int64_t padded = (side + window - 1) / window * window;
  return padded * padded;
}

double sam_flops(const SamSpec& sam, std::int64_t side_pixels) {
  const std::int64_t side = side_pixels / sam.patch;
  const std::int64_t n = side * side;
  const std::int64_t w = sam.width;
  const std::int64_t window = sam.window * sam.window;
  double flops = product(n, 3 * sam.patch * sam.patch, w);
  for (std::int64_t block = 0; block < sam.layers; ++block) {
    flops += product(n, w, 4 * w) + 2 * product(n, w, sam.mlp_ratio * w);
    flops += sam.is_global(block) ? attention(n, n, w)
                                  : attention(padded_tokens(side, sam.window), window, w);
  }
  // The neck, and two convolutions that halve the side.
  flops +=
      product(n, w, kOfficialNeckWidth) + product(n, 9 * kOfficialNeckWidth, kOfficialNeckWidth);
  flops += product(n / 4, 9 * kOfficialNeckWidth, sam.net2_channels);
  return flops + product(n / 16, 9 * sam.net2_channels, sam.net3_channels);
}

double clip_flops(const ClipSpec& clip, std::int64_t features) {
  const std::int64_t n = features + 1;
  const double layer = product(n, clip.width, 4 * clip.width) +
                       2 * product(n, clip.width, clip.mlp_ratio * clip.width) +
                       attention(n, n, clip.width);
  return static_cast<double>(clip.layers) * layer;
}

double flow_flops(const FlowSpec& flow, std::int64_t features) {
  const std::int64_t n = 2 * features;  // and as many queries
  const std::int64_t kv = flow.kv_heads * flow.head_dim();
  const double layer = product(n, flow.width, 2 * flow.width + 2 * kv) +
                       3 * product(n, flow.width, flow.hidden) + attention(n, n, flow.width);
  return static_cast<double>(flow.layers) * layer;
}

double view_flops(const NetworkSpec& spec, std::int64_t side_pixels) {
  const std::int64_t features = side_pixels / 64 * (side_pixels / 64);
  const double second = spec.family == Family::kV1 ? clip_flops(spec.clip, features)
                                                   : flow_flops(spec.flow, features);
  return sam_flops(spec.sam, side_pixels) + second +
         product(features, spec.feature_width(), spec.decoder.width);
}

}  // namespace

double encoder_flops(const NetworkSpec& spec, const TokenLayout& layout) {
  double flops = view_flops(spec, 64 * layout.global_side);
  if (layout.tiles) {
    flops += static_cast<double>(layout.tiles->columns * layout.tiles->rows) *
             view_flops(spec, 64 * layout.tile_side);
  }
  return flops;
}

double prefill_flops(const DecoderSpec& spec, std::int64_t n) {
  const double dense = 3 * product(n, spec.width, spec.dense_hidden);
  const std::int64_t hidden = (spec.experts_per_token + spec.shared_experts) * spec.expert_hidden;
  const double routed = 3 * product(n, spec.width, hidden) + product(n, spec.width, spec.experts);
  const double mixing = product(n, spec.width, 4 * spec.width) + attention(n, n, spec.width) / 2;
  return static_cast<double>(spec.layers) * mixing +
         static_cast<double>(spec.dense_layers) * dense +
         static_cast<double>(spec.layers - spec.dense_layers) * routed +
         product(1, spec.width, spec.vocabulary);
}

double step_bytes(const Network& network, std::int64_t batch, std::int64_t context, DType cache) {
  const DecoderSpec& spec = network.spec().decoder;
  const StepWeights weights = network.step_weights();
  const double missed = std::pow(
      1.0 - static_cast<double>(spec.experts_per_token) / static_cast<double>(spec.experts),
      static_cast<double>(batch));
  const double cached = static_cast<double>(context * batch * KvCache::position_bytes(spec, cache));
  return static_cast<double>(weights.always) + static_cast<double>(weights.experts) * (1 - missed) +
         cached;
}

}  // namespace lectio::bench
