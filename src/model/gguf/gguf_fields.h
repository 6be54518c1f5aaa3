// SPDX-License-Identifier: Apache-2.0
// Metadata of a GGUF file that is going to be written.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/gguf/gguf_value.h"

namespace lectio {

// Keys and values in the order of the calls. Keys are distinct (a caller's promise).
class GgufFields {
 public:
  void boolean(std::string_view key, bool value);
  void u32(std::string_view key, std::int64_t value);  // in the range of the type
  void f32(std::string_view key, float value);
  void text(std::string_view key, std::string_view value);
  void i32s(std::string_view key, std::span<const std::int32_t> values);
  void f32s(std::string_view key, std::span<const float> values);
  void texts(std::string_view key, std::span<const std::string> values);

  void append(const GgufFields& others);  // keys that are not here yet

  std::uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }  // as the file has them

 private:
  template <typename T>
  void number(T value);
  void characters(std::string_view text);
  void begin(std::string_view key, GgufType type);
  void begin_array(std::string_view key, GgufType element, std::size_t count);

  std::uint64_t count_ = 0;
  std::string bytes_;
};

}  // namespace lectio
