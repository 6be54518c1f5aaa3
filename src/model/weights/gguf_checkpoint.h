// SPDX-License-Identifier: Apache-2.0
// Writes a model as two GGUF files of llama.cpp's layout (spec 12.1), tensor by tensor under their
// official names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "compute/tensor/tensor.h"
#include "model/gguf/gguf_fields.h"
#include "model/gguf/gguf_writer.h"
#include "model/spec/network_spec.h"
#include "model/spec/tensor_table.h"

namespace lectio {

struct GgufPaths {
  std::filesystem::path language;
  std::filesystem::path vision;
};
// model.gguf and mmproj-model.gguf.
GgufPaths gguf_paths_in(const std::filesystem::path& folder);

// The number format of a tensor in a file of this format (kF32, kF16, kBF16, kQ8 or kQ4). F32 stay:
// vectors, the router, queries, embeddings of positions and of the class, relative positions,
// patch, neck and compressor kernels. In kQ4, token embeddings, head and vision encoders are kQ8.
// Rows that are not whole blocks become F16.
DType plan_gguf_format(const TensorEntry& entry, DType format);

// Movable. One thread at a time. Memory does not grow with the model.
class GgufCheckpointWriter {
 public:
  // tensors: official names and complete shapes, those of one layer's experts all or none.
  // tokenizer: its keys (tokenizer_gguf.h). Files appear when both are whole.
  static Result<GgufCheckpointWriter> create(const GgufPaths& paths, const NetworkSpec& spec,
                                             DType format, const std::vector<TensorEntry>& tensors,
                                             const GgufFields& tokenizer);

  // How a tensor's bytes must come.
  DType format_of(const std::string& official) const { return places_.at(official).dtype; }
  // The next bytes of this tensor. Tensors may take turns.
  Result<void> append(const std::string& official, std::span<const std::byte> bytes);
  Result<void> commit();

 private:
  struct Place {
    bool vision = false;
    std::string stored;
    DType dtype = DType::kF32;
    std::uint64_t next = 0;  // offset in the stored tensor
    std::uint64_t end = 0;
  };
  GgufCheckpointWriter(GgufWriter language, GgufWriter vision, std::map<std::string, Place> places)
      : language_(std::move(language)),
        vision_(std::move(vision)),
        places_(std::move(places)) {}

  GgufWriter language_;
  GgufWriter vision_;
  std::map<std::string, Place> places_;
};

}  // namespace lectio
