// SPDX-License-Identifier: Apache-2.0
// The tokenizer at its official size, on a corpus of difficult texts: cuts against expectations of
// another hand (tools/make_split_goldens.py), merges against their definition, and back again.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/splitmix.h"
#include "model/synth/synthetic_tokenizer.h"
#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer/split_patterns.h"
#include "model/tokenizer/tokenizer.h"
#include "model/tokenizer/tokenizer_json.h"

namespace lectio {
namespace {

struct Text {
  std::string bytes;
  std::vector<std::string> pieces;
};

std::vector<Text> read_corpus() {
  const auto file = read_file(LECTIO_SOURCE_DIR "/tests/golden/splits.json");
  EXPECT_TRUE(file);
  std::vector<Text> corpus;
  const auto json = nlohmann::json::parse(*file);
  for (const auto& item : json.at("cases")) {
    corpus.push_back({item.at("text"), item.at("pieces")});
  }
  EXPECT_GE(corpus.size(), 163U);
  return corpus;
}

// Byte-pair encoding as its definition has it: of all neighbours the pair of the lowest rank,
// leftmost first, until none is left. Strings instead of ids, a map instead of tables.
class PlainTokenizer {
 public:
  explicit PlainTokenizer(const TokenizerFile& file) {
    for (std::size_t rank = 0; rank < file.merges.size(); ++rank) {
      const auto& [left, right] = file.merges[rank];
      ranks_[*unspell_bytes(left) + '\xFF' + '\xFF' + *unspell_bytes(right)] = rank;
    }
    for (const auto& [spelling, id] : file.vocabulary) {
      if (const auto bytes = unspell_bytes(spelling)) ids_[*bytes] = id;
    }
  }

  void encode(const std::string& piece, std::vector<TokenId>& ids) const {
    std::vector<std::string> tokens;
    for (const char byte : piece) tokens.emplace_back(1, byte);
    while (true) {
      std::size_t best = tokens.size();
      std::size_t best_rank = ranks_.size();
      for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        // No token of this vocabulary has two bytes 0xFF beside each other.
        const auto found = ranks_.find(tokens[i] + '\xFF' + '\xFF' + tokens[i + 1]);
        if (found == ranks_.end() || found->second >= best_rank) continue;
        best = i;
        best_rank = found->second;
      }
      if (best == tokens.size()) break;
      tokens[best] += tokens[best + 1];
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
    for (const std::string& token : tokens) ids.push_back(ids_.at(token));
  }

 private:
  std::unordered_map<std::string, std::size_t> ranks_;
  std::unordered_map<std::string, TokenId> ids_;
};

class TokenizerCorpus : public ::testing::Test {
 protected:
  struct Shared {
    std::vector<Text> corpus = read_corpus();
    std::string json = *synthetic_tokenizer_json(129280);
    TokenizerFile file = *parse_tokenizer_json(json, "synthetic");
    Tokenizer tokenizer = *Tokenizer::from_json(json, "synthetic");
    PlainTokenizer plain{file};
  };
  static void SetUpTestSuite() { shared_ = new Shared; }
  static void TearDownTestSuite() { delete std::exchange(shared_, nullptr); }
  static Shared* shared_;

  static std::string streamed(const std::vector<TokenId>& ids) {
    StreamDecoder decoder(shared_->tokenizer);
    std::string text;
    for (const TokenId id : ids) text += decoder.push(id);
    return text + decoder.finish();
  }
};
TokenizerCorpus::Shared* TokenizerCorpus::shared_ = nullptr;

TEST_F(TokenizerCorpus, IsCutWhereTheSpecificationCutsIt) {
  const auto patterns = SplitPatterns::compile(official_expressions());
  ASSERT_TRUE(patterns);
  for (const Text& text : shared_->corpus) {
    std::vector<std::string> pieces;
    Splitter splitter(*patterns, [&](std::string_view piece) { pieces.emplace_back(piece); });
    splitter.split(text.bytes);
    EXPECT_EQ(pieces, text.pieces) << text.bytes;
  }
}

TEST_F(TokenizerCorpus, IsMergedAsTheDefinitionMerges) {
  std::size_t tokens = 0;
  std::size_t bytes = 0;
  for (const Text& text : shared_->corpus) {
    if (text.bytes.find("<td>") != std::string::npos) continue;  // cut before anything is merged
    std::vector<TokenId> expected;
    for (const std::string& piece : text.pieces) shared_->plain.encode(piece, expected);
    EXPECT_EQ(shared_->tokenizer.encode(text.bytes), expected) << text.bytes;
    tokens += expected.size();
    bytes += text.bytes.size();
  }
  EXPECT_LT(4 * tokens, 3 * bytes);  // or nothing much was merged
}

TEST_F(TokenizerCorpus, ComesBackByteForByteAtOnceAndInAStream) {
  for (const Text& text : shared_->corpus) {
    const std::vector<TokenId> ids = shared_->tokenizer.encode(text.bytes);
    EXPECT_EQ(shared_->tokenizer.decode(ids), text.bytes);
    EXPECT_EQ(streamed(ids), text.bytes);
  }
}

// Added tokens anywhere in a text are one id each, cut it, and come back literally.
TEST_F(TokenizerCorpus, KeepsAddedTokensInsideTexts) {
  Random random(17);
  for (const Text& text : shared_->corpus) {
    const AddedToken& token = shared_->file.added[random.below(shared_->file.added.size())];
    std::size_t cut = random.below(text.bytes.size() + 1);
    while (cut > 0 && cut < text.bytes.size() && (text.bytes[cut] & 0xC0) == 0x80) --cut;
    const std::string before = text.bytes.substr(0, cut);
    const std::string behind = text.bytes.substr(cut);
    std::vector<TokenId> expected = shared_->tokenizer.encode(before);
    expected.push_back(token.id);
    const std::vector<TokenId> rest = shared_->tokenizer.encode(behind);
    expected.insert(expected.end(), rest.begin(), rest.end());
    const std::string whole = before + token.content + behind;
    EXPECT_EQ(shared_->tokenizer.encode(whole), expected) << whole;
    EXPECT_EQ(shared_->tokenizer.decode(expected), whole);
  }
}

TEST_F(TokenizerCorpus, TakesTheLongestOfAddedTokensThatStartAlike) {
  const auto ids = shared_->tokenizer.encode("<|det|></td></tr><td><tr><|/det|><|de");
  const std::vector<TokenId> expected = {128818, 128822, 128824, 128821, 128823, 128819};
  ASSERT_GT(ids.size(), expected.size());
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), ids.begin()));
  EXPECT_EQ(shared_->tokenizer.decode(ids), "<|det|></td></tr><td><tr><|/det|><|de");
}

// What is not UTF-8 is encoded byte by byte and comes back; a stream shows it as U+FFFD.
TEST_F(TokenizerCorpus, KeepsBytesThatAreNotUtf8) {
  Random random(23);
  for (const Text& text : shared_->corpus) {
    std::string broken = text.bytes;
    for (int i = 0; i < 3; ++i) {
      const std::size_t at = random.below(broken.size() + 1);
      broken.insert(at, 1, static_cast<char>(0x80 + random.below(128)));
    }
    const std::vector<TokenId> ids = shared_->tokenizer.encode(broken);
    EXPECT_EQ(shared_->tokenizer.decode(ids), broken);
    const std::string shown = streamed(ids);
    EXPECT_NE(shown.find("\uFFFD"), std::string::npos) << shown;
  }
}

}  // namespace
}  // namespace lectio
