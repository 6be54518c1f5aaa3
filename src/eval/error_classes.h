// SPDX-License-Identifier: Apache-2.0
// What went wrong in a text that was read: the edits between it and the truth, each in one class.
//
// The texts are aligned by align_texts, and every deletion, insertion and substitution of that
// alignment is counted once, so that the classes add up to the edit distance. Runs first:
//
//   lost run      kRun deletions or more in a row
//   written run   kRun insertions or more in a row
//   replaced run  between those: edits with fewer than kAnchor matches from one to the next, where
//                 the truth or the text has kRun characters or more and less than half of the
//                 longer side match. Its deletions are a lost run, its substitutions and insertions
//                 a written one: other text stands where the truth should.
//
// The same text is at another place where half or more of a run's pieces of kPiece characters in a
// row are found there. A run that was lost and written elsewhere is `order`, at both ends; any
// other written run that stands in the text a second time, before or behind or in itself as in a
// loop, is `repeated`; else it is `invented`. All other edits are single ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lectio {

inline constexpr std::size_t kRun = 20;    // characters
inline constexpr std::size_t kAnchor = 8;  // matches in a row that are no chance
inline constexpr std::size_t kPiece = 8;

struct ErrorClasses {
  // Substitutions. By what the truth has, unless it is the same letter of Latin up to U+017F in the
  // other case (`letter_case`, whatever its accents) or with other accents (`accents`).
  std::int64_t letters = 0;
  std::int64_t digits = 0;       // of ASCII
  std::int64_t punctuation = 0;  // and all other signs
  std::int64_t spaces = 0;
  std::int64_t letter_case = 0;
  std::int64_t accents = 0;
  // Deletions.
  std::int64_t left_out = 0;
  std::int64_t lost = 0;  // in runs
  // Insertions, and what a replaced run has instead of the truth.
  std::int64_t put_in = 0;
  std::int64_t repeated = 0;  // in runs
  std::int64_t invented = 0;  // in runs
  // Both.
  std::int64_t order = 0;

  std::int64_t runs_lost = 0;  // how many runs
  std::int64_t runs_repeated = 0;
  std::int64_t runs_invented = 0;
  std::int64_t runs_in_order = 0;  // both ends counted

  // No edits: characters of the truth in lost and replaced runs that stand nowhere else, matches
  // by chance included. Where a loop took the place of a paragraph, its letters are `repeated`, and
  // the paragraph is here.
  std::int64_t missed = 0;

  std::int64_t all() const;  // edits
  ErrorClasses& operator+=(const ErrorClasses& other);
  bool operator==(const ErrorClasses&) const = default;
};

// Of texts that are already collapsed.
ErrorClasses classify_errors(std::u32string_view expected, std::u32string_view found);

// Every class by name, in the order above, for tables and JSON.
struct ErrorClassName {
  const char* name;   // "substituted_letters"
  const char* words;  // "letters read as others"
  std::int64_t ErrorClasses::*characters;
  std::int64_t ErrorClasses::*runs;  // null: single edits
};
std::span<const ErrorClassName> error_class_names();

}  // namespace lectio
