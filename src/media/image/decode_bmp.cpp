// SPDX-License-Identifier: Apache-2.0
// Windows bitmaps: every header from OS/2 1.x to version 5, 1 to 32 bits a pixel, bit fields, run
// lengths.
#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

constexpr std::uint32_t kUncompressed = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3,
                        kAlphaBitFields = 6;
constexpr std::size_t kFileHeader = 14, kCoreHeader = 12, kInfoHeader = 40, kV3Header = 56;

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
};

// One channel inside a 16 or 32-bit pixel.
struct Field {
  std::uint32_t mask = 0;

  // The channel widened or narrowed to 8 bits; 0 without a mask.
  std::uint8_t of(std::uint32_t pixel) const {
    if (mask == 0) return 0;
    const std::uint64_t value = (pixel & mask) >> std::countr_zero(mask);
    const std::uint64_t most = mask >> std::countr_zero(mask);
    return static_cast<std::uint8_t>((value * 255 + most / 2) / most);
  }
};

struct Header {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  std::uint32_t bits = 0;
  std::uint32_t compression = kUncompressed;
  Field red, green, blue, alpha;
  std::array<Colour, 256> palette{};  // black where the file has no entry
  std::size_t pixels = 0;             // offset in the file

  std::int64_t pitch() const { return (width * bits + 31) / 32 * 4; }
};

// Little-endian numbers; past the end of the file they are 0, which sizes were checked against
// before.
std::uint32_t number(Bytes file, std::size_t offset, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size && offset + i < file.size(); ++i) {
    value |= std::to_integer<std::uint32_t>(file[offset + i]) << (8 * i);
  }
  return value;
}

std::uint8_t byte_at(Bytes file, std::size_t offset) {
  return std::to_integer<std::uint8_t>(file[offset]);
}

Result<void> check_layout(const Header& header) {
  const bool depth_known = header.bits == 1 || header.bits == 4 || header.bits == 8 ||
                           header.bits == 16 || header.bits == 24 || header.bits == 32;
  const bool fields = header.compression == kBitFields || header.compression == kAlphaBitFields;
  const bool fits = header.compression == kUncompressed ||
                    (header.compression == kRle8 && header.bits == 8) ||
                    (header.compression == kRle4 && header.bits == 4) ||
                    (fields && (header.bits == 16 || header.bits == 32));
  if (depth_known && fits) return {};
  return Error(ErrorCode::kUnsupported,
               "pixels: found " + std::to_string(header.bits) + " bits with compression " +
                   std::to_string(header.compression) + ", which is not supported");
}

void read_fields(Bytes file, std::size_t header_bytes, Header& header) {
  if (header.compression == kUncompressed) {
    header.red.mask = 0x7C00;  // of 16 bits; 24 and 32 have a byte a channel
    header.green.mask = 0x03E0;
    header.blue.mask = 0x001F;
    return;
  }
  // Behind a plain info header or inside a longer one, the masks stand at the same place.
  const std::size_t masks = kFileHeader + kInfoHeader;
  header.red.mask = number(file, masks, 4);
  header.green.mask = number(file, masks + 4, 4);
  header.blue.mask = number(file, masks + 8, 4);
  if (header.compression == kAlphaBitFields || header_bytes >= kV3Header) {
    header.alpha.mask = number(file, masks + 12, 4);
  }
}

void read_palette(Bytes file, std::size_t header_bytes, std::uint32_t used, Header& header) {
  const std::size_t entry_bytes = header_bytes == kCoreHeader ? 3 : 4;
  const std::size_t begin = kFileHeader + header_bytes;
  std::size_t entries = std::size_t{1} << header.bits;
  if (used != 0) entries = std::min<std::size_t>(entries, used);
  if (header.pixels > begin) entries = std::min(entries, (header.pixels - begin) / entry_bytes);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = begin + i * entry_bytes;
    header.palette[i] = {static_cast<std::uint8_t>(number(file, entry + 2, 1)),
                         static_cast<std::uint8_t>(number(file, entry + 1, 1)),
                         static_cast<std::uint8_t>(number(file, entry, 1))};
  }
}

Result<Header> read_header(Bytes file, const DecodeLimits& limits) {
  LECTIO_TRY_VOID(check_file_holds(file, kFileHeader + kCoreHeader));
  Header header;
  header.pixels = number(file, 10, 4);
  const std::size_t header_bytes = number(file, kFileHeader, 4);
  std::uint32_t used_colours = 0;
  if (header_bytes == kCoreHeader) {
    header.width = number(file, 18, 2);
    header.height = number(file, 20, 2);
    header.bits = number(file, 24, 2);
  } else if (header_bytes >= kInfoHeader && header_bytes <= 1024) {
    LECTIO_TRY_VOID(check_file_holds(file, static_cast<std::int64_t>(kFileHeader + header_bytes)));
    header.width = static_cast<std::int32_t>(number(file, 18, 4));
    header.height = static_cast<std::int32_t>(number(file, 22, 4));
    header.top_down = header.height < 0;
    if (header.top_down) header.height = -header.height;
    header.bits = number(file, 28, 2);
    header.compression = number(file, 30, 4);
    used_colours = number(file, 46, 4);
  } else {
    return Error(ErrorCode::kUnsupported,
                 "header: expected 12 or at least 40 bytes, found " + std::to_string(header_bytes));
  }
  LECTIO_TRY_VOID(check_size(header.width, header.height, limits));
  LECTIO_TRY_VOID(check_layout(header));
  if (header.bits <= 8) read_palette(file, header_bytes, used_colours, header);
  if (header.bits > 8) read_fields(file, header_bytes, header);
  return header;
}

void put(const Colour& colour, std::uint8_t* out) {
  out[0] = colour.red;
  out[1] = colour.green;
  out[2] = colour.blue;
}

void read_palette_row(const Header& header, Bytes row, std::uint8_t* out) {
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x, out += 3) {
    const std::size_t bit = x * header.bits;
    const std::size_t shift = 8 - header.bits - bit % 8;
    put(header.palette[(byte_at(row, bit / 8) >> shift) & ((1U << header.bits) - 1)], out);
  }
}

// Blue, green, red, and perhaps a byte of no meaning.
void read_bytes_row(const Header& header, Bytes row, std::uint8_t* out) {
  const std::size_t pixel_bytes = header.bits / 8;
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x, out += 3) {
    const std::size_t pixel = x * pixel_bytes;
    put({byte_at(row, pixel + 2), byte_at(row, pixel + 1), byte_at(row, pixel)}, out);
  }
}

void read_fields_row(const Header& header, Bytes row, std::uint8_t* out) {
  const std::size_t pixel_bytes = header.bits / 8;
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x, out += 3) {
    const std::uint32_t pixel = number(row, x * pixel_bytes, pixel_bytes);
    const std::uint8_t alpha = header.alpha.mask == 0 ? 255 : header.alpha.of(pixel);
    const std::uint8_t rgba[] = {header.red.of(pixel), header.green.of(pixel),
                                 header.blue.of(pixel), alpha};
    blend_over_white(rgba, 1, out);
  }
}

void read_row(const Header& header, Bytes row, std::uint8_t* out) {
  if (header.bits <= 8) {
    read_palette_row(header, row, out);
  } else if (header.bits == 16 || header.compression != kUncompressed) {
    read_fields_row(header, row, out);
  } else {
    read_bytes_row(header, row, out);
  }
}

Result<Image> read_plain(Bytes file, const Header& header) {
  const std::int64_t pitch = header.pitch();
  // The last row needs no padding.
  const std::int64_t row_bytes = (header.width * header.bits + 7) / 8;
  const auto begin = static_cast<std::int64_t>(header.pixels);
  LECTIO_TRY_VOID(check_file_holds(file, begin + pitch * (header.height - 1) + row_bytes));
  Image image(header.width, header.height);
  for (std::int64_t y = 0; y < header.height; ++y) {
    const Bytes row = file.subspan(static_cast<std::size_t>(begin + y * pitch),
                                   static_cast<std::size_t>(row_bytes));
    read_row(header, row, image.row(header.top_down ? y : header.height - 1 - y));
  }
  return image;
}

// The run-length codes: pairs (count, colours), or 0 with an escape: end of line, end of picture, a
// move, a run of single pixels. What they skip shows the first colour of the palette.
class RunLengths {
 public:
  RunLengths(Bytes codes, const Header& header)
      : codes_(codes),
        header_(header),
        image_(header.width, header.height) {
    for (std::int64_t i = 0; i < header.width * header.height; ++i) {
      put(header.palette[0], image_.pixels.data() + i * 3);
    }
  }

  // False where the codes end before the picture does.
  bool read() {
    while (at_ + 2 <= codes_.size()) {
      const std::uint8_t count = byte_at(codes_, at_);
      const std::uint8_t value = byte_at(codes_, at_ + 1);
      at_ += 2;
      if (count > 0) {
        for (unsigned i = 0; i < count; ++i) put_pixel(nibble(value, i));
      } else if (value == 0) {
        x_ = 0;
        ++y_;
      } else if (value == 1) {
        return true;
      } else if (value == 2) {
        if (at_ + 2 > codes_.size()) return false;
        x_ += byte_at(codes_, at_);
        y_ += byte_at(codes_, at_ + 1);
        at_ += 2;
      } else if (!read_single(value)) {
        return false;
      }
      // Writers may leave the end mark out.
      if (y_ >= header_.height || (y_ == header_.height - 1 && x_ >= header_.width)) return true;
    }
    return false;
  }

  Image take() { return std::move(image_); }

 private:
  // 4-bit colours alternate between the halves of a byte.
  unsigned nibble(std::uint8_t value, unsigned i) const {
    if (header_.bits == 8) return value;
    return i % 2 == 0 ? value >> 4 : value & 15U;
  }

  bool read_single(unsigned count) {
    const std::size_t bytes = header_.bits == 8 ? count : (count + 1) / 2;
    const std::size_t padded = (bytes + 1) / 2 * 2;
    if (bytes > codes_.size() - at_) return false;
    for (unsigned i = 0; i < count; ++i) {
      put_pixel(nibble(byte_at(codes_, at_ + (header_.bits == 8 ? i : i / 2)), i));
    }
    at_ = std::min(at_ + padded, codes_.size());
    return true;
  }

  void put_pixel(unsigned colour) {
    if (x_ < header_.width && y_ < header_.height) {
      const std::int64_t row = header_.top_down ? y_ : header_.height - 1 - y_;
      put(header_.palette[colour], image_.row(row) + x_ * 3);
    }
    ++x_;
  }

  Bytes codes_;
  const Header& header_;
  Image image_;
  std::size_t at_ = 0;
  std::int64_t x_ = 0;
  std::int64_t y_ = 0;
};

}  // namespace

Result<Decoded> decode_bmp(Bytes file, const DecodeLimits& limits) {
  LECTIO_TRY(const Header header, read_header(file, limits));
  Decoded decoded;
  if (header.compression == kRle8 || header.compression == kRle4) {
    LECTIO_TRY_VOID(check_file_holds(file, static_cast<std::int64_t>(header.pixels) + 2));
    RunLengths runs(file.subspan(header.pixels), header);
    if (!runs.read()) return damaged("the run lengths end before the picture does");
    decoded.image = runs.take();
    return decoded;
  }
  LECTIO_TRY(decoded.image, read_plain(file, header));
  return decoded;
}

}  // namespace lectio
