// SPDX-License-Identifier: Apache-2.0
// A page of a TIFF file, through libtiff's conversion of every sample format to 8-bit RGBA.
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

// The file in memory, and the first complaint about it.
struct Source {
  Bytes file;
  std::uint64_t position = 0;
  bool ended_early = false;  // more was asked for than there is
  std::string message;
};

tmsize_t read_bytes(thandle_t handle, void* out, tmsize_t count) {
  auto& source = *static_cast<Source*>(handle);
  const std::uint64_t size = source.file.size();
  const std::uint64_t wanted = static_cast<std::uint64_t>(std::max<tmsize_t>(count, 0));
  const std::uint64_t taken = source.position < size ? std::min(wanted, size - source.position) : 0;
  if (taken < wanted) source.ended_early = true;
  if (taken > 0) std::memcpy(out, source.file.data() + source.position, taken);
  source.position += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t refuse_write(thandle_t, void*, tmsize_t) { return -1; }

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto& source = *static_cast<Source*>(handle);
  const std::uint64_t base = whence == SEEK_CUR   ? source.position
                             : whence == SEEK_END ? source.file.size()
                                                  : 0;
  source.position = base + offset;  // beyond the end reads nothing
  return source.position;
}

int close_nothing(thandle_t) { return 0; }

toff_t size_of(thandle_t handle) { return static_cast<Source*>(handle)->file.size(); }

int keep_first_error(TIFF*, void* user_data, const char*, const char* format,
                     std::va_list arguments) {
  auto& source = *static_cast<Source*>(user_data);
  if (!source.message.empty()) return 1;
  char text[256];
  std::vsnprintf(text, sizeof(text), format, arguments);
  source.message = text;
  return 1;
}

int ignore_warning(TIFF*, void*, const char*, const char*, std::va_list) { return 1; }

struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, CloseTiff>;

struct FreeOptions {
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

// No allocation of libtiff is larger than the pixels of the largest picture at 16 bits and four
// channels.
Tiff open_tiff(Source& source, const DecodeLimits& limits) {
  const std::unique_ptr<TIFFOpenOptions, FreeOptions> options(TIFFOpenOptionsAlloc());
  if (options == nullptr) return nullptr;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(),
                                      std::max<std::int64_t>(limits.max_pixels, 1 << 17) * 8);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_first_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_warning, nullptr);
  // "m": read calls only; our memory is never mapped into libtiff.
  return Tiff(TIFFClientOpenExt("", "rm", &source, read_bytes, refuse_write, seek, close_nothing,
                                size_of, nullptr, nullptr, options.get()));
}

// libtiff's converter to RGBA with premultiplied alpha.
class Converter {
 public:
  explicit Converter(TIFF* tiff) {
    constexpr int kStopOnError = 1;
    begun_ = TIFFRGBAImageBegin(&state_, tiff, kStopOnError, message_) != 0;
    if (!begun_) return;
    // We turn the whole picture ourselves; libtiff would mirror every band on its own.
    state_.orientation = ORIENTATION_TOPLEFT;
    state_.req_orientation = ORIENTATION_TOPLEFT;
    // The high byte of 16 bits, as for every other format, where libtiff would round.
    if (state_.Bitdepth16To8 == nullptr) return;
    for (int value = 0; value < 65536; ++value) {
      state_.Bitdepth16To8[value] = static_cast<std::uint8_t>(value >> 8);
    }
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (begun_) TIFFRGBAImageEnd(&state_);
  }

  bool begun() const { return begun_; }
  const char* message() const { return message_; }

  bool read(std::int64_t first_row, std::int64_t rows, std::vector<std::uint32_t>& raster) {
    state_.row_offset = static_cast<int>(first_row);
    state_.col_offset = 0;
    return TIFFRGBAImageGet(&state_, raster.data(), state_.width,
                            static_cast<std::uint32_t>(rows)) != 0;
  }

 private:
  TIFFRGBAImage state_{};
  char message_[1024] = {};
  bool begun_ = false;
};

// Premultiplied RGBA over white.
void blend_row(const std::uint32_t* raster, std::int64_t width, std::uint8_t* rgb) {
  for (std::int64_t x = 0; x < width; ++x, rgb += 3) {
    const std::uint32_t pixel = raster[x];
    const std::uint32_t white = 255 - TIFFGetA(pixel);
    rgb[0] = static_cast<std::uint8_t>(std::min<std::uint32_t>(TIFFGetR(pixel) + white, 255));
    rgb[1] = static_cast<std::uint8_t>(std::min<std::uint32_t>(TIFFGetG(pixel) + white, 255));
    rgb[2] = static_cast<std::uint8_t>(std::min<std::uint32_t>(TIFFGetB(pixel) + white, 255));
  }
}

// Rows that libtiff decodes at once: smaller bands would decode a strip or row of tiles again and
// again.
std::int64_t band_rows(TIFF* tiff, std::int64_t height) {
  std::uint32_t rows = 0;
  if (TIFFIsTiled(tiff) != 0) {
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &rows);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
  }
  return std::clamp<std::int64_t>(rows, 1, height);
}

Error failure(const Source& source, const char* otherwise) {
  return damaged(source.message.empty() ? otherwise : source.message.c_str());
}

Error unsupported_format(const Source& source, const char* message) {
  return Error(
      ErrorCode::kUnsupported,
      "sample format: " + (source.message.empty() ? std::string(message) : source.message));
}

// What libtiff says that it cannot do is no damage.
Result<void> check_supported(TIFF* tiff, const Source& source) {
  std::uint16_t compression = COMPRESSION_NONE;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  // The obsolete JPEG-in-TIFF was never well defined, and its decoder is the least trusted part of
  // libtiff.
  if (compression == COMPRESSION_OJPEG || TIFFIsCODECConfigured(compression) == 0) {
    return Error(ErrorCode::kUnsupported,
                 "compression: found " + std::to_string(compression) + ", which is not supported");
  }
  char message[1024] = {};
  if (TIFFRGBAImageOK(tiff, message) == 0) return unsupported_format(source, message);
  return {};
}

}  // namespace

Result<Decoded> decode_tiff(Bytes file, const DecodeLimits& limits) {
  return decode_tiff_page(file, 0, limits);
}

Result<std::int64_t> count_tiff_pages(Bytes file) {
  constexpr std::int64_t kMostPages = 65'535;
  Source source;
  source.file = file;
  const Tiff tiff = open_tiff(source, {});
  if (tiff == nullptr) return failure(source, "there is no page in it");
  // libtiff stops at a page that leads back to an earlier one, and at damage.
  const auto count = static_cast<std::int64_t>(TIFFNumberOfDirectories(tiff.get()));
  if (count > kMostPages) {
    return Error(ErrorCode::kTooLarge, "pages: expected at most " + std::to_string(kMostPages) +
                                           ", found " + std::to_string(count));
  }
  return count;
}

Result<Decoded> decode_tiff_page(Bytes file, std::int64_t index, const DecodeLimits& limits) {
  Source source;
  source.file = file;
  const Tiff tiff = open_tiff(source, limits);
  if (tiff == nullptr) return failure(source, "there is no page in it");
  if (index > 0 && TIFFSetDirectory(tiff.get(), static_cast<tdir_t>(index)) == 0) {
    return failure(source, "the page cannot be found");
  }
  // libtiff would go on without what it could not read, a palette for instance, and show other
  // colours.
  if (source.ended_early) return damaged("the file ends early");
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  LECTIO_TRY_VOID(check_size(width, height, limits));
  LECTIO_TRY_VOID(check_supported(tiff.get(), source));
  Converter converter(tiff.get());
  if (!converter.begun()) return unsupported_format(source, converter.message());

  const std::int64_t band = band_rows(tiff.get(), height);
  Decoded decoded;
  decoded.image = Image(width, height);
  std::vector<std::uint32_t> raster(static_cast<std::size_t>(width * band));
  for (std::int64_t y = 0; y < height; y += band) {
    const std::int64_t rows = std::min(band, height - y);
    if (!converter.read(y, rows, raster)) return failure(source, "the pixels cannot be decoded");
    for (std::int64_t i = 0; i < rows; ++i) {
      blend_row(raster.data() + i * width, width, decoded.image.row(y + i));
    }
  }
  std::uint16_t orientation = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
  decoded.orientation = orientation;
  return decoded;
}

}  // namespace lectio
