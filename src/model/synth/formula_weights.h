// SPDX-License-Identifier: Apache-2.0
// Weights without a download: every number of a network by a formula of its tensor's name and its
// place (tests/golden/full/README.md, section 1).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "compute/tensor/tensor.h"

namespace lectio {

// The numbers of one tensor by its official name. They are bf16 numbers by definition, whatever
// they are written as. Immutable, so thread-safe.
class FormulaTensor {
 public:
  FormulaTensor(std::string_view name, const Shape& shape);

  std::uint16_t bf16(std::int64_t index) const;  // row-major
  // The numbers from `begin` on.
  void fill(std::int64_t begin, std::span<std::uint16_t> bf16) const;
  void fill(std::int64_t begin, std::span<float> numbers) const;

 private:
  std::uint64_t start_;  // hash of name and seed
  float scale_;
  bool around_one_;  // weights of norms
};

}  // namespace lectio
