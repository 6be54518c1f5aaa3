// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "media/image/detail/codecs.h"

namespace lectio {

// EXIF names the sides of the scene that the stored row 0 and column 0 show. Read backwards: bit by
// bit, whether the stored rows run right to left, bottom to top, and along the columns of the
// scene.
Image upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const bool transposed = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image out = transposed ? Image(image.height, image.width) : Image(image.width, image.height);
  // Where the pixel (0, 0) of the result is stored, and the way to its right and lower neighbours.
  const std::int64_t pitch = image.width * 3;
  const std::int64_t step_x = from_right ? -3 : 3;
  const std::int64_t step_y = from_bottom ? -pitch : pitch;
  const std::uint8_t* origin = image.pixels.data() + (from_right ? pitch - 3 : 0) +
                               (from_bottom ? (image.height - 1) * pitch : 0);
  const std::int64_t right = transposed ? step_y : step_x;
  const std::int64_t down = transposed ? step_x : step_y;
  constexpr std::int64_t kBlock = 64;  // columns at a time: a transposed walk stays in the cache
  for (std::int64_t left = 0; left < out.width; left += kBlock) {
    const std::int64_t end = std::min(left + kBlock, out.width);
    for (std::int64_t y = 0; y < out.height; ++y) {
      const std::uint8_t* from = origin + y * down + left * right;
      std::uint8_t* to = out.row(y) + left * 3;
      for (std::int64_t x = left; x < end; ++x, from += right, to += 3) {
        to[0] = from[0];
        to[1] = from[1];
        to[2] = from[2];
      }
    }
  }
  return out;
}

}  // namespace lectio
