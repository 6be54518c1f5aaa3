// SPDX-License-Identifier: Apache-2.0
// What a forward pass runs on: the backend, its threads and scratch memory, and whoever watches.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "compute/kernels/kernels.h"
#include "compute/tensor/tensor.h"

namespace lectio {

// Called after each named stage ("global.sam.block0", "dec.layer1", ...) with its numbers, which
// are gone after the call. Empty in normal use.
using StageObserver = std::function<void(std::string_view stage, TensorView value)>;

// Names stages and shows them to an observer, which must outlive it. Without an observer no name is
// made.
class Stages {
 public:
  explicit Stages(const StageObserver& observe, std::string_view prefix = "")
      : observe_(observe),
        prefix_(prefix) {}

  bool watched() const { return static_cast<bool>(observe_); }
  void show(std::string_view name, TensorView value) const;
  // "sam.block", 3 -> "sam.block3"; "router", 1, ".scores" -> "router1.scores".
  void show(std::string_view name, std::int64_t index, TensorView value) const;
  void show(std::string_view name, std::int64_t index, std::string_view part,
            TensorView value) const;

 private:
  const StageObserver& observe_;
  std::string_view prefix_;
};

struct Run {
  const kernels::Table& ops;
  kernels::Context& context;
  Stages stages;
};

}  // namespace lectio
