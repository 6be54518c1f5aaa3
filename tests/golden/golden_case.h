// SPDX-License-Identifier: Apache-2.0
// One golden file: the numbers of every stage of a case, and how far ours are from them (README.md,
// section 3).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/weights/tensor_source.h"

namespace lectio {

// Largest difference over all stored numbers, divided by the root mean square of the stage.
struct StageError {
  double relative = 0;
  std::string worst;  // the number that is furthest off
};

class GoldenCase {
 public:
  // tests/golden/NAME.safetensors. Throws what is wrong with it: a test can only fail then.
  explicit GoldenCase(const std::string& name);

  bool has(std::string_view name) const;
  TensorView tensor(std::string_view name) const;
  std::vector<std::int32_t> ints(std::string_view name) const;
  std::int32_t image_id() const;

  // Names of the stages in the file.
  std::set<std::string> stages() const;
  // Whole tensors are compared whole, large ones where the file has rows and samples of them.
  StageError compare(const std::string& stage, TensorView value) const;

 private:
  double root_mean_square(const std::string& stage, TensorView value) const;

  TensorSource source_;
};

// An observer that compares every stage that the file knows, in the order of their coming.
class StageChecker {
 public:
  StageChecker(const GoldenCase& golden, double tolerance)
      : golden_(golden),
        tolerance_(tolerance) {}

  void operator()(std::string_view stage, TensorView value);

  const std::string& first_off() const { return first_off_; }  // empty: all is well
  double largest_error() const { return largest_error_; }
  const std::string& largest_stage() const { return largest_stage_; }
  std::set<std::string> unseen() const;  // stages of the file that never came

 private:
  const GoldenCase& golden_;
  double tolerance_;
  std::set<std::string> seen_;
  std::string first_off_;
  std::string largest_stage_;
  double largest_error_ = 0;
};

}  // namespace lectio
