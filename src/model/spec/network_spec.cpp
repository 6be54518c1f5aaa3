// SPDX-License-Identifier: Apache-2.0
#include "model/spec/network_spec.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/file.h"
#include "model/spec/problems.h"
#include "model/spec/transformers_config.h"

namespace lectio {
namespace {

using Json = nlohmann::json;
using Problems = std::vector<std::string>;

// Bounds far above any model of the family. They keep every product of extents inside 64 bits and
// keep a hostile file from asking for gigabytes of names.
constexpr std::int64_t kMaxWidth = 1 << 16;
constexpr std::int64_t kMaxLayers = 256;
constexpr std::int64_t kMaxHeads = 1024;
constexpr std::int64_t kMaxExperts = 1024;
constexpr std::int64_t kMaxCount = 1 << 24;  // vocabulary, positions
constexpr std::uint64_t kMaxConfigBytes = 1 << 20;
constexpr int kMaxDepth = 32;  // of nested JSON: printing and comparing a value recurse

// What v2's config.json still says about the last convolution, although the checkpoint has the
// encoder's width.
constexpr std::int64_t kStaleChannels = 1024;

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

// One object of the file: typed reads that note what is wrong and then return a value that is safe
// to go on with.
class Section {
 public:
  Section(Json object, std::string path, Problems& problems)
      : object_(std::move(object)),
        path_(std::move(path)),
        problems_(problems) {}

  bool has(const char* key) const { return object_.contains(key) && !object_[key].is_null(); }

  Section child(const char* key) const {
    const Json* value = find(key);
    if (value != nullptr && value->is_object()) return {*value, path_ + key + ".", problems_};
    note(key, "an object", value);
    return {Json::object(), path_ + key + ".", problems_};
  }

  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high,
                       std::optional<std::int64_t> fallback = std::nullopt) const {
    const Json* value = find(key);
    if (value == nullptr && fallback) return *fallback;
    if (value != nullptr && in_range(*value, low, high)) return value->get<std::int64_t>();
    note(key, "an integer in " + std::to_string(low) + ".." + std::to_string(high), value);
    return std::max<std::int64_t>(low, 1);
  }

  std::vector<std::int64_t> integers(const char* key, std::int64_t low, std::int64_t high) const {
    const Json* value = find(key);
    std::vector<std::int64_t> numbers;
    const bool ok = value != nullptr && value->is_array() && value->size() <= kMaxLayers &&
                    std::all_of(value->begin(), value->end(),
                                [&](const Json& item) { return in_range(item, low, high); });
    if (ok) return value->get<std::vector<std::int64_t>>();
    note(key, "a list of integers in " + std::to_string(low) + ".." + std::to_string(high), value);
    return numbers;
  }

  float positive(const char* key, float fallback, double high) const {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (value->is_number() && value->get<double>() > 0 && value->get<double>() <= high) {
      return value->get<float>();
    }
    note(key, "a positive number", value);
    return fallback;
  }

  bool boolean(const char* key, bool otherwise) const {
    const Json* const value = find(key);
    if (value == nullptr) return otherwise;
    if (value->is_boolean()) return value->get<bool>();
    note(key, "true or false", value);
    return otherwise;
  }
  std::string text(const char* key) const {
    const Json* value = find(key);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    note(key, "a string", value);
    return {};
  }

  // A feature that the networks of the family do not have: the key must hold `expected`.
  void demand(const char* key, const Json& expected) const {
    const Json* value = find(key);
    if (value == nullptr || *value != expected) note(key, expected.dump(), value);
  }
  // The same, but the configuration class supplies `expected` where the key is absent.
  void demand_if_present(const char* key, const Json& expected) const {
    if (has(key)) demand(key, expected);
  }
  void demand_absent(const char* key) const {
    if (has(key)) note(key, "null", find(key));
  }

  void note(const char* key, const std::string& expected, const Json* found) const {
    problems_.push_back(path_ + key + ": expected " + expected + ", found " +
                        (found == nullptr ? "nothing" : shown(*found)));
  }
  const Json& object() const { return object_; }

 private:
  // Null stands for absent, as in the official files.
  const Json* find(const char* key) const { return has(key) ? &object_[key] : nullptr; }

  static bool in_range(const Json& value, std::int64_t low, std::int64_t high) {
    if (!value.is_number_integer()) return false;
    // Compare in the stored signedness: a huge unsigned number must not wrap into the range.
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(high)) {
      return false;
    }
    return value.get<std::int64_t>() >= low && value.get<std::int64_t>() <= high;
  }

  Json object_;
  std::string path_;
  Problems& problems_;
};

// The decoder's settings stand at top level and again in language_config; either will do, but not
// two values.
Section decoder_section(const Json& root, Problems& problems) {
  Json merged = root;
  const auto nested = root.find("language_config");
  if (nested != root.end() && nested->is_object()) {
    for (const auto& item : nested->items()) {
      const auto top = root.find(item.key());
      if (top == root.end()) {
        merged[item.key()] = item.value();
      } else if (*top != item.value() && item.key() != "architectures" &&
                 item.key() != "auto_map" && item.key() != "model_type") {
        problems.push_back(item.key() + ": expected one value, found " + shown(*top) +
                           " at top level and " + shown(item.value()) + " in language_config");
      }
    }
  } else if (nested != root.end() && !nested->is_null()) {
    problems.push_back("language_config: expected an object, found " + shown(*nested));
  }
  return {std::move(merged), "", problems};
}

void check_decoder_features(const Section& section, const DecoderSpec& d) {
  section.demand("use_mla", false);
  for (const char* rank : {"q_lora_rank", "kv_lora_rank", "rope_scaling"}) {
    section.demand_absent(rank);
  }
  section.demand_if_present("num_key_value_heads", d.heads);
  section.demand_if_present("head_dim", d.head_dim());
  section.demand_if_present("moe_layer_freq", 1);
  section.demand_if_present("n_group", 1);
  section.demand_if_present("topk_group", 1);
  section.demand_if_present("topk_method", "greedy");
  section.demand_if_present("scoring_func", "softmax");
  section.demand_if_present("norm_topk_prob", false);
  section.demand_if_present("routed_scaling_factor", 1.0);
  section.demand_if_present("hidden_act", "silu");
  section.demand_if_present("attention_bias", false);
  section.demand_if_present("tie_word_embeddings", false);
  section.demand_if_present("lm_head", true);
  section.demand_if_present("rm_head", false);
}

void check_heads(const std::string& path, std::int64_t width, std::int64_t heads, bool rotary,
                 Problems& problems) {
  const std::int64_t unit = rotary ? 2 : 1;  // RoPE turns pairs
  if (width % (heads * unit) == 0) return;
  problems.push_back(path + ": expected a width divisible into " + std::to_string(heads) +
                     (rotary ? " heads of even size, found " : " heads, found ") +
                     std::to_string(width));
}

DecoderSpec read_decoder(const Section& section, Problems& problems) {
  DecoderSpec d;
  d.vocabulary = section.integer("vocab_size", 2, kMaxCount);
  d.width = section.integer("hidden_size", 1, kMaxWidth);
  d.layers = section.integer("num_hidden_layers", 1, kMaxLayers);
  d.heads = section.integer("num_attention_heads", 1, kMaxHeads);
  d.dense_hidden = section.integer("intermediate_size", 1, kMaxWidth);
  d.dense_layers = section.integer("first_k_dense_replace", 0, d.layers);
  d.experts = section.integer("n_routed_experts", 1, kMaxExperts);
  d.experts_per_token = section.integer("num_experts_per_tok", 1, d.experts);
  d.expert_hidden = section.integer("moe_intermediate_size", 1, kMaxWidth);
  d.shared_experts = section.integer("n_shared_experts", 1, kMaxExperts);
  d.max_positions = section.integer("max_position_embeddings", 1, kMaxCount, d.max_positions);
  d.rope_theta = section.positive("rope_theta", d.rope_theta, 1e12);
  d.norm_eps = section.positive("rms_norm_eps", d.norm_eps, 1.0);
  check_heads("hidden_size", d.width, d.heads, true, problems);
  check_decoder_features(section, d);
  return d;
}

SamSpec read_sam(const Section& section, Problems& problems) {
  SamSpec s;
  s.width = section.integer("width", 1, kMaxWidth);
  s.layers = section.integer("layers", 1, kMaxLayers);
  s.heads = section.integer("heads", 1, kMaxHeads);
  s.global_blocks = section.integers("global_attn_indexes", 0, s.layers - 1);
  if (std::adjacent_find(s.global_blocks.begin(), s.global_blocks.end(), std::greater_equal<>()) !=
      s.global_blocks.end()) {
    section.note("global_attn_indexes", "ascending numbers",
                 &section.object()["global_attn_indexes"]);
  }
  const std::vector<std::int64_t> channels = section.integers("downsample_channels", 1, kMaxWidth);
  if (channels.size() == 2) {
    s.net2_channels = channels[0];
    s.net3_channels = channels[1];
  } else if (!channels.empty()) {
    section.note("downsample_channels", "two numbers", &section.object()["downsample_channels"]);
  }
  check_heads("vision_config.width.sam_vit_b.width", s.width, s.heads, false, problems);
  return s;
}

ClipSpec read_clip(const Section& section, std::int64_t sam_channels, Problems& problems) {
  ClipSpec c;
  c.width = section.integer("width", 1, kMaxWidth);
  c.layers = section.integer("layers", 1, kMaxLayers);
  c.heads = section.integer("heads", 1, kMaxHeads);
  c.patch = section.integer("patch_size", 1, 1024, c.patch);
  const std::int64_t image = section.integer("image_size", 1, 1 << 14, c.patch * c.table_side);
  c.table_side = image / c.patch;
  if (image % c.patch != 0) {
    problems.push_back("vision_config.width.clip-l-14-224.image_size: expected a multiple of " +
                       std::to_string(c.patch) + ", found " + std::to_string(image));
  }
  check_heads("vision_config.width.clip-l-14-224.width", c.width, c.heads, false, problems);
  if (c.width != sam_channels) {
    problems.push_back("vision_config.width.clip-l-14-224.width: expected " +
                       std::to_string(sam_channels) +
                       " as the last of downsample_channels, found " + std::to_string(c.width));
  }
  return c;
}

FlowSpec read_flow(const Section& section, Problems& problems) {
  FlowSpec f;
  f.width = section.integer("dim", 1, kMaxWidth);
  f.layers = section.integer("layers", 1, kMaxLayers, f.layers);
  f.heads = section.integer("heads", 1, kMaxHeads, f.heads);
  f.kv_heads = section.integer("kv_heads", 1, f.heads, std::min(f.kv_heads, f.heads));
  f.hidden = section.integer("intermediate_size", 1, kMaxWidth, f.hidden);
  check_heads("vision_config.width.qwen2-0-5b.dim", f.width, f.heads, true, problems);
  if (f.heads % f.kv_heads != 0) {
    problems.push_back("vision_config.width.qwen2-0-5b.kv_heads: expected a divisor of " +
                       std::to_string(f.heads) + ", found " + std::to_string(f.kv_heads));
  }
  return f;
}

std::optional<Family> family_by_architecture(const Json& root) {
  const auto list = root.find("architectures");
  if (list == root.end() || !list->is_array()) return std::nullopt;
  for (const Json& name : *list) {
    if (name == "DeepseekOCRForCausalLM") return Family::kV1;
    if (name == "DeepseekOCR2ForCausalLM") return Family::kV2;
  }
  return std::nullopt;
}

// Two places name the family. One may be missing; both must not disagree.
Family read_family(const Json& root, const Section& vision, Problems& problems) {
  const std::optional<Family> by_architecture = family_by_architecture(root);
  std::optional<Family> by_model;
  if (vision.has("model_name") || !by_architecture) {
    const std::string name = vision.text("model_name");
    if (name == "deeplip_b_l") by_model = Family::kV1;
    if (name == "deepencoderv2") by_model = Family::kV2;
    if (!by_model && !name.empty()) {
      problems.push_back(
          "vision_config.model_name: expected \"deeplip_b_l\" or \"deepencoderv2\", found " +
          shown(name));
    }
  }
  if (by_architecture && by_model && *by_architecture != *by_model) {
    problems.push_back("architectures: expected the family of vision_config.model_name, found " +
                       shown(root["architectures"]));
  }
  return by_architecture.value_or(by_model.value_or(Family::kV1));
}

void check_projector(const Section& section, const NetworkSpec& spec) {
  section.demand("projector_type", "linear");
  section.demand("input_dim", spec.feature_width());
  section.demand("n_embed", spec.decoder.width);
}

Result<Json> parse_object(std::string_view json, std::string_view name) {
  bool too_deep = false;
  const auto keep_shallow = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json root = Json::parse(json, keep_shallow, /*allow_exceptions=*/false);
  if (!too_deep && root.is_object()) return root;
  std::string found = "text that is not JSON";
  if (too_deep) found = "more than " + std::to_string(kMaxDepth) + " nested levels";
  if (!too_deep && !root.is_discarded()) found = root.type_name();
  return Error(ErrorCode::kInvalidModel,
               std::string(name) + ": expected a JSON object, found " + found);
}

}  // namespace

bool SamSpec::is_global(std::int64_t block) const {
  return std::find(global_blocks.begin(), global_blocks.end(), block) != global_blocks.end();
}

std::int64_t NetworkSpec::feature_width() const {
  return family == Family::kV1 ? clip.width + sam.net3_channels : flow.width;
}

Result<NetworkSpec> parse_network_spec(std::string_view json, std::string_view name) {
  if (json.size() > kMaxConfigBytes) {
    return Error(ErrorCode::kInvalidModel, std::string(name) + ": expected at most " +
                                               std::to_string(kMaxConfigBytes) + " bytes, found " +
                                               std::to_string(json.size()));
  }
  LECTIO_TRY(const Json root, parse_object(json, name));
  if (root.value("model_type", Json()) == kTransformersModelType) {
    return parse_network_spec(from_transformers_config(json), name);
  }
  Problems problems;
  const Section top(root, "", problems);
  const Section vision = top.child("vision_config");
  const Section widths = vision.child("width");

  NetworkSpec spec;
  spec.family = read_family(root, vision, problems);
  const Section decoder = decoder_section(root, problems);
  spec.decoder = read_decoder(decoder, problems);
  const std::int64_t last_id = spec.decoder.vocabulary - 1;
  spec.bos_id = static_cast<std::int32_t>(decoder.integer("bos_token_id", 0, last_id, 0));
  spec.eos_id = static_cast<std::int32_t>(decoder.integer("eos_token_id", 0, last_id, 1));
  spec.reads_tiles = top.boolean("lectio_reads_tiles", true);
  spec.bars_unsure_repeats = top.boolean("lectio_bars_unsure_repeats", false);
  spec.sam = read_sam(widths.child("sam_vit_b"), problems);
  if (spec.family == Family::kV1) {
    spec.clip = read_clip(widths.child("clip-l-14-224"), spec.sam.net3_channels, problems);
  } else {
    spec.flow = read_flow(widths.child("qwen2-0-5b"), problems);
    if (spec.sam.net3_channels == kStaleChannels) spec.sam.net3_channels = spec.flow.width;
    if (spec.sam.net3_channels != spec.flow.width) {
      problems.push_back("vision_config.width.sam_vit_b.downsample_channels: expected " +
                         std::to_string(spec.flow.width) + " as the last number, found " +
                         std::to_string(spec.sam.net3_channels));
    }
  }
  check_projector(top.child("projector_config"), spec);
  if (!problems.empty()) return problems_error(ErrorCode::kInvalidModel, name, problems);
  return spec;
}

Result<NetworkSpec> read_network_spec(const std::filesystem::path& config_json) {
  LECTIO_TRY(const std::string text, read_file(config_json, kMaxConfigBytes));
  return parse_network_spec(text, config_json.string());
}

}  // namespace lectio
