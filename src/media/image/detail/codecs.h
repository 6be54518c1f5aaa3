// SPDX-License-Identifier: Apache-2.0
// One reader a format, and what they share. Errors carry no file name; decode_image adds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "media/image/decode.h"
#include "media/image/image.h"

namespace lectio {

using Bytes = std::span<const std::byte>;

struct Decoded {
  Image image;          // as stored
  int orientation = 1;  // EXIF's: 1 upright, to 8
  std::string warning;  // damage that the codec could repair; empty where there was none
};

// `file` begins with the signature of the format.
Result<Decoded> decode_png(Bytes file, const DecodeLimits& limits);
Result<Decoded> decode_jpeg(Bytes file, const DecodeLimits& limits);
Result<Decoded> decode_webp(Bytes file, const DecodeLimits& limits);
Result<Decoded> decode_tiff(Bytes file, const DecodeLimits& limits);
// A page of a TIFF file, from 0, and how many there are.
Result<Decoded> decode_tiff_page(Bytes file, std::int64_t index, const DecodeLimits& limits);
Result<std::int64_t> count_tiff_pages(Bytes file);
Result<Decoded> decode_bmp(Bytes file, const DecodeLimits& limits);
Result<Decoded> decode_gif(Bytes file, const DecodeLimits& limits);
// Only where the build has libheif (LECTIO_HAS_HEIF).
Result<Decoded> decode_heif(Bytes file, const DecodeLimits& limits);

// Before memory is taken: kInvalidInput for an empty picture, kTooLarge over a limit.
Result<void> check_size(std::int64_t width, std::int64_t height, const DecodeLimits& limits);
// Before memory is taken: kInvalidInput where the file is too short to hold what its header
// promises.
Result<void> check_file_holds(Bytes file, std::int64_t least_bytes);

// kInvalidInput, "damaged: " and what the codec says.
Error damaged(std::string_view codec_message);

// The orientation in a TIFF structure, which is what EXIF data is; 1 where it is absent or damaged.
int exif_orientation(Bytes tiff);
// The same for EXIF data that may begin with "Exif\0\0".
int exif_orientation_of_block(Bytes block);

// Turns and mirrors so that orientation becomes 1. Values outside 2..8 change nothing.
Image upright(Image image, int orientation);

// Lays a row of straight (not premultiplied) RGBA over white.
void blend_over_white(const std::uint8_t* rgba, std::int64_t pixels, std::uint8_t* rgb);

}  // namespace lectio
