// SPDX-License-Identifier: Apache-2.0
#include "compute/tensor/tensor.h"

#include "compute/tensor/blocks.h"

namespace lectio {

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "F32";
    case DType::kF64:
      return "F64";
    case DType::kBF16:
      return "BF16";
    case DType::kF16:
      return "F16";
    case DType::kI64:
      return "I64";
    case DType::kI32:
      return "I32";
    case DType::kU8:
      return "U8";
    case DType::kI8:
      return "I8";
    case DType::kQ8:
      return "Q8";
    case DType::kQ4:
      return "Q4_0";
    case DType::kQ5:
      return "Q5_0";
    case DType::kQ5Min:
      return "Q5_1";
    case DType::kQ4K:
      return "Q4_K";
    case DType::kQ5K:
      return "Q5_K";
    case DType::kQ6K:
      return "Q6_K";
  }
  return "?";
}

Shape::Shape(std::span<const std::int64_t> extents) : rank_(static_cast<int>(extents.size())) {
  LECTIO_CHECK(extents.size() <= kMaxRank, std::to_string(extents.size()) + " extents");
  for (std::size_t i = 0; i < extents.size(); ++i) extents_[i] = extents[i];
}

std::int64_t Shape::elements() const {
  std::int64_t product = 1;
  for (int axis = 0; axis < rank_; ++axis) product *= (*this)[axis];
  return product;
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (int axis = 0; axis < rank_; ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string((*this)[axis]);
  }
  return text + "]";
}

TensorView TensorView::reshaped(Shape other) const {
  LECTIO_CHECK(other.elements() == shape.elements(),
               shape.to_string() + " as " + other.to_string());
  return {data, dtype, other};
}

TensorView TensorView::row_range(std::int64_t begin, std::int64_t count) const {
  LECTIO_CHECK(
      begin >= 0 && count >= 0 && begin + count <= rows(),
      "rows " + std::to_string(begin) + "+" + std::to_string(count) + " of " + shape.to_string());
  auto* first = static_cast<std::byte*>(data) + begin * row_bytes(dtype, columns());
  return {first, dtype, Shape{count, columns()}};
}

Tensor::Tensor(Shape shape, DType dtype) {
  const TensorView extent{nullptr, dtype, shape};
  storage_.resize(static_cast<std::size_t>(extent.bytes() / 64 + 1));
  view_ = {storage_.data(), dtype, shape};
}

namespace {

void row_to_floats(const std::byte* row, DType dtype, std::int64_t length, float* out) {
  if (dtype != DType::kF64) return numbers_to_floats(dtype, row, 0, length, out);
  for (std::int64_t i = 0; i < length; ++i) {
    double value = 0;
    std::memcpy(&value, row + 8 * i, 8);
    out[i] = static_cast<float>(value);
  }
}

}  // namespace

std::vector<float> to_floats(TensorView view) {
  std::vector<float> out(static_cast<std::size_t>(view.shape.elements()));
  const auto* bytes = static_cast<const std::byte*>(view.data);
  const std::int64_t stride = row_bytes(view.dtype, view.columns());
  for (std::int64_t row = 0; row < view.rows(); ++row) {
    row_to_floats(bytes + row * stride, view.dtype, view.columns(),
                  out.data() + row * view.columns());
  }
  return out;
}

}  // namespace lectio
