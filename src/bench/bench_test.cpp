// SPDX-License-Identifier: Apache-2.0
#include "bench/bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bench/limits.h"
#include "bench/random_network.h"
#include "bench/work.h"
#include "model/spec/official_spec.h"
#include "model/spec/tensor_table.h"

namespace lectio::bench {
namespace {

using ::testing::ElementsAre;

NetworkSpec tiny_spec() {
  auto spec = read_network_spec(LECTIO_SOURCE_DIR "/tests/golden/tiny-v1/config.json");
  if (!spec) throw std::runtime_error(spec.error().message());
  return *std::move(spec);
}

// The same with rows that are whole blocks.
NetworkSpec spec_in_blocks() {
  NetworkSpec spec = tiny_spec();
  spec.decoder.width = 64;
  spec.decoder.heads = 4;
  return spec;
}

// The figures that papers and peers give of the released model: 1.1 TFLOP a view of 1024 pixels,
// 573 million active weights a token.
TEST(Work, OfTheReleasedModelIsWhatIsKnownOfIt) {
  const NetworkSpec spec = official_spec(Family::kV1);
  const TokenLayout base = token_layout(Family::kV1, 1024, std::nullopt, 0);
  EXPECT_NEAR(encoder_flops(spec, base), 1.10e12, 0.03e12);
  EXPECT_NEAR(prefill_flops(spec.decoder, 1), 2 * 573e6, 3e6);
  const TokenLayout tiled = token_layout(Family::kV1, 1024, TileGrid{2, 3}, 640);
  const TokenLayout small = token_layout(Family::kV1, 640, std::nullopt, 0);
  EXPECT_DOUBLE_EQ(encoder_flops(spec, tiled),
                   encoder_flops(spec, base) + 6 * encoder_flops(spec, small));
}

TEST(Work, OfAStepIsTheWeightsThatItReads) {
  const NetworkSpec spec = tiny_spec();
  auto network = random_network(spec, DType::kBF16);
  ASSERT_TRUE(network) << network.error().message();
  double always = 0;
  double experts = 0;
  for (const TensorEntry& entry : tensor_table(spec)) {
    const bool is_matrix = entry.shape.size() == 2;
    const bool is_layer = entry.name.starts_with("model.layers.");
    if (!is_matrix || !(is_layer || entry.name == "lm_head.weight")) continue;
    const std::int64_t size = entry.name.ends_with(".mlp.gate.weight") ? 4 : 2;  // routers: F32
    const auto bytes = static_cast<double>(size * entry.shape[0] * entry.shape[1]);
    (entry.name.find(".experts.") == std::string::npos ? always : experts) += bytes;
  }
  const DecoderSpec& decoder = spec.decoder;
  const double chosen =
      static_cast<double>(decoder.experts_per_token) / static_cast<double>(decoder.experts);
  const auto cached = static_cast<double>(4 * 7 * decoder.layers * decoder.width);
  EXPECT_NEAR(step_bytes(*network, 1, 7, DType::kF16), always + chosen * experts + cached, 1);
  EXPECT_NEAR(step_bytes(*network, 2, 7, DType::kF16),
              always + (1 - (1 - chosen) * (1 - chosen)) * experts + 2 * cached, 1);
  const auto codes =
      static_cast<double>(2 * 7 * decoder.layers * (decoder.width + 4 * decoder.heads));
  EXPECT_NEAR(step_bytes(*network, 1, 7, DType::kI8), always + chosen * experts + codes, 1);
}

TEST(RandomNetwork, ComesInEveryFormatAndGivesNumbers) {
  const NetworkSpec spec = spec_in_blocks();
  for (const DType format : {DType::kF32, DType::kBF16, DType::kF16, DType::kQ8, DType::kQ4}) {
    auto network = random_network(spec, format);
    ASSERT_TRUE(network) << network.error().message();
    EXPECT_EQ(network->step_weights().format, format);
    ThreadPool pool(1);
    Arena scratch;
    kernels::Context context{pool, scratch};
    KvCache cache = network->make_cache(1);
    Tensor row({1, spec.decoder.width});
    std::ranges::fill(row.floats(), 1.0F);
    Tensor logits({1, spec.decoder.vocabulary});
    network->decode(kernels::for_this_cpu(), context, row.view(), cache, logits.view());
    EXPECT_TRUE(std::ranges::all_of(logits.floats(), [](float x) { return std::isfinite(x); }))
        << dtype_name(format);
  }
  EXPECT_FALSE(random_network(spec, DType::kI32));
}

TEST(Bench, MeasuresEveryStageThatIsAskedFor) {
  auto network = random_network(spec_in_blocks(), DType::kQ8);
  ASSERT_TRUE(network) << network.error().message();
  ThreadPool pool(2);
  Options options;
  options.repeats = 1;
  options.page_tokens = 2;
  options.encoder_parts = false;
  options.prefill = false;
  const Report report = run(*network, kernels::for_this_cpu(), pool, options);
  std::vector<std::string> names;
  for (const Stage& stage : report.stages) {
    names.push_back(stage.name);
    EXPECT_GT(stage.ms, 0) << stage.name;
    if (stage.flops + stage.bytes > 0) {
      EXPECT_GT(stage.of_limit, 0) << stage.name;
    }
  }
  EXPECT_THAT(names, ElementsAre("encoder", "decode.300", "decode.300.x8", "decode.1200",
                                 "decode.1200.x8", "page"));
  EXPECT_EQ(report.format, DType::kQ8);
  EXPECT_GT(report.stream, 0);
  EXPECT_GT(report.product_rate, 0);
}

}  // namespace
}  // namespace lectio::bench
