// SPDX-License-Identifier: Apache-2.0
#include "media/image/formula_picture.h"

#include "base/check.h"
#include "base/splitmix.h"

namespace lectio {
namespace {

std::uint8_t formula_level(std::string_view kind, const Image& image, std::uint64_t x,
                           std::uint64_t y, std::uint64_t channel, std::uint64_t seed) {
  if (kind == "noise") {
    const auto width = static_cast<std::uint64_t>(image.width);
    return static_cast<std::uint8_t>(splitmix64((y * width + x) * 3 + channel + seed) >> 56);
  }
  if (kind == "ramp") {
    return static_cast<std::uint8_t>(x * (3 + channel) + y * (5 - channel) + seed * (channel + 1));
  }
  LECTIO_CHECK(kind == "bars", std::string(kind));
  const bool on = (x / 7 + y / 5) % 2 == 1;
  return on == (channel != 1) ? 255 : 0;
}

}  // namespace

Image formula_picture(std::string_view kind, std::int64_t width, std::int64_t height,
                      std::uint64_t seed) {
  Image image(width, height);
  for (std::int64_t y = 0; y < height; ++y) {
    std::uint8_t* out = image.row(y);
    for (std::int64_t i = 0; i < width * 3; ++i) {
      out[i] =
          formula_level(kind, image, static_cast<std::uint64_t>(i / 3),
                        static_cast<std::uint64_t>(y), static_cast<std::uint64_t>(i % 3), seed);
    }
  }
  return image;
}

}  // namespace lectio
