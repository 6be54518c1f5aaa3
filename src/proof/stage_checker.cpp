// SPDX-License-Identifier: Apache-2.0
#include "proof/stage_checker.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace lectio::proof {
namespace {

constexpr float kNearTie = 1e-5F;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// "dec.layer7" and "router7.weights" belong to layer 7, "dec.norm" and "logits" to the last.
std::int64_t layer_of(std::string_view stage) {
  const std::size_t digit = stage.find_first_of("0123456789");
  std::int64_t layer = kNever - 1;
  if (digit != std::string_view::npos)
    std::from_chars(stage.data() + digit, stage.data() + stage.size(), layer);
  return layer;
}

// The golden choice of a layer, [tokens, k]; empty where the file has none of it.
struct Choice {
  const std::int32_t* wide = nullptr;
  const std::uint8_t* narrow = nullptr;

  std::int32_t operator[](std::int64_t i) const { return wide != nullptr ? wide[i] : narrow[i]; }
};

}  // namespace

NearTies NearTies::of(const GoldenFile& golden, std::int64_t tokens) {
  NearTies ties;
  const auto gaps = golden.tensor("router.gap");
  if (!gaps || gaps->columns() != tokens) return ties;
  ties.first_.assign(static_cast<std::size_t>(tokens), kNever);
  for (std::int64_t token = 0; token < tokens; ++token) {
    for (std::int64_t row = gaps->rows() - 1; row >= 0; --row) {
      if (gaps->f32()[row * tokens + token] < kNearTie)
        ties.first_[static_cast<std::size_t>(token)] = row + 1;
    }
  }
  return ties;
}

void StageChecker::operator()(std::string_view stage, TensorView value) {
  const std::string name(stage);
  if (stage.ends_with(".experts")) {
    check_experts(name, value);
  } else if (golden_.has(name) || golden_.has(name + ".shape")) {
    check_numbers(name, value);
  }
}

void StageChecker::check_numbers(const std::string& stage, TensorView value) {
  seen_.insert(stage);
  const bool decoder = stage.starts_with("dec.") || stage.starts_with("router");
  SkipRow skip;
  if (decoder) {
    skip = [this, layer = layer_of(stage)](std::int64_t row) { return ties_.at(row, layer); };
  }
  const StageError error = golden_.compare(stage, value, skip);
  const Bound bound = bound_of(stage, spec_, precision_, full_size_);
  checks_.push_back(check_of(stage, error, bound));
}

// As sets: how a choice is ordered is what the weights show. Rounded arithmetic may turn what is
// close, so that its share is told and not judged.
void StageChecker::check_experts(const std::string& stage, TensorView value) {
  const std::int64_t layer = layer_of(stage);
  const std::int64_t k = value.columns();
  Choice expected;
  if (const auto own = golden_.ints(stage); own && std::ssize(*own) == value.shape.elements()) {
    expected.wide = own->data();
  } else if (const auto all = golden_.tensor("router.experts");
             all && layer >= 1 && layer * value.shape.elements() <= all->shape.elements()) {
    expected.narrow =
        static_cast<const std::uint8_t*>(all->data) + (layer - 1) * value.shape.elements();
  } else {
    return;
  }
  seen_.insert(stage);
  const auto* const got = static_cast<const std::int32_t*>(value.data);
  std::int64_t differ = 0;
  StageCheck check = told(stage, Measure::kCount);
  for (std::int64_t token = 0; token < value.rows(); ++token) {
    std::vector<std::int32_t> theirs;
    for (std::int64_t i = 0; i < k; ++i) theirs.push_back(expected[token * k + i]);
    if (std::is_permutation(theirs.begin(), theirs.end(), got + token * k) ||
        ties_.at(token, layer)) {
      continue;
    }
    if (differ++ == 0) check.note = "token " + std::to_string(token) + " goes to other experts";
  }
  check.max_error = static_cast<double>(differ);
  check.norm_error = check.max_error / static_cast<double>(value.rows());
  checks_.push_back(precision_.exact() ? judged(std::move(check)) : std::move(check));
}

std::vector<StageCheck> StageChecker::finish() {
  for (const std::string& stage : golden_.stages()) {
    if (seen_.contains(stage)) continue;
    StageCheck missing = told(stage, Measure::kMax);
    missing.verdict = Verdict::kOff;
    missing.note = "the network never showed it";
    checks_.push_back(std::move(missing));
  }
  return std::move(checks_);
}

}  // namespace lectio::proof
