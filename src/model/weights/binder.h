// SPDX-License-Identifier: Apache-2.0
// Names to views, with every problem collected: bind everything, then ask once whether it went
// well.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/weights/tensor_source.h"

namespace lectio {

// One thread at a time; lives while a network is opened.
class Binder {
 public:
  explicit Binder(const TensorSource& source) : source_(source) {}

  // A matrix or table in any weight format (is_weight_format) of this shape; -1 accepts any
  // extent. On a problem: notes it and returns an empty view.
  TensorView weight(const std::string& name, std::initializer_list<std::int64_t> shape);
  // The same, converted to F32 and owned by the network (norms, biases, position tables). Here a
  // block-format tensor may also stand as [shape[0], product of the rest]: how convolution kernels,
  // whose last axis is too short for a block, are quantised.
  Tensor floats(const std::string& name, std::initializer_list<std::int64_t> shape);
  // The kernels of a convolution, owned: BF16 where the file has BF16, otherwise as floats() gives
  // them.
  Tensor kernels(const std::string& name, std::initializer_list<std::int64_t> shape);
  // A tensor that a checkpoint may hold and nobody reads.
  void tolerate(const std::string& name);

  // kInvalidModel with every missing, misshapen or mistyped tensor. Tensors that nobody asked for
  // are logged as a warning, not an error (spec 11.1).
  Result<void> finish() const;

 private:
  const StoredTensor* look_up(const std::string& name, std::initializer_list<std::int64_t> shape,
                              bool allow_flat);

  const TensorSource& source_;
  std::vector<std::string> problems_;
  std::vector<std::string> seen_;
};

}  // namespace lectio
