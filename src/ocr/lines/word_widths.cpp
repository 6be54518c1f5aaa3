// SPDX-License-Identifier: Apache-2.0
#include "ocr/lines/word_widths.h"

#include <array>
#include <cstddef>

#include "base/utf8.h"

namespace lectio {
namespace {

struct Widths {
  std::string_view characters;
  double em;
};
constexpr std::array<Widths, 8> kWidths = {{
    {"ijl.,:;'|!`", 0.26},
    {"ftrI()[]\"- ", 0.35},
    {"csz*?Jkvxy", 0.47},
    {"abdeghnopqu0123456789$L+=<>~", 0.54},
    {"ABEFKPSTXYZ&", 0.65},
    {"CDGHNOQRUV", 0.72},
    {"mwMW%@", 0.85},
    {"{}^_", 0},
}};
constexpr double kOther = 0.55;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

double width_of(char32_t code) {
  if (is_ideograph(code) || (code >= 0xFF01 && code <= 0xFF60) ||
      (code >= 0x3000 && code <= 0x303F) || (code >= 0xAC00 && code <= 0xD7A3)) {
    return 1;
  }
  if (code >= 0x80) return kOther;
  for (const Widths& group : kWidths) {
    if (group.characters.find(static_cast<char>(code)) != std::string_view::npos) return group.em;
  }
  return kOther;
}

}  // namespace

bool is_ideograph(char32_t code) {
  return (code >= 0x3040 && code <= 0x30FF) || (code >= 0x3400 && code <= 0x9FFF) ||
         (code >= 0xF900 && code <= 0xFAFF) || (code >= 0x20000 && code <= 0x3FFFF);
}

double width_in_em(std::string_view text) {
  double width = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\\' && at + 1 < text.size() && is_letter(text[at + 1])) {
      for (++at; at < text.size() && is_letter(text[at]);) ++at;
      width += kOther;
      continue;
    }
    const DecodedChar next = decode_utf8(text, at);
    width += width_of(next.code);
    at += next.size;
  }
  return width;
}

}  // namespace lectio
