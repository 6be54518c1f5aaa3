// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/byte_alphabet.h"

#include <array>

#include "base/utf8.h"

namespace lectio {
namespace {

constexpr bool is_printable(std::uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::uint32_t kFirstStandIn = 0x100;
constexpr std::uint32_t kLetters = kFirstStandIn + 68;  // 68 bytes are not printable

struct Alphabet {
  std::array<char32_t, 256> letters{};
  std::array<std::int16_t, kLetters> bytes{};  // -1: not of the alphabet
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  for (auto& byte : alphabet.bytes) byte = -1;
  std::uint32_t stand_in = kFirstStandIn;
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    const std::uint32_t letter = is_printable(byte) ? byte : stand_in++;
    alphabet.letters[byte] = letter;
    alphabet.bytes[letter] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

char32_t letter_of_byte(std::uint8_t byte) { return kAlphabet.letters[byte]; }

std::string spell_bytes(std::string_view bytes) {
  std::string spelling;
  for (const char byte : bytes) {
    append_utf8(spelling, letter_of_byte(static_cast<std::uint8_t>(byte)));
  }
  return spelling;
}

std::optional<std::string> unspell_bytes(std::string_view spelling) {
  std::string bytes;
  bytes.reserve(spelling.size());
  for (std::size_t at = 0; at < spelling.size();) {
    const DecodedChar letter = decode_utf8(spelling, at);
    if (!letter.valid || letter.code >= kLetters || kAlphabet.bytes[letter.code] < 0) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(kAlphabet.bytes[letter.code]));
    at += letter.size;
  }
  return bytes;
}

}  // namespace lectio
