// SPDX-License-Identifier: Apache-2.0
// Connected components of a black-and-white raster.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ocr/document/document.h"

namespace lectio {

struct Component {
  Box box;
  std::int64_t area = 0;  // pixels
};

// mask[height, width], row-major: what is not 0 is ink. Pixels that touch at a side or a corner are
// of one component. In the order of their first pixel.
std::vector<Component> connected_components(std::span<const std::uint8_t> mask, std::int64_t width,
                                            std::int64_t height);

}  // namespace lectio
