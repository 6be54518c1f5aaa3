// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/bpe.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/splitmix.h"

namespace lectio {
namespace {

struct Vocabulary {
  std::array<TokenId, 256> byte_ids{};
  std::vector<Merge> merges;
  TokenId size = 256;
};

// Random merges over the letters a..d, ids of bytes shuffled away from the bytes themselves.
Vocabulary random_vocabulary(std::uint64_t seed) {
  Random random(seed);
  Vocabulary v;
  for (std::size_t byte = 0; byte < 256; ++byte)
    v.byte_ids[byte] = static_cast<TokenId>(255 - byte);
  std::vector<TokenId> tokens = {255 - 'a', 255 - 'b', 255 - 'c', 255 - 'd'};
  std::map<std::pair<TokenId, TokenId>, bool> known;
  for (int i = 0; i < 40; ++i) {
    const TokenId left = tokens[random.below(tokens.size())];
    const TokenId right = tokens[random.below(tokens.size())];
    if (!known.try_emplace({left, right}, true).second) continue;
    v.merges.push_back({left, right, v.size});
    tokens.push_back(v.size++);
  }
  return v;
}

// The definition: again and again the best pair, leftmost first.
std::vector<TokenId> reference(const Vocabulary& v, const std::string& piece) {
  std::map<std::pair<TokenId, TokenId>, std::size_t> rank_of;
  for (std::size_t i = 0; i < v.merges.size(); ++i)
    rank_of[{v.merges[i].left, v.merges[i].right}] = i;
  std::vector<TokenId> ids;
  for (const char c : piece) ids.push_back(v.byte_ids[static_cast<std::uint8_t>(c)]);
  while (true) {
    std::size_t best_rank = v.merges.size();
    std::size_t best = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto found = rank_of.find({ids[i], ids[i + 1]});
      if (found == rank_of.end() || found->second >= best_rank) continue;
      best_rank = found->second;
      best = i;
    }
    if (best_rank == v.merges.size()) return ids;
    ids[best] = v.merges[best_rank].merged;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(Bpe, MergesAsTheDefinitionDoesForShortAndLongPieces) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Vocabulary v = random_vocabulary(seed);
    const Bpe bpe(v.byte_ids, v.merges, v.size);
    Random random(seed + 1000);
    for (const std::size_t length : {0, 1, 2, 3, 5, 17, 63, 64, 65, 66, 130, 400}) {
      std::string piece;
      while (piece.size() < length) piece += static_cast<char>('a' + random.below(4));
      std::vector<TokenId> ids = {-7};
      bpe.encode(piece, ids);
      std::vector<TokenId> expected = reference(v, piece);
      expected.insert(expected.begin(), -7);  // appends
      ASSERT_EQ(ids, expected) << "seed " << seed << " length " << length;
    }
  }
}

TEST(Bpe, PrefersTheLeftmostOfEqualPairs) {
  Vocabulary v;
  for (std::size_t byte = 0; byte < 256; ++byte) v.byte_ids[byte] = static_cast<TokenId>(byte);
  const Bpe bpe(v.byte_ids, {{'a', 'a', 256}}, 257);
  for (const std::size_t length : {3, 65}) {
    std::vector<TokenId> ids;
    bpe.encode(std::string(length, 'a'), ids);
    EXPECT_EQ(ids.size(), length / 2 + 1);
    EXPECT_EQ(ids.front(), 256);
    EXPECT_EQ(ids.back(), 'a');
  }
}

TEST(Bpe, StaysFastOnOneLongPiece) {
  Vocabulary v;
  for (std::size_t byte = 0; byte < 256; ++byte) v.byte_ids[byte] = static_cast<TokenId>(byte);
  std::vector<Merge> merges = {{'a', 'a', 256}};
  for (TokenId id = 256; id < 270; ++id) merges.push_back({id, id, id + 1});
  const Bpe bpe(v.byte_ids, merges, 272);
  std::vector<TokenId> ids;
  bpe.encode(std::string(1 << 18, 'a'), ids);
  EXPECT_EQ(ids, std::vector<TokenId>(8, 270));
}

TEST(Bpe, FindsAPairThatStandsTwice) {
  const std::array<TokenId, 256> bytes{};
  EXPECT_FALSE(Bpe(bytes, {{1, 2, 3}, {2, 1, 3}, {1, 1, 3}}, 4).has_duplicate());
  EXPECT_TRUE(Bpe(bytes, {{1, 2, 3}, {1, 1, 3}, {1, 2, 3}}, 4).has_duplicate());
}

}  // namespace
}  // namespace lectio
