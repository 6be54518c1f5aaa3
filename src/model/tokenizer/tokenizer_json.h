// SPDX-License-Identifier: Apache-2.0
// tokenizer.json as plain data: what byte-level BPE needs of it, with everything else checked to be
// absent.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/tokenizer.h"

namespace lectio {

inline constexpr TokenId kMaxTokenId = (1 << 22) - 1;

// The expression of GPT-2, which ByteLevel applies when use_regex is set.
inline constexpr std::string_view kGpt2Expression =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

struct TokenizerFile {
  std::vector<std::pair<std::string, TokenId>>
      vocabulary;  // spelled in the byte alphabet; ids in [0, kMaxTokenId]
  std::vector<std::pair<std::string, std::string>> merges;  // by rank, spelled alike
  std::vector<AddedToken> added;                            // contents distinct and not empty
  std::vector<std::string> expressions;                     // of the pre-tokenizer, in order
  bool whole_pieces_first = false;  // ignore_merges: a piece that is a token needs no merging
};

// kInvalidModel with every problem: what is missing or malformed, and each feature that is not
// byte-level BPE (normalisers, other pre-tokenizers or models, added tokens that strip blanks).
Result<TokenizerFile> parse_tokenizer_json(std::string_view json, std::string_view name);

// The text of a tokenizer.json that parse_tokenizer_json reads as these lists. Vocabulary and added
// tokens in the order given.
std::string to_tokenizer_json(const TokenizerFile& file);

}  // namespace lectio
