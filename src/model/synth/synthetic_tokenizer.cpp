// SPDX-License-Identifier: Apache-2.0
#include "model/synth/synthetic_tokenizer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/splitmix.h"
#include "base/utf8.h"
#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer/split_patterns.h"

namespace lectio {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kOfficialIds = 128827;  // largest id + 1
constexpr std::int64_t kPlaceHolders = 800;    // of the official vocabulary alone
constexpr std::size_t kLongestWord = 14;       // bytes of a drawn token
constexpr std::uint64_t kSeed = 20251020;

struct Added {
  std::string content;
  bool special = true;
  bool normalized = false;
};

// Ids 0, 1 and 2.
std::vector<Added> first_added() {
  return {{"<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>"},
          {"<\uFF5Cend\u2581of\u2581sentence\uFF5C>"},
          {"<\uFF5C\u2581pad\u2581\uFF5C>"}};
}

// The official ids 128800 to 128826.
std::vector<Added> last_added() {
  std::vector<Added> list;
  for (const char* name : {"fim\u2581hole", "fim\u2581begin", "fim\u2581end", "User", "Assistant"})
    list.push_back({"<\uFF5C" + std::string(name) + "\uFF5C>", false, true});
  list.push_back({"<|EOT|>", true, true});
  for (const char* name :
       {"tool\u2581calls\u2581begin", "tool\u2581calls\u2581end", "tool\u2581call\u2581begin",
        "tool\u2581call\u2581end", "tool\u2581outputs\u2581begin", "tool\u2581outputs\u2581end",
        "tool\u2581output\u2581begin", "tool\u2581output\u2581end", "tool\u2581sep"})
    list.push_back({"<\uFF5C" + std::string(name) + "\uFF5C>", false, true});
  for (const char* content :
       {"<image>", "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|grounding|>", "<td>", "</td>",
        "<tr>", "</tr>", "<|User|>", "<|Assistant|>"})
    list.push_back({content});
  return list;
}

// Tokens by their bytes, and the pairs that made them. Index 0 is id 3.
class Vocabulary {
 public:
  explicit Vocabulary(std::size_t most) : most_(most) {
    std::array<std::uint8_t, 256> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    std::ranges::sort(bytes, {}, letter_of_byte);
    for (const std::uint8_t byte : bytes) tokens_.emplace_back(1, static_cast<char>(byte));
    known_.insert(tokens_.begin(), tokens_.end());
  }

  bool full() const { return tokens_.size() >= most_; }
  bool knows(const std::string& bytes) const { return known_.contains(bytes); }
  // Both are known. False where the merged token is there already, or nothing more fits.
  bool merge(const std::string& left, const std::string& right) {
    if (full() || !known_.insert(left + right).second) return false;
    tokens_.push_back(left + right);
    merges_.emplace_back(left, right);
    return true;
  }
  const std::vector<std::string>& tokens() const { return tokens_; }
  const std::vector<std::pair<std::string, std::string>>& merges() const { return merges_; }

 private:
  std::size_t most_;
  std::vector<std::string> tokens_;
  std::unordered_set<std::string> known_;
  std::vector<std::pair<std::string, std::string>> merges_;
};

// Runs of 2 to `most` of one character: halves first, as learning finds them.
void add_runs(Vocabulary& vocabulary, char character, std::size_t most) {
  for (std::size_t n = 2; n <= most; ++n) {
    vocabulary.merge(std::string(n - n / 2, character), std::string(n / 2, character));
  }
}

void add_numbers(Vocabulary& vocabulary) {
  for (int length = 2; length <= 3; ++length) {
    const int count = length == 2 ? 100 : 1000;
    for (int number = 0; number < count; ++number) {
      std::string digits = std::to_string(number);
      digits.insert(0, static_cast<std::size_t>(length) - digits.size(), '0');
      vocabulary.merge(digits.substr(0, digits.size() - 1), digits.substr(digits.size() - 1));
    }
  }
}

// Every step-th character of a range, byte by byte from the front.
void add_characters(Vocabulary& vocabulary, char32_t first, char32_t last, char32_t step) {
  for (char32_t code = first; code <= last; code += step) {
    std::string bytes;
    append_utf8(bytes, code);
    for (std::size_t size = 2; size <= bytes.size(); ++size) {
      vocabulary.merge(bytes.substr(0, size - 1), bytes.substr(size - 1, 1));
    }
  }
}

void add_scripts(Vocabulary& vocabulary) {
  add_characters(vocabulary, 0xA1, 0x24F, 1);       // Latin
  add_characters(vocabulary, 0x370, 0x4FF, 1);      // Greek, Cyrillic
  add_characters(vocabulary, 0x5D0, 0x6FF, 1);      // Hebrew, Arabic
  add_characters(vocabulary, 0x2010, 0x2044, 1);    // punctuation
  add_characters(vocabulary, 0x2190, 0x22FF, 1);    // arrows, mathematics
  add_characters(vocabulary, 0x3000, 0x30FF, 1);    // CJK punctuation, kana
  add_characters(vocabulary, 0x4E00, 0x9FA5, 2);    // half of the ideographs
  add_characters(vocabulary, 0xAC00, 0xD7A3, 5);    // some syllables of Hangul
  add_characters(vocabulary, 0xFF01, 0xFF5E, 1);    // full width
  add_characters(vocabulary, 0x1F600, 0x1F64F, 2);  // some faces
}

// Tokens to draw from, the early ones far more often.
class Pool {
 public:
  explicit Pool(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  const std::string& draw(Random& random) const {
    const double unit = random.unit();
    const auto count = static_cast<double>(tokens_.size());
    return tokens_[static_cast<std::size_t>(unit * unit * unit * count)];
  }
  void add(std::string token) { tokens_.push_back(std::move(token)); }

 private:
  std::vector<std::string> tokens_;
};

// Two ideographs, of those that are tokens.
void add_ideograph_pairs(Vocabulary& vocabulary, std::size_t count, Random& random) {
  std::vector<std::string> ideographs;
  for (char32_t code = 0x4E00; code <= 0x9FA5; code += 2) {
    std::string bytes;
    append_utf8(bytes, code);
    if (vocabulary.knows(bytes)) ideographs.push_back(std::move(bytes));
  }
  if (ideographs.empty()) return;
  const Pool pool(std::move(ideographs));
  for (std::size_t i = 0; i < count; ++i) vocabulary.merge(pool.draw(random), pool.draw(random));
}

// Words, with and without a blank before them, until the vocabulary is full.
void add_words(Vocabulary& vocabulary, Random& random) {
  std::vector<std::string> letters;
  for (const char letter : std::string_view("etaoinshrdlucmfwypvbgkjqxz"))
    letters.emplace_back(1, letter);
  Pool inner(letters);
  Pool leading(std::move(letters));
  for (const char letter : std::string_view("TSAICMPBRWDFHLENGOUVJKYQXZ"))
    leading.add(std::string(1, letter));
  for (const char letter : std::string_view("taoiswcbphfmdrelngu")) {
    const std::string spaced = std::string(1, ' ') + letter;
    if (vocabulary.merge(" ", std::string(1, letter))) leading.add(spaced);
  }
  while (!vocabulary.full()) {
    const std::string left = leading.draw(random);
    const std::string right = inner.draw(random);
    if (left.size() + right.size() > kLongestWord || !vocabulary.merge(left, right)) continue;
    leading.add(left + right);
    if (left.front() >= 'a') inner.add(left + right);
  }
}

Vocabulary make_vocabulary(std::size_t tokens) {
  Vocabulary vocabulary(tokens);
  Random random(kSeed);
  add_runs(vocabulary, ' ', 64);
  add_runs(vocabulary, '\n', 16);
  for (const char mark : std::string_view("-=.*_#/")) add_runs(vocabulary, mark, 16);
  // A small vocabulary is for words alone.
  if (tokens > 65536) {
    add_numbers(vocabulary);
    add_scripts(vocabulary);
    add_ideograph_pairs(vocabulary, 16384, random);
  }
  add_words(vocabulary, random);
  return vocabulary;
}

Json added_json(std::int64_t id, const Added& token) {
  return {{"id", id},
          {"content", token.content},
          {"single_word", false},
          {"lstrip", false},
          {"rstrip", false},
          {"normalized", token.normalized},
          {"special", token.special}};
}

Json pre_tokenizer_json() {
  Json parts = Json::array();
  for (const std::string& expression : official_expressions()) {
    parts.push_back({{"type", "Split"},
                     {"pattern", {{"Regex", expression}}},
                     {"behavior", "Isolated"},
                     {"invert", false}});
  }
  parts.push_back({{"type", "ByteLevel"},
                   {"add_prefix_space", false},
                   {"trim_offsets", true},
                   {"use_regex", false}});
  Json sequence;
  sequence["type"] = "Sequence";
  sequence["pretokenizers"] = std::move(parts);
  return sequence;
}

Json model_json(const Vocabulary& vocabulary) {
  Json ids = Json::object();
  auto& entries = ids.get_ref<Json::object_t&>();  // appended to: looking a key up is linear
  std::int64_t id = 0;
  for (const Added& token : first_added()) entries.emplace_back(token.content, id++);
  for (const std::string& bytes : vocabulary.tokens())
    entries.emplace_back(spell_bytes(bytes), id++);
  Json merges = Json::array();
  for (const auto& [left, right] : vocabulary.merges()) {
    merges.push_back(spell_bytes(left) + " " + spell_bytes(right));
  }
  Json model;
  model["type"] = "BPE";
  for (const char* key :
       {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"}) {
    model[key] = nullptr;
  }
  model["fuse_unk"] = false;
  model["byte_fallback"] = false;
  model["vocab"] = std::move(ids);
  model["merges"] = std::move(merges);
  return model;
}

}  // namespace

Result<std::string> synthetic_tokenizer_json(std::int64_t vocabulary) {
  const std::vector<Added> first = first_added();
  const std::vector<Added> last = last_added();
  const std::int64_t ids = std::min(vocabulary, kOfficialIds);
  const std::int64_t place_holders = ids == kOfficialIds ? kPlaceHolders : 0;
  const std::int64_t tokens = ids - place_holders - std::ssize(first) - std::ssize(last);
  if (tokens < 256) {
    return Error(ErrorCode::kInvalidModel,
                 "vocab_size: expected at least " + std::to_string(vocabulary + 256 - tokens) +
                     " for a synthetic tokenizer, found " + std::to_string(vocabulary));
  }

  Json added = Json::array();
  for (const Added& token : first) added.push_back(added_json(std::ssize(added), token));
  std::int64_t id = std::ssize(first) + tokens;
  for (std::int64_t k = 0; k < place_holders; ++k) {
    const std::string content =
        "<\uFF5Cplace\u2581holder\u2581no\u2581" + std::to_string(k) + "\uFF5C>";
    added.push_back(added_json(id++, {content}));
  }
  for (const Added& token : last) added.push_back(added_json(id++, token));

  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", true},
                           {"trim_offsets", true},
                           {"use_regex", true}};
  Json root;
  root["version"] = "1.0";
  root["truncation"] = nullptr;
  root["padding"] = nullptr;
  root["added_tokens"] = std::move(added);
  root["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
  root["pre_tokenizer"] = pre_tokenizer_json();
  root["post_processor"] = byte_level;
  root["decoder"] = byte_level;
  root["model"] = model_json(make_vocabulary(static_cast<std::size_t>(tokens)));
  return root.dump(2) + "\n";
}

}  // namespace lectio
