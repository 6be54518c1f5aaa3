// SPDX-License-Identifier: Apache-2.0
// A drawn page as the network gets it: the pictures that the reader would cut from it, byte for
// byte (ocr/views), and where each character stands in them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "datagen/prints/print.h"
#include "ocr/views/views.h"

namespace lectio::train {

// A plane of grey levels with the boxes of the page's characters, in its own pixels.
struct PictureView {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> grey;  // [height, width]
  std::vector<CharBox> boxes;      // one a code point of the text, not clipped
};

struct PageViews {
  PictureView global;  // [N, N]
  PictureView sheet;   // all tiles as one picture, [rows * T, columns * T]; empty without tiles
};

// kInvalidInput where nothing of a narrow page would be left.
Result<PageViews> cut_page(const Print& page, const ViewPlan& plan);
// A print that has the size of a view already.
PictureView as_view(const Print& print);

}  // namespace lectio::train
