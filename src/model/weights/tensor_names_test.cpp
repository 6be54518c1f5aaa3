// SPDX-License-Identifier: Apache-2.0
#include "model/weights/tensor_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "model/spec/official_spec.h"
#include "model/spec/tensor_table.h"

namespace lectio {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<TensorEntry> table(Family family) {
  return tensor_table(official_spec(family), kOfficialNeckWidth);
}

// The names under which a layout stores a released network; every one leads back to where it came
// from.
std::set<std::string> stored_names(Naming naming, Family family) {
  std::set<std::string> names;
  for (const TensorEntry& entry : table(family)) {
    const auto place = stored_place(naming, family, entry.name);
    if (!place) {
      ADD_FAILURE() << entry.name;
      continue;
    }
    names.insert(place->name);
    bool found = false;
    for (const OfficialTensor& meaning : official_tensors(naming, family, place->name)) {
      EXPECT_EQ(meaning.stacked, place->expert.has_value()) << entry.name;
      const std::string name = with_expert(meaning.name, place->expert.value_or(0));
      found = found ||
              (name == entry.name && meaning.part == place->part && meaning.parts == place->parts);
    }
    EXPECT_TRUE(found) << entry.name;
  }
  return names;
}

int count_vision(const std::set<std::string>& names) {
  int count = 0;
  for (const std::string& name : names) count += name[0] == 'v' || name[0] == 'm' ? 1 : 0;
  return count;
}

// Spec 12.1: 155 tensors of the language file, 476 and 473 of the vision files.
TEST(TensorNames, CountAsInTheFilesOfLlamaCpp) {
  for (const auto& [family, vision] : {std::pair(Family::kV1, 476), std::pair(Family::kV2, 473)}) {
    const std::set<std::string> names = stored_names(Naming::kLlamaCpp, family);
    EXPECT_EQ(count_vision(names), vision);
    EXPECT_EQ(std::ssize(names) - count_vision(names), 155);
  }
}

TEST(TensorNames, CoverOllamasFileAndTransformersPort) {
  EXPECT_THAT(stored_names(Naming::kOllama, Family::kV1), SizeIs(155 + 476));
  // Each of the 11 expert layers has two tensors for its experts instead of 192.
  EXPECT_THAT(stored_names(Naming::kTransformers, Family::kV2), SizeIs(2707 - 11 * 190));
}

TEST(TensorNames, AreThoseOfTheSpecification) {
  const auto name = [](Naming naming, Family family, const char* official) {
    return stored_place(naming, family, official)->name;
  };
  EXPECT_EQ(name(Naming::kLlamaCpp, Family::kV1, "model.sam_model.blocks.11.attn.rel_pos_h"),
            "v.sam.blk.11.attn.pos_h.weight");
  EXPECT_EQ(
      name(Naming::kLlamaCpp, Family::kV1, "model.vision_model.transformer.layers.23.mlp.fc2.bias"),
      "v.blk.23.ffn_down.bias");
  EXPECT_EQ(name(Naming::kLlamaCpp, Family::kV2,
                 "model.qwen2_model.model.model.layers.0.input_layernorm.weight"),
            "v.blk.0.ln1.weight");
  EXPECT_EQ(name(Naming::kLlamaCpp, Family::kV2, "model.layers.3.mlp.gate.weight"),
            "blk.3.ffn_gate_inp.weight");
  EXPECT_EQ(name(Naming::kOllama, Family::kV1, "model.sam_model.pos_embed"), "s.position_embd");
  EXPECT_EQ(name(Naming::kOllama, Family::kV1, "model.vision_model.pre_layrnorm.bias"),
            "v.pre_layrnorm.bias");
  EXPECT_EQ(name(Naming::kTransformers, Family::kV2, "model.qwen2_model.query_768.weight"),
            "model.vision_tower.query_768_resolution.weight");
  const auto expert = stored_place(Naming::kTransformers, Family::kV2,
                                   "model.layers.5.mlp.experts.63.up_proj.weight");
  EXPECT_EQ(expert->name, "model.language_model.layers.5.mlp.experts.gate_up_proj");
  EXPECT_EQ(expert->expert, 63);
  EXPECT_EQ(expert->part, 1);
  EXPECT_EQ(expert->parts, 2);
}

TEST(TensorNames, TheSameNameMeansWhatItsVersionHas) {
  const auto meaning = [](Family family) {
    return official_tensors(Naming::kLlamaCpp, family, "v.blk.7.ffn_up.weight").at(0).name;
  };
  EXPECT_EQ(meaning(Family::kV1), "model.vision_model.transformer.layers.7.mlp.fc1.weight");
  EXPECT_EQ(meaning(Family::kV2), "model.qwen2_model.model.model.layers.7.mlp.up_proj.weight");
}

TEST(TensorNames, OthersMeanNothing) {
  for (const char* name :
       {"", "blk.01.attn_q.weight", "blk..attn_q.weight", "blk.1.attn_q.weights",
        "blk.1.attn_q.weight.x", "blk.99999999999.attn_q.weight", "v.sam.blk.0.pre_ln.scale",
        "v.sam.blk.0.pre_ln.", "token_embd.bias", "lm_head.weight"}) {
    EXPECT_THAT(official_tensors(Naming::kLlamaCpp, Family::kV1, name), IsEmpty()) << name;
  }
  EXPECT_THAT(official_tensors(Naming::kTransformers, Family::kV2,
                               "model.language_model.layers.1.mlp.experts.7.up_proj.weight"),
              SizeIs(1));
  EXPECT_FALSE(stored_place(Naming::kOllama, Family::kV2, "model.qwen2_model.query_768.weight"));
  EXPECT_FALSE(stored_place(Naming::kLlamaCpp, Family::kV1, "model.vision_model.post.weight"));
}

}  // namespace
}  // namespace lectio
