// SPDX-License-Identifier: Apache-2.0
// The network as data: hyper-parameters from config.json in the official key structure (spec 2).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

enum class Family { kV1, kV2 };  // DeepSeek-OCR, DeepSeek-OCR-2

// SAM-ViT and the 16x compressor (spec 3).
struct SamSpec {
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::vector<std::int64_t> global_blocks;  // ascending
  std::int64_t net2_channels = 0;           // downsample_channels[0]
  std::int64_t net3_channels =
      0;  // downsample_channels[1]; v2's stale 1024 is read as its encoder's width
  // Constants of the family, not in config.json.
  std::int64_t patch = 16;
  std::int64_t window = 14;
  std::int64_t table_side = 64;  // side of the absolute position table
  std::int64_t mlp_ratio = 4;
  float norm_eps = 1e-6F;

  std::int64_t head_dim() const { return width / heads; }
  bool is_global(std::int64_t block) const;
};

// The second stage of v1 (spec 4.1). Quick GELU.
struct ClipSpec {
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t table_side = 16;  // image_size / patch_size: side of the position grid
  std::int64_t patch = 14;       // only for the shape of the unused patch convolution
  std::int64_t mlp_ratio = 4;
  float norm_eps = 1e-5F;

  std::int64_t head_dim() const { return width / heads; }
};

// The second stage of v2 (spec 4.2).
struct FlowSpec {
  std::int64_t width = 0;
  std::int64_t layers = 24;
  std::int64_t heads = 14;
  std::int64_t kv_heads = 2;
  std::int64_t hidden = 4864;
  float rope_theta = 1e6F;
  float norm_eps = 1e-6F;
  std::int64_t queries_768 = 144;
  std::int64_t queries_1024 = 256;

  std::int64_t head_dim() const { return width / heads; }
};

struct DecoderSpec {
  std::int64_t vocabulary = 0;
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t dense_hidden = 0;  // intermediate_size
  std::int64_t dense_layers = 0;  // first_k_dense_replace
  std::int64_t experts = 0;       // n_routed_experts
  std::int64_t experts_per_token = 0;
  std::int64_t expert_hidden = 0;   // moe_intermediate_size
  std::int64_t shared_experts = 0;  // one MLP of width shared_experts * expert_hidden
  std::int64_t max_positions = 8192;
  float rope_theta = 10000.0F;
  float norm_eps = 1e-6F;

  std::int64_t head_dim() const { return width / heads; }
};

struct NetworkSpec {
  Family family = Family::kV1;
  SamSpec sam;
  ClipSpec clip;  // v1
  FlowSpec flow;  // v2
  DecoderSpec decoder;
  std::int32_t bos_id = 0;
  std::int32_t eos_id = 1;
  // Whether tiles beside the global view (Gundam) help the network to read, so that auto mode may
  // choose them. Ours is the key "lectio_reads_tiles", which no official file has: theirs do.
  bool reads_tiles = true;
  // Whether the network goes in circles where it cannot make out the print, so that `auto` takes
  // the no-repeat rule "unsure". Ours is the key "lectio_bars_unsure_repeats", again.
  bool bars_unsure_repeats = false;

  // Channels of one vision feature before the projector: v1 CLIP + SAM, v2 the encoder's width.
  std::int64_t feature_width() const;
};

// From the text of config.json. kInvalidModel with every problem listed: missing keys, wrong types,
// values out of range, features that the networks do not have (MLA, another topk_method, ...).
// `name` leads the message.
Result<NetworkSpec> parse_network_spec(std::string_view json, std::string_view name);
Result<NetworkSpec> read_network_spec(const std::filesystem::path& config_json);
// config.json in the official key structure; parse_network_spec gives the same spec back.
std::string to_config_json(const NetworkSpec& spec);

}  // namespace lectio
