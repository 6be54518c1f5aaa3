// SPDX-License-Identifier: Apache-2.0
// The decoder's attention: plain multi-head, rotary positions, keys and values cached (spec 7).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/language/kv_cache.h"
#include "model/layers/linear.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/weights/binder.h"

namespace lectio {

struct Attention {
  Linear q, k, v, o;  // without bias

  static Attention bind(Binder& binder, const std::string& name, const DecoderSpec& spec);
};

// x[n, width], the rows of the positions from cache.length() on -> y[n, width]. Writes their keys
// and values into the cache's layer, and leaves its length.
void forward(const Attention& w, const DecoderSpec& spec, const Run& run, const KvCache& cache,
             std::int64_t layer, TensorView x, TensorView y);

// The same for one row each of several sequences: row i is at caches[i]->length(). A row's result
// depends on its own sequence alone, to the bit.
void step(const Attention& w, const DecoderSpec& spec, const Run& run,
          std::span<KvCache* const> caches, std::int64_t layer, TensorView x, TensorView y);

}  // namespace lectio
