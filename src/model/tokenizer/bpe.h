// SPDX-License-Identifier: Apache-2.0
// Byte-pair merging: which two neighbours become one token, best rank first.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/tokenizer/tokenizer.h"

namespace lectio {

struct Merge {
  TokenId left = 0;
  TokenId right = 0;
  TokenId merged = 0;
};

// Immutable, so thread-safe.
class Bpe {
 public:
  // merges in rank order, no pair twice; ids are in [0, vocabulary).
  Bpe(const std::array<TokenId, 256>& byte_ids, const std::vector<Merge>& merges,
      TokenId vocabulary);

  // Appends the tokens of one piece. O(n log n) in its length.
  void encode(std::string_view piece, std::vector<TokenId>& out) const;

  // Whether some pair stands in the merges twice: then the file contradicts itself.
  bool has_duplicate() const;

 private:
  static constexpr std::uint32_t kNoRank = 0xFFFFFFFF;
  static constexpr std::size_t kShortPiece = 64;  // bytes; longer pieces use a heap
  struct Entry {
    TokenId right = 0;
    std::uint32_t rank = kNoRank;
    TokenId merged = 0;
  };

  Entry find(TokenId left, TokenId right) const;  // rank kNoRank where there is no such merge
  void encode_short(std::string_view piece, std::vector<TokenId>& out) const;
  void encode_long(std::string_view piece, std::vector<TokenId>& out) const;

  std::array<TokenId, 256> byte_ids_;
  // The merges of left token t are entries_[starts_[t] .. starts_[t + 1]), sorted by the right
  // token.
  std::vector<std::uint32_t> starts_;
  std::vector<Entry> entries_;
};

}  // namespace lectio
