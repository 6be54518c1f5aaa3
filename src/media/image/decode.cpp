// SPDX-License-Identifier: Apache-2.0
#include "media/image/decode.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "base/log.h"
#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

struct Format {
  std::string_view name;
  std::string_view signature;
  std::string_view at_8;                                  // second signature, from byte 8 on
  Result<Decoded> (*decode)(Bytes, const DecodeLimits&);  // null: known, but not read
  std::string_view advice;
};

using namespace std::string_view_literals;

#ifdef LECTIO_HAS_HEIF
constexpr std::string_view kHeif = "HEIF";
constexpr auto kDecodeHeif = decode_heif;
#else
constexpr std::string_view kHeif = "HEIF or AVIF picture";
constexpr std::nullptr_t kDecodeHeif = nullptr;
#endif
constexpr std::string_view kHeifAdvice =
    ", which this build cannot read: it was made without libheif (Debian package libheif-dev)";

constexpr Format kFormats[] = {
    {"PNG", "\x89PNG\r\n\x1a\n"sv, ""sv, decode_png, {}},
    {"JPEG", "\xFF\xD8\xFF"sv, ""sv, decode_jpeg, {}},
    {"WebP", "RIFF"sv, "WEBP"sv, decode_webp, {}},
    {"TIFF", "II*\0"sv, ""sv, decode_tiff, {}},
    {"TIFF", "MM\0*"sv, ""sv, decode_tiff, {}},
    {"TIFF", "II+\0"sv, ""sv, decode_tiff, {}},
    {"TIFF", "MM\0+"sv, ""sv, decode_tiff, {}},
    {"BMP", "BM"sv, ""sv, decode_bmp, {}},
    {"GIF", "GIF87a"sv, ""sv, decode_gif, {}},
    {"GIF", "GIF89a"sv, ""sv, decode_gif, {}},
    {"PDF document", "%PDF-"sv, ""sv, nullptr, "; render its pages to pictures first"},
    {kHeif, "\0\0\0"sv, "heic"sv, kDecodeHeif, kHeifAdvice},
    {kHeif, "\0\0\0"sv, "heix"sv, kDecodeHeif, kHeifAdvice},
    {kHeif, "\0\0\0"sv, "mif1"sv, kDecodeHeif, kHeifAdvice},
    {kHeif, "\0\0\0"sv, "avif"sv, kDecodeHeif, kHeifAdvice},
    {"JPEG 2000 picture", "\0\0\0\x0CjP  "sv, ""sv, nullptr, {}},
};

bool has_at(Bytes file, std::size_t offset, std::string_view expected) {
  if (file.size() < offset + expected.size()) return false;
  return std::equal(expected.begin(), expected.end(),
                    file.begin() + static_cast<std::ptrdiff_t>(offset),
                    [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

const Format* format_of(Bytes file) {
  for (const Format& format : kFormats) {
    if (has_at(file, 0, format.signature) && has_at(file, 8, format.at_8)) return &format;
  }
  return nullptr;
}

std::string hex(Bytes bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    if (!text.empty()) text += ' ';
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

constexpr std::string_view kExpected =
    "expected a PNG, JPEG, WebP, TIFF, BMP or GIF picture, found ";

Error not_a_picture(Bytes file) {
  std::string found = "an empty file";
  if (!file.empty()) found = "bytes " + hex(file.first(std::min<std::size_t>(file.size(), 8)));
  return Error(ErrorCode::kInvalidInput, std::string(kExpected) + found);
}

Result<Image> finish(Result<Decoded> decoded, std::string_view format, std::string_view name) {
  if (!decoded) return decoded.error().within(format);
  if (!decoded->warning.empty()) {
    log(LogLevel::kWarning,
        std::string(name) + ": " + std::string(format) + ": " + decoded->warning);
  }
  return upright(std::move(decoded->image), decoded->orientation);
}

bool is_tiff(Bytes file) {
  const Format* const format = format_of(file);
  return format != nullptr && format->decode == decode_tiff;
}

Result<Image> decode_any(Bytes file, std::string_view name, const DecodeLimits& limits) {
  const Format* format = format_of(file);
  if (format == nullptr) return not_a_picture(file);
  if (format->decode == nullptr) {
    return Error(
        ErrorCode::kUnsupported,
        std::string(kExpected) + "a " + std::string(format->name) + std::string(format->advice));
  }
  return finish(format->decode(file, limits), format->name, name);
}

}  // namespace

Result<void> check_size(std::int64_t width, std::int64_t height, const DecodeLimits& limits) {
  const std::string found = std::to_string(width) + " x " + std::to_string(height);
  if (width < 1 || height < 1) {
    return Error(ErrorCode::kInvalidInput, "size: expected at least 1 x 1 pixels, found " + found);
  }
  if (width > limits.max_side || height > limits.max_side) {
    return Error(ErrorCode::kTooLarge, "size: expected sides of at most " +
                                           std::to_string(limits.max_side) + " pixels, found " +
                                           found);
  }
  if (width > limits.max_pixels / height) {
    return Error(
        ErrorCode::kTooLarge,
        "size: expected at most " + std::to_string(limits.max_pixels) + " pixels, found " + found);
  }
  return {};
}

Result<void> check_file_holds(Bytes file, std::int64_t least_bytes) {
  if (static_cast<std::int64_t>(file.size()) >= least_bytes) return {};
  return Error(ErrorCode::kInvalidInput,
               "truncated: expected at least " + std::to_string(least_bytes) +
                   " bytes for this size, found " + std::to_string(file.size()));
}

Error damaged(std::string_view codec_message) {
  return Error(ErrorCode::kInvalidInput, "damaged: " + std::string(codec_message));
}

void blend_over_white(const std::uint8_t* rgba, std::int64_t pixels, std::uint8_t* rgb) {
  for (std::int64_t i = 0; i < pixels; ++i, rgba += 4, rgb += 3) {
    const int alpha = rgba[3];
    for (int c = 0; c < 3; ++c) {
      rgb[c] = static_cast<std::uint8_t>((rgba[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
}

Result<Image> decode_image(std::span<const std::byte> file, std::string_view name,
                           const DecodeLimits& limits) {
  Result<Image> image = decode_any(file, name, limits);
  if (!image) return image.error().within(name);
  return image;
}

Result<std::int64_t> count_images(std::span<const std::byte> file, std::string_view name) {
  if (!is_tiff(file)) return std::int64_t{1};
  Result<std::int64_t> count = count_tiff_pages(file);
  if (!count) return count.error().within("TIFF").within(name);
  return count;
}

Result<Image> decode_image_at(std::span<const std::byte> file, std::int64_t index,
                              std::string_view name, const DecodeLimits& limits) {
  if (index == 0) return decode_image(file, name, limits);
  if (!is_tiff(file)) {
    return Error(ErrorCode::kInvalidInput,
                 std::string(name) + ": expected one picture, found no more behind it");
  }
  Result<Image> image = finish(decode_tiff_page(file, index, limits), "TIFF", name);
  if (!image) return image.error().within(name);
  return image;
}

}  // namespace lectio
