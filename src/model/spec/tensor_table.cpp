// SPDX-License-Identifier: Apache-2.0
#include "model/spec/tensor_table.h"

#include <utility>

namespace lectio {
namespace {

// Appends entries under a prefix.
class Lister {
 public:
  Lister(std::vector<TensorEntry>& entries, std::string prefix)
      : entries_(entries),
        prefix_(std::move(prefix)) {}

  Lister below(const std::string& name) const { return {entries_, prefix_ + name + "."}; }
  Lister below(const std::string& name, std::int64_t index) const {
    return below(name + "." + std::to_string(index));
  }
  void tensor(const std::string& name, std::vector<std::int64_t> shape) const {
    entries_.push_back({prefix_ + name, std::move(shape), true});
  }
  void unused(const std::string& name, std::vector<std::int64_t> shape) const {
    entries_.push_back({prefix_ + name, std::move(shape), false});
  }
  void weight(const std::string& name, std::vector<std::int64_t> shape) const {
    tensor(name + ".weight", std::move(shape));
  }
  // A weight and a bias as long as the weight's first extent: linear layers, convolutions,
  // LayerNorms.
  void biased(const std::string& name, std::vector<std::int64_t> shape) const {
    const std::int64_t out = shape.front();
    weight(name, std::move(shape));
    tensor(name + ".bias", {out});
  }

 private:
  std::vector<TensorEntry>& entries_;
  std::string prefix_;
};

void list_gated_mlp(const Lister& mlp, std::int64_t width, std::int64_t hidden) {
  mlp.weight("gate_proj", {hidden, width});
  mlp.weight("up_proj", {hidden, width});
  mlp.weight("down_proj", {width, hidden});
}

void list_decoder(const Lister& model, const DecoderSpec& d) {
  model.weight("embed_tokens", {d.vocabulary, d.width});
  for (std::int64_t i = 0; i < d.layers; ++i) {
    const Lister layer = model.below("layers", i);
    for (const char* projection : {"q_proj", "k_proj", "v_proj", "o_proj"}) {
      layer.below("self_attn").weight(projection, {d.width, d.width});
    }
    const Lister mlp = layer.below("mlp");
    if (i < d.dense_layers) {
      list_gated_mlp(mlp, d.width, d.dense_hidden);
    } else {
      for (std::int64_t e = 0; e < d.experts; ++e) {
        list_gated_mlp(mlp.below("experts", e), d.width, d.expert_hidden);
      }
      mlp.weight("gate", {d.experts, d.width});
      list_gated_mlp(mlp.below("shared_experts"), d.width, d.shared_experts * d.expert_hidden);
    }
    layer.weight("input_layernorm", {d.width});
    layer.weight("post_attention_layernorm", {d.width});
  }
  model.weight("norm", {d.width});
}

void list_sam(const Lister& sam, const SamSpec& s, std::int64_t neck_width) {
  sam.tensor("pos_embed", {1, s.table_side, s.table_side, s.width});
  sam.biased("patch_embed.proj", {s.width, 3, s.patch, s.patch});
  for (std::int64_t i = 0; i < s.layers; ++i) {
    const Lister block = sam.below("blocks", i);
    // One row for every difference of two coordinates of the attention map.
    const std::int64_t relative = 2 * (s.is_global(i) ? s.table_side : s.window) - 1;
    block.biased("norm1", {s.width});
    block.tensor("attn.rel_pos_h", {relative, s.head_dim()});
    block.tensor("attn.rel_pos_w", {relative, s.head_dim()});
    block.biased("attn.qkv", {3 * s.width, s.width});
    block.biased("attn.proj", {s.width, s.width});
    block.biased("norm2", {s.width});
    block.biased("mlp.lin1", {s.mlp_ratio * s.width, s.width});
    block.biased("mlp.lin2", {s.width, s.mlp_ratio * s.width});
  }
  sam.weight("neck.0", {neck_width, s.width, 1, 1});
  sam.biased("neck.1", {neck_width});
  sam.weight("neck.2", {neck_width, neck_width, 3, 3});
  sam.biased("neck.3", {neck_width});
  sam.weight("net_2", {s.net2_channels, neck_width, 3, 3});
  sam.weight("net_3", {s.net3_channels, s.net2_channels, 3, 3});
}

void list_clip(const Lister& clip, const ClipSpec& c) {
  const Lister embeddings = clip.below("embeddings");
  embeddings.tensor("class_embedding", {c.width});
  embeddings.unused("patch_embedding.weight",
                    {c.width, 3, c.patch, c.patch});  // SAM takes its place
  embeddings.weight("position_embedding", {c.table_side * c.table_side + 1, c.width});
  for (std::int64_t i = 0; i < c.layers; ++i) {
    const Lister layer = clip.below("transformer.layers", i);
    layer.biased("self_attn.qkv_proj", {3 * c.width, c.width});
    layer.biased("self_attn.out_proj", {c.width, c.width});
    layer.biased("mlp.fc1", {c.mlp_ratio * c.width, c.width});
    layer.biased("mlp.fc2", {c.width, c.mlp_ratio * c.width});
    layer.biased("layer_norm1", {c.width});
    layer.biased("layer_norm2", {c.width});
  }
  clip.biased("pre_layrnorm", {c.width});  // spelled so in the official files
}

void list_flow(const Lister& flow, const FlowSpec& f) {
  const Lister body = flow.below("model.model");
  const std::int64_t kv_width = f.kv_heads * f.head_dim();
  for (std::int64_t i = 0; i < f.layers; ++i) {
    const Lister layer = body.below("layers", i);
    layer.biased("self_attn.q_proj", {f.width, f.width});
    layer.biased("self_attn.k_proj", {kv_width, f.width});
    layer.biased("self_attn.v_proj", {kv_width, f.width});
    layer.weight("self_attn.o_proj", {f.width, f.width});
    list_gated_mlp(layer.below("mlp"), f.width, f.hidden);
    layer.weight("input_layernorm", {f.width});
    layer.weight("post_attention_layernorm", {f.width});
  }
  body.weight("norm", {f.width});
  flow.weight("query_768", {f.queries_768, f.width});
  flow.weight("query_1024", {f.queries_1024, f.width});
}

}  // namespace

std::vector<TensorEntry> tensor_table(const NetworkSpec& spec, std::int64_t neck_width) {
  std::vector<TensorEntry> entries;
  const Lister root(entries, "");
  const Lister model = root.below("model");
  if (spec.family == Family::kV1) model.tensor("image_newline", {spec.decoder.width});
  model.tensor("view_seperator", {spec.decoder.width});  // spelled so in the official files
  list_decoder(model, spec.decoder);
  list_sam(model.below("sam_model"), spec.sam, neck_width);
  if (spec.family == Family::kV1) {
    list_clip(model.below("vision_model"), spec.clip);
  } else {
    list_flow(model.below("qwen2_model"), spec.flow);
  }
  model.biased("projector.layers", {spec.decoder.width, spec.feature_width()});
  root.weight("lm_head", {spec.decoder.vocabulary, spec.decoder.width});
  return entries;
}

}  // namespace lectio
