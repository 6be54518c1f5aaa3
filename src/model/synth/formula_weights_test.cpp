// SPDX-License-Identifier: Apache-2.0
#include "model/synth/formula_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace lectio {
namespace {

struct Check {
  const char* name;
  Shape shape;
  std::int64_t index;
  std::uint16_t bf16;
};

TEST(FormulaWeights, HaveTheValuesOfTheirDefinition) {
  const Check checks[] = {
      {"model.sam_model.pos_embed", {1, 64, 64, 768}, 0, 0xbd37},
      {"model.sam_model.patch_embed.proj.weight", {768, 3, 16, 16}, 12345, 0xbcba},
      {"model.sam_model.blocks.2.attn.rel_pos_h", {127, 64}, 8127, 0x3dd3},
      {"model.sam_model.neck.1.weight", {256}, 255, 0x3f9d},
      {"model.sam_model.net_3.weight", {1024, 512, 3, 3}, 4718591, 0x3c83},
      {"model.vision_model.transformer.layers.23.mlp.fc2.bias", {1024}, 7, 0xbdbe},
      {"model.qwen2_model.query_768.weight", {144, 896}, 129023, 0x3f63},
      {"model.layers.0.input_layernorm.weight", {1280}, 1, 0x3f99},
      {"model.layers.11.mlp.experts.63.down_proj.weight", {1280, 896}, 1146879, 0x3e13},
      {"lm_head.weight", {129280, 1280}, 165478399, 0x3e27},
      {"model.embed_tokens.weight", {129280, 1280}, 164883200, 0xbf49},
  };
  for (const Check& check : checks) {
    EXPECT_EQ(FormulaTensor(check.name, check.shape).bf16(check.index), check.bf16) << check.name;
  }
}

struct Sums {
  const char* name;
  Shape shape;
  double sum;
  double absolute;
};

TEST(FormulaWeights, HaveTheSumsOfTheirDefinition) {
  const Sums tensors[] = {
      {"model.sam_model.blocks.0.attn.qkv.weight", {2304, 768}, 19.269590698, 82978.490695},
      {"model.vision_model.embeddings.position_embedding.weight",
       {257, 1024},
       -304.227973312,
       98613.722132},
      {"model.projector.layers.weight", {1280, 2048}, -92.380860272, 50130.511778},
      {"model.layers.5.mlp.gate.weight", {64, 1280}, 44.928329259, 3968.482726},
      {"model.layers.11.post_attention_layernorm.weight", {1280}, 1283.324218750, 1283.324219},
  };
  for (const Sums& expected : tensors) {
    const FormulaTensor tensor(expected.name, expected.shape);
    double sum = 0;
    double absolute = 0;
    for (std::int64_t i = 0; i < expected.shape.elements(); ++i) {
      const auto value = static_cast<double>(bf16_to_float(tensor.bf16(i)));
      sum += value;
      absolute += std::abs(value);
    }
    EXPECT_NEAR(sum, expected.sum, 1e-6) << expected.name;
    EXPECT_NEAR(absolute, expected.absolute, 1e-5) << expected.name;
  }
}

}  // namespace
}  // namespace lectio
