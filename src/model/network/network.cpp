// SPDX-License-Identifier: Apache-2.0
#include "model/network/network.h"

#include <algorithm>
#include <string>
#include <utility>

#include "model/language/decoder.h"
#include "model/network/vision_tower.h"
#include "model/spec/tensor_table.h"
#include "model/vision/vision_tokens.h"
#include "model/weights/binder.h"
#include "model/weights/checkpoint.h"

namespace lectio {
namespace {

// Tiles are encoded a few at a time, so that they take no more scratch memory than a global view of
// 1024 pixels.
constexpr std::int64_t kPatchesAtOnce = 64 * 64;

// pixels[count, 3, T, T] -> [count * (T / 64)^2, width]. Watched stages show all tiles as one
// batch.
Tensor encode_tiles(const VisionTower& tower, const NetworkSpec& spec, const Run& run,
                    TensorView pixels) {
  const std::int64_t count = pixels.shape[0];
  const std::int64_t side = pixels.shape[2];
  const std::int64_t patches = side / spec.sam.patch * (side / spec.sam.patch);
  const std::int64_t tokens = patches / 16;
  const std::int64_t group =
      run.stages.watched() ? count : std::max<std::int64_t>(kPatchesAtOnce / patches, 1);
  Tensor features({count * tokens, spec.decoder.width});
  for (std::int64_t begin = 0; begin < count; begin += group) {
    const std::int64_t size = std::min(group, count - begin);
    const TensorView some =
        pixels.row_range(begin * 3 * side, size * 3 * side).reshaped({size, 3, side, side});
    forward(tower, spec, run, some, features.view().row_range(begin * tokens, size * tokens));
  }
  return features;
}

}  // namespace

struct Network::Data {
  NetworkSpec spec;
  TensorSource source;  // what the views below look at
  VisionTower vision;
  Decoder decoder;
  std::int64_t parameters = 0;
  std::int64_t weight_bytes = 0;
};

Network::Network(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Result<Network> Network::open(const std::filesystem::path& model,
                              const std::filesystem::path& vision) {
  LECTIO_TRY(Checkpoint checkpoint, open_checkpoint(model, vision));
  auto network = of(std::move(checkpoint.spec), std::move(checkpoint.tensors));
  if (!network) return network.error().within(model.string());
  return network;
}

Result<Network> Network::of(NetworkSpec spec, TensorSource source) {
  Binder binder(source);
  VisionTower tower = VisionTower::bind(binder, spec);
  Decoder decoder = Decoder::bind(binder, spec.decoder);
  LECTIO_TRY_VOID(binder.finish());

  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  for (const TensorEntry& entry : tensor_table(spec)) {
    if (!entry.used) continue;
    const StoredTensor* const stored = source.find(entry.name);
    LECTIO_CHECK(stored != nullptr, entry.name + " is listed and was never bound");
    parameters += stored->view.shape.elements();
    bytes += stored->view.bytes();
  }
  return Network(std::make_unique<Data>(Data{std::move(spec), std::move(source), std::move(tower),
                                             std::move(decoder), parameters, bytes}));
}

const NetworkSpec& Network::spec() const { return data_->spec; }
std::int64_t Network::parameters() const { return data_->parameters; }
std::int64_t Network::weight_bytes() const { return data_->weight_bytes; }

StepWeights Network::step_weights() const {
  const auto bytes_of = [](const GatedMlp& mlp) {
    return mlp.gate.bytes() + mlp.up.bytes() + mlp.down.bytes();
  };
  const Decoder& decoder = data_->decoder;
  StepWeights weights{.always = decoder.head.bytes(), .experts = 0, .format = decoder.head.dtype};
  for (const DecoderLayer& layer : decoder.layers) {
    const Attention& attention = layer.attention;
    for (const Linear* const part : {&attention.q, &attention.k, &attention.v, &attention.o}) {
      weights.always += part->weight.bytes();
    }
    if (const auto* dense = std::get_if<GatedMlp>(&layer.feed_forward)) {
      weights.always += bytes_of(*dense);
      continue;
    }
    const auto& routed = std::get<MixtureOfExperts>(layer.feed_forward);
    weights.always += routed.gate.view().bytes() + bytes_of(routed.shared);
    for (const GatedMlp& expert : routed.experts) weights.experts += bytes_of(expert);
  }
  return weights;
}

Tensor Network::encode(const kernels::Table& ops, kernels::Context& context, TensorView global,
                       TensorView tiles, const TokenLayout& layout,
                       const StageObserver& observe) const {
  const VisionTower& tower = data_->vision;
  const NetworkSpec& spec = data_->spec;
  const std::int64_t width = spec.decoder.width;
  LECTIO_CHECK(global.shape == (Shape{1, 3, 64 * layout.global_side, 64 * layout.global_side}),
               global.shape.to_string());
  LECTIO_CHECK(layout.tiles || tiles.empty() || tiles.shape.elements() == 0,
               tiles.shape.to_string());
  // The larger view goes first: the tiles then fit into the scratch memory that it took.
  const Tensor global_features({layout.global_side * layout.global_side, width});
  forward(tower, spec, {ops, context, Stages(observe, "global.")}, global, global_features.view());
  Tensor tile_features;
  if (layout.tiles) {
    const std::int64_t count = layout.tiles->columns * layout.tiles->rows;
    LECTIO_CHECK(tiles.shape == (Shape{count, 3, 64 * layout.tile_side, 64 * layout.tile_side}),
                 tiles.shape.to_string());
    tile_features = encode_tiles(tower, spec, {ops, context, Stages(observe, "local.")}, tiles);
  }

  Tensor tokens({layout.count(), width});
  arrange(layout,
          {.tiles = tile_features.view(),
           .global = global_features.view(),
           .newline = tower.newline.view(),
           .separator = tower.separator.view()},
          tokens.view());
  return tokens;
}

Tensor Network::embed(const kernels::Table& ops, kernels::Context& context,
                      std::span<const std::int32_t> ids, std::int32_t image_id,
                      TensorView vision) const {
  const std::int64_t width = data_->spec.decoder.width;
  const std::int64_t places = std::ranges::count(ids, image_id);
  LECTIO_CHECK(places == (vision.empty() ? 0 : vision.rows()),
               std::to_string(places) + " image tokens for " + vision.shape.to_string());
  Tensor rows({std::ssize(ids), width});
  ops.gather_rows(context, data_->decoder.embeddings, ids, rows.view());
  std::int64_t next = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != image_id) continue;
    std::ranges::copy(vision.row_range(next++, 1).floats(),
                      rows.f32() + static_cast<std::int64_t>(i) * width);
  }
  return rows;
}

KvCache Network::make_cache(std::int64_t capacity, DType dtype) const {
  return {data_->spec.decoder, capacity, dtype};
}

void Network::decode(const kernels::Table& ops, kernels::Context& context, TensorView rows,
                     KvCache& cache, TensorView logits, const StageObserver& observe) const {
  forward(data_->decoder, data_->spec.decoder, {ops, context, Stages(observe)}, rows, cache,
          logits);
}

void Network::step(const kernels::Table& ops, kernels::Context& context, TensorView rows,
                   std::span<KvCache* const> caches, TensorView logits) const {
  const StageObserver nobody;
  lectio::step(data_->decoder, data_->spec.decoder, {ops, context, Stages(nobody)}, rows, caches,
               logits);
}

}  // namespace lectio
