// SPDX-License-Identifier: Apache-2.0
// The printable alphabet of byte-level BPE: tokenizer.json spells each byte as one code point
// (space as U+0120, ...).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lectio {

// The code point of a byte: itself where it is printable Latin-1, else U+0100 and up in the order
// of the bytes.
char32_t letter_of_byte(std::uint8_t byte);
std::string spell_bytes(std::string_view bytes);
// The bytes that a spelling stands for; nothing where a character is not of the alphabet.
std::optional<std::string> unspell_bytes(std::string_view spelling);

}  // namespace lectio
