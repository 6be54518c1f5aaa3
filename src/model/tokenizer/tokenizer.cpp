// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/tokenizer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/file.h"
#include "base/utf8.h"
#include "model/gguf/gguf_model.h"
#include "model/spec/problems.h"
#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/bpe.h"
#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer/split_patterns.h"
#include "model/tokenizer/tokenizer_gguf.h"
#include "model/tokenizer/tokenizer_json.h"

namespace lectio {
namespace {

constexpr std::uint64_t kMaxFileBytes = 256 << 20;
constexpr std::size_t kMaxProblems = 1000;

// The bytes of every token, one after another, and where each stands.
class TokenBytes {
 public:
  explicit TokenBytes(std::size_t ids) : places_(ids) {}

  void set(TokenId id, std::string_view bytes) {
    places_[static_cast<std::size_t>(id)] = {all_.size(), bytes.size()};
    all_ += bytes;
  }
  std::string_view operator[](TokenId id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= places_.size()) return {};
    const Place& place = places_[static_cast<std::size_t>(id)];
    return std::string_view(all_).substr(place.begin, place.size);
  }
  bool has(TokenId id) const { return !(*this)[id].empty(); }
  std::size_t size() const { return places_.size(); }

 private:
  struct Place {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  std::string all_;
  std::vector<Place> places_;
};

TokenId largest_id(const TokenizerFile& file) {
  TokenId largest = -1;
  for (const auto& [spelling, id] : file.vocabulary) largest = std::max(largest, id);
  for (const AddedToken& token : file.added) largest = std::max(largest, token.id);
  return largest;
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar next = decode_utf8(text, at);
    if (!next.valid) return false;
    at += next.size;
  }
  return true;
}

}  // namespace

struct Tokenizer::Data {
  using Ids = std::unordered_map<std::string_view, TokenId>;

  TokenBytes bytes;
  Ids ids;  // of the vocabulary, by bytes; the keys point into `bytes`
  AddedTokens added;
  SplitPatterns patterns;
  Bpe bpe;
  bool whole_pieces_first = false;
};

namespace {

// From the file's lists to the tables, with every contradiction between them noted.
class Builder {
 public:
  explicit Builder(const TokenizerFile& file)
      : file_(file),
        bytes_(static_cast<std::size_t>(largest_id(file)) + 1) {}

  TokenBytes bytes_of_tokens() {
    for (const auto& [spelling, id] : file_.vocabulary) {
      // Entries that are not spelled in the alphabet are special tokens; they stand for themselves.
      if (bytes_.has(id))
        note("model.vocab: " + spelling + ": id " + std::to_string(id) + " a second time");
      bytes_.set(id, unspell_bytes(spelling).value_or(spelling));
      if (spelling.empty()) note("model.vocab: an empty token");
    }
    for (const AddedToken& token : file_.added) {
      if (bytes_.has(token.id) && bytes_[token.id] != token.content) {
        note("added_tokens: '" + token.content + "': id " + std::to_string(token.id) +
             " belongs to another token");
      }
      if (!bytes_.has(token.id)) bytes_.set(token.id, token.content);
    }
    return std::move(bytes_);
  }

  std::unordered_map<std::string_view, TokenId> ids_by_bytes(const TokenBytes& bytes) {
    std::unordered_map<std::string_view, TokenId> ids;
    ids.reserve(file_.vocabulary.size());
    for (const auto& [spelling, id] : file_.vocabulary) {
      if (!ids.try_emplace(bytes[id], id).second)
        note("model.vocab: " + spelling + " a second time");
    }
    return ids;
  }

  std::array<TokenId, 256> byte_ids(const std::unordered_map<std::string_view, TokenId>& ids) {
    std::array<TokenId, 256> of_bytes{};
    int missing = 0;
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      const auto found = ids.find(std::string_view(&c, 1));
      if (found == ids.end()) {
        ++missing;
      } else {
        of_bytes[static_cast<std::size_t>(byte)] = found->second;
      }
    }
    if (missing > 0) {
      note("model.vocab: expected all 256 single bytes, found " + std::to_string(256 - missing));
    }
    return of_bytes;
  }

  std::vector<Merge> merges(const std::unordered_map<std::string_view, TokenId>& ids) {
    std::vector<Merge> merges;
    merges.reserve(file_.merges.size());
    for (std::size_t rank = 0; rank < file_.merges.size(); ++rank) {
      const auto& [left_spelling, right_spelling] = file_.merges[rank];
      const std::string left = unspell_bytes(left_spelling).value_or("");
      const std::string right = unspell_bytes(right_spelling).value_or("");
      const auto left_id = ids.find(left);
      const auto right_id = ids.find(right);
      const auto merged_id = ids.find(left + right);
      if (left_id == ids.end() || right_id == ids.end() || merged_id == ids.end()) {
        note("model.merges " + std::to_string(rank) + ": '" + left_spelling + "' + '" +
             right_spelling + "': expected tokens of the vocabulary that join to a third");
        continue;
      }
      merges.push_back({left_id->second, right_id->second, merged_id->second});
    }
    return merges;
  }

  void note(std::string problem) {
    if (problems_.size() < kMaxProblems) problems_.push_back(std::move(problem));
  }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  const TokenizerFile& file_;
  TokenBytes bytes_;
  std::vector<std::string> problems_;
};

}  // namespace

Tokenizer::Tokenizer(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::from_file(const std::filesystem::path& tokenizer_json) {
  LECTIO_TRY(const std::string text, read_file(tokenizer_json, kMaxFileBytes));
  return from_json(text, tokenizer_json.string());
}

Result<Tokenizer> Tokenizer::from_json(std::string_view json, std::string_view name) {
  LECTIO_TRY(TokenizerFile file, parse_tokenizer_json(json, name));
  return from_lists(std::move(file), name);
}

Result<Tokenizer> Tokenizer::from_gguf(const GgufFile& file) {
  LECTIO_TRY(TokenizerFile lists, parse_tokenizer_gguf(file));
  return from_lists(std::move(lists), file.path().string());
}

Result<Tokenizer> Tokenizer::of_model(const std::filesystem::path& model) {
  LECTIO_TRY(const std::optional<GgufFile> language, open_gguf_language(model));
  if (language) return from_gguf(*language);
  return from_file(model / "tokenizer.json");
}

Result<Tokenizer> Tokenizer::from_lists(TokenizerFile file, std::string_view name) {
  auto patterns = SplitPatterns::compile(file.expressions);
  if (!patterns) return patterns.error().within(name);

  Builder builder(file);
  TokenBytes bytes = builder.bytes_of_tokens();
  const auto vocabulary = static_cast<TokenId>(bytes.size());
  Data::Ids ids = builder.ids_by_bytes(bytes);
  const std::array<TokenId, 256> byte_ids = builder.byte_ids(ids);
  Bpe bpe(byte_ids, builder.merges(ids), vocabulary);
  if (bpe.has_duplicate()) builder.note("model.merges: a pair stands there twice");
  if (!builder.problems().empty()) {
    return problems_error(ErrorCode::kInvalidModel, name, builder.problems());
  }
  return Tokenizer(std::unique_ptr<Data>(
      new Data{std::move(bytes), std::move(ids), AddedTokens(std::move(file.added)),
               *std::move(patterns), std::move(bpe), file.whole_pieces_first}));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  const Data& data = *data_;
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3);
  Splitter splitter(data.patterns, [&](std::string_view piece) {
    if (data.whole_pieces_first) {
      const auto whole = data.ids.find(piece);
      if (whole != data.ids.end()) return ids.push_back(whole->second);
    }
    data.bpe.encode(piece, ids);
  });
  const auto encode_plain = [&](std::string_view plain) {
    if (is_valid_utf8(plain)) return splitter.split(plain);
    // Expressions are defined on characters: between invalid bytes, each of which is a piece of its
    // own.
    std::size_t begin = 0;
    for (std::size_t at = 0; at < plain.size();) {
      const DecodedChar next = decode_utf8(plain, at);
      if (!next.valid) {
        splitter.split(plain.substr(begin, at - begin));
        for (std::size_t i = 0; i < next.size; ++i) data.bpe.encode(plain.substr(at + i, 1), ids);
        begin = at + next.size;
      }
      at += next.size;
    }
    splitter.split(plain.substr(begin));
  };
  std::size_t done = 0;
  while (const auto match = data.added.find(text, done)) {
    encode_plain(text.substr(done, match->begin - done));
    ids.push_back(match->id);
    done = match->begin + match->size;
  }
  encode_plain(text.substr(done));
  return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  std::string text;
  for (const TokenId id : ids) text += data_->bytes[id];
  return text;
}

std::string_view Tokenizer::token_bytes(TokenId id) const { return data_->bytes[id]; }

std::optional<TokenId> Tokenizer::id_of(std::string_view token) const {
  if (const auto id = data_->added.id_of(token)) return id;
  const auto found = data_->ids.find(token);
  if (found == data_->ids.end()) return std::nullopt;
  return found->second;
}

std::int64_t Tokenizer::size() const { return static_cast<std::int64_t>(data_->bytes.size()); }

}  // namespace lectio
