// SPDX-License-Identifier: Apache-2.0
#include "base/entity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/utf8.h"

namespace lectio {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kEntities = {{
    {"&amp;", "&"},
    {"&lt;", "<"},
    {"&gt;", ">"},
    {"&quot;", "\""},
    {"&apos;", "'"},
    {"&nbsp;", " "},
    {"&#39;", "'"},
}};

}  // namespace

Entity entity_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '&') return {};
  for (const auto& [entity, meaning] : kEntities) {
    if (text.substr(at, entity.size()) == entity) return {entity.size(), std::string(meaning)};
  }
  if (text.substr(at, 2) != "&#") return {};
  const bool hex = text.substr(at + 2, 1) == "x" || text.substr(at + 2, 1) == "X";
  const std::size_t digits = at + (hex ? 3 : 2);
  std::uint32_t code = 0;
  const auto read = std::from_chars(text.data() + std::min(digits, text.size()),
                                    text.data() + text.size(), code, hex ? 16 : 10);
  if (read.ec != std::errc() || read.ptr == text.data() + text.size() || *read.ptr != ';')
    return {};
  if (code < 0x20) return {};
  Entity entity;
  entity.size = static_cast<std::size_t>(read.ptr - (text.data() + at)) + 1;
  append_utf8(entity.text, code);
  return entity;
}

std::string without_entities(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const Entity entity = entity_at(text, at);
    if (entity.size > 0) {
      result += entity.text;
    } else {
      result += text[at];
    }
    at += std::max<std::size_t>(1, entity.size);
  }
  return result;
}

}  // namespace lectio
