// SPDX-License-Identifier: Apache-2.0
#include "model/spec/network_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace lectio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

std::string golden(const std::string& name) {
  return std::string(LECTIO_SOURCE_DIR) + "/tests/golden/" + name;
}

Json config(const std::string& name) {
  auto text = read_file(golden(name));
  EXPECT_TRUE(text) << name;
  return Json::parse(*text);
}

Result<NetworkSpec> parse(const Json& json) {
  return parse_network_spec(json.dump(), "config.json");
}

std::string error_of(const Json& json) {
  auto spec = parse(json);
  return spec ? "" : spec.error().message();
}

// Settings of the decoder stand twice in the official files.
void set_decoder(Json& json, const std::string& key, const Json& value) {
  json[key] = value;
  json["language_config"][key] = value;
}

TEST(NetworkSpec, TilesAreReadUnlessTheFileSaysOtherwise) {
  auto spec = read_network_spec(golden("full/config-v1.json"));
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_TRUE(spec->reads_tiles);
  spec->reads_tiles = false;
  const auto back = parse_network_spec(to_config_json(*spec), "back");
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_FALSE(back->reads_tiles);
  EXPECT_FALSE(parse_network_spec(R"({"lectio_reads_tiles": 3})", "bad"));
}

TEST(NetworkSpec, UnsureRepeatsAreBarredWhereTheFileSaysSo) {
  auto spec = read_network_spec(golden("full/config-v1.json"));
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_FALSE(spec->bars_unsure_repeats);
  spec->bars_unsure_repeats = true;
  const auto back = parse_network_spec(to_config_json(*spec), "back");
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_TRUE(back->bars_unsure_repeats);
}

// The released network as the port inside transformers writes it, what its classes supply left out.
Json transformers_config() {
  return Json::parse(R"({"model_type": "deepseek_ocr2", "projector_input_dim": 896,
    "projector_n_embed": 1280, "text_config": {"vocab_size": 129280, "hidden_size": 1280,
    "num_hidden_layers": 12, "num_attention_heads": 10, "num_key_value_heads": 10, "head_dim": 128,
    "intermediate_size": 6848, "moe_intermediate_size": 896, "n_routed_experts": 64,
    "n_shared_experts": 2, "num_experts_per_tok": 6, "max_position_embeddings": 8192,
    "mlp_layer_types": ["dense", "sparse", "sparse", "sparse", "sparse", "sparse", "sparse",
    "sparse", "sparse", "sparse", "sparse", "sparse"]}, "vision_config": {}})");
}

TEST(NetworkSpec, ReadsTheConfigurationOfTransformers) {
  const auto spec = parse(transformers_config());
  ASSERT_TRUE(spec) << spec.error().message();
  const auto official = read_network_spec(golden("full/config-v2.json"));
  ASSERT_TRUE(official);
  EXPECT_EQ(to_config_json(*spec), to_config_json(*official));
}

TEST(NetworkSpec, RefusesWhatTransformersHasAndTheNetworksHaveNot) {
  Json json = transformers_config();
  json["text_config"]["mlp_layer_types"] = {"sparse", "dense", "sparse"};
  json["text_config"]["rope_parameters"] = {{"rope_type", "yarn"}};
  json["vision_config"]["sam_config"] = {{"hidden_size", "wide"}};
  EXPECT_THAT(error_of(json), AllOf(HasSubstr("first_k_dense_replace: expected an integer"),
                                    HasSubstr("rope_scaling: expected null"),
                                    HasSubstr("sam_vit_b.width: expected an integer in")));
  for (const char* form : {R"({"model_type": "deepseek_ocr2"})",
                           R"({"model_type": "deepseek_ocr2", "text_config": [1]})",
                           R"({"model_type": "deepseek_ocr2", "vision_config": 3})"}) {
    EXPECT_THAT(error_of(Json::parse(form)), HasSubstr("vocab_size: expected an integer")) << form;
  }
  EXPECT_FALSE(parse(Json{{"model_type", 3}}));
}

TEST(NetworkSpec, ReadsTheOfficialConfigurationOfV1) {
  auto spec = read_network_spec(golden("full/config-v1.json"));
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_EQ(spec->family, Family::kV1);
  EXPECT_EQ(spec->decoder.vocabulary, 129280);
  EXPECT_EQ(spec->decoder.width, 1280);
  EXPECT_EQ(spec->decoder.head_dim(), 128);
  EXPECT_EQ(spec->decoder.dense_hidden, 6848);
  EXPECT_EQ(spec->decoder.dense_layers, 1);
  EXPECT_EQ(spec->decoder.experts, 64);
  EXPECT_EQ(spec->decoder.experts_per_token, 6);
  EXPECT_EQ(spec->decoder.expert_hidden, 896);
  EXPECT_EQ(spec->decoder.shared_experts, 2);
  EXPECT_EQ(spec->decoder.max_positions, 8192);
  EXPECT_EQ(spec->decoder.rope_theta, 10000.0F);
  EXPECT_EQ(spec->decoder.norm_eps, 1e-6F);
  EXPECT_THAT(spec->sam.global_blocks, ElementsAre(2, 5, 8, 11));
  EXPECT_EQ(spec->sam.net3_channels, 1024);
  EXPECT_EQ(spec->clip.table_side, 16);
  EXPECT_EQ(spec->clip.norm_eps, 1e-5F);
  EXPECT_EQ(spec->feature_width(), 2048);
  EXPECT_EQ(spec->bos_id, 0);
  EXPECT_EQ(spec->eos_id, 1);
}

TEST(NetworkSpec, ReadsTheStaleChannelsOfV2AsItsEncodersWidth) {
  auto spec = read_network_spec(golden("full/config-v2.json"));
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_EQ(spec->family, Family::kV2);
  EXPECT_EQ(spec->sam.net3_channels, 896);
  EXPECT_EQ(spec->flow.width, 896);
  EXPECT_EQ(spec->flow.layers, 24);
  EXPECT_EQ(spec->flow.heads, 14);
  EXPECT_EQ(spec->flow.kv_heads, 2);
  EXPECT_EQ(spec->flow.hidden, 4864);
  EXPECT_EQ(spec->flow.rope_theta, 1e6F);
  EXPECT_EQ(spec->feature_width(), 896);
}

TEST(NetworkSpec, ReadsTheExtraKeysOfASmallV2Encoder) {
  auto spec = read_network_spec(golden("tiny-v2/config.json"));
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_EQ(spec->flow.width, 64);
  EXPECT_EQ(spec->flow.layers, 3);
  EXPECT_EQ(spec->flow.heads, 4);
  EXPECT_EQ(spec->flow.kv_heads, 2);
  EXPECT_EQ(spec->flow.hidden, 176);
  EXPECT_EQ(spec->sam.net2_channels, 48);
  EXPECT_EQ(spec->sam.net3_channels, 64);
}

TEST(NetworkSpec, WritesAConfigurationThatReadsBackTheSame) {
  for (const char* name : {"full/config-v1.json", "full/config-v2.json", "tiny-v1/config.json",
                           "tiny-v2/config.json"}) {
    auto first = read_network_spec(golden(name));
    ASSERT_TRUE(first) << first.error().message();
    first->decoder.rope_theta = 12345.5F;
    first->decoder.norm_eps = 1e-5F;
    const std::string written = to_config_json(*first);
    auto second = parse_network_spec(written, name);
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_EQ(to_config_json(*second), written) << name;
    EXPECT_EQ(second->decoder.rope_theta, 12345.5F);
    EXPECT_EQ(second->decoder.norm_eps, 1e-5F);
    EXPECT_EQ(second->sam.global_blocks, first->sam.global_blocks);
  }
}

TEST(NetworkSpec, WritesEveryKeyAndValueOfTheOfficialFileThatDescribesTheNetwork) {
  const Json official = config("full/config-v1.json");
  Json written = Json::parse(to_config_json(*parse(official)));
  for (const auto& item : official.items()) {
    // auto_map names Python files that do not come along; the version is that of another library.
    if (item.key() == "auto_map" || item.key() == "transformers_version") continue;
    if (item.key() == "language_config") continue;
    EXPECT_EQ(written[item.key()], item.value()) << item.key();
  }
}

TEST(NetworkSpec, AcceptsDecoderSettingsInEitherPlace) {
  const Json both = config("tiny-v1/config.json");
  Json only_nested = both;
  for (const auto& item : both["language_config"].items()) {
    if (item.key() != "architectures") only_nested.erase(item.key());
  }
  Json only_top = both;
  only_top.erase("language_config");
  for (const Json& json : {only_nested, only_top}) {
    auto spec = parse(json);
    ASSERT_TRUE(spec) << spec.error().message();
    EXPECT_EQ(to_config_json(*spec), to_config_json(*parse(both)));
  }
}

TEST(NetworkSpec, RefusesTwoDifferentValuesOfOneSetting) {
  Json json = config("tiny-v1/config.json");
  json["hidden_size"] = 160;
  EXPECT_THAT(error_of(json), HasSubstr("hidden_size: expected one value, found 160 at top level "
                                        "and 80 in language_config"));
}

TEST(NetworkSpec, ListsEveryProblemAtOnce) {
  Json json = config("tiny-v1/config.json");
  set_decoder(json, "use_mla", true);
  set_decoder(json, "topk_method", "group_limited_greedy");
  set_decoder(json, "kv_lora_rank", 512);
  set_decoder(json, "vocab_size", -3);
  json["vision_config"]["width"]["sam_vit_b"].erase("heads");
  json["projector_config"]["projector_type"] = "mlp_gelu";
  auto spec = parse(json);
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(
      spec.error().message(),
      AllOf(
          HasSubstr("config.json: 6 problems:"), HasSubstr("use_mla: expected false, found true"),
          HasSubstr("topk_method: expected \"greedy\", found \"group_limited_greedy\""),
          HasSubstr("kv_lora_rank: expected null, found 512"),
          HasSubstr("vocab_size: expected an integer in 2..16777216, found -3"),
          HasSubstr(
              "vision_config.width.sam_vit_b.heads: expected an integer in 1..1024, found nothing"),
          HasSubstr("projector_type: expected \"linear\", found \"mlp_gelu\"")));
}

TEST(NetworkSpec, RefusesFeaturesThatTheNetworksDoNotHave) {
  const std::vector<std::pair<std::string, Json>> features = {
      {"use_mla", nullptr},
      {"q_lora_rank", 1536},
      {"rope_scaling", {{"type", "yarn"}}},
      {"moe_layer_freq", 2},
      {"n_group", 8},
      {"scoring_func", "sigmoid"},
      {"norm_topk_prob", true},
      {"routed_scaling_factor", 2.5},
      {"hidden_act", "gelu"},
      {"attention_bias", true},
      {"tie_word_embeddings", true},
      {"num_key_value_heads", 1},
      {"head_dim", 64},
  };
  for (const auto& [key, value] : features) {
    Json json = config("tiny-v1/config.json");
    set_decoder(json, key, value);
    EXPECT_THAT(error_of(json), HasSubstr(key + ": expected")) << key;
  }
}

TEST(NetworkSpec, SuppliesTheDefaultsOfTheConfigurationClass) {
  Json json = config("tiny-v1/config.json");
  set_decoder(json, "moe_layer_freq", 1);
  set_decoder(json, "scoring_func", "softmax");
  set_decoder(json, "norm_topk_prob", false);
  set_decoder(json, "routed_scaling_factor", 1.0);
  set_decoder(json, "hidden_act", "silu");
  set_decoder(json, "rms_norm_eps", 1e-6);
  set_decoder(json, "rope_theta", 10000);
  auto spec = parse(json);
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_EQ(to_config_json(*spec), to_config_json(*parse(config("tiny-v1/config.json"))));
}

TEST(NetworkSpec, RefusesNumbersThatWouldWrapOrDivideBadly) {
  const std::vector<std::pair<std::string, Json>> numbers = {
      {"hidden_size", 0},
      {"hidden_size", 80.5},
      {"hidden_size", "80"},
      {"hidden_size", 18446744073709551615ULL},
      {"hidden_size", 83},
      {"num_attention_heads", 80},  // a head of one number has no pair to rotate
      {"num_experts_per_tok", 9},
      {"first_k_dense_replace", 4},
      {"eos_token_id", 512},
      {"rms_norm_eps", -1e-6},
  };
  for (const auto& [key, value] : numbers) {
    Json json = config("tiny-v1/config.json");
    set_decoder(json, key, value);
    EXPECT_THAT(error_of(json), HasSubstr(key == "num_attention_heads" ? "hidden_size" : key))
        << key << " " << value;
  }
}

TEST(NetworkSpec, RefusesPartsThatDoNotFitTogether) {
  Json json = config("tiny-v1/config.json");
  json["projector_config"]["input_dim"] = 64;
  json["vision_config"]["width"]["sam_vit_b"]["downsample_channels"] = {48, 32};
  json["vision_config"]["width"]["sam_vit_b"]["global_attn_indexes"] = {3, 1};
  EXPECT_THAT(error_of(json), AllOf(HasSubstr("input_dim: expected 96, found 64"),
                                    HasSubstr("clip-l-14-224.width: expected 32"),
                                    HasSubstr("global_attn_indexes: expected ascending")));
  json = config("tiny-v2/config.json");
  json["vision_config"]["width"]["sam_vit_b"]["downsample_channels"] = {48, 32};
  EXPECT_THAT(error_of(json), HasSubstr("downsample_channels: expected 64 as the last number"));
}

TEST(NetworkSpec, NamesTheFamilyFromEitherPlaceButNotFromContradictions) {
  Json json = config("tiny-v2/config.json");
  json.erase("architectures");
  ASSERT_TRUE(parse(json));
  EXPECT_EQ(parse(json)->family, Family::kV2);
  json["architectures"] = {"DeepseekOCRForCausalLM"};
  EXPECT_THAT(error_of(json), HasSubstr("architectures: expected the family of"));
  json.erase("architectures");
  json["vision_config"]["model_name"] = "resnet";
  EXPECT_THAT(error_of(json), HasSubstr("found \"resnet\""));
}

TEST(NetworkSpec, RefusesTextThatIsNoConfiguration) {
  for (const std::string text : {"", "{", "[]", "3", "{\"a\":1}", "null", "{\"\xff\":1}"}) {
    auto spec = parse_network_spec(text, "config.json");
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().code(), ErrorCode::kInvalidModel);
    EXPECT_THAT(spec.error().message(), HasSubstr("config.json: "));
  }
  EXPECT_THAT(parse_network_spec("[]", "c").error().message(), HasSubstr("found array"));
}

TEST(NetworkSpec, SurvivesDeeplyNestedJson) {
  const std::string deep =
      "{\"use_mla\":" + std::string(400000, '[') + std::string(400000, ']') + "}";
  auto spec = parse_network_spec(deep, "config.json");
  ASSERT_FALSE(spec);
  EXPECT_THAT(spec.error().message(), HasSubstr("more than 32 nested levels"));
}

TEST(NetworkSpec, NamesAFileThatIsNotThere) {
  auto spec = read_network_spec(golden("no-such/config.json"));
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lectio
