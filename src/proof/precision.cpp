// SPDX-License-Identifier: Apache-2.0
#include "proof/precision.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace lectio::proof {
namespace {

// README.md of the goldens, sections 4: what F32 arithmetic must hold. Its own rounding noise is a
// quarter of this at most.
constexpr double kTinyTolerance = 1e-4;
constexpr double kFullEncoderTolerance = 2e-4;
constexpr double kFullDecoderTolerance = 5e-4;

// Rounding noise enters at every product and grows as a random walk; a stage's norm may carry this
// many times its expected size.
constexpr double kMargin = 2.0;

// A layer multiplies six times in a row: query, scores, values, output, and twice in its MLP.
constexpr std::int64_t kProductsOfALayer = 6;

// Blocks: a step is the largest magnitude of a block over the codes of one sign, its rounding
// uniform. The largest magnitude of 32 normal numbers is 2.3 of their standard deviations.
//
// BF16: a step is 2^-7 of the power of two below a number; over numbers of any magnitude, 1 / that
// multiple of a power of two has the mean square 0.54.
double rounding_of(DType format) {
  constexpr double kLargestOfBlock = 2.3;
  const double uniform = 1 / std::sqrt(12.0);
  switch (format) {
    case DType::kBF16:
      return 0x1.0p-7 * uniform * std::sqrt(0.54);
    case DType::kQ8:
      return kLargestOfBlock / 127 * uniform;
    case DType::kQ6K:
      return kLargestOfBlock / 32 * uniform;
    case DType::kQ5:
    case DType::kQ5Min:
    case DType::kQ5K:
      return kLargestOfBlock / 16 * uniform;
    case DType::kQ4:
    case DType::kQ4K:
      return kLargestOfBlock / 8 * uniform;
    default:
      return 0;
  }
}

// Keys and values. I8: as a block, but its numbers are those of a head; the largest of 128 normal
// magnitudes is 2.8 standard deviations. F16: as BF16 with three bits more.
double rounding_of_cache(DType format) {
  constexpr double kLargestOfHead = 2.8;
  if (format == DType::kI8) return kLargestOfHead / 127 / std::sqrt(12.0);
  return format == DType::kF16 ? rounding_of(DType::kBF16) / 8 : 0;
}

// The number behind the last letter of "global.sam.block3".
std::int64_t index_in(std::string_view stage) {
  const std::size_t digit = stage.find_last_not_of("0123456789") + 1;
  std::int64_t index = 0;
  std::from_chars(stage.data() + digit, stage.data() + stage.size(), index);
  return index;
}

bool has(std::string_view stage, std::string_view part) {
  return stage.find(part) != std::string_view::npos;
}

bool is_of_encoder(std::string_view stage) {
  return stage.starts_with("global.") || stage.starts_with("local.") || stage.starts_with("embeds");
}

std::int64_t products_of_encoder(std::string_view stage, const NetworkSpec& spec) {
  if (has(stage, "pixels")) return 0;
  if (has(stage, "sam.embed")) return 1;
  if (has(stage, "sam.block")) return 1 + kProductsOfALayer * (index_in(stage) + 1);
  const std::int64_t neck = 1 + kProductsOfALayer * spec.sam.layers + 2;
  if (has(stage, "sam.neck")) return neck;
  if (has(stage, "sam.net2")) return neck + 1;
  const std::int64_t compressed = neck + 2;
  if (has(stage, "sam.net3") || has(stage, "clip.embed") || has(stage, "clip.preln")) {
    return compressed;
  }
  if (has(stage, ".layer")) return compressed + kProductsOfALayer * (index_in(stage) + 1);
  const std::int64_t layers = spec.family == Family::kV1 ? spec.clip.layers : spec.flow.layers;
  return compressed + kProductsOfALayer * layers + (has(stage, "proj") ? 1 : 0);
}

}  // namespace

Precision precision_of(const kernels::Table& ops, DType format, DType cache) {
  Precision precision{.weights = is_block_format(format) ? rounding_of(format) : 0,
                      .operands = 0,
                      .cache = rounding_of_cache(cache)};
  const DType operand = ops.operand(format);
  if (operand == DType::kF32) return precision;
  // Activations are kept in BF16 on their way, and blocks of weights become BF16 numbers.
  const double kept = rounding_of(DType::kBF16);
  precision.operands = operand == DType::kQ8 ? std::hypot(rounding_of(operand), kept) : kept;
  if (operand == DType::kBF16 && is_block_format(format)) {
    precision.weights = std::hypot(precision.weights, kept);
  }
  return precision;
}

// Layers of the decoder whose keys and values a number of the stage has gone through.
std::int64_t caches_before(std::string_view stage, const NetworkSpec& spec) {
  if (is_of_encoder(stage)) return 0;
  if (stage.starts_with("dec.layer")) return index_in(stage) + 1;
  if (stage.starts_with("router")) return index_in(stage.substr(0, stage.find('.'))) + 1;
  return spec.decoder.layers;
}

std::int64_t products_before(std::string_view stage, const NetworkSpec& spec) {
  if (stage.starts_with("global.") || stage.starts_with("local.")) {
    return products_of_encoder(stage, spec);
  }
  const std::int64_t embeds = products_of_encoder("proj", spec);
  if (stage.starts_with("dec.layer")) return embeds + kProductsOfALayer * (index_in(stage) + 1);
  if (stage.starts_with("router")) {
    // Four products of its layer's attention, and the router's own.
    const std::size_t dot = stage.find('.');
    return embeds + kProductsOfALayer * index_in(stage.substr(0, dot)) + 5;
  }
  const std::int64_t last = embeds + kProductsOfALayer * spec.decoder.layers;
  if (stage == "dec.norm") return last;
  return stage.starts_with("logits") ? last + 1 : embeds;
}

Bound bound_of(std::string_view stage, const NetworkSpec& spec, const Precision& precision,
               bool full_size) {
  if (has(stage, "pixels")) return {Measure::kMax, 0};  // bytes by a table
  const double one = std::hypot(precision.weights, precision.operands);
  const double caches = precision.cache > 0 ? static_cast<double>(caches_before(stage, spec)) : 0;
  if (one > 0 || caches > 0) {
    const auto products = static_cast<double>(products_before(stage, spec));
    // Of a layer's products, that with the keys and that with the values.
    const double cached = precision.cache * std::sqrt(2 * caches);
    return {Measure::kNorm, kMargin * std::hypot(one * std::sqrt(products), cached)};
  }
  if (!full_size) return {Measure::kMax, kTinyTolerance};
  const bool decoder = stage.starts_with("dec.") || stage.starts_with("router");
  return {Measure::kMax, decoder ? kFullDecoderTolerance : kFullEncoderTolerance};
}

StageCheck check_of(std::string stage, const StageError& error, const Bound& bound) {
  StageCheck check = told(std::move(stage), bound.measure);
  check.max_error = error.max_relative;
  check.norm_error = error.norm_relative;
  check.tolerance = bound.tolerance;
  check.note = error.worst;
  return judged(std::move(check));
}

}  // namespace lectio::proof
