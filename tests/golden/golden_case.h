// SPDX-License-Identifier: Apache-2.0
// One golden file: the numbers of every stage of a case, and how far ours are from them (README.md,
// section 3).
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/weights/tensor_source.h"

namespace lectio {

// Largest difference over all stored numbers, divided by the root mean square of the stage.
struct StageError {
  double relative = 0;
  std::string worst;  // the number that is furthest off
};

// Rows of a stage that no engine has to reproduce: tokens behind a router's near-tie. Empty: none.
using SkipRow = std::function<bool(std::int64_t row)>;

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
  StageError compare(const std::string& stage, TensorView value, const SkipRow& skip = {}) const;

 private:
  double root_mean_square(const std::string& stage, TensorView value) const;

  TensorSource source_;
};

// An observer that compares every stage that the file knows, in the order of their coming.
class StageChecker {
 public:
  // What is allowed of a stage.
  struct Rule {
    double tolerance = 0;
    SkipRow skip;
  };
  using RuleOf = std::function<Rule(std::string_view stage)>;

  StageChecker(const GoldenCase& golden, RuleOf rule_of)
      : golden_(golden),
        rule_of_(std::move(rule_of)) {}

  void operator()(std::string_view stage, TensorView value);

  const std::string& first_off() const { return first_off_; }  // empty: all is well
  std::string largest() const;           // the stage that is furthest off, and how far
  std::set<std::string> unseen() const;  // stages of the file that never came

 private:
  const GoldenCase& golden_;
  RuleOf rule_of_;
  std::set<std::string> seen_;
  std::string first_off_;
  std::string largest_stage_;
  double largest_error_ = 0;
};

}  // namespace lectio
