// SPDX-License-Identifier: Apache-2.0
// Tokens that are cut out of the text before anything else: <image>, <|ref|>, ...
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/tokenizer/tokenizer.h"

namespace lectio {

struct AddedToken {
  TokenId id = 0;
  std::string content;
};

// Immutable, so thread-safe.
class AddedTokens {
 public:
  struct Match {
    std::size_t begin = 0;
    std::size_t size = 0;
    TokenId id = 0;
  };

  AddedTokens() = default;
  explicit AddedTokens(std::vector<AddedToken> tokens);  // contents distinct and not empty

  // The leftmost occurrence at or after `from`; of several that start there, the longest.
  std::optional<Match> find(std::string_view text, std::size_t from) const;
  std::optional<TokenId> id_of(std::string_view content) const;

 private:
  std::optional<Match> longest_at(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;  // sorted by content
  std::array<bool, 256> starts_{};  // which bytes begin a token
};

}  // namespace lectio
