// SPDX-License-Identifier: Apache-2.0
// A checkpoint in another number format, with the error that the rounding makes of each tensor.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
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

// Writes all tensors of the source to one .safetensors file, each as plan_format says for `format`:
// kF32, kBF16, kF16 or kQ8.
Result<std::vector<ConvertedTensor>> convert_checkpoint(const TensorSource& source, DType format,
                                                        const std::filesystem::path& out);

}  // namespace lectio
