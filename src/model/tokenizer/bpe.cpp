// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/bpe.h"

#include <algorithm>
#include <queue>

namespace lectio {

Bpe::Bpe(const std::array<TokenId, 256>& byte_ids, const std::vector<Merge>& merges,
         TokenId vocabulary)
    : byte_ids_(byte_ids),
      starts_(static_cast<std::size_t>(vocabulary) + 1),
      entries_(merges.size()) {
  // Counting sort by the left token.
  for (const Merge& merge : merges) ++starts_[static_cast<std::size_t>(merge.left) + 1];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  std::vector<std::uint32_t> next = starts_;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const Merge& merge = merges[rank];
    entries_[next[static_cast<std::size_t>(merge.left)]++] = {
        merge.right, static_cast<std::uint32_t>(rank), merge.merged};
  }
  for (std::size_t left = 0; left + 1 < starts_.size(); ++left) {
    std::sort(entries_.begin() + starts_[left], entries_.begin() + starts_[left + 1],
              [](const Entry& a, const Entry& b) { return a.right < b.right; });
  }
}

bool Bpe::has_duplicate() const {
  for (std::size_t left = 0; left + 1 < starts_.size(); ++left) {
    for (std::uint32_t i = starts_[left] + 1; i < starts_[left + 1]; ++i) {
      if (entries_[i].right == entries_[i - 1].right) return true;
    }
  }
  return false;
}

Bpe::Entry Bpe::find(TokenId left, TokenId right) const {
  const Entry* first = entries_.data() + starts_[static_cast<std::size_t>(left)];
  const Entry* last = entries_.data() + starts_[static_cast<std::size_t>(left) + 1];
  const Entry* found = std::lower_bound(
      first, last, right, [](const Entry& entry, TokenId wanted) { return entry.right < wanted; });
  return found != last && found->right == right ? *found : Entry{};
}

void Bpe::encode(std::string_view piece, std::vector<TokenId>& out) const {
  if (piece.size() <= kShortPiece) {
    encode_short(piece, out);
  } else {
    encode_long(piece, out);
  }
}

// Words: everything on the stack, the best pair found by looking at all of them.
void Bpe::encode_short(std::string_view piece, std::vector<TokenId>& out) const {
  std::array<TokenId, kShortPiece> ids{};
  std::array<Entry, kShortPiece> pairs;  // of token i and its right neighbour
  std::size_t count = piece.size();
  for (std::size_t i = 0; i < count; ++i) ids[i] = byte_ids_[static_cast<std::uint8_t>(piece[i])];
  for (std::size_t i = 0; i + 1 < count; ++i) pairs[i] = find(ids[i], ids[i + 1]);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == kNoRank) break;
    ids[best] = pairs[best].merged;
    --count;
    for (std::size_t i = best + 1; i < count; ++i) {
      ids[i] = ids[i + 1];
      pairs[i] = pairs[i + 1];
    }
    if (best > 0) pairs[best - 1] = find(ids[best - 1], ids[best]);
    if (best + 1 < count) pairs[best] = find(ids[best], ids[best + 1]);
  }
  out.insert(out.end(), ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
}

// The same choice from a heap, over a linked list of tokens. A heap entry whose tokens have changed
// since is stale.
void Bpe::encode_long(std::string_view piece, std::vector<TokenId>& out) const {
  struct Node {
    TokenId id;
    std::size_t previous;
    std::size_t next;
  };
  struct Candidate {
    Entry entry;
    std::size_t at;
    TokenId left;
    bool operator>(const Candidate& other) const {
      return entry.rank != other.entry.rank ? entry.rank > other.entry.rank : at > other.at;
    }
  };
  const std::size_t count = piece.size();
  constexpr TokenId kGone = -1;
  std::vector<Node> nodes(count);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> heap;
  const auto propose = [&](std::size_t at) {
    if (at >= count || nodes[at].next >= count) return;
    const Entry entry = find(nodes[at].id, nodes[nodes[at].next].id);
    if (entry.rank != kNoRank) heap.push({entry, at, nodes[at].id});
  };
  for (std::size_t i = 0; i < count; ++i) {
    nodes[i] = {byte_ids_[static_cast<std::uint8_t>(piece[i])], i == 0 ? count : i - 1, i + 1};
  }
  for (std::size_t i = 0; i + 1 < count; ++i) propose(i);
  while (!heap.empty()) {
    const Candidate best = heap.top();
    heap.pop();
    Node& node = nodes[best.at];
    if (node.id != best.left || node.next >= count) continue;
    if (nodes[node.next].id != best.entry.right) continue;
    node.id = best.entry.merged;
    nodes[node.next].id = kGone;
    node.next = nodes[node.next].next;
    if (node.next < count) nodes[node.next].previous = best.at;
    propose(node.previous);
    propose(best.at);
  }
  for (std::size_t i = 0; i < count; i = nodes[i].next) out.push_back(nodes[i].id);
}

}  // namespace lectio
