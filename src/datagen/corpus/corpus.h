// SPDX-License-Identifier: Apache-2.0
// Plain text to draw passages from, with a part held out for evaluation.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/splitmix.h"

namespace lectio {

// Immutable after open; any number of threads may draw from it.
class Corpus {
 public:
  enum class Split : std::uint8_t { kTrain, kHeldOut };
  // One paragraph of this many is held out, chosen by a hash of its text: the same paragraph is on
  // the same side wherever and however often it occurs.
  static constexpr std::uint64_t kHeldOutOneIn = 64;

  // A UTF-8 .txt file, or all of them below a folder in the order of their paths. Blank lines
  // separate paragraphs; the lines of one are joined with spaces, runs of white space become one
  // space, and what is not UTF-8 or not text (control characters) is left out. kInvalidInput where
  // no paragraph remains to train on.
  static Result<Corpus> open(const std::filesystem::path& path);
  static Result<Corpus> from_text(std::string_view text);

  // Running text of min_chars to max_chars code points with a line feed between paragraphs, from
  // the start of a paragraph, sentence or word to the end of one; a word is cut only where none
  // ends within the limits. Shorter only when the whole split is. Empty when the split is.
  std::string passage(Random& random, std::int64_t min_chars, std::int64_t max_chars,
                      Split split) const;
  // A word of the running text, as often as it is written, with the punctuation that touches it.
  std::string_view word(Random& random, Split split) const;
  // One of the different words of letters alone, each as likely as the others. Both splits share
  // them.
  std::string_view dictionary_word(Random& random) const;

  // The split's paragraphs, a line feed behind each.
  const std::string& text(Split split) const { return texts_[static_cast<std::size_t>(split)]; }

 private:
  Corpus() = default;
  void add(std::string_view file);
  void add_paragraph(std::string_view paragraph);
  void index_words();

  std::array<std::string, 2> texts_;
  std::vector<std::pair<std::uint64_t, std::uint8_t>>
      words_;  // offset into the training text, length
};

}  // namespace lectio
