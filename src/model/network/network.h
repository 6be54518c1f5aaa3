// SPDX-License-Identifier: Apache-2.0
// A network of the family, opened: weights bound, ready to encode views and to decode tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "compute/kernels/kernels.h"
#include "compute/tensor/tensor.h"
#include "model/language/kv_cache.h"
#include "model/layers/run.h"
#include "model/spec/network_spec.h"
#include "model/spec/token_layout.h"
#include "model/weights/tensor_source.h"

namespace lectio {

// What a step of decoding one token reads of the weights, in bytes.
struct StepWeights {
  std::int64_t always = 0;     // attention, dense layers, routers, shared experts, head
  std::int64_t experts = 0;    // all routed experts of all layers: a token chooses some in each
  DType format = DType::kF32;  // of the head
};

// Weights are immutable: encode and decode may run on several threads, each with its own Context
// and KvCache.
class Network {
 public:
  // A checkpoint of any layout (model/weights/checkpoint.h): a folder with config.json and
  // safetensors, or a GGUF model, whose vision file may be named. kInvalidModel with every problem.
  static Result<Network> open(const std::filesystem::path& model,
                              const std::filesystem::path& vision = {});
  // From tensors under the official names. kInvalidModel with every problem.
  static Result<Network> of(NetworkSpec spec, TensorSource tensors);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  const NetworkSpec& spec() const;
  std::int64_t parameters() const;  // numbers in use
  std::int64_t weight_bytes() const;
  StepWeights step_weights() const;

  // The decoder-width embedding of every slot of the layout: [layout.count(), width].
  // global [1, 3, N, N]; tiles [count, 3, T, T] or empty; both as Views holds them, F32.
  Tensor encode(const kernels::Table& ops, kernels::Context& context, TensorView global,
                TensorView tiles, const TokenLayout& layout,
                const StageObserver& observe = {}) const;

  // Input rows of the decoder: embeddings of ids, with the rows where ids equals image_id replaced,
  // in order, by the rows of vision. [ids.size(), width].
  Tensor embed(const kernels::Table& ops, kernels::Context& context,
               std::span<const std::int32_t> ids, std::int32_t image_id, TensorView vision) const;

  // F16 takes half the memory and time of F32 and rounds keys and values to 11 bits; I8 takes half
  // the memory of F16 and rounds them to whole numbers up to 127 for each head.
  KvCache make_cache(std::int64_t capacity, DType dtype = DType::kF32) const;
  // Appends rows [n, width] at the cache's position and writes the logits of the last `logit_rows`
  // rows, logits[logit_rows, vocabulary].
  void decode(const kernels::Table& ops, kernels::Context& context, TensorView rows, KvCache& cache,
              TensorView logits, const StageObserver& observe = {}) const;
  // The next row of each of several sequences, rows[i] at the position of caches[i], all of them
  // different -> logits[i]. A sequence's logits are the same to the bit as alone, whatever is
  // beside it.
  void step(const kernels::Table& ops, kernels::Context& context, TensorView rows,
            std::span<KvCache* const> caches, TensorView logits) const;

 private:
  struct Data;
  explicit Network(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace lectio
