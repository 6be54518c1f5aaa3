// SPDX-License-Identifier: Apache-2.0
// A task becomes token ids with a place for the page (spec 6.1).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/spec/token_layout.h"
#include "model/tokenizer/tokenizer.h"

namespace lectio {

inline constexpr std::string_view kImageMark = "<image>";

struct Prompt {
  std::vector<std::int32_t> ids;  // BOS, text before, image_id layout.count() times, text after
  std::int32_t image_id = 0;
};

// text is what the user wrote: stripped as a whole, then cut at its <image>, the pieces tokenized
// apart. Control strings such as <|grounding|> in it become their tokens: that is how tasks are
// asked for. kInvalidArgument unless the text has exactly one <image>; kInvalidModel if the
// tokenizer has no such token.
Result<Prompt> build_prompt(std::string_view text, const Tokenizer& tokenizer,
                            const TokenLayout& layout, std::int32_t bos_id);

}  // namespace lectio
