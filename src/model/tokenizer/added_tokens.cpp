// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/added_tokens.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace lectio {

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::sort(tokens_.begin(), tokens_.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
  for (const AddedToken& token : tokens_) {
    LECTIO_CHECK(!token.content.empty(), "an empty added token");
    starts_[static_cast<std::uint8_t>(token.content.front())] = true;
  }
}

std::optional<AddedTokens::Match> AddedTokens::find(std::string_view text, std::size_t from) const {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (!starts_[static_cast<std::uint8_t>(text[at])]) continue;
    if (auto match = longest_at(text, at)) return match;
  }
  return std::nullopt;
}

// Narrows the sorted list byte by byte: [first, last) are the tokens that begin with what was read
// so far, and of these the one that is already complete stands first.
std::optional<AddedTokens::Match> AddedTokens::longest_at(std::string_view text,
                                                          std::size_t at) const {
  std::optional<Match> longest;
  auto first = tokens_.begin();
  auto last = tokens_.end();
  for (std::size_t depth = 0; first != last; ++depth) {
    if (first->content.size() == depth) {
      longest = Match{at, depth, first->id};
      ++first;
    }
    if (at + depth >= text.size()) break;
    const auto byte = static_cast<std::uint8_t>(text[at + depth]);
    const auto byte_of = [depth](const AddedToken& token) {
      return static_cast<std::uint8_t>(token.content[depth]);
    };
    first =
        std::partition_point(first, last, [&](const AddedToken& t) { return byte_of(t) < byte; });
    last =
        std::partition_point(first, last, [&](const AddedToken& t) { return byte_of(t) == byte; });
  }
  return longest;
}

std::optional<TokenId> AddedTokens::id_of(std::string_view content) const {
  const auto found = std::lower_bound(
      tokens_.begin(), tokens_.end(), content,
      [](const AddedToken& token, std::string_view c) { return token.content < c; });
  if (found == tokens_.end() || found->content != content) return std::nullopt;
  return found->id;
}

}  // namespace lectio
