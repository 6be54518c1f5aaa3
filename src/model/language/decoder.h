// SPDX-License-Identifier: Apache-2.0
// The DeepSeek mixture-of-experts decoder (spec 7), the same in both versions.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "model/language/attention.h"
#include "model/language/experts.h"
#include "model/language/kv_cache.h"
#include "model/layers/gated_mlp.h"
#include "model/layers/norm.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/weights/binder.h"

namespace lectio {

struct DecoderLayer {
  RmsNorm norm1;
  Attention attention;
  RmsNorm norm2;
  std::variant<GatedMlp, MixtureOfExperts> feed_forward;  // the first layers are dense

  static DecoderLayer bind(Binder& binder, const DecoderSpec& spec, std::int64_t index);
};

struct Decoder {
  TensorView embeddings;  // [vocabulary, width]
  std::vector<DecoderLayer> layers;
  RmsNorm norm;
  TensorView head;  // [vocabulary, width], not tied to the embeddings

  static Decoder bind(Binder& binder, const DecoderSpec& spec);
};

// rows[n, width] at the cache's position -> logits[m, vocabulary] of the last m <= n rows. Advances
// the cache. A single row is a step.
void forward(const Decoder& w, const DecoderSpec& spec, const Run& run, TensorView rows,
             KvCache& cache, TensorView logits);

// The next row of each of several sequences: rows[i], at the position of caches[i], -> logits[i].
// Advances the caches, which are different ones. A sequence's logits are the same to the bit
// whatever is beside it, and for any number of threads.
void step(const Decoder& w, const DecoderSpec& spec, const Run& run, TensorView rows,
          std::span<KvCache* const> caches, TensorView logits);

}  // namespace lectio
