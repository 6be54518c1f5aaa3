// SPDX-License-Identifier: Apache-2.0
// A picture file from anywhere: every reader, under small limits so that time goes into parsing.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/check.h"
#include "media/image/decode.h"
#include "media/image/encode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr lectio::DecodeLimits kLimits{.max_side = 4096, .max_pixels = 1 << 18};
  const std::span file(data, size);
  const auto image = lectio::decode_image(std::as_bytes(file), "fuzz", kLimits);
  if (!image) {
    LECTIO_CHECK(image.error().message().starts_with("fuzz: "), image.error().message());
    return 0;
  }
  LECTIO_CHECK(image->width > 0 && image->height > 0, "an empty picture");
  LECTIO_CHECK(image->pixels.size() == static_cast<std::size_t>(image->width * image->height * 3),
               "pixels and size disagree");
  const std::string png = lectio::encode_png(*image);
  const auto again = lectio::decode_image(std::as_bytes(std::span(png)), "again", kLimits);
  LECTIO_CHECK(again && *again == *image, "PNG changed the picture");
  return 0;
}
