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

Error wrong_count(std::size_t expected, std::int64_t found) {
  const std::string images = expected == 1
                                 ? "one <image>, the place of the page"
                                 : std::to_string(expected) + " times <image>, one a page";
  return Error(ErrorCode::kInvalidArgument, "prompt: expected " + images + "; found " +
                                                (found == 0 ? "none" : std::to_string(found)));
}

}  // namespace

std::int64_t count_images(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t at = text.find(kImageMark); at != std::string_view::npos;
       at = text.find(kImageMark, at + kImageMark.size())) {
    ++count;
  }
  return count;
}

Result<Prompt> build_prompt(std::string_view text, const Tokenizer& tokenizer,
                            std::span<const TokenLayout> layouts, std::int32_t bos_id) {
  const std::int64_t images = count_images(text);
  if (images < 1 || images != static_cast<std::int64_t>(layouts.size())) {
    return wrong_count(layouts.size(), images);
  }
  const std::optional<TokenId> image_id = tokenizer.id_of(kImageMark);
  if (!image_id) {
    return Error(ErrorCode::kInvalidModel,
                 "tokenizer.json: expected a token '<image>', found none");
  }

  std::string_view rest = stripped(text);
  Prompt prompt;
  prompt.image_id = *image_id;
  prompt.ids.push_back(bos_id);
  for (const TokenLayout& layout : layouts) {
    const std::size_t mark = rest.find(kImageMark);
    append(prompt.ids, tokenizer.encode(rest.substr(0, mark)));
    prompt.ids.insert(prompt.ids.end(), static_cast<std::size_t>(layout.count()), *image_id);
    rest.remove_prefix(mark + kImageMark.size());
  }
  append(prompt.ids, tokenizer.encode(rest));
  return prompt;
}

}  // namespace lectio
