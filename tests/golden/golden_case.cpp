// SPDX-License-Identifier: Apache-2.0
#include "golden_case.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "base/splitmix.h"

namespace lectio {
namespace {

TensorSource open_or_throw(const std::string& name) {
  auto source = TensorSource::open(LECTIO_SOURCE_DIR "/tests/golden/" + name + ".safetensors");
  if (!source) throw std::runtime_error(source.error().message());
  return *std::move(source);
}

// The largest difference seen so far. A number that is none is infinitely far off.
class Worst {
 public:
  // Numbers are counted row-major; rows of `columns` numbers may be skipped.
  Worst(std::int64_t columns, const SkipRow& skip) : columns_(columns), skip_(skip) {}

  void see(std::int64_t index, double got, double expected) {
    double difference = std::abs(got - expected);
    if (std::isnan(difference)) difference = std::numeric_limits<double>::infinity();
    if (difference <= difference_ || (skip_ && skip_(index / columns_))) return;
    difference_ = difference;
    std::ostringstream text;
    text << "number " << index << " is " << got << ", expected " << expected;
    text_ = text.str();
  }
  void misshapen(const std::string& text) {
    difference_ = std::numeric_limits<double>::infinity();
    text_ = text;
  }
  double difference() const { return difference_; }
  const std::string& text() const { return text_; }

 private:
  std::int64_t columns_;
  const SkipRow& skip_;
  double difference_ = 0;
  std::string text_;
};

template <typename T>
void compare_all(TensorView got, TensorView expected, Worst& worst) {
  if (got.shape.elements() != expected.shape.elements() || got.dtype != expected.dtype) {
    worst.misshapen("shape is " + got.shape.to_string() + ", expected " +
                    expected.shape.to_string());
    return;
  }
  const auto* const ours = static_cast<const T*>(got.data);
  const auto* const theirs = static_cast<const T*>(expected.data);
  for (std::int64_t i = 0; i < expected.shape.elements(); ++i) {
    worst.see(i, static_cast<double>(ours[i]), static_cast<double>(theirs[i]));
  }
}

// The rows that a golden file keeps of a tensor of `count` rows; full-size ones keep three.
std::set<std::int64_t> kept_rows(std::int64_t count, bool three) {
  if (three) return {0, count / 2, count - 1};
  return {0, 1, count / 3, count / 2, count - 2, count - 1};
}

void compare_rows(TensorView got, TensorView expected, Worst& worst) {
  const std::set<std::int64_t> rows = kept_rows(got.rows(), expected.rows() == 3);
  if (std::ssize(rows) != expected.rows() || got.columns() != expected.columns()) {
    worst.misshapen("shape is " + got.shape.to_string() + ", expected rows " +
                    expected.shape.to_string());
    return;
  }
  const float* next = expected.f32();
  for (const std::int64_t row : rows) {
    for (std::int64_t i = row * got.columns(); i < (row + 1) * got.columns(); ++i) {
      worst.see(i, static_cast<double>(got.f32()[i]), static_cast<double>(*next++));
    }
  }
}

void compare_samples(TensorView got, TensorView expected, Worst& worst) {
  const auto elements = static_cast<std::uint64_t>(got.shape.elements());
  for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(expected.shape.elements()); ++k) {
    const std::uint64_t index = splitmix64(k) % elements;
    worst.see(static_cast<std::int64_t>(index), static_cast<double>(got.f32()[index]),
              static_cast<double>(expected.f32()[k]));
  }
}

void compare_shape(TensorView got, TensorView expected, Worst& worst) {
  const auto* const extents = static_cast<const std::int64_t*>(expected.data);
  const Shape shape(std::span(extents, static_cast<std::size_t>(expected.shape.elements())));
  if (got.shape != shape)
    worst.misshapen("shape is " + got.shape.to_string() + ", expected " + shape.to_string());
}

}  // namespace

GoldenCase::GoldenCase(const std::string& name) : source_(open_or_throw(name)) {}

bool GoldenCase::has(std::string_view name) const {
  return source_.find(std::string(name)) != nullptr;
}

TensorView GoldenCase::tensor(std::string_view name) const {
  const StoredTensor* const stored = source_.find(std::string(name));
  if (stored == nullptr) throw std::runtime_error("no golden tensor " + std::string(name));
  return stored->view;
}

std::vector<std::int32_t> GoldenCase::ints(std::string_view name) const {
  const TensorView view = tensor(name);
  if (view.dtype != DType::kI32) throw std::runtime_error(std::string(name) + " is not I32");
  const auto* const first = static_cast<const std::int32_t*>(view.data);
  return {first, first + view.shape.elements()};
}

std::int32_t GoldenCase::image_id() const {
  return std::stoi(source_.metadata().at("image_token"));
}

std::set<std::string> GoldenCase::stages() const {
  std::set<std::string> names;
  for (const auto& [name, stored] : source_.tensors()) {
    if (name.ends_with(".shape")) names.insert(name.substr(0, name.size() - 6));
    const bool routed =
        name.ends_with(".scores") || name.ends_with(".experts") || name.ends_with(".weights");
    if (routed && name != "router.experts") names.insert(name);
  }
  return names;
}

StageError GoldenCase::compare(const std::string& stage, TensorView value,
                               const SkipRow& skip) const {
  Worst worst(value.columns(), skip);
  if (has(stage + ".shape")) compare_shape(value, tensor(stage + ".shape"), worst);
  if (std::isinf(worst.difference())) return {worst.difference(), worst.text()};
  if (has(stage) && value.dtype == DType::kI32)
    compare_all<std::int32_t>(value, tensor(stage), worst);
  if (has(stage) && value.dtype == DType::kF32) compare_all<float>(value, tensor(stage), worst);
  if (has(stage + ".full")) compare_all<float>(value, tensor(stage + ".full"), worst);
  if (has(stage + ".rows")) compare_rows(value, tensor(stage + ".rows"), worst);
  if (has(stage + ".samp")) compare_samples(value, tensor(stage + ".samp"), worst);
  return {worst.difference() / root_mean_square(stage, value), worst.text()};
}

double GoldenCase::root_mean_square(const std::string& stage, TensorView value) const {
  if (value.dtype == DType::kI32) return 1;  // choices: any difference counts
  const auto count = static_cast<double>(value.shape.elements());
  if (has(stage + ".stat"))
    return static_cast<const double*>(tensor(stage + ".stat").data)[1] / std::sqrt(count);
  double squares = 0;
  for (const float number : tensor(stage).floats())
    squares += static_cast<double>(number) * static_cast<double>(number);
  return std::sqrt(squares / count);
}

void StageChecker::operator()(std::string_view stage, TensorView value) {
  const std::string name(stage);
  if (!golden_.has(name) && !golden_.has(name + ".shape")) return;
  seen_.insert(name);
  const Rule rule = rule_of_(stage);
  const StageError error = golden_.compare(name, value, rule.skip);
  if (error.relative > largest_error_) {
    largest_error_ = error.relative;
    largest_stage_ = name;
  }
  if (error.relative <= rule.tolerance || !first_off_.empty()) return;
  std::ostringstream text;
  text << name << " is off by " << error.relative << " of its RMS: " << error.worst;
  first_off_ = text.str();
}

std::string StageChecker::largest() const {
  std::ostringstream text;
  text << largest_stage_ << " " << largest_error_;
  return text.str();
}

std::set<std::string> StageChecker::unseen() const {
  std::set<std::string> names;
  std::ranges::set_difference(golden_.stages(), seen_, std::inserter(names, names.end()));
  return names;
}

}  // namespace lectio
