// SPDX-License-Identifier: Apache-2.0
#include "model/gguf/gguf_cursor.h"

#include <cstring>

namespace lectio {
namespace {

constexpr std::uint32_t kTypes = 13;
constexpr int kMaxDepth = 4;

struct ArrayHead {
  GgufType element = GgufType::kU8;
  std::uint64_t count = 0;
};

GgufOutcome read_array_head(GgufCursor& cursor, ArrayHead& head) {
  const auto element = cursor.u32();
  const auto count = cursor.u64();
  if (!element || !count) return GgufOutcome::kTruncated;
  if (*element >= kTypes) return GgufOutcome::kUnknownType;
  head = {static_cast<GgufType>(*element), *count};
  return GgufOutcome::kOk;
}

// Passes over the elements of an array. Every element takes bytes, so the loops end with the file.
GgufOutcome skip_elements(GgufCursor& cursor, const ArrayHead& head, int depth) {
  if (depth > kMaxDepth) return GgufOutcome::kTooDeep;
  if (const std::uint64_t size = gguf_size(head.element); size > 0) {
    if (head.count > cursor.left() / size) return GgufOutcome::kTruncated;
    cursor.take(size * head.count);
    return GgufOutcome::kOk;
  }
  for (std::uint64_t i = 0; i < head.count; ++i) {
    if (head.element == GgufType::kString) {
      if (!cursor.text()) return GgufOutcome::kTruncated;
      continue;
    }
    ArrayHead inner;
    GgufOutcome outcome = read_array_head(cursor, inner);
    if (outcome == GgufOutcome::kOk) outcome = skip_elements(cursor, inner, depth + 1);
    if (outcome != GgufOutcome::kOk) return outcome;
  }
  return GgufOutcome::kOk;
}

}  // namespace

std::optional<std::span<const std::byte>> GgufCursor::take(std::uint64_t size) {
  if (size > left()) return std::nullopt;
  const auto bytes = file_.subspan(position_, size);
  position_ += size;
  return bytes;
}

std::optional<std::uint32_t> GgufCursor::u32() {
  const auto bytes = take(sizeof(std::uint32_t));
  if (!bytes) return std::nullopt;
  std::uint32_t value = 0;
  std::memcpy(&value, bytes->data(), sizeof(value));
  return value;
}

std::optional<std::uint64_t> GgufCursor::u64() {
  const auto bytes = take(sizeof(std::uint64_t));
  if (!bytes) return std::nullopt;
  std::uint64_t value = 0;
  std::memcpy(&value, bytes->data(), sizeof(value));
  return value;
}

std::optional<std::string_view> GgufCursor::text() {
  const std::uint64_t start = position_;
  const auto length = u64();
  const auto bytes = length ? take(*length) : std::nullopt;
  if (!bytes) {
    position_ = start;
    return std::nullopt;
  }
  return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

GgufOutcome read_gguf_value(GgufCursor& cursor, GgufValue& value) {
  const auto type = cursor.u32();
  if (!type) return GgufOutcome::kTruncated;
  if (*type >= kTypes) return GgufOutcome::kUnknownType;
  value.type = static_cast<GgufType>(*type);
  if (value.type == GgufType::kString) {
    const auto text = cursor.text();
    if (!text) return GgufOutcome::kTruncated;
    value.bytes = std::as_bytes(std::span(*text));
    return GgufOutcome::kOk;
  }
  if (value.type != GgufType::kArray) {
    const auto bytes = cursor.take(gguf_size(value.type));
    if (!bytes) return GgufOutcome::kTruncated;
    value.bytes = *bytes;
    return GgufOutcome::kOk;
  }
  ArrayHead head;
  if (const GgufOutcome outcome = read_array_head(cursor, head); outcome != GgufOutcome::kOk) {
    return outcome;
  }
  value.element = head.element;
  value.count = head.count;
  GgufCursor past = cursor;
  if (const GgufOutcome outcome = skip_elements(past, head, 1); outcome != GgufOutcome::kOk) {
    return outcome;
  }
  value.bytes = *cursor.take(past.position() - cursor.position());
  return GgufOutcome::kOk;
}

}  // namespace lectio
