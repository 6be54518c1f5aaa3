// SPDX-License-Identifier: Apache-2.0
// Lines of print by projection profiles: rows with ink make lines, wide columns without ink make
// columns of text.
#pragma once

#include <cstdint>
#include <vector>

#include "ocr/document/document.h"
#include "ocr/lines/ink_mask.h"

namespace lectio {

struct InkLine {
  Box box;  // around its ink
  // Runs of ink across the line with a column of paper between them, left to right: letters, or
  // what touches. Boxes are around their ink.
  std::vector<Box> runs;
};

enum class ReadingOrder {
  kColumns,  // what stands in columns is read column by column
  kRows,     // straight across, as the rows of a table
};

// The lines of a region, in reading order. The region is cut to the mask.
std::vector<InkLine> find_lines(const InkMask& mask, const Box& region, ReadingOrder order);

}  // namespace lectio
