// SPDX-License-Identifier: Apache-2.0
#include "proof/golden_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "base/splitmix.h"
#include "model/spec/problems.h"

namespace lectio::proof {
namespace {

// What a tensor is, by the end of its name; the first line that fits.
struct Promise {
  std::string_view suffix;
  DType dtype;
  std::int64_t elements;  // -1: any number
};
constexpr Promise kPromises[] = {
    {".shape", DType::kI64, -1},        {".stat", DType::kF64, 4},
    {"router.experts", DType::kU8, -1}, {".experts", DType::kI32, -1},
    {".ids", DType::kI32, -1},          {"_ids", DType::kI32, -1},
    {".argmax", DType::kI32, -1},       {".whitelist", DType::kI32, -1},
    {"logits.lse", DType::kF64, -1},    {"", DType::kF32, -1},
};

void check_promise(const std::string& name, TensorView view, std::vector<std::string>& problems) {
  const auto* const promise =
      std::ranges::find_if(kPromises, [&](const Promise& p) { return name.ends_with(p.suffix); });
  if (view.dtype != promise->dtype) {
    problems.push_back(name + ": expected " + dtype_name(promise->dtype) + ", found " +
                       dtype_name(view.dtype));
  }
  if (promise->elements >= 0 && view.shape.elements() != promise->elements) {
    problems.push_back(name + ": expected " + std::to_string(promise->elements) +
                       " numbers, found " + std::to_string(view.shape.elements()));
  }
}

// Differences seen so far. A number that is none is infinitely far off.
class Differences {
 public:
  // Numbers are counted row-major; rows of `columns` numbers may be skipped.
  Differences(std::int64_t columns, const SkipRow& skip) : columns_(columns), skip_(skip) {}

  void see(std::int64_t index, double got, double expected) {
    if (skip_ && skip_(index / columns_)) return;
    double difference = std::abs(got - expected);
    if (std::isnan(difference)) difference = std::numeric_limits<double>::infinity();
    squares_ += difference * difference;
    expected_squares_ += expected * expected;
    if (difference <= largest_) return;
    largest_ = difference;
    worst_index_ = index;
    worst_got_ = got;
    worst_expected_ = expected;
  }
  void misshapen(std::string text) {
    largest_ = std::numeric_limits<double>::infinity();
    squares_ = largest_;
    misshapen_ = std::move(text);
  }
  bool is_misshapen() const { return !misshapen_.empty(); }

  StageError over(double root_mean_square) const {
    StageError error;
    error.max_relative = largest_ == 0 ? 0 : largest_ / root_mean_square;
    error.norm_relative = squares_ == 0 ? 0 : std::sqrt(squares_ / expected_squares_);
    std::ostringstream text;
    if (is_misshapen()) {
      text << misshapen_;
    } else if (largest_ > 0) {
      text << "number " << worst_index_ << " is " << worst_got_ << ", expected " << worst_expected_;
    }
    error.worst = text.str();
    return error;
  }

 private:
  std::int64_t columns_;
  const SkipRow& skip_;
  double largest_ = 0;
  double squares_ = 0;
  double expected_squares_ = 0;
  std::int64_t worst_index_ = 0;
  double worst_got_ = 0;
  double worst_expected_ = 0;
  std::string misshapen_;
};

void compare_all(TensorView got, TensorView expected, Differences& differences) {
  if (got.shape.elements() != expected.shape.elements()) {
    differences.misshapen("shape is " + got.shape.to_string() + ", expected " +
                          expected.shape.to_string());
    return;
  }
  for (std::int64_t i = 0; i < expected.shape.elements(); ++i) {
    differences.see(i, static_cast<double>(got.f32()[i]), static_cast<double>(expected.f32()[i]));
  }
}

// The rows that a golden file keeps of a tensor of `count` rows; full-size ones keep three.
std::set<std::int64_t> kept_rows(std::int64_t count, bool three) {
  if (three) return {0, count / 2, count - 1};
  return {0, 1, count / 3, count / 2, count - 2, count - 1};
}

void compare_rows(TensorView got, TensorView expected, Differences& differences) {
  const std::set<std::int64_t> rows = kept_rows(got.rows(), expected.rows() == 3);
  if (std::ssize(rows) != expected.rows() || got.columns() != expected.columns()) {
    differences.misshapen("shape is " + got.shape.to_string() + ", expected rows " +
                          expected.shape.to_string());
    return;
  }
  const float* next = expected.f32();
  for (const std::int64_t row : rows) {
    for (std::int64_t i = row * got.columns(); i < (row + 1) * got.columns(); ++i) {
      differences.see(i, static_cast<double>(got.f32()[i]), static_cast<double>(*next++));
    }
  }
}

void compare_samples(TensorView got, TensorView expected, Differences& differences) {
  const auto elements = static_cast<std::uint64_t>(got.shape.elements());
  for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(expected.shape.elements()); ++k) {
    const std::uint64_t index = splitmix64(k) % elements;
    differences.see(static_cast<std::int64_t>(index), static_cast<double>(got.f32()[index]),
                    static_cast<double>(expected.f32()[k]));
  }
}

void compare_shape(TensorView got, TensorView expected, Differences& differences) {
  const auto* const extents = static_cast<const std::int64_t*>(expected.data);
  const std::int64_t rank = expected.shape.elements();
  bool same = rank == got.shape.rank();
  std::string text;
  for (std::int64_t i = 0; i < rank; ++i) {
    same = same && extents[i] == got.shape[static_cast<int>(i)];
    text += (i == 0 ? "" : ", ") + std::to_string(extents[i]);
  }
  if (same) return;
  differences.misshapen("shape is " + got.shape.to_string() + ", expected [" + text + "]");
}

}  // namespace

Result<GoldenFile> GoldenFile::open(const std::filesystem::path& path) {
  auto source = TensorSource::open(path);
  if (!source) return Error(ErrorCode::kInvalidInput, source.error().message());
  std::vector<std::string> problems;
  for (const auto& [name, stored] : source->tensors()) check_promise(name, stored.view, problems);
  if (!problems.empty()) {
    return problems_error(ErrorCode::kInvalidInput, path.string(), problems);
  }
  return GoldenFile(*std::move(source));
}

bool GoldenFile::has(std::string_view name) const {
  return source_.find(std::string(name)) != nullptr;
}

Result<TensorView> GoldenFile::tensor(std::string_view name) const {
  const StoredTensor* const stored = source_.find(std::string(name));
  if (stored != nullptr) return stored->view;
  return Error(ErrorCode::kInvalidInput,
               source_.name() + ": expected a tensor '" + std::string(name) + "', found none");
}

Result<std::span<const std::int32_t>> GoldenFile::ints(std::string_view name) const {
  LECTIO_TRY(const TensorView view, tensor(name));
  LECTIO_CHECK(view.dtype == DType::kI32, std::string(name));
  return std::span(static_cast<const std::int32_t*>(view.data),
                   static_cast<std::size_t>(view.shape.elements()));
}

Result<std::string> GoldenFile::metadata(const std::string& key) const {
  const auto found = source_.metadata().find(key);
  if (found != source_.metadata().end()) return found->second;
  return Error(ErrorCode::kInvalidInput,
               source_.name() + ": expected '" + key + "' in the metadata, found nothing");
}

std::set<std::string> GoldenFile::stages() const {
  std::set<std::string> names;
  for (const auto& [name, stored] : source_.tensors()) {
    if (name.ends_with(".shape")) names.insert(name.substr(0, name.size() - 6));
    const bool routed =
        name.ends_with(".scores") || name.ends_with(".experts") || name.ends_with(".weights");
    if (routed && name != "router.experts") names.insert(name);
  }
  return names;
}

StageError GoldenFile::compare(const std::string& stage, TensorView value,
                               const SkipRow& skip) const {
  Differences differences(value.columns(), skip);
  if (has(stage + ".shape")) compare_shape(value, at(stage + ".shape"), differences);
  if (differences.is_misshapen()) return differences.over(1);
  if (has(stage)) compare_all(value, at(stage), differences);
  if (has(stage + ".full")) compare_all(value, at(stage + ".full"), differences);
  if (has(stage + ".rows")) compare_rows(value, at(stage + ".rows"), differences);
  if (has(stage + ".samp")) compare_samples(value, at(stage + ".samp"), differences);
  return differences.over(root_mean_square(stage, value));
}

double GoldenFile::root_mean_square(const std::string& stage, TensorView value) const {
  const auto count = static_cast<double>(value.shape.elements());
  if (has(stage + ".stat"))
    return static_cast<const double*>(at(stage + ".stat").data)[1] / std::sqrt(count);
  if (!has(stage)) return 1;
  double squares = 0;
  for (const float number : at(stage).floats())
    squares += static_cast<double>(number) * static_cast<double>(number);
  return std::sqrt(squares / count);
}

}  // namespace lectio::proof
