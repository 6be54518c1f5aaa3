// SPDX-License-Identifier: Apache-2.0
// One golden file: the numbers of every stage of a case, and how far ours are from them
// (tests/golden/README.md, section 3).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/weights/tensor_source.h"

namespace lectio::proof {

// How far a stage is from its golden numbers, over all that the file has of it.
struct StageError {
  double max_relative = 0;   // largest difference over the root mean square of the stage
  double norm_relative = 0;  // norm of the differences over the norm of the expected numbers
  std::string worst;         // the number that is furthest off; infinitely far where shapes differ
};

// Rows of a stage that no engine has to reproduce: tokens behind a router's near-tie. Empty: none.
using SkipRow = std::function<bool(std::int64_t row)>;

// Immutable, so thread-safe. Every tensor has the type that its name promises: open checks it.
class GoldenFile {
 public:
  // kInvalidInput for a file that is no golden file.
  static Result<GoldenFile> open(const std::filesystem::path& path);

  bool has(std::string_view name) const;
  // Tensors that must be there. kInvalidInput names the one that is not.
  Result<TensorView> tensor(std::string_view name) const;
  Result<std::span<const std::int32_t>> ints(std::string_view name) const;
  Result<std::string> metadata(const std::string& key) const;

  // What the network shows: numbers and choices of the router, not what was generated.
  std::set<std::string> stages() const;
  // Whole tensors are compared whole, large ones where the file has rows and samples of them.
  // For stages of numbers.
  StageError compare(const std::string& stage, TensorView value, const SkipRow& skip = {}) const;

 private:
  explicit GoldenFile(TensorSource source) : source_(std::move(source)) {}
  TensorView at(const std::string& name) const { return source_.find(name)->view; }
  double root_mean_square(const std::string& stage, TensorView value) const;

  TensorSource source_;
};

}  // namespace lectio::proof
