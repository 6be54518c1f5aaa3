// SPDX-License-Identifier: Apache-2.0
// A tokenizer.json of the official shape (spec 10) without the official merges.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace lectio {

// Bytes, added tokens and their flags, expressions and the layout of ids are the official ones; the
// merges are made: runs of blanks and digits, the characters of many scripts, words of drawn
// letters. With the official 129,280 rows of embeddings that is 127,741 merges and 830 added
// tokens, largest id 128,826. A smaller vocabulary keeps the 256 bytes, the first three and the
// last 27 added tokens, and has fewer merges; kInvalidModel where it is below 286. The same text
// every time.
Result<std::string> synthetic_tokenizer_json(std::int64_t vocabulary);

}  // namespace lectio
