// SPDX-License-Identifier: Apache-2.0
// Picture files to rasters: PNG, JPEG, WebP, TIFF, BMP, GIF (first frame), HEIC and AVIF where the
// build has libheif; orientation applied, RGB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/result.h"
#include "media/image/image.h"

namespace lectio {

struct DecodeLimits {
  std::int64_t max_side = 65'500;
  std::int64_t max_pixels = 178'956'970;  // Pillow's decompression-bomb figure
};

// The format is found in the bytes, not in the name. Sizes are checked against the limits before
// memory is taken. Alpha is laid over white; 16-bit channels keep their high byte; CMYK is
// converted. `name` leads error messages.
Result<Image> decode_image(std::span<const std::byte> file, std::string_view name,
                           const DecodeLimits& limits = {});

// How many pictures the file holds: the pages of a TIFF file, otherwise 1 (of an animation the
// first counts). Looks at the directory alone; kTooLarge above 65,535.
Result<std::int64_t> count_images(std::span<const std::byte> file, std::string_view name);
// As decode_image, the picture `index` of a file that count_images says to have more.
Result<Image> decode_image_at(std::span<const std::byte> file, std::int64_t index,
                              std::string_view name, const DecodeLimits& limits = {});

}  // namespace lectio
