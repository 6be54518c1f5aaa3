// SPDX-License-Identifier: Apache-2.0
#include "model/tokenizer/tokenizer_gguf.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/spec/problems.h"
#include "model/tokenizer/split_patterns.h"

namespace lectio {
namespace {

constexpr std::size_t kMaxProblems = 1000;
constexpr std::size_t kMaxAddedBytes = 4096;
constexpr std::string_view kHuggingFace = "tokenizer.huggingface.json";
constexpr std::string_view kDeepseekPre = "deepseek-v3";
constexpr std::string_view kGpt2Pre = "gpt-2";
constexpr std::string_view kOllama = "deepseekocr";

// tokenizer.ggml.token_type
enum TokenType : std::int32_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5
};

class ListReader {
 public:
  explicit ListReader(const GgufHeader& header) : header_(header) {}

  TokenizerFile file;
  std::vector<std::string> problems;

  void read() {
    if (const auto model = header_.text("tokenizer.ggml.model"); model != "gpt2") {
      note("tokenizer.ggml.model: expected 'gpt2', found " + quoted_name(model));
    }
    read_expressions();
    read_tokens();
    read_merges();
  }

 private:
  void note(std::string problem) {
    if (problems.size() < kMaxProblems) problems.push_back(std::move(problem));
  }

  std::vector<std::string_view> texts(const char* key) {
    const GgufValue* const value = header_.find(key);
    auto list = value == nullptr ? std::nullopt : value->texts();
    if (!list) note(std::string(key) + ": expected a list of strings, found " + kind(value));
    return list ? *std::move(list) : std::vector<std::string_view>();
  }
  static std::string kind(const GgufValue* value) {
    return value == nullptr ? "nothing" : value->kind();
  }

  void read_expressions() {
    const std::string_view pre = header_.text("tokenizer.ggml.pre");
    if (pre == kDeepseekPre || header_.text("general.architecture") == kOllama) {
      file.expressions = official_expressions();
    } else if (pre == kGpt2Pre) {
      file.expressions = {std::string(kGpt2Expression)};
    } else {
      note("tokenizer.ggml.pre: expected 'deepseek-v3' or 'gpt-2', found " + quoted_name(pre));
    }
  }

  void read_tokens() {
    const std::vector<std::string_view> tokens = texts("tokenizer.ggml.tokens");
    const GgufValue* const value = header_.find("tokenizer.ggml.token_type");
    const auto types = value == nullptr ? std::nullopt : value->integers();
    if (!types || types->size() != tokens.size()) {
      return note("tokenizer.ggml.token_type: expected one number for each of " +
                  std::to_string(tokens.size()) + " tokens, found " + kind(value));
    }
    if (tokens.size() > static_cast<std::size_t>(kMaxTokenId)) {
      return note("tokenizer.ggml.tokens: expected at most " + std::to_string(kMaxTokenId) +
                  ", found " + std::to_string(tokens.size()));
    }
    file.vocabulary.reserve(tokens.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      add_token(static_cast<TokenId>(i), tokens[i], (*types)[i]);
    }
    if (file.vocabulary.empty()) {
      return note("tokenizer.ggml.tokens: expected normal ones, found none");
    }
    // As tokenizer.json has it: added tokens that do not follow the vocabulary stand in it too.
    const TokenId last = file.vocabulary.back().second;
    for (const AddedToken& token : file.added) {
      if (token.id < last) file.vocabulary.emplace_back(token.content, token.id);
    }
    std::ranges::sort(file.vocabulary, {}, [](const auto& entry) { return entry.second; });
  }

  void add_token(TokenId id, std::string_view text, std::int64_t type) {
    const auto where = [&] { return "tokenizer.ggml.tokens " + std::to_string(id) + ": "; };
    switch (type) {
      case kNormal:
        file.vocabulary.emplace_back(text, id);
        return;
      case kUnknown:
      case kControl:
      case kUserDefined:
        if (text.empty() || text.size() > kMaxAddedBytes) {
          note(where() + "expected 1.." + std::to_string(kMaxAddedBytes) + " bytes, found " +
               std::to_string(text.size()));
        } else if (!contents_.insert(text).second) {
          note(where() + quoted_name(text) + " a second time");
        } else {
          file.added.push_back({id, std::string(text)});
        }
        return;
      case kUnused:
        return;
      default:
        note(where() + "expected a type in 1..5, found " + std::to_string(type));
    }
  }

  void read_merges() {
    for (const std::string_view merge : texts("tokenizer.ggml.merges")) {
      const std::size_t blank = merge.find(' ');
      if (blank == std::string_view::npos || merge.find(' ', blank + 1) != std::string_view::npos) {
        note("tokenizer.ggml.merges: expected two tokens with a blank between them, found " +
             quoted_name(merge));
      } else {
        file.merges.emplace_back(merge.substr(0, blank), merge.substr(blank + 1));
      }
    }
  }

  const GgufHeader& header_;
  std::set<std::string_view> contents_;
};

std::optional<std::string_view> pre_name(const TokenizerFile& tokenizer) {
  if (tokenizer.whole_pieces_first) return std::nullopt;
  if (tokenizer.expressions == official_expressions()) return kDeepseekPre;
  if (tokenizer.expressions == std::vector<std::string>{std::string(kGpt2Expression)}) {
    return kGpt2Pre;
  }
  return std::nullopt;
}

}  // namespace

Result<TokenizerFile> parse_tokenizer_gguf(const GgufFile& file) {
  const std::string name = file.path().string();
  if (const GgufValue* const json = file.header().find(kHuggingFace)) {
    return parse_tokenizer_json(json->text().value_or(""), name + ": " + std::string(kHuggingFace));
  }
  ListReader reader(file.header());
  reader.read();
  if (!reader.problems.empty()) {
    return problems_error(ErrorCode::kInvalidModel, name, reader.problems);
  }
  return std::move(reader.file);
}

void write_tokenizer_fields(const TokenizerFile& tokenizer, std::string_view json,
                            std::int64_t vocabulary, const TokenizerIds& ids, GgufFields& fields) {
  std::vector<std::string> tokens(static_cast<std::size_t>(vocabulary));
  std::vector<std::int32_t> types(tokens.size(), kUnused);
  const auto set = [&](TokenId id, const std::string& text, TokenType type) {
    LECTIO_CHECK(id < vocabulary, text + " has id " + std::to_string(id));
    tokens[static_cast<std::size_t>(id)] = text;
    types[static_cast<std::size_t>(id)] = type;
  };
  for (const auto& [spelling, id] : tokenizer.vocabulary) set(id, spelling, kNormal);
  for (const AddedToken& token : tokenizer.added) set(token.id, token.content, kControl);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (types[i] == kUnused) tokens[i] = "[PAD" + std::to_string(i) + "]";
  }
  std::vector<std::string> merges;
  merges.reserve(tokenizer.merges.size());
  for (const auto& [left, right] : tokenizer.merges) merges.push_back(left + " " + right);

  const std::optional<std::string_view> pre = pre_name(tokenizer);
  fields.text("tokenizer.ggml.model", "gpt2");
  fields.text("tokenizer.ggml.pre", pre.value_or("lectio"));
  fields.texts("tokenizer.ggml.tokens", tokens);
  fields.i32s("tokenizer.ggml.token_type", types);
  fields.texts("tokenizer.ggml.merges", merges);
  fields.u32("tokenizer.ggml.bos_token_id", ids.bos);
  fields.u32("tokenizer.ggml.eos_token_id", ids.eos);
  fields.boolean("tokenizer.ggml.add_bos_token", true);
  fields.boolean("tokenizer.ggml.add_eos_token", false);
  if (!pre) fields.text(kHuggingFace, json);
}

}  // namespace lectio
