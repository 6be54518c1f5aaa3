// SPDX-License-Identifier: Apache-2.0
// A safetensors file from anywhere: what passes the checks must be readable to the last number.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "model/weights/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  const auto header = lectio::parse_safetensors(file, "fuzz");
  if (!header) return 0;
  std::size_t covered = 0;
  for (const lectio::SafetensorsEntry& entry : header->tensors) {
    const lectio::TensorView view{const_cast<std::byte*>(file.data() + entry.begin), entry.dtype,
                                  entry.shape};
    LECTIO_CHECK(entry.begin <= entry.end && entry.end <= size, entry.name);
    LECTIO_CHECK(view.bytes() == static_cast<std::int64_t>(entry.end - entry.begin), entry.name);
    covered += entry.end - entry.begin;
    const bool is_integer = entry.dtype == lectio::DType::kI64 ||
                            entry.dtype == lectio::DType::kI32 || entry.dtype == lectio::DType::kU8;
    if (is_integer) continue;
    const auto numbers = lectio::to_floats(view);
    LECTIO_CHECK(static_cast<std::int64_t>(numbers.size()) == view.shape.elements(), entry.name);
  }
  LECTIO_CHECK(covered < size, "the header takes room too");
  return 0;
}
