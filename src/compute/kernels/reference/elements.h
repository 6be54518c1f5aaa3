// SPDX-License-Identifier: Apache-2.0
// Single numbers of a stored row, whatever its format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/check.h"
#include "compute/tensor/dtype.h"
#include "compute/tensor/tensor.h"

namespace lectio::kernels::scalar {

template <DType kType>
float element(const std::byte* row, std::int64_t index) {
  if constexpr (kType == DType::kF32) {
    float value = 0;
    std::memcpy(&value, row + 4 * index, 4);
    return value;
  } else if constexpr (kType == DType::kQ8) {
    const std::byte* block =
        row + index / kQ8BlockLength * static_cast<std::int64_t>(sizeof(Q8Block));
    std::uint16_t scale = 0;
    std::memcpy(&scale, block, 2);
    return half_to_float(scale) *
           static_cast<float>(static_cast<std::int8_t>(block[2 + index % kQ8BlockLength]));
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
    default:
      LECTIO_CHECK(false, std::string("no weights in ") + dtype_name(dtype));
  }
}

inline const std::byte* row_of(TensorView view, std::int64_t row, std::int64_t width) {
  return static_cast<const std::byte*>(view.data) + row * row_bytes(view.dtype, width);
}

}  // namespace lectio::kernels::scalar
