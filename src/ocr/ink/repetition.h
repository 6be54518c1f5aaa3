// SPDX-License-Identifier: Apache-2.0
// Print that stands on a page again and again: a label sheet, a column of one word, two copies of
// a receipt.
#pragma once

#include <cstdint>
#include <span>

#include "ocr/ink/components.h"

namespace lectio {

// How many components, line by line, only say again what stands before them: of the longest such
// row, those that look like the one a period before, less four for each that does not. Two are
// alike whose width, height and area differ by an eighth, or a pixel of each side, at most. Chance
// rows of prose are shorter than 40.
std::int64_t repeated_components(std::span<const Component> parts);

// How many marks stand in the longest row of them, as the dots of a leader between a heading and
// the number of its page: flat components of one height on a line, not more than two fifths of the
// height of `letters` high, and no further apart than that height. Where they run into one another,
// a mark is twice as wide as high. A rule, which is ink all over, is none.
std::int64_t marks_in_a_row(std::span<const Component> parts, std::span<const Component> letters);

}  // namespace lectio
