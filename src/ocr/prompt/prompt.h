// SPDX-License-Identifier: Apache-2.0
// A prompt becomes token ids with a place for each page (spec 6.1).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/spec/token_layout.h"
#include "model/tokenizer/tokenizer.h"

namespace lectio {

inline constexpr std::string_view kImageMark = "<image>";

struct Prompt {
  // BOS, the text, and in place of the i-th <image> image_id layouts[i].count() times.
  std::vector<std::int32_t> ids;
  std::int32_t image_id = 0;
};

// How many <image> marks the text has.
std::int64_t count_images(std::string_view text);

// text is what the user wrote: stripped as a whole, then cut at each <image>, the pieces tokenized
// apart. Control strings such as <|grounding|> in it become their tokens: that is how tasks are
// asked for. Each mark expands in place, as in the official vLLM runner; the Hugging Face one takes
// a single image. kInvalidArgument unless the text has one mark for each layout, at least one;
// kInvalidModel if the tokenizer has no such token.
Result<Prompt> build_prompt(std::string_view text, const Tokenizer& tokenizer,
                            std::span<const TokenLayout> layouts, std::int32_t bos_id);

}  // namespace lectio
