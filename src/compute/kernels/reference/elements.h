// SPDX-License-Identifier: Apache-2.0
// Single numbers of a stored row, whatever its format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/check.h"
#include "compute/tensor/blocks.h"
#include "compute/tensor/dtype.h"
#include "compute/tensor/tensor.h"

namespace lectio::kernels::scalar {

template <DType kType>
float element(const std::byte* row, std::int64_t index) {
  if constexpr (kType == DType::kF32) {
    float value = 0;
    std::memcpy(&value, row + 4 * index, 4);
    return value;
  } else if constexpr (is_block_format(kType)) {
    return block_number(kType, row, index);
  } else {
    std::uint16_t bits = 0;
    std::memcpy(&bits, row + 2 * index, 2);
    return kType == DType::kBF16 ? bf16_to_float(bits) : half_to_float(bits);
  }
}

// Calls body(std::integral_constant<DType, ...>) for the formats that weights come in.
template <typename Body>
void with_weight_type(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::kF32:
      return body(std::integral_constant<DType, DType::kF32>{});
    case DType::kBF16:
      return body(std::integral_constant<DType, DType::kBF16>{});
    case DType::kF16:
      return body(std::integral_constant<DType, DType::kF16>{});
    case DType::kQ8:
      return body(std::integral_constant<DType, DType::kQ8>{});
    case DType::kQ4:
      return body(std::integral_constant<DType, DType::kQ4>{});
    case DType::kQ5:
      return body(std::integral_constant<DType, DType::kQ5>{});
    case DType::kQ5Min:
      return body(std::integral_constant<DType, DType::kQ5Min>{});
    case DType::kQ4K:
      return body(std::integral_constant<DType, DType::kQ4K>{});
    case DType::kQ5K:
      return body(std::integral_constant<DType, DType::kQ5K>{});
    case DType::kQ6K:
      return body(std::integral_constant<DType, DType::kQ6K>{});
    default:
      LECTIO_CHECK(false, std::string("no weights in ") + dtype_name(dtype));
  }
}

// The numbers of an activation, F32 or BF16, one by one.
inline float activation_at(TensorView view, std::int64_t index) {
  if (view.dtype == DType::kBF16) {
    return bf16_to_float(static_cast<const std::uint16_t*>(view.data)[index]);
  }
  return view.f32()[index];
}
inline void set_activation(TensorView view, std::int64_t index, double value) {
  const auto rounded = static_cast<float>(value);
  if (view.dtype == DType::kBF16) {
    static_cast<std::uint16_t*>(view.data)[index] = float_to_bf16(rounded);
  } else {
    view.f32()[index] = rounded;
  }
}

inline const std::byte* row_of(TensorView view, std::int64_t row, std::int64_t width) {
  return static_cast<const std::byte*>(view.data) + row * row_bytes(view.dtype, width);
}

}  // namespace lectio::kernels::scalar
