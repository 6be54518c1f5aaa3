// SPDX-License-Identifier: Apache-2.0
// How close a text is to the truth. Everything counts Unicode code points; bytes that are no UTF-8
// count as U+FFFD.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lectio {

// Runs of white space (Unicode White_Space) as one blank, none at either end: how the Fox benchmark
// compares texts.
std::u32string collapse_whitespace(std::string_view text);

// Fewest insertions, deletions and substitutions between the two; exact. Takes |a| |b| / 64 steps:
// two pages of 10,000 characters in some milliseconds.
std::int64_t levenshtein(std::u32string_view a, std::u32string_view b);

// 1 - levenshtein / length of the longer, of texts that are already collapsed; 1 for two empty
// ones.
double character_precision(std::u32string_view expected, std::u32string_view found);

// Of the sets of blank-separated words (a word that comes twice counts once), as the Fox benchmark
// counts them.
struct WordScore {
  double precision =
      0;  // found words that are expected; 1 where nothing was found and nothing expected
  double recall = 0;  // expected words that were found; 1 where nothing was expected
};
WordScore word_set_score(std::u32string_view expected, std::u32string_view found);

// part / whole; 0 where the whole is 0.
double ratio(double part, double whole);

// 0 for no value.
double mean_of(std::span<const double> values);
double median_of(std::span<const double> values);

// Bounds that hold the mean with 95 % confidence: percentiles 2.5 and 97.5 of the means of
// `resamples` samples drawn with replacement. Deterministic. A single value gives itself twice; no
// value gives zeros.
struct Interval {
  double low = 0;
  double high = 0;
};
Interval bootstrap_mean_95(std::span<const double> values, std::int64_t resamples = 10'000);

}  // namespace lectio
