// SPDX-License-Identifier: Apache-2.0
// Resampling to the bit as the reference does it: Pillow 9.4's bicubic (spec 5.2, 5.3).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "media/image/image.h"

namespace lectio {

inline constexpr std::uint8_t kPadGrey = 127;

// Stretches to width x height (both > 0, image not empty): horizontal pass first, 8-bit
// intermediate.
Image resize_bicubic(const Image& image, std::int64_t width, std::int64_t height);

struct PadPlan {
  std::int64_t width = 0, height = 0;  // of the resized image
  std::int64_t x = 0, y = 0;           // where it is pasted
};
// ImageOps.pad to a square of this side. kInvalidInput where a side rounds to 0.
Result<PadPlan> plan_pad(std::int64_t width, std::int64_t height, std::int64_t side);
Result<Image> pad_to_square(const Image& image, std::int64_t side);

// The part [x, x + width) x [y, y + height), inside the image.
Image crop(const Image& image, std::int64_t x, std::int64_t y, std::int64_t width,
           std::int64_t height);

}  // namespace lectio
