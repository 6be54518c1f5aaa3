// SPDX-License-Identifier: Apache-2.0
#include "media/image/testing/samples.h"

#include <algorithm>
#include <array>
#include <utility>

#include "media/image/testing/pictures.h"

namespace lectio {
namespace {

// No multiple of 8 or of anything else.
constexpr std::int64_t kWidth = 21;
constexpr std::int64_t kHeight = 13;
constexpr std::size_t kPixels = static_cast<std::size_t>(kWidth * kHeight);

std::uint8_t byte(std::int64_t value) { return static_cast<std::uint8_t>(value); }

// A gentle slope, which lossy formats keep well.
Image slope() {
  Image image(kWidth, kHeight);
  for (std::int64_t i = 0; i < kWidth * kHeight; ++i) {
    const std::int64_t x = i % kWidth;
    const std::int64_t y = i / kWidth;
    std::uint8_t* pixel = image.pixels.data() + i * 3;
    pixel[0] = byte(10 + x * 9);
    pixel[1] = byte(200 - y * 11);
    pixel[2] = byte(60 + x * 3 + y * 5);
  }
  return image;
}

std::uint8_t grey_at(std::size_t i) { return byte(static_cast<std::int64_t>(i * 7 % 256)); }

// A picture from a function of the pixel's index that gives its three levels.
template <typename Levels>
Image picture(const Levels& levels) {
  Image image(kWidth, kHeight);
  for (std::size_t i = 0; i < kPixels; ++i) {
    const std::array<int, 3> rgb = levels(i);
    for (std::size_t c = 0; c < 3; ++c) image.pixels[i * 3 + c] = byte(rgb[c]);
  }
  return image;
}

template <typename Level>
Image grey_picture(const Level& level) {
  return picture([&](std::size_t i) {
    const int value = level(i);
    return std::array<int, 3>{value, value, value};
  });
}

// Samples of less than a byte, the first in the high bits, rows padded to bytes.
template <typename Value>
Samples packed(int bits, const Value& value) {
  const auto pitch = static_cast<std::size_t>((kWidth * bits + 7) / 8);
  Samples out(pitch * static_cast<std::size_t>(kHeight));
  for (std::size_t i = 0; i < kPixels; ++i) {
    const std::size_t bit = i % static_cast<std::size_t>(kWidth) * static_cast<std::size_t>(bits);
    const auto shift = 8 - static_cast<std::size_t>(bits) - bit % 8;
    std::uint8_t& target = out[i / static_cast<std::size_t>(kWidth) * pitch + bit / 8];
    target = byte(target | value(i) << shift);
  }
  return out;
}

std::uint8_t alpha_at(std::size_t i) { return byte(static_cast<std::int64_t>(i * 13 % 256)); }

Samples with_alpha(const Image& image) {
  Samples out;
  for (std::size_t i = 0; i < kPixels; ++i) {
    out.insert(out.end(), {image.pixels[i * 3], image.pixels[i * 3 + 1], image.pixels[i * 3 + 2],
                           alpha_at(i)});
  }
  return out;
}

int over_white(int level, int alpha) { return (level * alpha + 255 * (255 - alpha) + 127) / 255; }

Image blended(const Image& image) {
  Image out = image;
  for (std::size_t i = 0; i < out.pixels.size(); ++i) {
    out.pixels[i] = byte(over_white(image.pixels[i], alpha_at(i / 3)));
  }
  return out;
}

// 16-bit samples: the high byte is the picture, the low byte noise. big_endian as PNG, else of the
// machine.
Samples widened(const Samples& samples, bool big_endian) {
  Samples out;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::uint8_t low = byte(static_cast<std::int64_t>(i * 37 % 256));
    out.push_back(big_endian ? samples[i] : low);
    out.push_back(big_endian ? low : samples[i]);
  }
  return out;
}

// Adobe's inverted inks: the more, the less ink. Black takes part of the light away.
Samples inks() {
  const Image image = slope();
  Samples out;
  for (std::size_t i = 0; i < kPixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) out.push_back(image.pixels[i * 3 + c]);
    out.push_back(byte(255 - static_cast<std::int64_t>(i % 21)));
  }
  return out;
}

Image inks_as_light() {
  const Samples samples = inks();
  return picture([&](std::size_t i) {
    std::array<int, 3> rgb{};
    for (std::size_t c = 0; c < 3; ++c)
      rgb[c] = (samples[i * 4 + c] * samples[i * 4 + 3] + 127) / 255;
    return rgb;
  });
}

void add_png(std::vector<SamplePicture>& out) {
  const Image image = slope();
  PngRecipe rgb{.width = kWidth, .height = kHeight, .samples = image.pixels};
  out.push_back({"rgb.png", write_png(rgb), image});
  rgb.interlaced = true;
  out.push_back({"interlaced.png", write_png(rgb), image});
  PngRecipe rgba{
      .width = kWidth, .height = kHeight, .colour_type = 6, .samples = with_alpha(image)};
  out.push_back({"rgba.png", write_png(rgba), blended(image)});
  rgba.interlaced = true;
  out.push_back({"rgba_interlaced.png", write_png(rgba), blended(image)});
  const PngRecipe rgb16{
      .width = kWidth, .height = kHeight, .bits = 16, .samples = widened(image.pixels, true)};
  out.push_back({"rgb16.png", write_png(rgb16), image});
  for (const int bits : {1, 2, 4, 8}) {
    const int most = (1 << bits) - 1;
    const auto value = [=](std::size_t i) { return grey_at(i) & most; };
    const PngRecipe grey{.width = kWidth,
                         .height = kHeight,
                         .bits = bits,
                         .colour_type = 0,
                         .samples = packed(bits, value)};
    out.push_back({"grey" + std::to_string(bits) + ".png", write_png(grey),
                   grey_picture([=](std::size_t i) { return value(i) * 255 / most; })});
  }
  Samples grey_alpha;
  for (std::size_t i = 0; i < kPixels; ++i)
    grey_alpha.insert(grey_alpha.end(), {grey_at(i), alpha_at(i)});
  const PngRecipe la{.width = kWidth, .height = kHeight, .colour_type = 4, .samples = grey_alpha};
  out.push_back({"grey_alpha.png", write_png(la),
                 grey_picture([](std::size_t i) { return over_white(grey_at(i), alpha_at(i)); })});
  const PngRecipe palette{
      .width = kWidth,
      .height = kHeight,
      .bits = 2,
      .colour_type = 3,
      .samples = packed(2, [](std::size_t i) { return static_cast<int>(i % 3); }),
      .palette = {255, 0, 0, 0, 255, 0, 0, 0, 255},
      .transparency = {255, 0}};
  out.push_back(
      {"palette.png", write_png(palette), picture([](std::size_t i) {
         constexpr std::array<int, 3> kColours[] = {{255, 0, 0}, {255, 255, 255}, {0, 0, 255}};
         return kColours[i % 3];
       })});
}

void add_jpeg(std::vector<SamplePicture>& out) {
  const Image image = slope();
  // Quality 100: the quantiser's step is 1, so levels move by the rounding of the two transforms.
  constexpr int kTolerance = 3;
  JpegRecipe rgb{.width = kWidth, .height = kHeight, .samples = image.pixels};
  out.push_back({"rgb.jpg", write_jpeg(rgb), image, kTolerance});
  rgb.progressive = true;
  out.push_back({"progressive.jpg", write_jpeg(rgb), image, kTolerance});
  rgb.progressive = false;
  rgb.arithmetic = true;
  out.push_back({"arithmetic.jpg", write_jpeg(rgb), image, kTolerance});
  Samples levels;
  for (std::int64_t i = 0; i < kWidth * kHeight; ++i) levels.push_back(byte(i % kWidth * 12));
  const JpegRecipe grey{.width = kWidth, .height = kHeight, .channels = 1, .samples = levels};
  out.push_back({"grey.jpg", write_jpeg(grey),
                 grey_picture([&](std::size_t i) { return static_cast<int>(levels[i]); }),
                 kTolerance});
  JpegRecipe cmyk{.width = kWidth, .height = kHeight, .channels = 4, .samples = inks()};
  out.push_back({"cmyk.jpg", write_jpeg(cmyk), inks_as_light(), 2 * kTolerance});
  cmyk.ycck = true;
  out.push_back({"ycck.jpg", write_jpeg(cmyk), inks_as_light(), 2 * kTolerance});
}

void add_webp(std::vector<SamplePicture>& out) {
  const Image image = slope();
  const std::string plain = write_webp(kWidth, kHeight, 3, image.pixels);
  out.push_back({"rgb.webp", plain, image});
  out.push_back({"rgba.webp", write_webp(kWidth, kHeight, 4, with_alpha(image)), blended(image)});
  Image canvas(kWidth + 9, kHeight + 6, 255);  // the frame stands at (2, 4)
  for (std::int64_t y = 0; y < kHeight; ++y) {
    std::copy_n(image.row(y), kWidth * 3, canvas.row(y + 4) + 2 * 3);
  }
  out.push_back({"animated.webp",
                 write_webp_animation(plain, kWidth, kHeight, kWidth + 9, kHeight + 6), canvas});
}

void add_tiff(std::vector<SamplePicture>& out) {
  const Image image = slope();
  TiffRecipe rgb{.width = kWidth, .height = kHeight, .samples = image.pixels};
  for (const auto& [name, compression] :
       {std::pair{"none", 1}, {"lzw", 5}, {"deflate", 8}, {"packed", 32773}}) {
    rgb.compression = compression;
    out.push_back({std::string("rgb_") + name + ".tif", write_tiff(rgb), image});
  }
  rgb.planar = true;
  out.push_back({"planar.tif", write_tiff(rgb), image});
  rgb.planar = false;
  rgb.tile_side = 16;
  out.push_back({"tiled.tif", write_tiff(rgb), image});
  const TiffRecipe rgb16{
      .width = kWidth, .height = kHeight, .bits = 16, .samples = widened(image.pixels, false)};
  out.push_back({"rgb16.tif", write_tiff(rgb16), image});
  const TiffRecipe rgba{
      .width = kWidth, .height = kHeight, .channels = 4, .alpha = 2, .samples = with_alpha(image)};
  out.push_back(
      {"rgba.tif", write_tiff(rgba), blended(image), 1});  // libtiff rounds when it premultiplies
  const auto bit = [](std::size_t i) { return static_cast<int>(i / 3 % 2); };
  for (const int photometric : {0, 1}) {
    const TiffRecipe fax{.width = kWidth,
                         .height = kHeight,
                         .bits = 1,
                         .channels = 1,
                         .photometric = photometric,
                         .compression = 4,
                         .samples = packed(1, bit)};
    out.push_back({"fax" + std::to_string(photometric) + ".tif", write_tiff(fax),
                   grey_picture([=](std::size_t i) { return bit(i) == photometric ? 255 : 0; })});
  }
  Samples levels;
  for (std::size_t i = 0; i < kPixels; ++i) levels.push_back(grey_at(i));
  TiffRecipe grey{
      .width = kWidth, .height = kHeight, .channels = 1, .photometric = 1, .samples = levels};
  out.push_back(
      {"grey.tif", write_tiff(grey), grey_picture([](std::size_t i) { return int{grey_at(i)}; })});
  grey.bits = 16;
  grey.samples = widened(levels, false);
  out.push_back({"grey16.tif", write_tiff(grey),
                 grey_picture([](std::size_t i) { return int{grey_at(i)}; })});
  const TiffRecipe palette{
      .width = kWidth, .height = kHeight, .channels = 1, .photometric = 3, .samples = levels};
  out.push_back({"palette.tif", write_tiff(palette), picture([](std::size_t i) {
                   return std::array<int, 3>{grey_at(i), 255 - grey_at(i), grey_at(i) / 2};
                 })});
}

void add_gif(std::vector<SamplePicture>& out) {
  const auto index = [](std::size_t i) { return static_cast<int>(i * i % 4); };
  constexpr std::array<int, 3> kColours[] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {20, 30, 40}};
  GifRecipe gif{.width = kWidth,
                .height = kHeight,
                .screen_width = kWidth,
                .screen_height = kHeight,
                .palette = {255, 0, 0, 0, 255, 0, 0, 0, 255, 20, 30, 40}};
  for (std::size_t i = 0; i < kPixels; ++i) gif.indices.push_back(byte(index(i)));
  const Image image = picture([&](std::size_t i) { return kColours[index(i)]; });
  out.push_back({"plain.gif", write_gif(gif), image});
  gif.interlaced = true;
  out.push_back({"interlaced.gif", write_gif(gif), image});
  gif.transparent = 1;
  out.push_back({"transparent.gif", write_gif(gif), picture([&](std::size_t i) {
                   return index(i) == 1 ? std::array<int, 3>{255, 255, 255} : kColours[index(i)];
                 })});
  gif.transparent = -1;
  gif.left = 3;
  gif.top = 2;
  gif.screen_width = kWidth + 5;
  Image canvas(kWidth + 5, kHeight + 2, 255);  // the frame is lower than the screen: it grows
  for (std::int64_t y = 0; y < kHeight; ++y)
    std::copy_n(image.row(y), kWidth * 3, canvas.row(y + 2) + 3 * 3);
  out.push_back({"offset.gif", write_gif(gif), canvas});
}

void append_little_endian(std::string& out, std::int64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

// A version 3 header, or the core header of OS/2; `tail` is masks or palette and pixels.
std::string bmp(std::int64_t height, int bits, int compression, std::string_view palette,
                std::string_view pixels, bool core = false, std::string_view masks = {}) {
  const std::int64_t header = core ? 12 : masks.empty() ? 40 : 56;
  std::string out = "BM";
  const std::int64_t begin = 14 + header + static_cast<std::int64_t>(palette.size());
  append_little_endian(out, begin + static_cast<std::int64_t>(pixels.size()), 4);
  append_little_endian(out, 0, 4);
  append_little_endian(out, begin, 4);
  append_little_endian(out, header, 4);
  append_little_endian(out, kWidth, core ? 2 : 4);
  append_little_endian(out, height, core ? 2 : 4);
  append_little_endian(out, 1, 2);
  append_little_endian(out, bits, 2);
  if (!core) {
    append_little_endian(out, compression, 4);
    for (int i = 0; i < 5; ++i) append_little_endian(out, 0, 4);
  }
  return out + std::string(masks) + std::string(palette) + std::string(pixels);
}

// Rows from the bottom up, each padded to four bytes.
template <typename Pixel>
std::string bmp_rows(const Pixel& pixel) {
  std::string out;
  for (std::int64_t y = kHeight - 1; y >= 0; --y) {
    std::string row;
    for (std::int64_t x = 0; x < kWidth; ++x) pixel(row, static_cast<std::size_t>(y * kWidth + x));
    row.resize((row.size() + 3) / 4 * 4);
    out += row;
  }
  return out;
}

void add_bmp_colours(std::vector<SamplePicture>& out) {
  const Image image = slope();
  const auto bgr = [&](std::string& row, std::size_t i) {
    for (const std::size_t c : {2U, 1U, 0U}) row += static_cast<char>(image.pixels[i * 3 + c]);
  };
  const std::string rgb = bmp_rows(bgr);
  out.push_back({"rgb.bmp", bmp(kHeight, 24, 0, "", rgb), image});
  out.push_back({"core.bmp", bmp(kHeight, 24, 0, "", rgb, true), image});
  Image flipped = image;
  for (std::int64_t y = 0; y < kHeight; ++y)
    std::copy_n(image.row(kHeight - 1 - y), kWidth * 3, flipped.row(y));
  out.push_back({"top_down.bmp", bmp(-kHeight, 24, 0, "", rgb), flipped});
  const std::string bgrx = bmp_rows([&](std::string& row, std::size_t i) {
    bgr(row, i);
    row += '\0';
  });
  out.push_back({"rgbx.bmp", bmp(kHeight, 32, 0, "", bgrx), image});
  std::string masks;
  for (const std::uint32_t mask : {0xFFU, 0xFF00U, 0xFF0000U, 0xFF000000U})
    append_little_endian(masks, mask, 4);
  const std::string rgba = bmp_rows([&](std::string& row, std::size_t i) {
    for (std::size_t c = 0; c < 3; ++c) row += static_cast<char>(image.pixels[i * 3 + c]);
    row += static_cast<char>(alpha_at(i));
  });
  out.push_back({"rgba.bmp", bmp(kHeight, 32, 3, "", rgba, false, masks), blended(image)});
  const std::string five = bmp_rows([&](std::string& row, std::size_t i) {
    append_little_endian(
        row, static_cast<std::int64_t>(i % 32 << 10 | (31 - i % 32) << 5 | (i / 8) % 32), 2);
  });
  out.push_back({"rgb555.bmp", bmp(kHeight, 16, 0, "", five), picture([](std::size_t i) {
                   const auto wide = [](std::size_t v) {
                     return static_cast<int>((v * 255 + 15) / 31);
                   };
                   return std::array<int, 3>{wide(i % 32), wide(31 - i % 32), wide(i / 8 % 32)};
                 })});
}

void add_bmp_palettes(std::vector<SamplePicture>& out) {
  std::string palette;
  for (int i = 0; i < 16; ++i)
    append_little_endian(palette, i | (16 * i) << 8 | (255 - i) << 16, 4);
  const auto colour = [](int i) { return std::array<int, 3>{255 - i, 16 * i, i}; };
  const auto index = [](std::size_t i) { return static_cast<int>(i * 5 % 16); };
  const Image image = picture([&](std::size_t i) { return colour(index(i)); });
  const auto one_byte = [&](std::string& row, std::size_t i) {
    row += static_cast<char>(index(i));
  };
  out.push_back({"palette8.bmp", bmp(kHeight, 8, 0, palette, bmp_rows(one_byte)), image});
  const auto half_byte = [&](std::string& row, std::size_t i) {
    const bool high = i % static_cast<std::size_t>(kWidth) % 2 == 0;
    if (high) row += static_cast<char>(index(i) << 4);
    if (!high) row.back() = static_cast<char>(row.back() | index(i));
  };
  out.push_back({"palette4.bmp", bmp(kHeight, 4, 0, palette, bmp_rows(half_byte)), image});

  // Run lengths: a run of ten, then eleven single pixels, a line end; the last rows are skipped by
  // a move.
  std::string rle8;
  std::string rle4;
  for (std::int64_t y = 0; y < kHeight - 2; ++y) {
    rle8 +=
        std::string("\x0A\x05\x00\x0B", 4) + std::string("\1\2\3\4\5\6\7\x08\x09\x0A\x0B\0", 12);
    rle4 += std::string("\x0A\x56\x00\x0B", 4) + std::string("\x12\x34\x56\x78\x9A\xB0", 6);
    rle8 += std::string("\0\0", 2);
    rle4 += std::string("\0\0", 2);
  }
  rle8 +=
      std::string("\0\2\4\1\2\7\0\1", 8);  // four to the right, one up, two pixels of colour 7, end
  rle4 += std::string("\0\2\4\1\2\x77\0\1", 8);
  const auto run = [&](bool wide) {
    return picture([&, wide](std::size_t i) {
      const auto x = static_cast<std::int64_t>(i) % kWidth;
      const std::int64_t up = kHeight - 1 - static_cast<std::int64_t>(i) / kWidth;
      if (up == kHeight - 1) return colour(x == 4 || x == 5 ? 7 : 0);
      if (up == kHeight - 2) return colour(0);
      if (x >= 10) return colour(static_cast<int>(x - 9));
      return colour(wide || x % 2 == 0 ? 5 : 6);
    });
  };
  out.push_back({"rle8.bmp", bmp(kHeight, 8, 1, palette, rle8), run(true)});
  out.push_back({"rle4.bmp", bmp(kHeight, 4, 2, palette, rle4), run(false)});
}

}  // namespace

std::vector<SamplePicture> sample_pictures() {
  std::vector<SamplePicture> out;
  add_png(out);
  add_jpeg(out);
  add_webp(out);
  add_tiff(out);
  add_gif(out);
  add_bmp_colours(out);
  add_bmp_palettes(out);
  return out;
}

}  // namespace lectio
