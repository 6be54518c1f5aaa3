// SPDX-License-Identifier: Apache-2.0
#include "media/image/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/splitmix.h"
#include "media/image/encode.h"
#include "media/image/formula_picture.h"
#include "media/image/testing/pictures.h"
#include "media/image/testing/samples.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Result<Image> decode(std::string_view bytes, const DecodeLimits& limits = {}) {
  return decode_image(std::as_bytes(std::span(bytes)), "scan", limits);
}

int largest_difference(const Image& a, const Image& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  }
  return largest;
}

TEST(DecodeImage, ReadsEveryKindOfFile) {
  for (const SamplePicture& sample : sample_pictures()) {
    SCOPED_TRACE(sample.name);
    const Result<Image> image = decode(sample.bytes);
    ASSERT_TRUE(image) << image.error().message();
    ASSERT_EQ(image->width, sample.expected.width);
    ASSERT_EQ(image->height, sample.expected.height);
    EXPECT_LE(largest_difference(*image, sample.expected), sample.tolerance);
  }
}

TEST(DecodeImage, ReadsPicturesOfOnePixel) {
  const Samples pixel = {10, 120, 250};
  const std::string files[] = {
      write_png({.width = 1, .height = 1, .samples = pixel}),
      write_jpeg({.width = 1, .height = 1, .samples = pixel}),
      write_webp(1, 1, 3, pixel),
      write_tiff({.width = 1, .height = 1, .samples = pixel}),
      write_gif({.width = 1, .height = 1, .palette = {10, 120, 250, 0, 0, 0}, .indices = {0}}),
  };
  Image expected(1, 1);
  expected.pixels = pixel;
  for (const std::string& file : files) {
    const Result<Image> image = decode(file);
    ASSERT_TRUE(image) << image.error().message();
    EXPECT_EQ(image->width, 1);
    EXPECT_EQ(image->height, 1);
    EXPECT_LE(largest_difference(*image, expected), 2);
  }
}

TEST(EncodePng, ComesBackToTheBitAndIsDeterministic) {
  for (const std::int64_t width : {1, 2, 63, 640}) {
    const Image image = formula_picture("noise", width, 17, 3);
    const std::string bytes = encode_png(image);
    EXPECT_EQ(bytes, encode_png(image));
    const Result<Image> back = decode(bytes);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back, image);
  }
}

// The picture as it should be seen, and how a camera held in each of the eight ways stores it.
Image seen() { return formula_picture("noise", 5, 3, 8); }

Image stored(int orientation) {
  const Image up = seen();
  const bool transposed = orientation >= 5;
  Image out = transposed ? Image(3, 5) : Image(5, 3);
  for (std::int64_t y = 0; y < 3; ++y) {
    for (std::int64_t x = 0; x < 5; ++x) {
      std::int64_t row = 0, column = 0;
      switch (orientation) {  // what row 0 and column 0 of the file show, by the EXIF standard
        case 1:
          row = y, column = x;
          break;  // top, left
        case 2:
          row = y, column = 4 - x;
          break;  // top, right
        case 3:
          row = 2 - y, column = 4 - x;
          break;  // bottom, right
        case 4:
          row = 2 - y, column = x;
          break;  // bottom, left
        case 5:
          row = x, column = y;
          break;  // left, top
        case 6:
          row = 4 - x, column = y;
          break;  // right, top
        case 7:
          row = 4 - x, column = 2 - y;
          break;  // right, bottom
        default:
          row = x, column = 2 - y;
          break;  // left, bottom
      }
      std::copy_n(up.row(y) + x * 3, 3, out.row(row) + column * 3);
    }
  }
  return out;
}

class StoredOrientation : public ::testing::TestWithParam<int> {};

TEST_P(StoredOrientation, IsAppliedToPng) {
  const Image image = stored(GetParam());
  for (const bool big_endian : {false, true}) {
    const std::string file = write_png({.width = image.width,
                                        .height = image.height,
                                        .samples = image.pixels,
                                        .exif = exif_with_orientation(GetParam(), big_endian)});
    const Result<Image> upright = decode(file);
    ASSERT_TRUE(upright);
    EXPECT_EQ(*upright, seen());
  }
}

TEST_P(StoredOrientation, IsAppliedToJpeg) {
  const Image image = stored(GetParam());
  const std::string file = write_jpeg({.width = image.width,
                                       .height = image.height,
                                       .samples = image.pixels,
                                       .exif = exif_with_orientation(GetParam(), true)});
  const Result<Image> upright = decode(file);
  ASSERT_TRUE(upright);
  ASSERT_EQ(upright->width, 5);
  ASSERT_EQ(upright->height, 3);
  EXPECT_LE(largest_difference(*upright, seen()), 3);
}

TEST_P(StoredOrientation, IsAppliedToWebp) {
  const Image image = stored(GetParam());
  const std::string plain = write_webp(image.width, image.height, 3, image.pixels);
  for (const std::string& prefix : {std::string(), std::string("Exif\0\0", 6)}) {
    const Result<Image> upright = decode(write_webp_exif(
        plain, image.width, image.height, prefix + exif_with_orientation(GetParam(), false)));
    ASSERT_TRUE(upright);
    EXPECT_EQ(*upright, seen());
  }
}

TEST_P(StoredOrientation, IsAppliedToTiff) {
  const Image image = stored(GetParam());
  const Result<Image> upright = decode(write_tiff({.width = image.width,
                                                   .height = image.height,
                                                   .orientation = GetParam(),
                                                   .samples = image.pixels}));
  ASSERT_TRUE(upright);
  EXPECT_EQ(*upright, seen());
}

INSTANTIATE_TEST_SUITE_P(, StoredOrientation, ::testing::Range(1, 9));

TEST(Orientation, LargePicturesTurnBlockByBlock) {
  const Image image = formula_picture("noise", 150, 97, 4);
  const auto turned = [](const Image& source, int orientation) {
    const Result<Image> out =
        decode(write_png({.width = source.width,
                          .height = source.height,
                          .samples = source.pixels,
                          .exif = exif_with_orientation(orientation, false)}));
    return out ? *out : Image();
  };
  EXPECT_EQ(turned(turned(image, 6), 8), image);
  EXPECT_EQ(turned(turned(image, 5), 5), image);
  EXPECT_EQ(turned(turned(image, 7), 7), image);
  EXPECT_EQ(turned(image, 9), image) << "an unknown orientation changes nothing";
  EXPECT_EQ(turned(image, 0), image);
}

TEST(DecodeImage, WhatIsNoPictureIsNamedWithWhatWasFound) {
  const auto message = [](std::string_view bytes) {
    const Result<Image> image = decode(bytes);
    return image ? "decoded" : image.error().message();
  };
  constexpr std::string_view kExpected =
      "scan: expected a PNG, JPEG, WebP, TIFF, BMP or GIF picture, found ";
  EXPECT_EQ(message(""), std::string(kExpected) + "an empty file");
  EXPECT_EQ(message("hello"), std::string(kExpected) + "bytes 68 65 6c 6c 6f");
  EXPECT_THAT(message("%PDF-1.7"), HasSubstr("found a PDF document"));
#ifdef LECTIO_HAS_HEIF
  const char* const heif = "scan: HEIF: damaged: ";
#else
  const char* const heif = "found a HEIF or AVIF picture, which this build cannot read";
#endif
  EXPECT_THAT(message(std::string_view("\0\0\0\x18"
                                       "ftypheic",
                                       12)),
              HasSubstr(heif));
  EXPECT_EQ(decode("%PDF-1.7").error().code(), ErrorCode::kUnsupported);
}

#ifdef LECTIO_HAS_HEIF
std::string heif_sample(const std::string& name) {
  return *read_file(std::string(LECTIO_SOURCE_DIR) + "/src/media/image/testing/" + name + ".heic");
}

// The quarters of a picture: their middles, left to right, top to bottom.
std::vector<std::string> quarters(const Image& image) {
  std::vector<std::string> colours;
  for (const std::int64_t y : {image.height / 4, 3 * image.height / 4}) {
    for (const std::int64_t x : {image.width / 4, 3 * image.width / 4}) {
      std::string colour;
      for (int c = 0; c < 3; ++c) colour += image.row(y)[3 * x + c] > 128 ? "RGB"[c] : '-';
      colours.push_back(colour);
    }
  }
  return colours;
}

TEST(DecodeHeif, ReadsAPictureTurnedAndOverWhite) {
  const auto upright = decode(heif_sample("upright"));
  ASSERT_TRUE(upright) << upright.error().message();
  EXPECT_EQ(upright->width, 32);
  EXPECT_EQ(upright->height, 24);
  EXPECT_EQ(quarters(*upright), (std::vector<std::string>{"R--", "-G-", "--B", "RGB"}));
  const auto turned = decode(heif_sample("turned"));  // a quarter turn to the right
  ASSERT_TRUE(turned) << turned.error().message();
  EXPECT_EQ(turned->width, 24);
  EXPECT_EQ(turned->height, 32);
  EXPECT_EQ(quarters(*turned), (std::vector<std::string>{"--B", "R--", "RGB", "-G-"}));
  const auto over_white = decode(heif_sample("alpha"));  // its right half is transparent
  ASSERT_TRUE(over_white) << over_white.error().message();
  EXPECT_EQ(quarters(*over_white), (std::vector<std::string>{"R--", "RGB", "--B", "RGB"}));
}

TEST(DecodeHeif, ObeysTheLimitsBeforeItDecodes) {
  const std::string bytes = heif_sample("turned");
  EXPECT_TRUE(decode(bytes, {.max_side = 64, .max_pixels = 32 * 24}));
  const auto refused = decode(bytes, {.max_side = 64, .max_pixels = 32 * 24 - 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kTooLarge) << refused.error().message();
  EXPECT_FALSE(decode(bytes, {.max_side = 31}));
  // A header that promises more than there is: 60,000 x 60,000 pixels.
  std::string bomb = bytes;
  for (std::size_t at = bomb.find("ispe"); at != std::string::npos;
       at = bomb.find("ispe", at + 1)) {
    bomb.replace(at + 8, 8, std::string("\0\0\xEA\x60\0\0\xEA\x60", 8));
  }
  EXPECT_EQ(decode(bomb).error().code(), ErrorCode::kTooLarge) << decode(bomb).error().message();
}

TEST(DecodeHeif, DamageIsAnErrorOrAPicture) {
  const std::string good = heif_sample("alpha");
  Random random(12);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(random.below(256));
    for (const std::string& bytes : {bad, good.substr(0, at)}) {
      const auto image = decode(bytes, {.max_side = 256, .max_pixels = 1 << 14});
      if (image) {
        EXPECT_LE(image->width * image->height, 1 << 14);
      } else {
        EXPECT_THAT(image.error().message(), StartsWith("scan: "));
      }
    }
  }
}
#endif

TEST(DecodeImage, SizesOverTheLimitsAreRefusedBeforeMemoryIsTaken) {
  const std::string headers[] = {
      write_png({.width = 60'000, .height = 60'000, .header_only = true}),
      write_tiff({.width = 60'000, .height = 60'000}),
  };
  for (const std::string& file : headers) {
    const Result<Image> image = decode(file);
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code(), ErrorCode::kTooLarge);
    EXPECT_THAT(image.error().message(),
                HasSubstr("size: expected at most 178956970 pixels, found 60000 x 60000"));
  }
  const std::string small = write_png({.width = 4, .height = 2, .samples = Samples(24)});
  EXPECT_TRUE(decode(small, {.max_side = 4, .max_pixels = 8}));
  EXPECT_EQ(decode(small, {.max_side = 3, .max_pixels = 8}).error().message(),
            "scan: PNG: size: expected sides of at most 3 pixels, found 4 x 2");
  EXPECT_EQ(decode(small, {.max_side = 4, .max_pixels = 7}).error().message(),
            "scan: PNG: size: expected at most 7 pixels, found 4 x 2");
}

TEST(DecodeImage, EveryFormatObeysTheLimits) {
  for (const SamplePicture& sample : sample_pictures()) {
    SCOPED_TRACE(sample.name);
    const std::int64_t pixels = sample.expected.width * sample.expected.height;
    EXPECT_TRUE(decode(sample.bytes, {.max_side = sample.expected.width, .max_pixels = pixels}));
    const Result<Image> refused = decode(sample.bytes, {.max_pixels = pixels - 1});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kTooLarge);
  }
}

TEST(DecodeImage, HeaderThatPromisesMoreThanTheFileCanHoldIsRefused) {
  const Result<Image> image =
      decode(write_png({.width = 10'000, .height = 10'000, .header_only = true}));
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(image.error().message(),
              StartsWith("scan: PNG: truncated: expected at least 290697 bytes"));
}

// Small enough that a damaged size costs no time.
constexpr DecodeLimits kTestLimits{.max_side = 2'000, .max_pixels = 200'000};

TEST(DecodeImage, CutFileIsAnErrorOrTheWholePicture) {
  for (const SamplePicture& sample : sample_pictures()) {
    SCOPED_TRACE(sample.name);
    const Result<Image> whole = decode(sample.bytes);
    ASSERT_TRUE(whole);
    for (std::size_t length = 0; length < sample.bytes.size(); ++length) {
      // A copy of exactly that length: a read past its end is seen by the sanitizer.
      const std::vector<char> cut(sample.bytes.begin(),
                                  sample.bytes.begin() + static_cast<std::ptrdiff_t>(length));
      const Result<Image> image = decode(std::string_view(cut.data(), cut.size()), kTestLimits);
      if (image) {
        ASSERT_EQ(*image, *whole) << length << " of " << sample.bytes.size() << " bytes";
      } else {
        ASSERT_THAT(image.error().message(), StartsWith("scan: "));
      }
    }
  }
}

TEST(DecodeImage, DamagedFileIsAnErrorOrSomePicture) {
  for (const SamplePicture& sample : sample_pictures()) {
    SCOPED_TRACE(sample.name);
    for (std::size_t place = 0; place < sample.bytes.size(); ++place) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        std::string bytes = sample.bytes;
        bytes[place] = static_cast<char>(bytes[place] ^ flip);
        const Result<Image> image = decode(bytes, kTestLimits);
        if (image) {
          ASSERT_EQ(image->pixels.size(),
                    static_cast<std::size_t>(image->width * image->height * 3));
        } else {
          ASSERT_THAT(image.error().message(), StartsWith("scan: "));
          ASSERT_EQ(image.error().message().find('\n'), std::string::npos);
        }
      }
    }
  }
}

TEST(DecodeImage, StripThatCannotBeDecompressedIsAnErrorAndNotABlankPart) {
  const Image image = formula_picture("noise", 21, 13, 2);
  std::string file =
      write_tiff({.width = 21, .height = 13, .compression = 8, .samples = image.pixels});
  ASSERT_TRUE(decode(file));
  file.replace(8, 4, 4, '\xFF');  // the first strip follows the header of 8 bytes
  const Result<Image> damaged = decode(file);
  ASSERT_FALSE(damaged);
  EXPECT_THAT(damaged.error().message(), StartsWith("scan: TIFF: damaged: "));
}

TEST(DecodeImage, GoldenPictureHasItsSize) {
  const Result<std::string> file = read_file(LECTIO_SOURCE_DIR "/tests/golden/images/A.png");
  ASSERT_TRUE(file);
  const Result<Image> image = decode(*file);
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_EQ(image->width, 333);
  EXPECT_EQ(image->height, 217);
}

}  // namespace
}  // namespace lectio
