// SPDX-License-Identifier: Apache-2.0
// A random checkpoint written by the trainer gives the same logits in the trainer and in the
// engine.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "base/splitmix.h"
#include "base/thread_pool.h"
#include "compute/kernels/kernels.h"
#include "model/network/network.h"
#include "train/export_model.h"
#include "train/losses.h"
#include "train/ocr_net.h"
#include "train/recipe.h"
#include "train/replica.h"

namespace lectio {
namespace {

// A small network with every part: windows and a global block, dense and expert layers.
constexpr const char* kRecipe = R"({
  "network": {
    "architectures": ["DeepseekOCRForCausalLM"], "model_type": "deepseek_vl_v2",
    "language_config": {"bos_token_id": 0, "eos_token_id": 1, "first_k_dense_replace": 1, "hidden_size": 64,
      "intermediate_size": 96, "lm_head": true, "max_position_embeddings": 1024, "moe_intermediate_size": 32,
      "n_group": 1, "topk_group": 1, "topk_method": "greedy", "n_routed_experts": 4, "n_shared_experts": 2,
      "num_attention_heads": 4, "num_key_value_heads": 4, "num_experts_per_tok": 2, "num_hidden_layers": 3,
      "qk_nope_head_dim": 0, "qk_rope_head_dim": 0, "v_head_dim": 0, "use_mla": false, "vocab_size": 128},
    "projector_config": {"model_type": "mlp_projector", "projector_type": "linear", "input_dim": 96, "n_embed": 64},
    "vision_config": {"image_size": 1024, "mlp_ratio": 3.7362, "model_name": "deeplip_b_l", "model_type": "vision",
      "width": {"clip-l-14-224": {"heads": 3, "image_size": 224, "layers": 2, "patch_size": 14, "width": 48},
                "sam_vit_b": {"downsample_channels": [32, 48], "global_attn_indexes": [1], "heads": 2, "layers": 2,
                              "width": 32}}}
  },
  "neck_width": 16,
  "levels": [{"width": 64, "height": 64, "min_chars": 1, "max_chars": 2}]
})";

class Parity : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("lectio-parity-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

// Every parameter random, the ones that start at 0 or 1 too, or the test would not see them.
void randomise(train::Parameters& parameters) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(7);
  parameters.master().add_(0.08 * torch::randn_like(parameters.master()));
  parameters.publish();
}

// Random colours, u8 [1, 3, height, width].
torch::Tensor random_picture(std::int64_t height, std::int64_t width) {
  torch::Tensor levels = torch::empty({1, 3, height, width}, torch::kUInt8);
  Random random(11 + static_cast<std::uint64_t>(height));
  for (std::int64_t i = 0; i < levels.numel(); ++i) {
    levels.data_ptr<std::uint8_t>()[i] = static_cast<std::uint8_t>(random.below(256));
  }
  return levels;
}

// u8 [n, 3, h, w] as the engine's views hold it.
Tensor as_view(const torch::Tensor& levels) {
  Tensor view(Shape{levels.size(0), 3, levels.size(2), levels.size(3)});
  const torch::Tensor dense = levels.contiguous();
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    const float unit = static_cast<float>(dense.data_ptr<std::uint8_t>()[i]) / 255.0F;
    view.f32()[i] = round_to_bf16((unit - 0.5F) / 0.5F);
  }
  return view;
}

const std::vector<std::int64_t> kText = {17, 5, 99, 120, 3, 64, 8, 77, 31};

// The engine's logits of kText behind the page.
Tensor engine_logits(const std::filesystem::path& folder, const train::Pictures& pictures,
                     const TokenLayout& layout) {
  Result<Network> network = Network::open(folder);
  if (!network) throw std::runtime_error(network.error().message());
  ThreadPool pool(1);
  Arena arena;
  kernels::Context context{pool, arena};
  // A table that keeps activations in F32, as the trainer does on a CPU.
  const kernels::Table* const narrow = kernels::by_name("avx2");
  const kernels::Table& ops = narrow != nullptr ? *narrow : kernels::reference();
  Tensor tiles;
  if (pictures.sheet.defined()) {
    tiles = as_view(train::cut_tiles(pictures.sheet, pictures.tile_side, pictures.tile_side));
  }
  const Tensor vision =
      network->encode(ops, context, as_view(pictures.global).view(), tiles.view(), layout);
  constexpr std::int32_t kImage = 127;  // a stand-in: the text does not use it
  std::vector<std::int32_t> sequence = {0};
  sequence.insert(sequence.end(), static_cast<std::size_t>(layout.count()), kImage);
  for (const std::int64_t id : kText) sequence.push_back(static_cast<std::int32_t>(id));
  const Tensor rows = network->embed(ops, context, sequence, kImage, vision.view());
  KvCache cache = network->make_cache(static_cast<std::int64_t>(sequence.size()));
  Tensor found(Shape{std::ssize(kText), network->spec().decoder.vocabulary});
  network->decode(ops, context, rows.view(), cache, found.view());
  return found;
}

void expect_same_logits(const std::filesystem::path& folder, const train::Pictures& pictures,
                        const TokenLayout& layout) {
  Result<train::Recipe> recipe = train::parse_recipe(kRecipe, "recipe");
  ASSERT_TRUE(recipe) << recipe.error().message();
  train::Replica replica(*recipe, torch::kCPU);
  randomise(replica.parameters());
  replica.optimizer().average().copy_(replica.parameters().master());
  const Result<void> exported = train::export_model(folder, *recipe, replica, "{}");
  ASSERT_TRUE(exported) << exported.error().message();
  // Back again, so that the trainer too has the bf16 numbers of the file.
  const Result<void> loaded = train::load_model(folder, *recipe, replica);
  ASSERT_TRUE(loaded) << loaded.error().message();

  const torch::Tensor ids = torch::tensor(kText, torch::kInt64).unsqueeze(0);
  torch::NoGradGuard no_grad;
  const train::SeenPages seen = train::see(replica.parameters(), recipe->network, pictures);
  const train::DecoderOutput out =
      train::decode_text(replica.parameters(), recipe->network, seen, ids);
  ASSERT_EQ(layout.count(), seen.vision_count);
  const torch::Tensor expected = train::logits(replica.parameters(), seen.text_part(out.hidden))
                                     .squeeze(0)
                                     .to(torch::kFloat64)
                                     .contiguous();
  const Tensor found = engine_logits(folder, pictures, layout);
  const double scale =
      expected.norm().item<double>() / std::sqrt(static_cast<double>(expected.numel()));
  double worst = 0;
  for (std::int64_t i = 0; i < expected.numel(); ++i) {
    worst = std::max(worst, std::abs(expected.data_ptr<double>()[i] -
                                     static_cast<double>(found.view().f32()[i])));
  }
  // Both are fp32 over the same bf16 weights: the noise of the golden vectors is 2.5e-5 of the RMS,
  // the bound there 1e-4.
  EXPECT_LT(worst / scale, 1e-4);
}

TEST_F(Parity, TrainerAndEngineGiveTheSameLogitsForTheSameCheckpoint) {
  expect_same_logits(folder_, {random_picture(512, 512), {}, 0},
                     token_layout(Family::kV1, 512, std::nullopt, 0));
}

TEST_F(Parity, TrainerStitchesTilesAsTheEngineDoes) {
  expect_same_logits(folder_, {random_picture(192, 192), random_picture(2 * 128, 3 * 128), 128},
                     token_layout(Family::kV1, 192, TileGrid{3, 2}, 128));
}

TEST_F(Parity, SeveralReplicasStayEqualToTheBit) {
  Result<train::Recipe> recipe = train::parse_recipe(kRecipe, "recipe");
  ASSERT_TRUE(recipe) << recipe.error().message();
  std::vector<std::unique_ptr<train::Replica>> replicas;
  for (int i = 0; i < 2; ++i)
    replicas.push_back(std::make_unique<train::Replica>(*recipe, torch::kCPU));
  torch::manual_seed(3);
  for (int step = 0; step < 3; ++step) {
    for (const auto& replica : replicas) {
      train::Batch batch;
      batch.grey = torch::randint(0, 256, {2, 64, 128}, torch::kUInt8);
      batch.cells = torch::randint(0, 96, {2, 8, 32}, torch::kUInt8);
      batch.ids = torch::randint(0, 128, {2, 32}, torch::kInt64);
      batch.targets = torch::randint(0, 128, {2, 32}, torch::kInt64);
      batch.slots = torch::randint(0, 2, {2, 32}, torch::kInt64);
      replica->accumulate(batch, {});
    }
    for (const auto& replica : replicas) replica->update(replicas, 1e-3);
  }
  EXPECT_TRUE(replicas[0]->parameters().master().equal(replicas[1]->parameters().master()));
  EXPECT_FALSE(replicas[0]->parameters().master().equal(
      train::Replica(*recipe, torch::kCPU).parameters().master()));
}

}  // namespace
}  // namespace lectio
