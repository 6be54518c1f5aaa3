// SPDX-License-Identifier: Apache-2.0
#include "ocr/export/xml.h"

#include "base/utf8.h"

namespace lectio {
namespace {

bool has_a_place(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0x7F && code != 0xFFFE && code != 0xFFFF;
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar next = decode_utf8(text, at);
    at += next.size;
    switch (next.code) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        if (has_a_place(next.code)) append_utf8(escaped, next.code);
    }
  }
  return escaped;
}

std::string xml_attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + xml_escaped(value) + "\"";
}

std::string xml_attribute(std::string_view name, std::int64_t value) {
  return xml_attribute(name, std::string_view(std::to_string(value)));
}

}  // namespace lectio
