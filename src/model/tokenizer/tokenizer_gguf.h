// SPDX-License-Identifier: Apache-2.0
// The tokenizer in a GGUF file's metadata (spec 12.1).
#pragma once

#include "base/result.h"
#include "model/gguf/gguf.h"
#include "model/gguf/gguf_fields.h"
#include "model/tokenizer/tokenizer_json.h"

namespace lectio {

// From tokenizer.huggingface.json where the file holds it, else from the lists
// tokenizer.ggml.tokens, token_type and merges. Control and user-defined tokens are added tokens;
// unused ones are left out. The expressions are those that tokenizer.ggml.pre names ("deepseek-v3",
// "gpt-2"); Ollama's files do not name theirs, and have the official ones. kInvalidModel with every
// problem.
Result<TokenizerFile> parse_tokenizer_gguf(const GgufFile& file);

// The same keys for a file to write. Ids up to `vocabulary` that no token has become unused tokens.
// json, the text that the tokenizer was read from, is written too where no name stands for its
// expressions; then other programs cannot use the lists.
struct TokenizerIds {
  TokenId bos = 0;
  TokenId eos = 1;
};
void write_tokenizer_fields(const TokenizerFile& tokenizer, std::string_view json,
                            std::int64_t vocabulary, const TokenizerIds& ids, GgufFields& fields);

}  // namespace lectio
