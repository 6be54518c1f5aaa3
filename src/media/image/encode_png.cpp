// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "media/image/encode.h"

namespace lectio {
namespace {

// What libpng's callbacks need.
struct Sink {
  std::string bytes;
  char message[160] = {};
};

void write_bytes(png_structp png, png_bytep data, std::size_t count) {
  auto& sink = *static_cast<Sink*>(png_get_io_ptr(png));
  sink.bytes.append(reinterpret_cast<const char*>(data), count);
}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& sink = *static_cast<Sink*>(png_get_error_ptr(png));
  std::strncpy(sink.message, message, sizeof(sink.message) - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

// A landing place of longjmp: no object with a destructor in here.
bool write_picture(png_structp png, png_infop info, const Image& image) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width),
               static_cast<png_uint_32>(image.height), 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (std::int64_t y = 0; y < image.height; ++y) png_write_row(png, image.row(y));
  png_write_end(png, info);
  return true;
}

}  // namespace

std::string encode_png(const Image& image) {
  LECTIO_CHECK(image.width > 0 && image.height > 0, "an empty image");
  Sink sink;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, on_error, on_warning);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  bool written = false;
  if (info != nullptr) {
    png_set_write_fn(png, &sink, write_bytes, nullptr);
    written = write_picture(png, info, image);
  }
  png_destroy_write_struct(&png, &info);
  LECTIO_CHECK(written, sink.message);
  return std::move(sink.bytes);
}

}  // namespace lectio
