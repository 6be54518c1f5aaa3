// SPDX-License-Identifier: Apache-2.0
#include "ocr/prompt/prompt.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "base/utf8.h"

namespace lectio {
namespace {

// What Python's str.strip() removes, which is what the official runner strips with.
bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::string_view stripped(std::string_view text) {
  std::size_t begin = text.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar next = decode_utf8(text, at);
    if (!is_blank(next.code)) {
      begin = std::min(begin, at);
      end = at + next.size;
    }
    at += next.size;
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

void append(std::vector<std::int32_t>& ids, const std::vector<TokenId>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

}  // namespace

Result<Prompt> build_prompt(std::string_view text, const Tokenizer& tokenizer,
                            const TokenLayout& layout, std::int32_t bos_id) {
  const std::string_view task = stripped(text);
  const std::size_t mark = task.find(kImageMark);
  if (mark == std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument,
                 "prompt: expected one <image>, the place of the page; found none");
  }
  const std::string_view before = task.substr(0, mark);
  const std::string_view after = task.substr(mark + kImageMark.size());
  if (after.find(kImageMark) != std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument, "prompt: expected one <image>, found several");
  }
  const std::optional<TokenId> image_id = tokenizer.id_of(kImageMark);
  if (!image_id) {
    return Error(ErrorCode::kInvalidModel,
                 "tokenizer.json: expected a token '<image>', found none");
  }

  Prompt prompt;
  prompt.image_id = *image_id;
  prompt.ids.push_back(bos_id);
  append(prompt.ids, tokenizer.encode(before));
  prompt.ids.insert(prompt.ids.end(), static_cast<std::size_t>(layout.count()), *image_id);
  append(prompt.ids, tokenizer.encode(after));
  return prompt;
}

}  // namespace lectio
