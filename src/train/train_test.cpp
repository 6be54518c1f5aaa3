// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "model/tokenizer/bpe_trainer.h"
#include "model/tokenizer/tokenizer.h"
#include "train/checkpoint.h"
#include "train/decoder_net.h"
#include "train/export_model.h"
#include "train/flat_adam.h"
#include "train/layers.h"
#include "train/losses.h"
#include "train/recipe.h"
#include "train/replica.h"

namespace lectio::train {
namespace {

Recipe nano() {
  Result<Recipe> recipe =
      read_recipe(std::filesystem::path(LECTIO_SOURCE_DIR) / "recipes/nano.json");
  if (!recipe) throw std::runtime_error(recipe.error().message());
  return *std::move(recipe);
}

// The recipe's shape with everything small, so that a step takes milliseconds.
Recipe tiny() {
  Recipe recipe = nano();
  recipe.network.sam.width = 32;
  recipe.network.sam.heads = 2;
  recipe.network.sam.layers = 2;
  recipe.network.sam.global_blocks = {1};
  recipe.network.sam.net2_channels = 32;
  recipe.network.sam.net3_channels = 48;
  recipe.network.clip.width = 48;
  recipe.network.clip.heads = 3;
  recipe.network.clip.layers = 1;
  recipe.network.decoder.width = 64;
  recipe.network.decoder.heads = 4;
  recipe.network.decoder.layers = 3;
  recipe.network.decoder.dense_hidden = 64;
  recipe.network.decoder.expert_hidden = 32;
  recipe.network.decoder.vocabulary = 128;
  recipe.neck_width = 16;
  return recipe;
}

Batch random_batch(std::uint64_t seed) {
  torch::manual_seed(static_cast<std::int64_t>(seed));
  Batch batch;
  batch.grey = torch::randint(0, 256, {2, 64, 128}, torch::kUInt8);
  batch.cells = torch::randint(0, kCellClasses, {2, 8, 32}, torch::kUInt8);
  batch.ids = torch::randint(0, 128, {2, 32}, torch::kInt64);
  batch.targets = torch::randint(0, 128, {2, 32}, torch::kInt64);
  batch.slots = torch::randint(0, 2, {2, 32}, torch::kInt64);
  return batch;
}

void step(std::vector<std::unique_ptr<Replica>>& replicas, std::uint64_t seed) {
  replicas[0]->accumulate(random_batch(seed), {});
  replicas[0]->update(replicas, 1e-3);
}

TEST(RecipeTest, ShippedRecipeFitsTheSizeThatTheProjectShips) {
  const Recipe recipe = nano();
  Parameters parameters;
  declare_network(parameters, recipe.network, recipe.neck_width);
  EXPECT_GT(parameters.elements(), 25'000'000);
  EXPECT_LT(parameters.elements(), 45'000'000);
}

TEST(RecipeTest, EveryProblemIsReportedAtOnce) {
  const Result<Recipe> recipe = parse_recipe(
      R"({"neck_width": "wide", "clip": -1, "colour": 3, "levels": [{"width": 100, "height": 64, "min_chars": 9, "max_chars": 3}]})",
      "r.json");
  ASSERT_FALSE(recipe);
  for (const char* part :
       {"r.json", "neck_width", "recipe.clip", "colour", "100x64", "min_chars", "network"}) {
    EXPECT_NE(recipe.error().message().find(part), std::string::npos)
        << part << " in " << recipe.error().message();
  }
}

TEST(FlatAdamTest, UpdatesAsTheLibraryOptimiserDoes) {
  Recipe recipe = tiny();
  recipe.clip = 1e9;
  Parameters parameters;
  parameters.declare("matrix", {3, 5}, Init::kNormal, 0.5);
  parameters.declare("vector", {7}, Init::kNormal, 0.5);
  parameters.allocate(torch::kCPU, torch::kFloat32, 1);
  FlatAdam flat(parameters, recipe);
  torch::Tensor matrix = parameters["matrix"].detach().clone().requires_grad_();
  torch::Tensor vector = parameters["vector"].detach().clone().requires_grad_();
  const auto options = [&](double decay) {
    return torch::optim::AdamWOptions(1e-2)
        .betas({recipe.beta1, recipe.beta2})
        .eps(1e-8)
        .weight_decay(decay);
  };
  torch::optim::AdamW with_decay({matrix}, options(recipe.weight_decay)),
      without_decay({vector}, options(0));
  torch::manual_seed(5);
  for (int i = 0; i < 10; ++i) {
    matrix.mutable_grad() = torch::randn({3, 5});
    vector.mutable_grad() = torch::randn({7});
    torch::Tensor grad = torch::zeros_like(parameters.master());
    grad.narrow(0, parameters.infos()[0].offset, 15).copy_(matrix.grad().flatten());
    grad.narrow(0, parameters.infos()[1].offset, 7).copy_(vector.grad());
    flat.step(grad, 1e-2);
    with_decay.step();
    without_decay.step();
  }
  // Ten updates of about 1e-2, each with a few roundings of 6e-8.
  EXPECT_TRUE(torch::allclose(parameters["matrix"], matrix, 0, 2e-6));
  EXPECT_TRUE(torch::allclose(parameters["vector"], vector, 0, 2e-6));
}

TEST(FlatAdamTest, GradientThatIsNotFiniteChangesOnlyByDecay) {
  const Recipe recipe = tiny();
  Parameters parameters;
  parameters.declare("vector", {4}, Init::kNormal, 0.5);
  parameters.allocate(torch::kCPU, torch::kFloat32, 1);
  FlatAdam flat(parameters, recipe);
  const torch::Tensor before = parameters.master().clone();
  torch::Tensor grad = torch::zeros_like(before);
  grad[1] = std::numeric_limits<float>::quiet_NaN();
  flat.step(grad, 1e-2);
  EXPECT_TRUE(parameters.master().equal(before));
}

TEST(LayersTest, RelativeAttentionIsTheFormulaWrittenOut) {
  torch::manual_seed(2);
  constexpr std::int64_t kHeads = 2, kH = 3, kW = 5, kDim = 8, kN = kH * kW;
  const auto options = torch::kFloat64;
  const torch::Tensor qkv = torch::randn({1, kN, 3 * kHeads * kDim}, options);
  const auto [q, k, v] = split_qkv(qkv, kHeads);
  const torch::Tensor rh = torch::randn({2 * kH - 1, kDim}, options),
                      rw = torch::randn({2 * kW - 1, kDim}, options);
  torch::Tensor scores = torch::matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(kDim));
  for (std::int64_t h = 0; h < kHeads; ++h) {
    for (std::int64_t a = 0; a < kN; ++a) {
      for (std::int64_t b = 0; b < kN; ++b) {
        const torch::Tensor row = q[0][h][a];
        scores[0][h][a][b] +=
            row.dot(rh[a / kW - b / kW + kH - 1]) + row.dot(rw[a % kW - b % kW + kW - 1]);
      }
    }
  }
  const torch::Tensor expected = join_heads(torch::matmul(torch::softmax(scores, -1), v));
  const torch::Tensor found = relative_attention(qkv, kHeads, rh, rw, kH, kW);
  // The softmax runs in f32: 15 terms of relative error 6e-8 on values of about 3.
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-5);
}

TEST(DecoderNetTest, WideProductOfAllExpertsIsTheSumOverTheChosen) {
  const Recipe recipe = tiny();
  const DecoderSpec& d = recipe.network.decoder;
  Replica replica(recipe, torch::kCPU);
  Parameters& p = replica.parameters();
  torch::NoGradGuard no_grad;
  torch::manual_seed(9);
  const torch::Tensor x = torch::randn({1, 4, d.width});
  const torch::Tensor with = decode(p, recipe.network, x).hidden;
  // Swap two experts, router rows included: the function must not change.
  const std::string mlp = "model.layers.1.mlp.";
  const auto swap_rows = [](torch::Tensor t, std::int64_t rows) {
    const torch::Tensor first = t.narrow(0, 0, rows).clone();
    t.narrow(0, 0, rows).copy_(t.narrow(0, rows, rows));
    t.narrow(0, rows, rows).copy_(first);
  };
  swap_rows(p[mlp + "gate.weight"].detach(), 1);
  swap_rows(p[mlp + "experts.gate_proj.weight"].detach(), d.expert_hidden);
  swap_rows(p[mlp + "experts.up_proj.weight"].detach(), d.expert_hidden);
  swap_rows(p[mlp + "experts.down_proj.weight"].detach().t(), d.expert_hidden);
  EXPECT_LT((decode(p, recipe.network, x).hidden - with).abs().max().item<double>(), 1e-5);
}

TEST(CheckpointTest, RunGoesOnAsIfItHadNotStopped) {
  const Recipe recipe = tiny();
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("lectio-checkpoint-" + std::to_string(::getpid()) + ".safetensors");
  std::vector<std::unique_ptr<Replica>> through;
  through.push_back(std::make_unique<Replica>(recipe, torch::kCPU));
  step(through, 1);
  RunState state;
  state.step = 1;
  state.level = 3;
  const Result<void> saved = save_checkpoint(path, state, *through[0]);
  ASSERT_TRUE(saved) << saved.error().message();
  step(through, 2);

  std::vector<std::unique_ptr<Replica>> resumed;
  resumed.push_back(std::make_unique<Replica>(recipe, torch::kCPU));
  const Result<RunState> loaded = load_checkpoint(path, *resumed[0]);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(loaded->step, 1);
  EXPECT_EQ(loaded->level, 3);
  step(resumed, 2);
  EXPECT_TRUE(resumed[0]->parameters().master().equal(through[0]->parameters().master()));
  EXPECT_TRUE(resumed[0]->optimizer().average().equal(through[0]->optimizer().average()));

  Recipe other = recipe;
  other.network.decoder.layers = 2;
  Replica stranger(other, torch::kCPU);
  EXPECT_FALSE(load_checkpoint(path, stranger));
  std::filesystem::remove(path);
}

TEST(MeanTest, WeightsAreTheMeanOfModelsWithOneTokenizer) {
  Recipe recipe = tiny();
  BpeTraining training;
  training.vocabulary = 300;
  const std::string_view text = "the mean of the weights of two models, of three or of more";
  const Result<std::string> tokenizer = train_bpe(std::span(&text, 1), training);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  recipe.network.decoder.vocabulary = Tokenizer::from_json(*tokenizer, "tokenizer.json")->size();
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("lectio-mean-" + std::to_string(::getpid()));
  std::vector<std::filesystem::path> models;
  for (const std::uint64_t seed : {1, 2, 3}) {
    recipe.seed = seed;
    Replica replica(recipe, torch::kCPU);
    models.push_back(folder / std::to_string(seed));
    ASSERT_TRUE(export_model(models.back(), recipe, replica, *tokenizer));
  }
  const auto weights = [&](const std::filesystem::path& model) {
    Replica replica(recipe, torch::kCPU);
    const Result<void> loaded = load_model(model, recipe, replica);
    EXPECT_TRUE(loaded) << loaded.error().message();
    return replica.parameters()["model.layers.1.mlp.experts.down_proj.weight"].detach().clone();
  };
  const Result<void> done = export_mean(models, recipe, folder / "mean");
  ASSERT_TRUE(done) << done.error().message();
  const torch::Tensor expected =
      (weights(models[0]) + weights(models[1]) + weights(models[2])) / 3.0;
  EXPECT_TRUE(weights(folder / "mean").equal(expected.to(torch::kBFloat16).to(torch::kFloat32)));

  ASSERT_TRUE(write_file_atomic(models[2] / "tokenizer.json", *tokenizer + "\n"));
  const Result<void> refused = export_mean(models, recipe, folder / "mean");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("tokenizer.json"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(LossTest, NetworkLearnsOneBatchByHeart) {
  Recipe recipe = tiny();
  std::vector<std::unique_ptr<Replica>> replicas;
  replicas.push_back(std::make_unique<Replica>(recipe, torch::kCPU));
  const Batch batch = random_batch(4);
  const LossTerms first = replicas[0]->accumulate(batch, {});
  LossTerms last;
  for (int i = 0; i < 60; ++i) {
    last = replicas[0]->accumulate(batch, {});
    replicas[0]->update(replicas, 3e-3);
  }
  EXPECT_NEAR(first.text.item<double>(), std::log(128.0), 0.5);
  EXPECT_LT(last.text.item<double>(), 1.0);
  EXPECT_LT(last.align.item<double>(), first.align.item<double>());
  EXPECT_LT(last.patch_cells.item<double>(), first.patch_cells.item<double>());
}

// The likeliest next token at every place of the text.
torch::Tensor likeliest(const Replica& replica, const NetworkSpec& spec, const SeenPages& seen,
                        const torch::Tensor& ids) {
  const DecoderOutput out = decode_text(replica.parameters(), spec, seen, ids);
  return logits(replica.parameters(), seen.text_part(out.hidden)).argmax(-1);
}

TEST(GuessTest, MarkedInputsBecomeWhatTheNetworkWouldWrite) {
  Recipe recipe = tiny();
  const Replica replica(recipe, torch::kCPU);
  const Batch batch = random_batch(7);
  const SeenPages seen = see(replica.parameters(), recipe.network, {batch.grey, {}, 0});
  torch::Tensor guessed = torch::zeros_like(batch.ids, torch::kBool);
  const auto mixed = [&](std::int64_t passes) {
    return with_guesses(replica.parameters(), recipe.network, seen, batch.ids, guessed, passes);
  };
  EXPECT_TRUE(mixed(2).equal(batch.ids));

  guessed.slice(1, 5, 9).fill_(true);
  const torch::Tensor once = mixed(1);
  const torch::Tensor next = likeliest(replica, recipe.network, seen, batch.ids);
  const torch::Tensor again = mixed(2);
  const torch::Tensor after = likeliest(replica, recipe.network, seen, once);
  const auto end = static_cast<std::int64_t>(recipe.network.eos_id);
  int differing = 0;
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t t = 0; t < 32; ++t) {
      const auto at = [b](const torch::Tensor& x, std::int64_t i) {
        return x[b][i].item<std::int64_t>();
      };
      const bool marked = t >= 5 && t < 9;
      const auto expected = [&](const torch::Tensor& guess) {
        return marked && at(guess, t - 1) != end ? at(guess, t - 1) : at(batch.ids, t);
      };
      EXPECT_EQ(at(once, t), expected(next)) << b << ", " << t;
      EXPECT_EQ(at(again, t), expected(after)) << b << ", " << t;
      differing += at(once, t) != at(batch.ids, t) ? 1 : 0;
    }
  }
  EXPECT_GT(differing, 0);
}

TEST(GuessTest, LossesAreThoseOfThePrefixWithTheGuesses) {
  Recipe recipe = tiny();
  const Replica replica(recipe, torch::kCPU);
  Batch batch = random_batch(7);
  batch.guessed = torch::ones_like(batch.ids, torch::kBool);
  Batch mixed = random_batch(7);
  const SeenPages seen = see(replica.parameters(), recipe.network, {batch.grey, {}, 0});
  mixed.ids = with_guesses(replica.parameters(), recipe.network, seen, batch.ids, batch.guessed, 2);
  const auto loss = [&](const Batch& b) {
    return compute_losses(replica.parameters(), recipe.network, b, {}).text.item<double>();
  };
  EXPECT_DOUBLE_EQ(loss(batch), loss(mixed));
  EXPECT_NE(loss(batch), loss(random_batch(7)));
}

}  // namespace
}  // namespace lectio::train
