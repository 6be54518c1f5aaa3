// SPDX-License-Identifier: Apache-2.0
// What the decoder is shown of a text and what it is asked for, position by position.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/splitmix.h"
#include "model/tokenizer/tokenizer.h"

namespace lectio::train {

inline constexpr std::int64_t kIgnore = -100;  // no target

// One position of the decoder's input.
struct TeachingStep {
  TokenId input = 0;
  std::int64_t target = 0;  // the token that should follow, or kIgnore
  std::int64_t slot = 0;    // of the target: the vision slot with its first character, or kIgnore
};

// `before` is the token in front of the text; then each of `ids` in turn; `after` ends the text.
// slots: one a token of `ids`.
std::vector<TeachingStep> teach(TokenId before, std::span<const TokenId> ids,
                                std::span<const std::int64_t> slots, TokenId after);

// A reader that runs alone meets its own mistakes, which true prefixes never show. Spoils a prefix
// in up to four ways, each by chance; what is asked for stays right:
//  - spans of inputs become a phrase of the text over and over, or what stands elsewhere in it,
//    while the reading goes on below: where it is must not hang on what it wrote last;
//  - a span of inputs is left out: the reader has skipped it and should go on from where it is;
//  - a span is shown twice, or over and over and left anywhere: nothing is asked for inside these
//    showings, at the end of each and where the circle is left the text goes on;
//  - up to a tenth of the inputs, the first one excepted, become any of `vocabulary` tokens.
// Never longer than `most` steps. covered: up to about this share of the text may lie under the
// first kind of spans, of which a text that has them has up to three in any case.
void spoil(std::vector<TeachingStep>& steps, std::int64_t vocabulary, std::size_t most,
           double covered, Random& random);

// Which of a text's inputs the network's own guesses take the place of (ocr_net.h): all or, less
// often, those of some spans; never the first. One a step; needs a step.
std::vector<bool> draw_guessed(std::size_t steps, Random& random);

}  // namespace lectio::train
