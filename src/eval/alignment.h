// SPDX-License-Identifier: Apache-2.0
// Which character of a text that was read stands for which of the truth.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace lectio {

enum class Edit : std::uint8_t {
  kMatch,
  kSubstitute,
  kDelete,  // a character of the truth that was not read
  kInsert,  // a character that was read and is not in the truth
};

// Of the alignments with the fewest edits, so that levenshtein() counts them, one with the fewest
// stretches of deletions or insertions: a line that was lost is one gap, although its letters could
// as well be lost here and there. Takes |expected| |found| steps and bytes; texts of more than
// most_cells for these are first split where a best alignment passes, and beside such a cut there
// may be a stretch more.
std::vector<Edit> align_texts(std::u32string_view expected, std::u32string_view found,
                              std::int64_t most_cells = std::int64_t{1} << 27);

}  // namespace lectio
