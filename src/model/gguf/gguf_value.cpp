// SPDX-License-Identifier: Apache-2.0
#include "model/gguf/gguf_value.h"

#include <array>
#include <cstring>
#include <limits>

namespace lectio {
namespace {

template <typename T>
T load(const std::byte* bytes) {
  T value{};
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

std::optional<std::int64_t> integer_at(GgufType type, const std::byte* bytes) {
  switch (type) {
    case GgufType::kU8:
      return load<std::uint8_t>(bytes);
    case GgufType::kI8:
      return load<std::int8_t>(bytes);
    case GgufType::kU16:
      return load<std::uint16_t>(bytes);
    case GgufType::kI16:
      return load<std::int16_t>(bytes);
    case GgufType::kU32:
      return load<std::uint32_t>(bytes);
    case GgufType::kI32:
      return load<std::int32_t>(bytes);
    case GgufType::kI64:
      return load<std::int64_t>(bytes);
    case GgufType::kU64: {
      const auto value = load<std::uint64_t>(bytes);
      if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> number_at(GgufType type, const std::byte* bytes) {
  if (type == GgufType::kF32) return static_cast<double>(load<float>(bytes));
  if (type == GgufType::kF64) return load<double>(bytes);
  const auto whole = integer_at(type, bytes);
  if (!whole) return std::nullopt;
  return static_cast<double>(*whole);
}

std::string_view characters(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Every element of an array, or nothing where one cannot be read so.
template <typename T, typename Read>
std::optional<std::vector<T>> elements(const GgufValue& value, Read read) {
  const std::uint64_t size = gguf_size(value.element);
  if (value.type != GgufType::kArray || size == 0) return std::nullopt;
  std::vector<T> all;
  all.reserve(value.count);
  for (std::uint64_t i = 0; i < value.count; ++i) {
    const std::optional<T> one = read(value.element, value.bytes.data() + i * size);
    if (!one) return std::nullopt;
    all.push_back(*one);
  }
  return all;
}

const char* name_of(GgufType type) {
  constexpr std::array<const char*, 13> kNames = {"U8",  "I8",  "U16",  "I16",    "U32",
                                                  "I32", "F32", "bool", "string", "array",
                                                  "U64", "I64", "F64"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace

std::optional<std::int64_t> GgufValue::integer() const {
  if (type == GgufType::kArray) return std::nullopt;
  return integer_at(type, bytes.data());
}

std::optional<double> GgufValue::number() const {
  if (type == GgufType::kArray) return std::nullopt;
  return number_at(type, bytes.data());
}

std::optional<bool> GgufValue::boolean() const {
  if (type != GgufType::kBool) return std::nullopt;
  return load<std::uint8_t>(bytes.data()) != 0;
}

std::optional<std::string_view> GgufValue::text() const {
  if (type != GgufType::kString) return std::nullopt;
  return characters(bytes);
}

std::optional<std::vector<std::int64_t>> GgufValue::integers() const {
  return elements<std::int64_t>(*this, integer_at);
}

std::optional<std::vector<double>> GgufValue::numbers() const {
  return elements<double>(*this, number_at);
}

std::optional<std::vector<std::string_view>> GgufValue::texts() const {
  if (type != GgufType::kArray || element != GgufType::kString) return std::nullopt;
  std::vector<std::string_view> all;
  all.reserve(count);
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto length = static_cast<std::size_t>(load<std::uint64_t>(bytes.data() + at));
    all.push_back(characters(bytes.subspan(at + 8, length)));
    at += 8 + length;
  }
  return all;
}

std::string GgufValue::kind() const {
  if (type != GgufType::kArray) return std::string("a value of type ") + name_of(type);
  return std::to_string(count) + " values of type " + name_of(element);
}

}  // namespace lectio
