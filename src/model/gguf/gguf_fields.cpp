// SPDX-License-Identifier: Apache-2.0
#include "model/gguf/gguf_fields.h"

#include <limits>

#include "base/check.h"

namespace lectio {

template <typename T>
void GgufFields::number(T value) {
  bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void GgufFields::characters(std::string_view text) {
  number(std::uint64_t{text.size()});
  bytes_ += text;
}

void GgufFields::begin(std::string_view key, GgufType type) {
  ++count_;
  characters(key);
  number(static_cast<std::uint32_t>(type));
}

void GgufFields::begin_array(std::string_view key, GgufType element, std::size_t count) {
  begin(key, GgufType::kArray);
  number(static_cast<std::uint32_t>(element));
  number(std::uint64_t{count});
}

void GgufFields::append(const GgufFields& others) {
  count_ += others.count_;
  bytes_ += others.bytes_;
}

void GgufFields::boolean(std::string_view key, bool value) {
  begin(key, GgufType::kBool);
  number(static_cast<std::uint8_t>(value ? 1 : 0));
}

void GgufFields::u32(std::string_view key, std::int64_t value) {
  LECTIO_CHECK(value >= 0 && value <= std::int64_t{std::numeric_limits<std::uint32_t>::max()},
               std::string(key) + " " + std::to_string(value));
  begin(key, GgufType::kU32);
  number(static_cast<std::uint32_t>(value));
}

void GgufFields::f32(std::string_view key, float value) {
  begin(key, GgufType::kF32);
  number(value);
}

void GgufFields::text(std::string_view key, std::string_view value) {
  begin(key, GgufType::kString);
  characters(value);
}

void GgufFields::i32s(std::string_view key, std::span<const std::int32_t> values) {
  begin_array(key, GgufType::kI32, values.size());
  for (const std::int32_t value : values) number(value);
}

void GgufFields::f32s(std::string_view key, std::span<const float> values) {
  begin_array(key, GgufType::kF32, values.size());
  for (const float value : values) number(value);
}

void GgufFields::texts(std::string_view key, std::span<const std::string> values) {
  begin_array(key, GgufType::kString, values.size());
  for (const std::string& value : values) characters(value);
}

}  // namespace lectio
