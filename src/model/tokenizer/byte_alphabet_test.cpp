// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/byte_alphabet.h"

#include <gtest/gtest.h>

#include <set>

namespace lectio {
namespace {

TEST(ByteAlphabet, SpellsBlanksAndControlsWithStandIns) {
  EXPECT_EQ(spell_bytes(" the\n\t"), "\u0120the\u010A\u0109");
  EXPECT_EQ(spell_bytes("~!"), "~!");
  EXPECT_EQ(letter_of_byte(0x00), 0x100U);
  EXPECT_EQ(letter_of_byte(0x7F), 0x121U);
  EXPECT_EQ(letter_of_byte(0xAD), 0x143U);  // the last stand-in
  EXPECT_EQ(letter_of_byte(0xFF), 0xFFU);
}

TEST(ByteAlphabet, GivesEveryByteALetterOfItsOwn) {
  std::set<char32_t> letters;
  for (int byte = 0; byte < 256; ++byte) {
    letters.insert(letter_of_byte(static_cast<std::uint8_t>(byte)));
    const std::string bytes(1, static_cast<char>(byte));
    EXPECT_EQ(unspell_bytes(spell_bytes(bytes)), bytes) << byte;
  }
  EXPECT_EQ(letters.size(), 256U);
}

TEST(ByteAlphabet, RefusesWhatIsNotSpelledInIt) {
  EXPECT_EQ(unspell_bytes("a b"), std::nullopt);     // a bare blank
  EXPECT_EQ(unspell_bytes("\u0144"), std::nullopt);  // behind the last stand-in
  EXPECT_EQ(unspell_bytes("\u2581"), std::nullopt);
  EXPECT_EQ(unspell_bytes("\xC4"), std::nullopt);  // half a character
  EXPECT_EQ(unspell_bytes(""), "");
}

}  // namespace
}  // namespace lectio
