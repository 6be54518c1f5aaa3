// SPDX-License-Identifier: Apache-2.0
// For tests: writes pictures of every kind that the readers know, in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "media/image/image.h"

namespace lectio {

using Samples =
    std::vector<std::uint8_t>;  // row-major, channels interleaved, rows padded to whole bytes

struct PngRecipe {
  std::int64_t width = 0, height = 0;
  int bits = 8;
  int colour_type =
      2;  // PNG's own numbers: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  bool interlaced = false;
  Samples samples = {};
  Samples palette = {};       // RGB triples
  Samples transparency = {};  // alpha of the palette's first entries
  std::string exif = {};      // a TIFF structure
  bool header_only = false;   // the pixels are cut off
};
std::string write_png(const PngRecipe& recipe);

struct JpegRecipe {
  std::int64_t width = 0, height = 0;
  int channels = 3;  // 1 grey, 3 RGB, 4 inks, inverted as Adobe writes them
  bool ycck = false;
  bool progressive = false;
  bool arithmetic = false;
  Samples samples = {};
  std::string exif = {};  // a TIFF structure
};
std::string write_jpeg(const JpegRecipe& recipe);

// Lossless. channels 3 or 4.
std::string write_webp(std::int64_t width, std::int64_t height, int channels,
                       const Samples& samples);
// The bitstream of a plain WebP file in a container with EXIF data or an animation, at an offset on
// a canvas.
std::string write_webp_exif(std::string_view plain, std::int64_t width, std::int64_t height,
                            std::string_view exif);
std::string write_webp_animation(std::string_view plain, std::int64_t width, std::int64_t height,
                                 std::int64_t canvas_width, std::int64_t canvas_height);

struct TiffRecipe {
  std::int64_t width = 0, height = 0;
  int bits = 8;
  int channels = 3;
  int photometric = 2;  // TIFF's own numbers: 0 white is 0, 1 black is 0, 2 RGB, 3 palette, 5 inks
  int compression =
      1;  // TIFF's own numbers: 1 none, 4 fax, 5 LZW, 7 JPEG, 8 deflate, 32773 packed bits
  int orientation = 1;
  int alpha = 0;  // 0 none, 1 premultiplied, 2 straight
  std::int64_t tile_side = 0;
  bool planar = false;
  Samples samples = {};  // 16-bit in the byte order of the machine; none: a page without pixels
};
std::string write_tiff(const TiffRecipe& recipe);
std::string write_tiff_pages(const std::vector<TiffRecipe>& pages);

struct GifRecipe {
  std::int64_t width = 0, height = 0;
  std::int64_t screen_width = 0, screen_height = 0;
  std::int64_t left = 0, top = 0;
  int transparent = -1;
  bool interlaced = false;
  Samples palette = {};  // RGB triples, 2 to 256
  Samples indices = {};
};
std::string write_gif(const GifRecipe& recipe);

// A TIFF structure whose only entry is the orientation.
std::string exif_with_orientation(int orientation, bool big_endian);

}  // namespace lectio
