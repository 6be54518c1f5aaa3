// SPDX-License-Identifier: Apache-2.0
// How well the blocks of a page were found: their boxes against the true ones.
#pragma once

#include <cstdint>
#include <span>

#include "ocr/document/document.h"

namespace lectio {

// Two boxes match from this intersection over union (IoU) on.
inline constexpr double kMatchIou = 0.5;

struct LayoutScore {
  std::int64_t expected = 0;   // true blocks with a box
  std::int64_t found = 0;      // read blocks with a box
  std::int64_t matched = 0;    // pairs of the two
  std::int64_t same_kind = 0;  // of the pairs, those of one BlockKind
  double iou_sum = 0;          // over the pairs

  double precision() const;      // matched / found; 1 where nothing was found and nothing expected
  double recall() const;         // matched / expected; 1 where nothing was expected
  double f1() const;             // harmonic mean of the two
  double kind_accuracy() const;  // same_kind / matched; 0 where nothing matched
  double mean_iou() const;       // of the pairs; 0 where nothing matched
  LayoutScore& operator+=(const LayoutScore& other);
};

// Matches one to one, greedily: of the pairs left, the one of largest IoU is next. A block with
// several boxes has the box around them; blocks without one do not count. Boxes are in pixels of
// one page.
LayoutScore score_layout(std::span<const Block> expected, std::span<const Block> found);

}  // namespace lectio
