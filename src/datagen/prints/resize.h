// SPDX-License-Identifier: Apache-2.0
// Resampling of grey pages, fast enough for training data.
#pragma once

#include <cstdint>

#include "media/render/draw.h"

namespace lectio {

// Bicubic (a = -0.5) with the kernel widened when shrinking, as readers resize pages; rows first,
// 8-bit in between. Within 2 grey levels of the exact result. All sides > 0.
GreyImage resize_grey(const GreyImage& image, std::int64_t width, std::int64_t height);

}  // namespace lectio
