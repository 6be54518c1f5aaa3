// SPDX-License-Identifier: Apache-2.0
// An 8-bit RGB raster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lectio {

// Row-major, three bytes a pixel, no padding. A plain value.
struct Image {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> pixels;  // [height, width, 3]

  Image() = default;
  Image(std::int64_t w, std::int64_t h, std::uint8_t value = 0)
      : width(w),
        height(h),
        pixels(static_cast<std::size_t>(w * h * 3), value) {}
  std::uint8_t* row(std::int64_t y) { return pixels.data() + y * width * 3; }
  const std::uint8_t* row(std::int64_t y) const { return pixels.data() + y * width * 3; }
  bool operator==(const Image&) const = default;
};

}  // namespace lectio
