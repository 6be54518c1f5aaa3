// SPDX-License-Identifier: Apache-2.0
// What stands on a print: running text, or text that cannot be guessed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/splitmix.h"
#include "datagen/corpus/corpus.h"
#include "media/render/fonts.h"

namespace lectio {

// A passage of the corpus, now and then with numbers, dates, addresses or identifiers set into it.
std::string natural_text(Random& random, const Corpus& corpus, Corpus::Split split,
                         std::int64_t min_chars, std::int64_t max_chars);

// Text without a language prior: shuffled words, single words of the dictionary, strings of
// letters, numbers with punctuation, identifiers, code, or all of these.
std::string random_text(Random& random, const Corpus& corpus, Corpus::Split split,
                        std::int64_t min_chars, std::int64_t max_chars);

// The text with phrases of its own at other places, too, as laws and contracts have them: up to
// `share` of its words give way. `phrases` are those that return, drawn from the text where there
// are none yet. A phrase is never put in twice in a row.
std::string with_returning_phrases(std::string_view text, double share,
                                   std::vector<std::string>& phrases, Random& random);

// A share of words for it, as pages have them.
double draw_returning_share(Random& random);

// Some words of the corpus as a heading.
std::string heading_text(Random& random, const Corpus& corpus, Corpus::Split split);

// The text in what `font` can show of printable ASCII, Latin-1, Latin Extended-A and typographic
// punctuation: ligatures are taken apart, exotic spaces and hyphens become plain ones, the rest is
// left out. No space stands beside another space or a line feed, none at either end. Words of more
// than max_word code points are left out: a line would have to break inside of them.
std::string shown_by(std::string_view text, const Font& font, std::int64_t max_word);

// Letters of ASCII and Latin-1 in upper case.
std::string in_capitals(std::string_view text);

}  // namespace lectio
