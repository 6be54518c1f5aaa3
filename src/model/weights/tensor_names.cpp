// SPDX-License-Identifier: Apache-2.0
#include "model/weights/tensor_names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lectio {
namespace {

// Which versions have a tensor.
enum Members : unsigned { kV1 = 1, kV2 = 2, kBoth = 3 };

// One tensor, or a family of them: {i} is the number of a layer, {e} of an expert, a final * stands
// for weight and bias. Null: the layout does not have it. half: 1 and 2 are the upper and lower
// half of each expert's rows in the layout of transformers.
struct Row {
  unsigned members;
  const char* official;
  const char* llama_cpp;
  const char* ollama;
  const char* transformers;
  int half = 0;
};

// The decoder, which both GGUF layouts name alike.
constexpr Row decoder(const char* official, const char* gguf, const char* transformers,
                      int half = 0) {
  return {kBoth, official, gguf, gguf, transformers, half};
}

#define TOWER "model.vision_tower."
#define LANGUAGE "model.language_model."

constexpr std::array kDecoderRows = {
    decoder("model.embed_tokens.weight", "token_embd.weight", LANGUAGE "embed_tokens.weight"),
    decoder("model.norm.weight", "output_norm.weight", LANGUAGE "norm.weight"),
    decoder("lm_head.weight", "output.weight", "lm_head.weight"),
    decoder("model.layers.{i}.input_layernorm.weight", "blk.{i}.attn_norm.weight",
            LANGUAGE "layers.{i}.input_layernorm.weight"),
    decoder("model.layers.{i}.post_attention_layernorm.weight", "blk.{i}.ffn_norm.weight",
            LANGUAGE "layers.{i}.post_attention_layernorm.weight"),
    decoder("model.layers.{i}.self_attn.q_proj.weight", "blk.{i}.attn_q.weight",
            LANGUAGE "layers.{i}.self_attn.q_proj.weight"),
    decoder("model.layers.{i}.self_attn.k_proj.weight", "blk.{i}.attn_k.weight",
            LANGUAGE "layers.{i}.self_attn.k_proj.weight"),
    decoder("model.layers.{i}.self_attn.v_proj.weight", "blk.{i}.attn_v.weight",
            LANGUAGE "layers.{i}.self_attn.v_proj.weight"),
    decoder("model.layers.{i}.self_attn.o_proj.weight", "blk.{i}.attn_output.weight",
            LANGUAGE "layers.{i}.self_attn.o_proj.weight"),
    decoder("model.layers.{i}.mlp.gate_proj.weight", "blk.{i}.ffn_gate.weight",
            LANGUAGE "layers.{i}.mlp.gate_proj.weight"),
    decoder("model.layers.{i}.mlp.up_proj.weight", "blk.{i}.ffn_up.weight",
            LANGUAGE "layers.{i}.mlp.up_proj.weight"),
    decoder("model.layers.{i}.mlp.down_proj.weight", "blk.{i}.ffn_down.weight",
            LANGUAGE "layers.{i}.mlp.down_proj.weight"),
    decoder("model.layers.{i}.mlp.gate.weight", "blk.{i}.ffn_gate_inp.weight",
            LANGUAGE "layers.{i}.mlp.gate.weight"),
    decoder("model.layers.{i}.mlp.experts.{e}.gate_proj.weight", "blk.{i}.ffn_gate_exps.weight",
            LANGUAGE "layers.{i}.mlp.experts.gate_up_proj", 1),
    decoder("model.layers.{i}.mlp.experts.{e}.up_proj.weight", "blk.{i}.ffn_up_exps.weight",
            LANGUAGE "layers.{i}.mlp.experts.gate_up_proj", 2),
    decoder("model.layers.{i}.mlp.experts.{e}.down_proj.weight", "blk.{i}.ffn_down_exps.weight",
            LANGUAGE "layers.{i}.mlp.experts.down_proj"),
    decoder("model.layers.{i}.mlp.experts.{e}.gate_proj.weight", nullptr,
            LANGUAGE "layers.{i}.mlp.experts.{e}.gate_proj.weight"),
    decoder("model.layers.{i}.mlp.experts.{e}.up_proj.weight", nullptr,
            LANGUAGE "layers.{i}.mlp.experts.{e}.up_proj.weight"),
    decoder("model.layers.{i}.mlp.experts.{e}.down_proj.weight", nullptr,
            LANGUAGE "layers.{i}.mlp.experts.{e}.down_proj.weight"),
    decoder("model.layers.{i}.mlp.shared_experts.gate_proj.weight", "blk.{i}.ffn_gate_shexp.weight",
            LANGUAGE "layers.{i}.mlp.shared_experts.gate_proj.weight"),
    decoder("model.layers.{i}.mlp.shared_experts.up_proj.weight", "blk.{i}.ffn_up_shexp.weight",
            LANGUAGE "layers.{i}.mlp.shared_experts.up_proj.weight"),
    decoder("model.layers.{i}.mlp.shared_experts.down_proj.weight", "blk.{i}.ffn_down_shexp.weight",
            LANGUAGE "layers.{i}.mlp.shared_experts.down_proj.weight"),
};

constexpr std::array kVisionRows = {
    Row{kBoth, "model.sam_model.pos_embed", "v.sam.pos_embd.weight", "s.position_embd",
        TOWER "sam_encoder.pos_embed"},
    Row{kBoth, "model.sam_model.patch_embed.proj.*", "v.sam.patch_embd.*", "s.patch_embd.*",
        TOWER "sam_encoder.patch_embed.projection.*"},
    Row{kBoth, "model.sam_model.blocks.{i}.norm1.*", "v.sam.blk.{i}.pre_ln.*", "s.blk.{i}.norm1.*",
        TOWER "sam_encoder.layers.{i}.layer_norm1.*"},
    Row{kBoth, "model.sam_model.blocks.{i}.norm2.*", "v.sam.blk.{i}.post_ln.*", "s.blk.{i}.norm2.*",
        TOWER "sam_encoder.layers.{i}.layer_norm2.*"},
    Row{kBoth, "model.sam_model.blocks.{i}.attn.qkv.*", "v.sam.blk.{i}.attn.qkv.*",
        "s.blk.{i}.attn.qkv.*", TOWER "sam_encoder.layers.{i}.attn.qkv.*"},
    Row{kBoth, "model.sam_model.blocks.{i}.attn.proj.*", "v.sam.blk.{i}.attn.out.*",
        "s.blk.{i}.attn.proj.*", TOWER "sam_encoder.layers.{i}.attn.proj.*"},
    Row{kBoth, "model.sam_model.blocks.{i}.attn.rel_pos_h", "v.sam.blk.{i}.attn.pos_h.weight",
        "s.blk.{i}.attn.rel_pos_h", TOWER "sam_encoder.layers.{i}.attn.rel_pos_h"},
    Row{kBoth, "model.sam_model.blocks.{i}.attn.rel_pos_w", "v.sam.blk.{i}.attn.pos_w.weight",
        "s.blk.{i}.attn.rel_pos_w", TOWER "sam_encoder.layers.{i}.attn.rel_pos_w"},
    Row{kBoth, "model.sam_model.blocks.{i}.mlp.lin1.*", "v.sam.blk.{i}.mlp.lin1.*",
        "s.blk.{i}.mlp.lin1.*", TOWER "sam_encoder.layers.{i}.mlp.lin1.*"},
    Row{kBoth, "model.sam_model.blocks.{i}.mlp.lin2.*", "v.sam.blk.{i}.mlp.lin2.*",
        "s.blk.{i}.mlp.lin2.*", TOWER "sam_encoder.layers.{i}.mlp.lin2.*"},
    Row{kBoth, "model.sam_model.neck.0.weight", "v.sam.neck.0.weight", "s.neck.0.weight",
        TOWER "sam_encoder.neck.conv1.weight"},
    Row{kBoth, "model.sam_model.neck.1.*", "v.sam.neck.1.*", "s.neck.1.*",
        TOWER "sam_encoder.neck.layer_norm1.*"},
    Row{kBoth, "model.sam_model.neck.2.weight", "v.sam.neck.2.weight", "s.neck.2.weight",
        TOWER "sam_encoder.neck.conv2.weight"},
    Row{kBoth, "model.sam_model.neck.3.*", "v.sam.neck.3.*", "s.neck.3.*",
        TOWER "sam_encoder.neck.layer_norm2.*"},
    Row{kBoth, "model.sam_model.net_2.weight", "v.sam.net_2.weight", "s.net_2.weight",
        TOWER "sam_encoder.proj.conv1.weight"},
    Row{kBoth, "model.sam_model.net_3.weight", "v.sam.net_3.weight", "s.net_3.weight",
        TOWER "sam_encoder.proj.conv2.weight"},
    Row{kBoth, "model.projector.layers.*", "mm.model.fc.*", "mm.layers.*",
        "model.multi_modal_projector.*"},
    Row{kBoth, "model.view_seperator", "v.view_seperator", "mm.view_seperator",
        "model.view_separator"},
    Row{kV1, "model.view_seperator", nullptr, "mm.view_separator", nullptr},
    Row{kV1, "model.image_newline", "v.image_newline", "mm.image_newline", nullptr},
};

constexpr std::array kSecondEncoderRows = {
    Row{kV1, "model.vision_model.embeddings.class_embedding", "v.class_embd", "v.class_embd",
        nullptr},
    Row{kV1, "model.vision_model.embeddings.patch_embedding.weight", "v.patch_embd.weight",
        "v.patch_embd.weight", nullptr},
    Row{kV1, "model.vision_model.embeddings.position_embedding.weight", "v.position_embd.weight",
        "v.position_embd.weight", nullptr},
    Row{kV1, "model.vision_model.pre_layrnorm.*", "v.pre_ln.*", "v.pre_layrnorm.*", nullptr},
    Row{kV1, "model.vision_model.transformer.layers.{i}.layer_norm1.*", "v.blk.{i}.ln1.*",
        "v.blk.{i}.layer_norm1.*", nullptr},
    Row{kV1, "model.vision_model.transformer.layers.{i}.layer_norm2.*", "v.blk.{i}.ln2.*",
        "v.blk.{i}.layer_norm2.*", nullptr},
    Row{kV1, "model.vision_model.transformer.layers.{i}.self_attn.qkv_proj.*",
        "v.blk.{i}.attn_qkv.*", "v.blk.{i}.self_attn.qkv_proj.*", nullptr},
    Row{kV1, "model.vision_model.transformer.layers.{i}.self_attn.out_proj.*",
        "v.blk.{i}.attn_out.*", "v.blk.{i}.self_attn.out_proj.*", nullptr},
    Row{kV1, "model.vision_model.transformer.layers.{i}.mlp.fc1.*", "v.blk.{i}.ffn_up.*",
        "v.blk.{i}.mlp.fc1.*", nullptr},
    Row{kV1, "model.vision_model.transformer.layers.{i}.mlp.fc2.*", "v.blk.{i}.ffn_down.*",
        "v.blk.{i}.mlp.fc2.*", nullptr},
    Row{kV2, "model.qwen2_model.query_768.weight", "v.resample_query_768.weight", nullptr,
        TOWER "query_768_resolution.weight"},
    Row{kV2, "model.qwen2_model.query_1024.weight", "v.resample_query_1024.weight", nullptr,
        TOWER "query_1024_resolution.weight"},
    Row{kV2, "model.qwen2_model.query_768.weight", nullptr, nullptr, TOWER "query_768.weight"},
    Row{kV2, "model.qwen2_model.query_1024.weight", nullptr, nullptr, TOWER "query_1024.weight"},
    Row{kV2, "model.qwen2_model.model.model.norm.weight", "v.post_ln.weight", nullptr,
        TOWER "vision_encoder.norm.weight"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.self_attn.q_proj.*", "v.blk.{i}.attn_q.*",
        nullptr, TOWER "vision_encoder.layers.{i}.self_attn.q_proj.*"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.self_attn.k_proj.*", "v.blk.{i}.attn_k.*",
        nullptr, TOWER "vision_encoder.layers.{i}.self_attn.k_proj.*"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.self_attn.v_proj.*", "v.blk.{i}.attn_v.*",
        nullptr, TOWER "vision_encoder.layers.{i}.self_attn.v_proj.*"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.self_attn.o_proj.weight",
        "v.blk.{i}.attn_out.weight", nullptr,
        TOWER "vision_encoder.layers.{i}.self_attn.o_proj.weight"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.mlp.gate_proj.weight",
        "v.blk.{i}.ffn_gate.weight", nullptr,
        TOWER "vision_encoder.layers.{i}.mlp.gate_proj.weight"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.mlp.up_proj.weight",
        "v.blk.{i}.ffn_up.weight", nullptr, TOWER "vision_encoder.layers.{i}.mlp.up_proj.weight"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.mlp.down_proj.weight",
        "v.blk.{i}.ffn_down.weight", nullptr,
        TOWER "vision_encoder.layers.{i}.mlp.down_proj.weight"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.input_layernorm.weight",
        "v.blk.{i}.ln1.weight", nullptr, TOWER "vision_encoder.layers.{i}.input_layernorm.weight"},
    Row{kV2, "model.qwen2_model.model.model.layers.{i}.post_attention_layernorm.weight",
        "v.blk.{i}.ln2.weight", nullptr,
        TOWER "vision_encoder.layers.{i}.post_attention_layernorm.weight"},
};

#undef TOWER
#undef LANGUAGE

constexpr std::string_view kLayerMark = "{i}";

// What the marks of a pattern stood for in a name.
struct Match {
  std::string layer;
  std::string expert;
  std::string suffix;
};

// The number at the front, without leading zeros; empty where there is none.
std::string_view number_at(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  constexpr std::size_t kMostDigits = 6;
  const bool ok = digits > 0 && digits <= kMostDigits && (digits == 1 || text[0] != '0');
  return ok ? text.substr(0, digits) : std::string_view();
}

std::optional<Match> match(std::string_view pattern, std::string_view name) {
  Match found;
  while (!pattern.empty()) {
    if (pattern.starts_with(kLayerMark) || pattern.starts_with(kExpertMark)) {
      const std::string_view number = number_at(name);
      if (number.empty()) return std::nullopt;
      (pattern.starts_with(kLayerMark) ? found.layer : found.expert) = number;
      pattern.remove_prefix(kLayerMark.size());
      name.remove_prefix(number.size());
    } else if (pattern == "*") {
      if (name != "weight" && name != "bias") return std::nullopt;
      found.suffix = name;
      return found;
    } else {
      if (name.empty() || name.front() != pattern.front()) return std::nullopt;
      pattern.remove_prefix(1);
      name.remove_prefix(1);
    }
  }
  if (!name.empty()) return std::nullopt;
  return found;
}

// An expert's mark stays where the match has no number for it.
std::string fill(std::string_view pattern, const Match& match) {
  std::string name;
  while (!pattern.empty()) {
    if (pattern.starts_with(kLayerMark)) {
      name += match.layer;
      pattern.remove_prefix(kLayerMark.size());
    } else if (pattern.starts_with(kExpertMark) && !match.expert.empty()) {
      name += match.expert;
      pattern.remove_prefix(kExpertMark.size());
    } else if (pattern == "*") {
      return name + match.suffix;
    } else {
      name += pattern.front();
      pattern.remove_prefix(1);
    }
  }
  return name;
}

const char* column(const Row& row, Naming naming) {
  switch (naming) {
    case Naming::kLlamaCpp:
      return row.llama_cpp;
    case Naming::kOllama:
      return row.ollama;
    case Naming::kTransformers:
      return row.transformers;
  }
  return nullptr;
}

// body(row) for every row of a version, until it returns true.
template <typename Body>
void for_each_row(Family family, const Body& body) {
  const unsigned member = family == Family::kV1 ? kV1 : kV2;
  const auto visit = [&](const auto& rows) {
    for (const Row& row : rows) {
      if ((row.members & member) != 0 && body(row)) return true;
    }
    return false;
  };
  static_cast<void>(visit(kDecoderRows) || visit(kVisionRows) || visit(kSecondEncoderRows));
}

}  // namespace

std::vector<OfficialTensor> official_tensors(Naming naming, Family family,
                                             std::string_view stored) {
  std::vector<OfficialTensor> found;
  for_each_row(family, [&](const Row& row) {
    const char* const pattern = column(row, naming);
    if (pattern == nullptr) return false;
    const std::optional<Match> matched = match(pattern, stored);
    if (!matched) return false;
    OfficialTensor tensor{fill(row.official, *matched), false, 0, 1};
    tensor.stacked = tensor.name.find(kExpertMark) != std::string::npos;
    if (naming == Naming::kTransformers && row.half > 0) {
      tensor.part = row.half - 1;
      tensor.parts = 2;
    }
    found.push_back(std::move(tensor));
    return false;  // a tensor with the gate and the up projections stands in two rows
  });
  return found;
}

std::optional<StoredPlace> stored_place(Naming naming, Family family, std::string_view official) {
  std::optional<StoredPlace> place;
  for_each_row(family, [&](const Row& row) {
    const char* const pattern = column(row, naming);
    if (pattern == nullptr) return false;
    const std::optional<Match> matched = match(row.official, official);
    if (!matched) return false;
    place = {fill(pattern, *matched), std::nullopt, 0, 1};
    const bool stacked = std::string_view(pattern).find(kExpertMark) == std::string_view::npos;
    if (stacked && !matched->expert.empty()) place->expert = std::stoll(matched->expert);
    if (naming == Naming::kTransformers && row.half > 0) {
      place->part = row.half - 1;
      place->parts = 2;
    }
    return true;
  });
  return place;
}

std::string with_expert(const std::string& name, std::int64_t expert) {
  const std::size_t at = name.find(kExpertMark);
  if (at == std::string::npos) return name;
  return name.substr(0, at) + std::to_string(expert) + name.substr(at + kExpertMark.size());
}

}  // namespace lectio
