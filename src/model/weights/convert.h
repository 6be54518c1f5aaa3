// SPDX-License-Identifier: Apache-2.0
// A checkpoint in another number format or layout, with the error that the rounding makes of each
// tensor.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "model/gguf/gguf_fields.h"
#include "model/spec/tensor_table.h"
#include "model/weights/checkpoint.h"
#include "model/weights/gguf_checkpoint.h"
#include "model/weights/quantize.h"
#include "model/weights/tensor_source.h"

namespace lectio {

struct ConvertedTensor {
  std::string name;
  DType from = DType::kF32;
  DType to = DType::kF32;
  std::int64_t bytes = 0;  // as written
  RoundingError error;     // of this conversion alone
};

// The tensors of the network that the checkpoint has, with complete shapes. kInvalidModel with
// every one that is missing or has another number of elements.
Result<std::vector<TensorEntry>> complete_table(const Checkpoint& checkpoint);

// Writes all tensors of the source to one .safetensors file, each as plan_format says for `format`:
// kF32, kBF16, kF16 or kQ8. The table gives shapes that the source may have flattened; tensors that
// are not in it keep theirs. A tensor that has its format already is copied byte by byte. Memory
// does not grow with the model.
Result<std::vector<ConvertedTensor>> convert_to_safetensors(const TensorSource& source,
                                                            const std::vector<TensorEntry>& table,
                                                            DType format,
                                                            const std::filesystem::path& out,
                                                            ThreadPool& pool);

// The same as two GGUF files; kQ4 too. Tensors that the network does not have are left out.
// tokenizer: its keys (tokenizer_gguf.h).
Result<std::vector<ConvertedTensor>> convert_to_gguf(const Checkpoint& checkpoint, DType format,
                                                     const GgufPaths& paths,
                                                     const GgufFields& tokenizer, ThreadPool& pool);

}  // namespace lectio
