// SPDX-License-Identifier: Apache-2.0
#include "media/image/encode.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <span>

#include "media/image/decode.h"

namespace lectio {
namespace {

Image slopes(std::int64_t width, std::int64_t height) {
  Image image(width, height);
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      std::uint8_t* const pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<std::uint8_t>(x * 255 / width);
      pixel[1] = static_cast<std::uint8_t>(y * 255 / height);
      pixel[2] = 128;
    }
  }
  return image;
}

Image decoded(const std::string& file) {
  auto image = decode_image(std::as_bytes(std::span(file)), "encoded");
  EXPECT_TRUE(image) << image.error().message();
  return image ? *std::move(image) : Image();
}

// Smooth slopes have little that the quantiser of quality 95 (steps of 1 to 10) can take away.
TEST(EncodeJpeg, ComesBackNearlyTheSame) {
  for (const auto& [width, height] : {std::pair(64, 48), std::pair(1, 1), std::pair(17, 33)}) {
    const Image image = slopes(width, height);
    const Image back = decoded(encode_jpeg(image, 95));
    ASSERT_EQ(back.width, width);
    ASSERT_EQ(back.height, height);
    int worst = 0;
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      worst = std::max(worst, std::abs(image.pixels[i] - back.pixels[i]));
    }
    EXPECT_LE(worst, 24) << width;
  }
}

TEST(EncodeJpeg, IsSmallerAtLowerQualityAndTheSameEveryTime) {
  const Image image = slopes(300, 200);
  EXPECT_LT(encode_jpeg(image, 30).size(), encode_jpeg(image, 95).size());
  EXPECT_EQ(encode_jpeg(image, 80), encode_jpeg(image, 80));
}

TEST(EncodePng, ComesBackTheSame) {
  const Image image = slopes(19, 5);
  EXPECT_EQ(decoded(encode_png(image)), image);
}

}  // namespace
}  // namespace lectio
