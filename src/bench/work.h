// SPDX-License-Identifier: Apache-2.0
// How much work the stages are: floating-point operations of products (a multiply-add is two), and
// bytes that have to come from memory. Norms, activations and softmax are not counted.
#pragma once

#include <cstdint>

#include "compute/tensor/dtype.h"
#include "model/network/network.h"
#include "model/spec/network_spec.h"
#include "model/spec/token_layout.h"

namespace lectio::bench {

// Encoding all views of a layout. Windows count whole, padding included.
double encoder_flops(const NetworkSpec& spec, const TokenLayout& layout);
// Prefill of n rows behind an empty cache, logits of the last one.
double prefill_flops(const DecoderSpec& spec, std::int64_t n);
// A step of `batch` sequences, each with `context` positions in a cache of this dtype: weights that
// are read once whatever the batch, of the routed experts as many as `batch` random choices hit on
// average, keys and values.
double step_bytes(const Network& network, std::int64_t batch, std::int64_t context, DType cache);

}  // namespace lectio::bench
