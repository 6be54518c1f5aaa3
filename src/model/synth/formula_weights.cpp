// SPDX-License-Identifier: Apache-2.0
#include "model/synth/formula_weights.h"

#include <cmath>

#include "base/splitmix.h"

namespace lectio {
namespace {

constexpr std::uint64_t kSeed = 20251020;
constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ULL;

std::uint64_t fnv1a64(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

// "a.b.c": last is "c", previous is "b".
struct Fields {
  std::string_view last, previous;

  explicit Fields(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    last = name.substr(dot + 1);
    if (dot == std::string_view::npos) return;
    previous = name.substr(0, dot);
    previous = previous.substr(previous.rfind('.') + 1);
  }
};

template <typename... Words>
bool is_any(std::string_view word, Words... words) {
  return ((word == words) || ...);
}

bool is_norm_weight(std::string_view name) {
  const Fields fields(name);
  return fields.last == "weight" &&
         (fields.previous.find("norm") != std::string_view::npos ||
          name.ends_with("neck.1.weight") || name.ends_with("neck.3.weight"));
}

// How much larger than a variance-keeping matrix: chosen so that activations stay healthy through
// all layers.
double gain(std::string_view name) {
  const std::string_view previous = Fields(name).previous;
  const auto in = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  if (is_any(previous, "qkv", "qkv_proj", "q_proj", "k_proj")) return 1.5;
  if (in("model.sam_model.blocks.") && is_any(previous, "proj", "lin2")) return 0.75;
  if (in("model.vision_model.") && is_any(previous, "out_proj", "fc2")) return 0.5;
  if (in("model.qwen2_model.") && is_any(previous, "o_proj", "down_proj")) return 0.75;
  if (in(".experts.") && previous == "down_proj") return 3.0;
  if (previous == "gate") return 2.0;
  if (name == "lm_head.weight") return 4.0;
  return 1.0;
}

float scale_of(std::string_view name, const Shape& shape) {
  const Fields fields(name);
  if (is_norm_weight(name)) return 0.25F;
  if (fields.last == "bias") return 0.125F;
  if (is_any(fields.last, "rel_pos_h", "rel_pos_w")) return 0.125F;
  if (is_any(fields.last, "pos_embed", "class_embedding") ||
      name.ends_with("position_embedding.weight"))
    return 0.75F;
  if (is_any(fields.last, "image_newline", "view_seperator")) return 1.5F;
  if (is_any(fields.previous, "embed_tokens", "query_768", "query_1024")) return 1.5F;
  const auto fan_in = static_cast<double>(shape.elements() / shape[0]);
  return static_cast<float>(gain(name) * std::sqrt(3.0 / fan_in));
}

}  // namespace

FormulaTensor::FormulaTensor(std::string_view name, const Shape& shape)
    : start_(fnv1a64(name) + kSeed),
      scale_(scale_of(name, shape)),
      around_one_(is_norm_weight(name)) {}

std::uint16_t FormulaTensor::bf16(std::int64_t index) const {
  const std::uint64_t hash = splitmix64(start_ + static_cast<std::uint64_t>(index) * kStep);
  const auto k = static_cast<std::int64_t>(hash >> 40);
  const float unit = static_cast<float>(2 * k - (1 << 24)) / static_cast<float>(1 << 24);
  const std::uint16_t value = float_to_bf16(scale_ * unit);
  return around_one_ ? float_to_bf16(1.0F + bf16_to_float(value)) : value;
}

void FormulaTensor::fill(std::int64_t begin, std::span<std::uint16_t> bf16) const {
  for (std::uint16_t& number : bf16) number = this->bf16(begin++);
}

void FormulaTensor::fill(std::int64_t begin, std::span<float> numbers) const {
  for (float& number : numbers) number = bf16_to_float(bf16(begin++));
}

}  // namespace lectio
