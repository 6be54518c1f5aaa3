// SPDX-License-Identifier: Apache-2.0
// One metadata value of a GGUF file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lectio {

// As the format numbers them.
enum class GgufType : std::uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64,
};

// Bytes of one number or boolean; 0 for strings and arrays, which say their own length.
constexpr std::uint64_t gguf_size(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool:
      return 1;
    case GgufType::kU16:
    case GgufType::kI16:
      return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32:
      return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64:
      return 8;
    case GgufType::kString:
    case GgufType::kArray:
      return 0;
  }
  return 0;
}

// A look at bytes of the file, which were checked when it was parsed; never outlives the mapping.
// Each way of reading gives nothing where the value is of another kind.
struct GgufValue {
  GgufType type = GgufType::kU8;
  GgufType element = GgufType::kU8;  // of an array
  std::uint64_t count = 1;           // elements of an array
  // A number; the characters of a string; the elements of an array one after another, each string
  // with its 8 bytes of length.
  std::span<const std::byte> bytes;

  std::optional<std::int64_t> integer() const;  // of any integer type, where 63 bits hold it
  std::optional<double> number() const;         // of any numeric type
  std::optional<bool> boolean() const;
  std::optional<std::string_view> text() const;
  std::optional<std::vector<std::int64_t>> integers() const;
  std::optional<std::vector<double>> numbers() const;
  std::optional<std::vector<std::string_view>> texts() const;

  // "a string", "12 numbers of U32": for messages.
  std::string kind() const;
};

}  // namespace lectio
