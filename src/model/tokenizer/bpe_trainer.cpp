// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/bpe_trainer.h"

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer/split_patterns.h"
#include "model/tokenizer/tokenizer.h"
#include "model/tokenizer/tokenizer_json.h"

namespace lectio {
namespace {

using PieceCounts =
    std::unordered_map<std::string_view, std::int64_t>;  // keys point into the chunks

// A pair of symbols as one number: the left in the upper half, so that numbers order as pairs do.
using Pair = std::uint64_t;
using Symbol = std::uint32_t;

constexpr Pair pair_of(Symbol left, Symbol right) { return Pair{left} << 32 | right; }
constexpr Symbol left_of(Pair pair) { return static_cast<Symbol>(pair >> 32); }
constexpr Symbol right_of(Pair pair) { return static_cast<Symbol>(pair); }

// Added tokens are cut out as the tokenizer will do; bytes that are not UTF-8 separate.
PieceCounts count_pieces(std::span<const std::string_view> chunks, const SplitPatterns& patterns,
                         const AddedTokens& added) {
  PieceCounts counts;
  Splitter splitter(patterns, [&](std::string_view piece) { ++counts[piece]; });
  const auto count_valid = [&](std::string_view text) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
      const DecodedChar next = decode_utf8(text, at);
      at += next.size;
      if (next.valid) continue;
      splitter.split(text.substr(begin, at - next.size - begin));
      begin = at;
    }
    splitter.split(text.substr(begin));
  };
  for (const std::string_view chunk : chunks) {
    std::size_t done = 0;
    while (const auto match = added.find(chunk, done)) {
      count_valid(chunk.substr(done, match->begin - done));
      done = match->begin + match->size;
    }
    count_valid(chunk.substr(done));
  }
  return counts;
}

// The pieces as sequences of symbols, with the counts of neighbouring pairs kept up to date merge
// by merge.
class PairMerger {
 public:
  explicit PairMerger(const PieceCounts& counts) {
    words_.reserve(counts.size());
    for (const auto& [piece, count] : counts) {
      Word word{{}, count};
      for (const char byte : piece) word.symbols.push_back(static_cast<std::uint8_t>(byte));
      words_.push_back(std::move(word));
    }
    for (std::size_t w = 0; w < words_.size(); ++w) {
      const std::vector<Symbol>& symbols = words_[w].symbols;
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        add(pair_of(symbols[i], symbols[i + 1]), w, words_[w].count);
      }
    }
    for (const auto& [pair, place] : pairs_) heap_.push({place.count, pair});
  }

  // The most frequent pair, of several the smallest; false where none is as frequent as min_count.
  bool best(std::int64_t min_count, Pair& pair) {
    while (!heap_.empty()) {
      const Candidate top = heap_.top();
      heap_.pop();
      const std::int64_t now = pairs_[top.pair].count;
      if (now == top.count) {
        pair = top.pair;
        return now >= min_count;
      }
      if (now > 0) heap_.push({now, top.pair});  // it has become rarer since
    }
    return false;
  }

  void merge(Pair pair, Symbol merged) {
    std::vector<std::size_t> where = std::move(pairs_[pair].words);
    std::sort(where.begin(), where.end());
    where.erase(std::unique(where.begin(), where.end()), where.end());
    grown_.clear();
    for (const std::size_t w : where) merge_in(w, pair, merged);
    pairs_[pair] = {};
    std::sort(grown_.begin(), grown_.end());
    grown_.erase(std::unique(grown_.begin(), grown_.end()), grown_.end());
    for (const Pair fresh : grown_) heap_.push({pairs_[fresh].count, fresh});
  }

 private:
  struct Word {
    std::vector<Symbol> symbols;
    std::int64_t count = 0;
  };
  struct Place {
    std::int64_t count = 0;
    std::vector<std::size_t> words;  // where the pair has stood, with repetitions
  };
  struct Candidate {
    std::int64_t count;
    Pair pair;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };

  void add(Pair pair, std::size_t word, std::int64_t count) {
    Place& place = pairs_[pair];
    place.count += count;
    if (place.words.empty() || place.words.back() != word) place.words.push_back(word);
  }

  void merge_in(std::size_t w, Pair pair, Symbol merged) {
    Word& word = words_[w];
    std::vector<Symbol>& symbols = word.symbols;
    std::size_t out = 0;
    for (std::size_t i = 0; i < symbols.size(); ++out) {
      const bool here = i + 1 < symbols.size() && pair_of(symbols[i], symbols[i + 1]) == pair;
      if (!here) {
        symbols[out] = symbols[i++];
        continue;
      }
      // What stands before has been merged already, what stands behind not yet.
      if (out > 0)
        exchange(w, pair_of(symbols[out - 1], left_of(pair)), pair_of(symbols[out - 1], merged));
      if (i + 2 < symbols.size()) {
        exchange(w, pair_of(right_of(pair), symbols[i + 2]), pair_of(merged, symbols[i + 2]));
      }
      symbols[out] = merged;
      i += 2;
    }
    symbols.resize(out);
  }

  void exchange(std::size_t w, Pair gone, Pair come) {
    pairs_[gone].count -= words_[w].count;
    add(come, w, words_[w].count);
    grown_.push_back(come);
  }

  std::vector<Word> words_;
  std::unordered_map<Pair, Place> pairs_;
  std::priority_queue<Candidate> heap_;
  std::vector<Pair> grown_;
};

// The tokens' bytes in the order of their learning: 256 bytes, then merges.
struct Learned {
  std::vector<std::string> tokens;
  std::vector<Pair> merges;
};

Learned learn(PairMerger& merger, std::size_t merges_wanted, std::int64_t min_count) {
  Learned learned;
  std::unordered_map<std::string, Symbol> known;
  for (int byte = 0; byte < 256; ++byte) {
    learned.tokens.emplace_back(1, static_cast<char>(byte));
    known.emplace(learned.tokens.back(), static_cast<Symbol>(byte));
  }
  Pair pair = 0;
  while (learned.tokens.size() < 256 + merges_wanted && merger.best(min_count, pair)) {
    std::string joined = learned.tokens[left_of(pair)] + learned.tokens[right_of(pair)];
    // Two pairs can spell the same token; the second merge then leads to the first one's id.
    const auto [place, is_new] =
        known.try_emplace(joined, static_cast<Symbol>(learned.tokens.size()));
    merger.merge(pair, place->second);
    learned.merges.push_back(pair);
    if (is_new) learned.tokens.push_back(std::move(joined));
  }
  return learned;
}

// Leading tokens stand in the vocabulary too: readers number added tokens that do not from its end.
std::string to_json(const Learned& learned, const BpeTraining& training) {
  TokenizerFile file;
  const auto next_id = [&] { return static_cast<TokenId>(file.vocabulary.size()); };
  for (const std::string& token : training.leading) {
    file.added.push_back({next_id(), token});
    file.vocabulary.emplace_back(token, next_id());
  }
  for (const std::string& bytes : learned.tokens) {
    file.vocabulary.emplace_back(spell_bytes(bytes), next_id());
  }
  TokenId id = next_id();
  for (const std::string& token : training.trailing) file.added.push_back({id++, token});
  for (const Pair pair : learned.merges) {
    file.merges.emplace_back(spell_bytes(learned.tokens[left_of(pair)]),
                             spell_bytes(learned.tokens[right_of(pair)]));
  }
  file.expressions = training.expressions;
  return to_tokenizer_json(file);
}

std::vector<AddedToken> all_added(const BpeTraining& training) {
  std::vector<AddedToken> tokens;
  for (const auto* list : {&training.leading, &training.trailing}) {
    for (const std::string& content : *list) tokens.push_back({0, content});
  }
  return tokens;
}

}  // namespace

std::vector<std::string> single_digit_expressions() {
  return {R"(\p{N})", R"([\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+)",
          official_expressions()[2]};
}

Result<std::string> train_bpe(std::span<const std::string_view> chunks,
                              const BpeTraining& training) {
  const auto fixed =
      static_cast<std::int64_t>(256 + training.leading.size() + training.trailing.size());
  if (training.vocabulary < fixed) {
    return Error(ErrorCode::kInvalidArgument,
                 "vocabulary: expected at least " + std::to_string(fixed) +
                     " (bytes and added tokens), found " + std::to_string(training.vocabulary));
  }
  LECTIO_TRY(const SplitPatterns patterns, SplitPatterns::compile(training.expressions));
  const AddedTokens added(all_added(training));
  PairMerger merger(count_pieces(chunks, patterns, added));
  const auto merges_wanted = static_cast<std::size_t>(training.vocabulary - fixed);
  return to_json(learn(merger, merges_wanted, training.min_count), training);
}

}  // namespace lectio
