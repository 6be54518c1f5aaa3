// SPDX-License-Identifier: Apache-2.0
// A whole model folder of the family at any size, with weights by formula: what proofs and
// benchmarks run on where the released files cannot be had.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "compute/tensor/dtype.h"

namespace lectio {

struct SynthOptions {
  DType format = DType::kBF16;  // as plan_format takes it; with gguf kQ4 too
  // Two GGUF files that hold configuration and tokenizer too, in place of all others.
  bool gguf = false;
  // Bytes of tensors a file. 0: one model.safetensors; else files model-00001-of-0000N.safetensors
  // with model.safetensors.index.json.
  std::int64_t shard_bytes = 0;
  std::function<void(std::int64_t done, std::int64_t all)> on_progress;  // bytes of tensors
  std::stop_token stop;
};

struct SynthReport {
  std::int64_t tensors = 0;
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;          // of tensors
  std::vector<std::string> files;  // of weights, by name
};

// config.json (the text given, byte by byte), weights and tokenizer.json in `folder`, which is
// made; or model.gguf and mmproj-model.gguf. Memory stays at a few megabytes a thread however large
// the network is. kInvalidModel for a configuration that cannot be read or whose vocabulary leaves
// no room for a tokenizer; `name` leads its message. kCancelled on request: files that are whole
// stay, the one in work vanishes.
Result<SynthReport> write_synthetic_model(std::string_view config_json, std::string_view name,
                                          const std::filesystem::path& folder,
                                          const SynthOptions& options, ThreadPool& pool);

}  // namespace lectio
