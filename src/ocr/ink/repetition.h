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

}  // namespace lectio
