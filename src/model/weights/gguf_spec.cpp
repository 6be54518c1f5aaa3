// SPDX-License-Identifier: Apache-2.0
#include "model/weights/gguf_spec.h"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "model/spec/problems.h"

namespace lectio {
namespace {

constexpr std::int64_t kMaxLayers = 256;
constexpr std::int64_t kMaxNumber = 1 << 24;  // of what metadata may say

// Metadata under a prefix: reads note what is wrong and then return a value that is safe to go on
// with.
class Keys {
 public:
  Keys(const GgufFile& file, std::string prefix, std::vector<std::string>& problems)
      : file_(file),
        prefix_(std::move(prefix)),
        problems_(problems) {}

  bool has(const char* key) const { return find(key) != nullptr; }

  std::int64_t integer(const char* key, std::optional<std::int64_t> fallback = std::nullopt) const {
    const GgufValue* const value = find(key);
    if (value == nullptr && fallback) return *fallback;
    if (value != nullptr) {
      const auto number = value->integer();
      if (number && *number >= 0 && *number <= kMaxNumber) return *number;
    }
    note(key, "a number in 0.." + std::to_string(kMaxNumber));
    return fallback.value_or(1);
  }

  float positive(const char* key, float fallback) const {
    const GgufValue* const value = find(key);
    if (value == nullptr) return fallback;
    const auto number = value->number();
    if (number && *number > 0 && *number <= 1e12) return static_cast<float>(*number);
    note(key, "a positive number");
    return fallback;
  }

  bool boolean(const char* key, bool fallback) const {
    const GgufValue* const value = find(key);
    if (value == nullptr) return fallback;
    if (const auto flag = value->boolean()) return *flag;
    note(key, "true or false");
    return fallback;
  }

  // A feature that the networks of the family do not have: absent, or one of these.
  void demand(const char* key, std::initializer_list<double> expected) const {
    const GgufValue* const value = find(key);
    if (value == nullptr) return;
    const auto flag = value->boolean();
    const auto number = flag ? std::optional<double>(*flag ? 1 : 0) : value->number();
    for (const double one : expected) {
      if (number && *number == one) return;
    }
    std::string list;
    for (const double one : expected) {
      list += (list.empty() ? "" : " or ") + std::to_string(std::llround(one));
    }
    note(key, list);
  }

 private:
  const GgufValue* find(const char* key) const { return file_.header().find(prefix_ + key); }
  void note(const char* key, const std::string& expected) const {
    const GgufValue* const value = find(key);
    std::string found = value == nullptr ? "nothing" : value->kind();
    if (value != nullptr) {
      if (const auto number = value->number()) found = std::to_string(*number);
      if (const auto text = value->text()) found = quoted_name(*text);
    }
    problems_.push_back(file_.path().string() + ": " + prefix_ + key + ": expected " + expected +
                        ", found " + found);
  }

  const GgufFile& file_;
  std::string prefix_;
  std::vector<std::string>& problems_;
};

// Extents of tensors by official name.
class Shapes {
 public:
  Shapes(const TensorSource& source, std::vector<std::string>& problems)
      : source_(source),
        problems_(problems) {}

  bool has(const std::string& name) const { return source_.find(name) != nullptr; }

  // axis -1: the last one. 1 where there is none, which is noted.
  std::int64_t extent(const std::string& name, int axis) const {
    const StoredTensor* const stored = source_.find(name);
    if (stored == nullptr) {
      problems_.push_back("tensor '" + name + "': expected for its shape, found nothing");
      return 1;
    }
    const Shape& shape = stored->view.shape;
    if (axis < 0) axis += shape.rank();
    if (axis >= 0 && axis < shape.rank()) return shape[axis];
    problems_.push_back("tensor '" + name + "': expected more extents, found " + shape.to_string());
    return 1;
  }

  // How many layers have this tensor, from 0 on.
  std::int64_t layers(const std::string& before, const std::string& behind) const {
    std::int64_t count = 0;
    while (count < kMaxLayers && has(before + std::to_string(count) + behind)) ++count;
    return count;
  }

 private:
  const TensorSource& source_;
  std::vector<std::string>& problems_;
};

void check_features(const Keys& keys, const DecoderSpec& d) {
  keys.demand("attention.head_count_kv", {static_cast<double>(d.heads)});
  // 0 is what converters write who read qk_rope_head_dim: the whole head turns.
  if (d.heads > 0) keys.demand("rope.dimension_count", {0, static_cast<double>(d.head_dim())});
  keys.demand("expert_gating_func", {0, 1});  // unset, softmax
  keys.demand("expert_weights_norm", {0});
  keys.demand("expert_weights_scale", {0, 1});
  keys.demand("expert_group_count", {0, 1});
  keys.demand("expert_group_used_count", {0, 1});
  keys.demand("attention.q_lora_rank", {0});
  keys.demand("attention.kv_lora_rank", {0});
}

DecoderSpec decoder_of(const Keys& keys, const Shapes& shapes) {
  DecoderSpec d;
  d.vocabulary = shapes.extent("model.embed_tokens.weight", 0);
  d.width = shapes.extent("model.embed_tokens.weight", 1);
  d.layers = shapes.layers("model.layers.", ".self_attn.q_proj.weight");
  d.dense_layers = shapes.layers("model.layers.", ".mlp.gate_proj.weight");
  d.dense_hidden = d.dense_layers > 0 ? shapes.extent("model.layers.0.mlp.gate_proj.weight", 0)
                                      : keys.integer("feed_forward_length");
  const std::string mlp = "model.layers." + std::to_string(d.dense_layers) + ".mlp.";
  d.experts = shapes.extent(mlp + "gate.weight", 0);
  d.expert_hidden = shapes.extent(mlp + "experts.0.gate_proj.weight", 0);
  d.shared_experts = shapes.extent(mlp + "shared_experts.gate_proj.weight", 0) / d.expert_hidden;
  d.heads = keys.integer("attention.head_count");
  d.experts_per_token = keys.integer("expert_used_count");
  d.max_positions = keys.integer("context_length", d.max_positions);
  d.rope_theta = keys.positive("rope.freq_base", d.rope_theta);
  d.norm_eps = keys.positive("attention.layer_norm_rms_epsilon", d.norm_eps);
  check_features(keys, d);
  return d;
}

SamSpec sam_of(const Keys& keys, const Shapes& shapes) {
  constexpr std::int64_t kOfficialHead = 64;
  const std::string blocks = "model.sam_model.blocks.";
  SamSpec s;
  s.width = shapes.extent("model.sam_model.pos_embed", -1);
  s.layers = shapes.layers(blocks, ".attn.qkv.weight");
  s.heads = keys.integer("head_count", std::max<std::int64_t>(s.width / kOfficialHead, 1));
  for (std::int64_t i = 0; i < s.layers; ++i) {
    const std::int64_t rows = shapes.extent(blocks + std::to_string(i) + ".attn.rel_pos_h", 0);
    if (rows == 2 * s.table_side - 1) s.global_blocks.push_back(i);
  }
  s.net2_channels = shapes.extent("model.sam_model.net_2.weight", 0);
  s.net3_channels = shapes.extent("model.sam_model.net_3.weight", 0);
  return s;
}

ClipSpec clip_of(const Keys& keys, const Shapes& shapes) {
  const std::string clip = "model.vision_model.";
  ClipSpec c;
  c.width = shapes.extent(clip + "embeddings.class_embedding", -1);
  c.layers = shapes.layers(clip + "transformer.layers.", ".self_attn.qkv_proj.weight");
  c.heads = keys.integer("head_count");
  const std::int64_t positions =
      shapes.extent(clip + "embeddings.position_embedding.weight", -2) - 1;
  c.table_side = std::llround(std::sqrt(static_cast<double>(positions)));
  const std::string patch = clip + "embeddings.patch_embedding.weight";
  if (shapes.has(patch)) c.patch = shapes.extent(patch, -1);
  return c;
}

FlowSpec flow_of(const Keys& keys, const Shapes& shapes) {
  const std::string flow = "model.qwen2_model.";
  const std::string first = flow + "model.model.layers.0.";
  FlowSpec f;
  f.width = shapes.extent(flow + "query_768.weight", -1);
  f.layers = shapes.layers(flow + "model.model.layers.", ".self_attn.q_proj.weight");
  f.heads = std::max<std::int64_t>(keys.integer("head_count"), 1);
  f.kv_heads = shapes.extent(first + "self_attn.k_proj.weight", 0) /
               std::max<std::int64_t>(f.width / f.heads, 1);
  f.hidden = shapes.extent(first + "mlp.gate_proj.weight", 0);
  return f;
}

std::int32_t id_of(const Keys& keys, const char* key, std::int64_t fallback) {
  return static_cast<std::int32_t>(keys.integer(key, fallback));
}

// Where each layout keeps its keys.
struct Prefixes {
  std::string decoder;
  std::string sam;
  std::string second;
};
Prefixes prefixes_of(GgufLayout layout) {
  if (layout == GgufLayout::kOllama) {
    return {"deepseekocr.", "deepseekocr.sam.", "deepseekocr.vision."};
  }
  return {"deepseek2-ocr.", "clip.vision.sam.", "clip.vision.attention."};
}

}  // namespace

Result<Family> gguf_family(const GgufModel& model) {
  if (model.layout == GgufLayout::kOllama) return Family::kV1;
  const GgufHeader& header = model.vision->header();
  std::string_view type = header.text("clip.projector_type");
  if (type.empty()) type = header.text("clip.vision.projector_type");
  if (type == "deepseekocr") return Family::kV1;
  if (type == "deepseekocr2") return Family::kV2;
  return Error(ErrorCode::kInvalidModel,
               model.vision->path().string() +
                   ": clip.projector_type: expected 'deepseekocr' or 'deepseekocr2', found " +
                   quoted_name(type));
}

Result<NetworkSpec> gguf_spec(const GgufModel& model, Family family, const TensorSource& tensors) {
  std::vector<std::string> problems;
  const Prefixes prefixes = prefixes_of(model.layout);
  const GgufFile& vision = model.vision ? *model.vision : model.language;
  const Shapes shapes(tensors, problems);
  const Keys all(model.language, "", problems);

  NetworkSpec spec;
  spec.family = family;
  spec.decoder = decoder_of(Keys(model.language, prefixes.decoder, problems), shapes);
  spec.bos_id = id_of(all, "tokenizer.ggml.bos_token_id", spec.bos_id);
  spec.eos_id = id_of(all, "tokenizer.ggml.eos_token_id", spec.eos_id);
  spec.reads_tiles = all.boolean(kGgufReadsTilesKey, true);
  spec.bars_unsure_repeats = all.boolean(kGgufBarsUnsureRepeatsKey, false);
  spec.sam = sam_of(Keys(vision, prefixes.sam, problems), shapes);
  const Keys second(vision, prefixes.second, problems);
  if (family == Family::kV1) {
    spec.clip = clip_of(second, shapes);
  } else {
    spec.flow = flow_of(second, shapes);
  }
  const std::string& name = tensors.name();
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, name, problems);
  // Every rule that holds for a config.json holds here.
  return parse_network_spec(to_config_json(spec), name + " as config.json");
}

}  // namespace lectio
