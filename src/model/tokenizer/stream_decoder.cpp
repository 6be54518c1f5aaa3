// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "model/tokenizer/tokenizer.h"

namespace lectio {
namespace {

// Whether what does not decode at the end of the text may still become a character with more bytes.
bool may_continue(std::string_view text, std::size_t at, const DecodedChar& piece) {
  const auto lead = static_cast<unsigned char>(text[at]);
  return at + piece.size == text.size() && lead >= 0xC2 && lead <= 0xF4;
}

}  // namespace

std::string StreamDecoder::push(TokenId id) {
  pending_ += tokenizer_.token_bytes(id);
  std::string text;
  std::size_t at = 0;
  while (at < pending_.size()) {
    const DecodedChar next = decode_utf8(pending_, at);
    if (!next.valid && may_continue(pending_, at, next)) break;
    append_utf8(text, next.code);
    at += next.size;
  }
  pending_.erase(0, at);
  return text;
}

std::string StreamDecoder::finish() {
  std::string text;
  if (!pending_.empty()) append_utf8(text, kReplacementCharacter);
  pending_.clear();
  return text;
}

}  // namespace lectio
