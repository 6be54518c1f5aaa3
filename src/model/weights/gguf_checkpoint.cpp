// SPDX-License-Identifier: Apache-2.0
#include "model/weights/gguf_checkpoint.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"
#include "model/weights/gguf_spec.h"
#include "model/weights/tensor_names.h"

namespace lectio {
namespace {

// general.file_type, as llama.cpp numbers them.
std::int64_t file_type(DType format) {
  switch (format) {
    case DType::kF16:
      return 1;
    case DType::kQ4:
      return 2;
    case DType::kQ8:
      return 7;
    case DType::kBF16:
      return 32;
    default:
      return 0;
  }
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What costs few bytes and much when it is rounded.
bool stays_f32(const TensorEntry& entry) {
  constexpr std::array<std::string_view, 9> kParts = {
      ".mlp.gate.weight", ".pos_embed", ".rel_pos_",    ".patch_embed.", ".neck.",
      ".net_2.",          ".net_3.",    ".embeddings.", ".query_"};
  return entry.shape.size() < 2 ||
         std::ranges::any_of(kParts, [&](auto part) { return contains(entry.name, part); });
}

bool is_vision_name(std::string_view stored) {
  return stored.starts_with("v.") || stored.starts_with("mm.");
}

void add_general_fields(GgufFields& fields, const char* architecture, const char* name,
                        DType format) {
  fields.text("general.architecture", architecture);
  fields.text("general.name", name);
  fields.u32("general.file_type", file_type(format));
  if (is_block_format(format)) fields.u32("general.quantization_version", 2);
}

GgufFields language_fields(const NetworkSpec& spec, DType format, const GgufFields& tokenizer) {
  const DecoderSpec& d = spec.decoder;
  const std::string prefix = "deepseek2-ocr.";
  GgufFields fields;
  add_general_fields(fields, "deepseek2-ocr",
                     spec.family == Family::kV1 ? "DeepSeek-OCR" : "DeepSeek-OCR-2", format);
  fields.u32(prefix + "block_count", d.layers);
  fields.u32(prefix + "context_length", d.max_positions);
  fields.u32(prefix + "embedding_length", d.width);
  fields.u32(prefix + "feed_forward_length", d.dense_hidden);
  fields.u32(prefix + "attention.head_count", d.heads);
  fields.u32(prefix + "attention.head_count_kv", d.heads);
  fields.f32(prefix + "attention.layer_norm_rms_epsilon", d.norm_eps);
  fields.f32(prefix + "rope.freq_base", d.rope_theta);
  fields.u32(prefix + "rope.dimension_count", d.head_dim());
  fields.u32(prefix + "expert_count", d.experts);
  fields.u32(prefix + "expert_used_count", d.experts_per_token);
  fields.u32(prefix + "expert_shared_count", d.shared_experts);
  fields.u32(prefix + "expert_feed_forward_length", d.expert_hidden);
  fields.u32(prefix + "leading_dense_block_count", d.dense_layers);
  fields.u32(prefix + "vocab_size", d.vocabulary);
  if (!spec.reads_tiles) fields.boolean(kGgufReadsTilesKey, false);
  if (spec.bars_unsure_repeats) fields.boolean(kGgufBarsUnsureRepeatsKey, true);
  fields.append(tokenizer);
  return fields;
}

GgufFields vision_fields(const NetworkSpec& spec, DType format) {
  const bool v1 = spec.family == Family::kV1;
  const ClipSpec& c = spec.clip;
  const FlowSpec& f = spec.flow;
  const std::string prefix = "clip.vision.";
  const std::vector<float> halves(3, 0.5F);
  GgufFields fields;
  add_general_fields(fields, "clip", v1 ? "DeepSeek-OCR" : "DeepSeek-OCR-2", format);
  fields.boolean("clip.has_vision_encoder", true);
  fields.text("clip.projector_type", v1 ? "deepseekocr" : "deepseekocr2");
  fields.u32(prefix + "image_size", 1024);
  fields.u32(prefix + "patch_size", v1 ? c.patch : spec.sam.patch);
  fields.u32(prefix + "embedding_length", v1 ? c.width : f.width);
  fields.u32(prefix + "feed_forward_length", v1 ? c.mlp_ratio * c.width : f.hidden);
  fields.u32(prefix + "block_count", v1 ? c.layers : f.layers);
  fields.u32(prefix + "attention.head_count", v1 ? c.heads : f.heads);
  if (!v1) fields.u32(prefix + "attention.head_count_kv", f.kv_heads);
  fields.f32(prefix + "attention.layer_norm_epsilon", spec.sam.norm_eps);
  fields.u32(prefix + "projection_dim", spec.decoder.width);
  fields.f32s(prefix + "image_mean", halves);
  fields.f32s(prefix + "image_std", halves);
  fields.u32(prefix + "window_size", spec.sam.window);
  fields.u32(prefix + "sam.block_count", spec.sam.layers);
  fields.u32(prefix + "sam.embedding_length", spec.sam.width);
  fields.u32(prefix + "sam.head_count", spec.sam.heads);
  return fields;
}

}  // namespace

GgufPaths gguf_paths_in(const std::filesystem::path& folder) {
  return {folder / "model.gguf", folder / "mmproj-model.gguf"};
}

DType plan_gguf_format(const TensorEntry& entry, DType format) {
  if (stays_f32(entry)) return DType::kF32;
  DType planned = format;
  if (format == DType::kQ4) {
    const bool decoder_layer = entry.name.starts_with("model.layers.");
    planned = decoder_layer ? DType::kQ4 : DType::kQ8;
  }
  return entry.shape.back() % block_length(planned) == 0 ? planned : DType::kF16;
}

Result<GgufCheckpointWriter> GgufCheckpointWriter::create(const GgufPaths& paths,
                                                          const NetworkSpec& spec, DType format,
                                                          const std::vector<TensorEntry>& tensors,
                                                          const GgufFields& tokenizer) {
  std::map<std::string, TensorHeading> stacked;  // all experts of a layer in one tensor
  std::vector<TensorHeading> language_headings;
  std::vector<TensorHeading> vision_headings;
  std::map<std::string, Place> places;
  for (const TensorEntry& entry : tensors) {
    const auto place = stored_place(Naming::kLlamaCpp, spec.family, entry.name);
    LECTIO_CHECK(place, entry.name + " has no name in GGUF files");
    const bool vision = is_vision_name(place->name);
    const TensorHeading heading{place->name, plan_gguf_format(entry, format),
                                Shape(std::span(entry.shape))};
    const auto size = static_cast<std::uint64_t>(heading.bytes());
    const auto begin = size * static_cast<std::uint64_t>(place->expert.value_or(0));
    places[entry.name] = {vision, place->name, heading.dtype, begin, begin + size};
    if (!place->expert) {
      (vision ? vision_headings : language_headings).push_back(heading);
      continue;
    }
    TensorHeading& all = stacked.try_emplace(place->name, heading).first->second;
    const std::int64_t count = all.shape.rank() == 3 ? all.shape[0] : 0;
    all.shape = {count + 1, heading.shape[0], heading.shape[1]};
  }
  for (const auto& [name, heading] : stacked) language_headings.push_back(heading);
  LECTIO_TRY(GgufWriter language,
             GgufWriter::create(paths.language, language_fields(spec, format, tokenizer),
                                language_headings));
  LECTIO_TRY(GgufWriter vision,
             GgufWriter::create(paths.vision, vision_fields(spec, format), vision_headings));
  return GgufCheckpointWriter(std::move(language), std::move(vision), std::move(places));
}

Result<void> GgufCheckpointWriter::append(const std::string& official,
                                          std::span<const std::byte> bytes) {
  const auto found = places_.find(official);
  LECTIO_CHECK(found != places_.end(), official + " was not announced");
  Place& place = found->second;
  LECTIO_CHECK(bytes.size() <= place.end - place.next, "more bytes of " + official);
  GgufWriter& writer = place.vision ? vision_ : language_;
  LECTIO_TRY_VOID(writer.write(place.stored, place.next, bytes));
  place.next += bytes.size();
  return {};
}

Result<void> GgufCheckpointWriter::commit() {
  for (const auto& [name, place] : places_) {
    LECTIO_CHECK(place.next == place.end, "bytes of " + name + " are missing");
  }
  LECTIO_TRY_VOID(vision_.commit());
  return language_.commit();
}

}  // namespace lectio
