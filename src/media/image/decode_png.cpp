// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

// A byte of deflate data never stands for more than this many.
constexpr std::int64_t kDeflateRatio = 1032;

// What libpng's callbacks need. Plain data: libpng leaves them by longjmp.
struct Source {
  const std::byte* data = nullptr;
  std::size_t left = 0;
  char message[160] = {};
};

void read_bytes(png_structp png, png_bytep out, std::size_t count) {
  auto& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (count > source.left) png_error(png, "the file ends early");
  std::memcpy(out, source.data, count);
  source.data += count;
  source.left -= count;
}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& source = *static_cast<Source*>(png_get_error_ptr(png));
  std::strncpy(source.message, message, sizeof(source.message) - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

// Owns libpng's state. Each method that calls a failing libpng function is a landing place of
// longjmp, so it holds no object with a destructor, and returns false on an error, whose text is
// then in the source.
class PngReader {
 public:
  explicit PngReader(Bytes file) {
    source_.data = file.data();
    source_.left = file.size();
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) png_destroy_read_struct(&png_, nullptr, nullptr);
    LECTIO_CHECK(png_ != nullptr, "libpng has no memory or another version than its header");
    png_set_read_fn(png_, &source_, read_bytes);
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  Error error() const { return damaged(source_.message); }
  std::int64_t width() const { return png_get_image_width(png_, info_); }
  std::int64_t height() const { return png_get_image_height(png_, info_); }
  std::int64_t channels() const { return png_get_channels(png_, info_); }
  bool interlaced() const { return png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE; }
  std::int64_t row_bytes() const {
    return static_cast<std::int64_t>(png_get_rowbytes(png_, info_));
  }
  std::int64_t passes() const { return passes_; }

  bool read_header(const DecodeLimits& limits) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    // Sizes are judged by us, with a better message; this only keeps libpng's own lower limit away.
    const auto side = static_cast<png_uint_32>(std::max<std::int64_t>(limits.max_side, 1'000'000));
    png_set_user_limits(png_, side, side);
    png_read_info(png_, info_);
    return true;
  }

  // Asks for 8-bit RGB or RGBA rows.
  bool set_output() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_expand(png_);
    png_set_strip_16(png_);
    png_set_gray_to_rgb(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  // Over the row of an earlier pass where the picture is interlaced.
  bool read_row(std::uint8_t* row) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_row(png_, row, nullptr);
    return true;
  }

  // What follows the pixels. Damage there loses nothing of the picture.
  void read_end() {
    if (setjmp(png_jmpbuf(png_)) != 0) return;
    png_read_end(png_, info_);
  }

  int orientation() {
    png_uint_32 length = 0;
    png_bytep data = nullptr;
    if (png_get_eXIf_1(png_, info_, &length, &data) == 0) return 1;
    return exif_orientation_of_block(std::as_bytes(std::span(data, length)));
  }

 private:
  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::int64_t passes_ = 1;
};

bool read_rgb(PngReader& reader, Image& image) {
  for (std::int64_t pass = 0; pass < reader.passes(); ++pass) {
    for (std::int64_t y = 0; y < image.height; ++y) {
      if (!reader.read_row(image.row(y))) return false;
    }
  }
  return true;
}

bool read_rgba(PngReader& reader, Image& image) {
  // Later passes complete the rows of earlier ones, so an interlaced picture is kept whole before
  // it is blended.
  const bool whole = reader.passes() > 1;
  const std::int64_t pitch = image.width * 4;
  std::vector<std::uint8_t> rgba(static_cast<std::size_t>(whole ? pitch * image.height : pitch));
  for (std::int64_t pass = 0; pass < reader.passes(); ++pass) {
    for (std::int64_t y = 0; y < image.height; ++y) {
      std::uint8_t* row = rgba.data() + (whole ? y * pitch : 0);
      if (!reader.read_row(row)) return false;
      if (pass + 1 == reader.passes()) blend_over_white(row, image.width, image.row(y));
    }
  }
  return true;
}

}  // namespace

Result<Decoded> decode_png(Bytes file, const DecodeLimits& limits) {
  PngReader reader(file);
  if (!reader.read_header(limits)) return reader.error();
  LECTIO_TRY_VOID(check_size(reader.width(), reader.height(), limits));
  LECTIO_TRY_VOID(check_file_holds(file, reader.row_bytes() * reader.height() / kDeflateRatio));
  if (!reader.set_output()) return reader.error();
  const std::int64_t channels = reader.channels();
  LECTIO_CHECK((channels == 3 || channels == 4) && reader.row_bytes() == reader.width() * channels,
               std::to_string(channels) + " channels");
  Decoded decoded;
  decoded.image = Image(reader.width(), reader.height());
  const bool complete =
      channels == 3 ? read_rgb(reader, decoded.image) : read_rgba(reader, decoded.image);
  if (!complete) return reader.error();
  reader.read_end();
  decoded.orientation = reader.orientation();
  return decoded;
}

}  // namespace lectio
