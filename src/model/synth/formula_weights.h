// SPDX-License-Identifier: Apache-2.0
// Networks of the official sizes without a download: every weight by a formula (full/README.md,
// section 1).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/thread_pool.h"
#include "compute/tensor/tensor.h"

namespace lectio {

// The numbers of one tensor.
class FormulaTensor {
 public:
  FormulaTensor(std::string_view name, const Shape& shape);

  std::uint16_t bf16(std::int64_t index) const;
  float scale() const { return scale_; }

 private:
  std::uint64_t start_;  // hash of name and seed
  float scale_;
  bool around_one_;  // weights of norms
};

// config.json and model.safetensors of 7 GB. Writes nothing where both are there already.
Result<void> write_formula_checkpoint(const std::filesystem::path& config,
                                      const std::filesystem::path& folder, ThreadPool& pool);

}  // namespace lectio
