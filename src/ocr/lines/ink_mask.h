// SPDX-License-Identifier: Apache-2.0
// Ink and paper.
#pragma once

#include <cstdint>
#include <vector>

#include "media/image/image.h"
#include "ocr/document/document.h"

namespace lectio {

struct InkMask {
  std::int64_t width = 0, height = 0;
  std::vector<std::uint8_t> ink;  // [height, width], 1: ink

  const std::uint8_t* row(std::int64_t y) const { return ink.data() + y * width; }
  // The smallest box around the ink inside of `region`; empty without ink.
  Box bounds(const Box& region) const;
};

// Ink is what differs from the paper around it by a fifth of the whole range, darker or lighter.
// Paper is the most frequent grey within about a hundred pixels.
InkMask find_ink(const Image& image);

}  // namespace lectio
