// SPDX-License-Identifier: Apache-2.0
// Reads a GGUF header piece by piece, never past its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/gguf/gguf_value.h"

namespace lectio {

// Each read gives nothing where the bytes end first, and the cursor then stays where it is.
class GgufCursor {
 public:
  explicit GgufCursor(std::span<const std::byte> file) : file_(file) {}

  std::optional<std::uint32_t> u32();
  std::optional<std::uint64_t> u64();
  std::optional<std::string_view> text();  // 8 bytes of length, then the characters
  std::optional<std::span<const std::byte>> take(std::uint64_t size);

  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return file_.size() - position_; }

 private:
  std::span<const std::byte> file_;
  std::uint64_t position_ = 0;
};

enum class GgufOutcome { kOk, kTruncated, kUnknownType, kTooDeep };

// A value and its type in front of it. Arrays may hold arrays, four levels deep at most.
GgufOutcome read_gguf_value(GgufCursor& cursor, GgufValue& value);

}  // namespace lectio
