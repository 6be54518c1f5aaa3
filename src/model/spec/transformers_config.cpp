// SPDX-License-Identifier: Apache-2.0
#include "model/spec/transformers_config.h"

#include <cstddef>
#include <nlohmann/json.hpp>

namespace lectio {
namespace {

using Json = nlohmann::json;

const Json& field(const Json& object, const char* key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

Json or_else(const Json& value, Json fallback) {
  if (value.is_null()) return fallback;
  return value;
}

// ["dense", "sparse", "sparse"] is 1: how many dense layers come before the others. Any other order
// stays as it is.
Json dense_layers(const Json& types) {
  if (!types.is_array()) return types;
  std::size_t dense = 0;
  while (dense < types.size() && types[dense] == "dense") ++dense;
  for (std::size_t i = dense; i < types.size(); ++i) {
    if (types[i] != "sparse") return types;
  }
  return dense;
}

Json decoder_config(const Json& text) {
  Json decoder = text.is_object() ? text : Json::object();
  decoder["first_k_dense_replace"] = or_else(dense_layers(field(text, "mlp_layer_types")), 1);
  decoder.erase("mlp_layer_types");
  decoder["use_mla"] = false;  // the port has no such attention
  // Newer versions keep theta among other parameters.
  const Json& rope = field(text, "rope_parameters");
  if (rope.is_object()) {
    if (!field(rope, "rope_theta").is_null()) decoder["rope_theta"] = field(rope, "rope_theta");
    if (or_else(field(rope, "rope_type"), "default") != "default") decoder["rope_scaling"] = rope;
  }
  return decoder;
}

}  // namespace

std::string from_transformers_config(std::string_view json) {
  const Json root = Json::parse(json);
  const Json& vision = field(root, "vision_config");
  const Json& sam = field(vision, "sam_config");
  const Json& encoder = field(vision, "encoder_config");
  const Json decoder = decoder_config(field(root, "text_config"));
  const Json width = or_else(field(encoder, "hidden_size"), 896);

  Json official = decoder;
  official["architectures"] = Json::array({"DeepseekOCR2ForCausalLM"});
  official["vision_config"] = {
      {"model_name", "deepencoderv2"},
      {"width",
       {{"sam_vit_b",
         {{"width", or_else(field(sam, "hidden_size"), 768)},
          {"layers", or_else(field(sam, "num_hidden_layers"), 12)},
          {"heads", or_else(field(sam, "num_attention_heads"), 12)},
          {"global_attn_indexes",
           or_else(field(sam, "global_attn_indexes"), Json::array({2, 5, 8, 11}))},
          {"downsample_channels",
           or_else(field(sam, "downsample_channels"), Json::array({512, 896}))}}},
        {"qwen2-0-5b",
         {{"dim", width},
          {"layers", or_else(field(encoder, "num_hidden_layers"), 24)},
          {"heads", or_else(field(encoder, "num_attention_heads"), 14)},
          {"kv_heads", or_else(field(encoder, "num_key_value_heads"), 2)},
          {"intermediate_size", or_else(field(encoder, "intermediate_size"), 4864)}}}}}};
  official["projector_config"] = {
      {"projector_type", "linear"},
      {"input_dim", or_else(field(root, "projector_input_dim"), width)},
      {"n_embed", or_else(field(root, "projector_n_embed"), field(decoder, "hidden_size"))}};
  for (const char* ours : {"lectio_reads_tiles", "lectio_bars_unsure_repeats"}) {
    if (!field(root, ours).is_null()) official[ours] = field(root, ours);
  }
  return official.dump();
}

}  // namespace lectio
