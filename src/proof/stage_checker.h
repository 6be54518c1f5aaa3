// SPDX-License-Identifier: Apache-2.0
// Watches a network and compares every stage that the golden file knows, in the order of their
// coming.
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compute/tensor/tensor.h"
#include "model/spec/network_spec.h"
#include "proof/golden_file.h"
#include "proof/precision.h"
#include "proof/report.h"

namespace lectio::proof {

// Tokens whose choice of experts hangs on rounding: the first layer that it may turn. Attention
// carries a turned choice on, but by less than any bound.
class NearTies {
 public:
  // From router.gap [layers, tokens] of a full-size file; tiny files have no gap below the noise.
  static NearTies of(const GoldenFile& golden, std::int64_t tokens);

  bool at(std::int64_t token, std::int64_t layer) const {
    return token < std::ssize(first_) && first_[static_cast<std::size_t>(token)] <= layer;
  }

 private:
  std::vector<std::int64_t> first_;
};

// A StageObserver. Lives while the network runs; the file, the spec and the ties outlive it.
class StageChecker {
 public:
  StageChecker(const GoldenFile& golden, const NetworkSpec& spec, const Precision& precision,
               bool full_size, const NearTies& ties)
      : golden_(golden),
        spec_(spec),
        precision_(precision),
        full_size_(full_size),
        ties_(ties) {}

  void operator()(std::string_view stage, TensorView value);
  // A stage of the file that never came is off.
  std::vector<StageCheck> finish();

 private:
  void check_numbers(const std::string& stage, TensorView value);
  void check_experts(const std::string& stage, TensorView value);

  const GoldenFile& golden_;
  const NetworkSpec& spec_;
  const Precision precision_;
  const bool full_size_;
  const NearTies& ties_;
  std::set<std::string> seen_;
  std::vector<StageCheck> checks_;
};

}  // namespace lectio::proof
