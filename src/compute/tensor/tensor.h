// SPDX-License-Identifier: Apache-2.0
// Tensors: an owner (Tensor), and a view that owns nothing (TensorView). Both dense and row-major.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "compute/tensor/dtype.h"

namespace lectio {

// Up to five extents, outermost first.
class Shape {
 public:
  static constexpr int kMaxRank = 5;
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents)
      : Shape(std::span(extents.begin(), extents.size())) {}
  explicit Shape(std::span<const std::int64_t> extents);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
  std::int64_t last() const { return rank_ == 0 ? 1 : (*this)[rank_ - 1]; }
  std::int64_t elements() const;  // product of all extents; 1 for rank 0
  std::int64_t rows() const { return last() == 0 ? 0 : elements() / last(); }
  bool operator==(const Shape&) const = default;
  std::string to_string() const;  // "[64, 1280]"

 private:
  std::array<std::int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

// A look at numbers that someone else owns. Copy freely; never outlives the owner. data is null in
// an empty view, which stands for "absent" where a comment allows it (a bias, say).
struct TensorView {
  void* data = nullptr;
  DType dtype = DType::kF32;
  Shape shape;

  bool empty() const { return data == nullptr; }
  std::int64_t rows() const { return shape.rows(); }
  std::int64_t columns() const { return shape.last(); }
  std::int64_t bytes() const { return shape.rows() * row_bytes(dtype, shape.last()); }
  float* f32() const {
    LECTIO_CHECK(dtype == DType::kF32, std::string("expected F32, found ") + dtype_name(dtype));
    return static_cast<float*>(data);
  }
  std::span<float> floats() const { return {f32(), static_cast<std::size_t>(shape.elements())}; }
  // The same numbers under another shape with as many elements.
  TensorView reshaped(Shape other) const;
  // Rows [begin, begin + count) of the view seen as rows() x columns().
  TensorView row_range(std::int64_t begin, std::int64_t count) const;
};

// What a file says of a tensor before its bytes.
struct TensorHeading {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;  // logical: of a block format, numbers rather than bytes

  std::int64_t bytes() const { return TensorView{nullptr, dtype, shape}.bytes(); }
};

// Owns its numbers, zero-initialised, 64-byte aligned. Movable.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Shape shape, DType dtype = DType::kF32);

  TensorView view() const { return view_; }
  float* f32() const { return view_.f32(); }
  std::span<float> floats() const { return view_.floats(); }
  const Shape& shape() const { return view_.shape; }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> storage_;
  TensorView view_;
};

// The numbers of any dtype but integers as floats, row-major (the plain way; slow). Used for small
// tables and tests.
std::vector<float> to_floats(TensorView view);

}  // namespace lectio
