// SPDX-License-Identifier: Apache-2.0
// Hugging Face tokenizer.json: byte-level BPE with its Split pre-tokenizers and added tokens (spec
// 10).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

using TokenId = std::int32_t;
class GgufFile;
struct TokenizerFile;

// Immutable after loading, so thread-safe. Movable.
class Tokenizer {
 public:
  static Result<Tokenizer> from_file(const std::filesystem::path& tokenizer_json);
  // `name` leads error messages.
  static Result<Tokenizer> from_json(std::string_view json, std::string_view name);
  // From the metadata of a language file (tokenizer_gguf.h).
  static Result<Tokenizer> from_gguf(const GgufFile& file);
  // Of a model folder with tokenizer.json, or of a GGUF model (gguf_model.h).
  static Result<Tokenizer> of_model(const std::filesystem::path& model);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // No BOS is added; added tokens in the text become their ids. Invalid UTF-8 is encoded byte by
  // byte.
  std::vector<TokenId> encode(std::string_view text) const;
  // Added tokens appear literally; ids that mean nothing give nothing. May end inside a UTF-8
  // sequence.
  std::string decode(std::span<const TokenId> ids) const;
  // The bytes of one token; empty for unknown ids.
  std::string_view token_bytes(TokenId id) const;
  std::optional<TokenId> id_of(
      std::string_view token) const;  // an added token or a vocabulary entry, as text
  std::int64_t size() const;          // largest id + 1

 private:
  struct Data;
  static Result<Tokenizer> from_lists(TokenizerFile file, std::string_view name);
  explicit Tokenizer(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

// Turns tokens into text as they come, and holds back incomplete UTF-8. Bytes that can never become
// valid UTF-8 come out as U+FFFD. One thread at a time.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string push(TokenId id);
  std::string finish();  // what is left, incomplete sequences as U+FFFD

 private:
  const Tokenizer& tokenizer_;
  std::string pending_;
};

}  // namespace lectio
