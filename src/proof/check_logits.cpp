// SPDX-License-Identifier: Apache-2.0
#include "proof/check_logits.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/splitmix.h"

namespace lectio::proof {
namespace {

constexpr double kLogitTolerance = 1e-2;  // full/README.md, section 4
constexpr std::int64_t kGiven = 17;       // the last token of the prompt and 16 given ones
constexpr std::int64_t kSamples = 256;
constexpr std::int64_t kBest = 5;

// A margin is the difference of two logits, each off by the bound at most in the root mean square:
// four times that is beyond chance.
constexpr double kClearMargin = 4;

std::int64_t winner(std::span<const float> row) {
  return std::ranges::max_element(row) - row.begin();
}

double margin_of(std::span<const float> row) {
  const auto best = winner(row);
  float second = -std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (static_cast<std::int64_t>(i) != best) second = std::max(second, row[i]);
  }
  return static_cast<double>(row[static_cast<std::size_t>(best)]) - static_cast<double>(second);
}

struct Winner {
  std::int64_t id = 0;
  double margin = std::numeric_limits<double>::quiet_NaN();  // NaN: the file does not say
};

// Counts positions where another token wins. All count in exact arithmetic, clear ones else.
StageCheck check_winners(TensorView logits, const std::vector<Winner>& winners, double noise,
                         bool exact) {
  StageCheck check = told("logits.argmax", Measure::kCount);
  std::int64_t differ = 0;
  std::int64_t clear = 0;
  for (std::size_t i = 0; i < winners.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    if (winner(logits.row_range(row, 1).floats()) == winners[i].id) continue;
    ++differ;
    if (exact || winners[i].margin > kClearMargin * noise) ++clear;
  }
  const auto positions = std::ssize(winners);
  check.max_error = static_cast<double>(clear);
  check.norm_error = static_cast<double>(differ) / static_cast<double>(positions);
  check.note = std::to_string(positions - differ) + " of " + std::to_string(positions) +
               " positions have the same winner";
  return judged(std::move(check));
}

std::vector<StageCheck> check_tiny(const GoldenFile& golden, TensorView logits, const Bound& bound,
                                   bool exact) {
  std::vector<StageCheck> checks;
  std::vector<Winner> winners;
  double noise = 0;
  const auto whole = golden.tensor("logits.full");
  const auto best = golden.ints("logits.argmax");
  if (whole && whole->shape == logits.shape) {
    double squares = 0;
    for (const float logit : whole->floats()) squares += std::pow(static_cast<double>(logit), 2);
    noise = bound.tolerance * std::sqrt(squares / static_cast<double>(whole->shape.elements()));
    for (std::int64_t row = 0; row < whole->rows(); ++row) {
      const auto numbers = whole->row_range(row, 1).floats();
      winners.push_back({winner(numbers), margin_of(numbers)});
    }
  } else if (best && std::ssize(*best) == logits.rows()) {
    for (const std::int32_t id : *best) winners.push_back({.id = id});
  }
  if (!winners.empty()) checks.push_back(check_winners(logits, winners, noise, exact));
  if (const auto last = golden.tensor("logits.last16"); last && last->rows() <= logits.rows()) {
    const TensorView ours = logits.row_range(logits.rows() - last->rows(), last->rows());
    checks.push_back(check_of("logits.last16", golden.compare("logits.last16", ours), bound));
  }
  return checks;
}

// Differences of logits as they are.
class LogitErrors {
 public:
  void see(double got, double expected) {
    double difference = std::abs(got - expected);
    if (std::isnan(difference)) difference = std::numeric_limits<double>::infinity();
    largest_ = std::max(largest_, difference);
    squares_ += difference * difference;
    expected_ += expected * expected;
    ++count_;
  }
  double largest() const { return largest_; }
  double norm() const { return std::sqrt(squares_ / expected_); }
  double rms() const { return std::sqrt(squares_ / static_cast<double>(count_)); }
  double expected_rms() const { return std::sqrt(expected_ / static_cast<double>(count_)); }

 private:
  double largest_ = 0;
  double squares_ = 0;
  double expected_ = 0;
  std::int64_t count_ = 0;
};

// What a full-size file has of the last positions; checked for its extents.
struct GivenLogits {
  TensorView samples, best, sums, next;
  std::span<const std::int32_t> best_ids, winners;
  std::span<const std::int32_t> given;  // the last 16 of input_ids

  static Result<GivenLogits> of(const GoldenFile& golden, std::int64_t positions) {
    GivenLogits logits;
    LECTIO_TRY(logits.samples, golden.tensor("logits.samp"));
    LECTIO_TRY(logits.best, golden.tensor("logits.top5"));
    LECTIO_TRY(logits.sums, golden.tensor("logits.lse"));
    LECTIO_TRY(logits.next, golden.tensor("logits.cont"));
    LECTIO_TRY(logits.best_ids, golden.ints("logits.top5_ids"));
    LECTIO_TRY(logits.winners, golden.ints("logits.argmax"));
    LECTIO_TRY(logits.given, golden.ints("input_ids"));
    const bool whole =
        positions >= kGiven && std::ssize(logits.given) == positions &&
        logits.samples.shape.elements() == kGiven * kSamples &&
        logits.best.shape.elements() == kGiven * kBest && logits.sums.shape.elements() == kGiven &&
        logits.next.shape.elements() == kGiven - 1 &&
        std::ssize(logits.best_ids) == kGiven * kBest && std::ssize(logits.winners) == kGiven;
    if (!whole) return Error(ErrorCode::kInvalidInput, "logits of other extents");
    logits.given = logits.given.last(kGiven - 1);
    return logits;
  }
};

// The number of a row that has the id; NaN where it has none.
double at(std::span<const float> row, std::int32_t id) {
  const bool there = id >= 0 && static_cast<std::size_t>(id) < row.size();
  return there ? static_cast<double>(row[static_cast<std::size_t>(id)]) : std::nan("");
}

double log_of_sum(std::span<const float> row) {
  double sum = 0;
  for (const float logit : row) sum += std::exp(static_cast<double>(logit));
  return std::log(sum);
}

std::vector<StageCheck> check_full(const GoldenFile& golden, TensorView all, const Bound& bound,
                                   bool exact) {
  const auto file = GivenLogits::of(golden, all.rows());
  if (!file) {
    StageCheck missing = told("logits", Measure::kLogit);
    missing.verdict = Verdict::kOff;
    missing.note = file.error().message();
    return {missing};
  }
  const TensorView logits = all.row_range(all.rows() - kGiven, kGiven);
  LogitErrors errors;
  std::vector<Winner> winners;
  for (std::int64_t i = 0; i < kGiven; ++i) {
    const auto place = static_cast<std::size_t>(i);
    const std::span<const float> row = logits.row_range(i, 1).floats();
    for (std::int64_t k = 0; k < kSamples; ++k) {
      const auto id = splitmix64(static_cast<std::uint64_t>(k)) % row.size();
      errors.see(static_cast<double>(row[id]),
                 static_cast<double>(file->samples.f32()[i * kSamples + k]));
    }
    const float* const best = file->best.f32() + i * kBest;
    for (std::int64_t k = 0; k < kBest; ++k) {
      errors.see(at(row, file->best_ids[static_cast<std::size_t>(i * kBest + k)]),
                 static_cast<double>(best[k]));
    }
    if (i + 1 < kGiven)
      errors.see(at(row, file->given[place]), static_cast<double>(file->next.f32()[i]));
    errors.see(log_of_sum(row), static_cast<const double*>(file->sums.data)[i]);
    winners.push_back(
        {file->winners[place], static_cast<double>(best[0]) - static_cast<double>(best[1])});
  }
  StageCheck values = told("logits", exact ? Measure::kLogit : Measure::kNorm);
  values.max_error = errors.largest();
  values.norm_error = errors.norm();
  values.tolerance = exact ? kLogitTolerance : bound.tolerance;
  values.note =
      "largest difference of a logit; their root mean square is " + std::to_string(errors.rms());
  return {judged(std::move(values)),
          check_winners(logits, winners, bound.tolerance * errors.expected_rms(), exact)};
}

}  // namespace

std::vector<StageCheck> check_logits(const GoldenFile& golden, TensorView logits,
                                     const Bound& bound, bool exact, bool full_size) {
  return full_size ? check_full(golden, logits, bound, exact)
                   : check_tiny(golden, logits, bound, exact);
}

}  // namespace lectio::proof
