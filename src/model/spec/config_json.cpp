// SPDX-License-Identifier: Apache-2.0
// The way back: a spec as config.json in the official key structure.
#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"
#include "model/spec/network_spec.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

// What config.json has no key for must be what the family fixes, or the file would read back as
// another network.
void check_constants(const NetworkSpec& spec) {
  const SamSpec sam;
  LECTIO_CHECK(spec.sam.patch == sam.patch && spec.sam.window == sam.window &&
                   spec.sam.table_side == sam.table_side && spec.sam.mlp_ratio == sam.mlp_ratio &&
                   spec.sam.norm_eps == sam.norm_eps,
               "constants of the SAM encoder were changed");
  const ClipSpec clip;
  LECTIO_CHECK(spec.clip.mlp_ratio == clip.mlp_ratio && spec.clip.norm_eps == clip.norm_eps,
               "constants of the CLIP encoder were changed");
  const FlowSpec flow;
  LECTIO_CHECK(spec.flow.rope_theta == flow.rope_theta && spec.flow.norm_eps == flow.norm_eps &&
                   spec.flow.queries_768 == flow.queries_768 &&
                   spec.flow.queries_1024 == flow.queries_1024,
               "constants of the causal-flow encoder were changed");
}

Json decoder_json(const NetworkSpec& spec) {
  const DecoderSpec& d = spec.decoder;
  Json json = {
      {"bos_token_id", spec.bos_id},
      {"eos_token_id", spec.eos_id},
      {"first_k_dense_replace", d.dense_layers},
      {"hidden_size", d.width},
      {"intermediate_size", d.dense_hidden},
      {"kv_lora_rank", nullptr},
      {"lm_head", true},
      {"max_position_embeddings", d.max_positions},
      {"moe_intermediate_size", d.expert_hidden},
      {"n_group", 1},
      {"n_routed_experts", d.experts},
      {"n_shared_experts", d.shared_experts},
      {"num_attention_heads", d.heads},
      {"num_experts_per_tok", d.experts_per_token},
      {"num_hidden_layers", d.layers},
      {"num_key_value_heads", d.heads},
      {"q_lora_rank", nullptr},
      {"qk_nope_head_dim", 0},
      {"qk_rope_head_dim", 0},
      {"rm_head", false},
      {"topk_group", 1},
      {"topk_method", "greedy"},
      {"use_mla", false},
      {"v_head_dim", 0},
      {"vocab_size", d.vocabulary},
  };
  // The official files leave these to the configuration class.
  const DecoderSpec defaults;
  if (d.rope_theta != defaults.rope_theta) json["rope_theta"] = d.rope_theta;
  if (d.norm_eps != defaults.norm_eps) json["rms_norm_eps"] = d.norm_eps;
  return json;
}

Json widths_json(const NetworkSpec& spec) {
  Json widths;
  if (spec.family == Family::kV1) {
    const ClipSpec& c = spec.clip;
    widths["clip-l-14-224"] = {{"heads", c.heads},
                               {"image_size", c.table_side * c.patch},
                               {"layers", c.layers},
                               {"patch_size", c.patch},
                               {"width", c.width}};
  } else {
    const FlowSpec& f = spec.flow;
    widths["qwen2-0-5b"] = {{"dim", f.width},
                            {"heads", f.heads},
                            {"intermediate_size", f.hidden},
                            {"kv_heads", f.kv_heads},
                            {"layers", f.layers}};
  }
  widths["sam_vit_b"] = {
      {"downsample_channels", Json::array({spec.sam.net2_channels, spec.sam.net3_channels})},
      {"global_attn_indexes", spec.sam.global_blocks},
      {"heads", spec.sam.heads},
      {"layers", spec.sam.layers},
      {"width", spec.sam.width}};
  return widths;
}

}  // namespace

std::string to_config_json(const NetworkSpec& spec) {
  check_constants(spec);
  const bool v1 = spec.family == Family::kV1;
  const Json decoder = decoder_json(spec);
  Json language = decoder;
  language["architectures"] = Json::array({"DeepseekV2ForCausalLM"});
  language["torch_dtype"] = "bfloat16";
  Json root = {
      {"architectures", Json::array({v1 ? "DeepseekOCRForCausalLM" : "DeepseekOCR2ForCausalLM"})},
      {"candidate_resolutions", Json::array({Json::array({1024, 1024})})},
      {"global_view_pos", "head"},
      {"language_config", std::move(language)},
      {"model_type", "deepseek_vl_v2"},
      {"projector_config",
       {{"input_dim", spec.feature_width()},
        {"model_type", "mlp_projector"},
        {"n_embed", spec.decoder.width},
        {"projector_type", "linear"}}},
      {"tile_tag", "2D"},
      {"torch_dtype", "bfloat16"},
      {"vision_config",
       {{"image_size", 1024},
        {"mlp_ratio", 3.7362},
        {"model_name", v1 ? "deeplip_b_l" : "deepencoderv2"},
        {"model_type", "vision"},
        {"width", widths_json(spec)}}},
  };
  root.update(decoder);
  if (!spec.reads_tiles) root["lectio_reads_tiles"] = false;
  if (spec.bars_unsure_repeats) root["lectio_bars_unsure_repeats"] = true;
  return root.dump(2) + "\n";
}

}  // namespace lectio
