// SPDX-License-Identifier: Apache-2.0
#include "media/render/chars.h"

#include <span>

namespace lectio {
namespace {

struct Range {
  char32_t first, last;
};

bool is_in(std::span<const Range> ranges, char32_t code) {
  for (const Range& range : ranges) {
    if (code >= range.first && code <= range.last) return true;
  }
  return false;
}

constexpr Range kInvisible[] = {
    {0x00, 0x08},     {0x0D, 0x1F},     {0x7F, 0x84},     {0x86, 0x9F},
    {0xAD, 0xAD},     {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F},
    {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF},
};
constexpr Range kLineFeeds[] = {{0x0A, 0x0C}, {0x85, 0x85}, {0x2028, 0x2029}};
constexpr Range kSpaces[] = {{0x20, 0x20},     {0x1680, 0x1680}, {0x2000, 0x2006},
                             {0x2008, 0x200A}, {0x205F, 0x205F}, {0x3000, 0x3000}};
constexpr Range kIdeographs[] = {{0x2E80, 0x2FFF}, {0x3040, 0x30FF},  {0x3100, 0x31BF},
                                 {0x3400, 0x4DBF}, {0x4E00, 0x9FFF},  {0xAC00, 0xD7AF},
                                 {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}};
// Upright forms that fill their cell although a line may not break around all of them.
constexpr Range kFullHeight[] = {{0x3000, 0x303F}, {0xFF00, 0xFF60}};
constexpr Range kCapitals[] = {
    {'0', '9'},     {'A', 'Z'},     {0xC0, 0xD6},   {0xD8, 0xDE},
    {0x386, 0x38F}, {0x391, 0x3AB}, {0x400, 0x42F}, {0x10A0, 0x10FF},
};

}  // namespace

CharKind char_kind(char32_t code) {
  if (code > 0x20 && code < 0x7F) return CharKind::kVisible;
  if (code == U' ') return CharKind::kSpace;
  if (code == U'\t') return CharKind::kTab;
  if (code > 0xAD && code < 0x1680) return CharKind::kVisible;
  if (is_in(kLineFeeds, code)) return CharKind::kLineFeed;
  if (is_in(kSpaces, code)) return CharKind::kSpace;
  if (is_in(kInvisible, code)) return CharKind::kInvisible;
  if (is_in(kIdeographs, code)) return CharKind::kIdeograph;
  return CharKind::kVisible;
}

CharHeight char_height(char32_t code) {
  if (code >= U'a' && code <= U'z') return CharHeight::kXHeight;
  if (is_in(kCapitals, code)) return CharHeight::kCapital;
  // Latin Extended-A and -B alternate: capitals are even up to U+0137, and the error elsewhere is
  // one x-height.
  if (code >= 0x100 && code < 0x138)
    return code % 2 == 0 ? CharHeight::kCapital : CharHeight::kXHeight;
  if (is_in(kIdeographs, code) || is_in(kFullHeight, code)) return CharHeight::kFull;
  return CharHeight::kXHeight;
}

}  // namespace lectio
