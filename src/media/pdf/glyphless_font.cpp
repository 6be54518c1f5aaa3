// SPDX-License-Identifier: Apache-2.0
#include "media/pdf/glyphless_font.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace lectio {
namespace {

// Big-endian numbers, one after the other.
class Bytes {
 public:
  Bytes& u16(std::uint32_t value) {
    bytes_ += static_cast<char>((value >> 8) & 0xFF);
    bytes_ += static_cast<char>(value & 0xFF);
    return *this;
  }
  Bytes& i16(int value) { return u16(static_cast<std::uint32_t>(value)); }
  Bytes& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xFFFF); }
  Bytes& zeros(std::size_t count) {
    bytes_.append(count, '\0');
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

std::string head() {
  return Bytes()
      .u32(0x00010000)  // version
      .u32(0x00010000)  // revision of the font
      .u32(0)           // adjustment of the checksum, set later
      .u32(0x5F0F3CF5)  // magic number
      .u16(0)
      .u16(kGlyphlessUnits)
      .zeros(16)  // created, modified
      .i16(0)
      .i16(kGlyphlessDescent)
      .i16(kGlyphlessAdvance)
      .i16(kGlyphlessAscent)
      .u16(0)  // style
      .u16(6)  // smallest readable size
      .u16(2)  // direction
      .u16(0)  // short offsets in loca
      .u16(0)
      .take();
}

std::string hhea() {
  return Bytes()
      .u32(0x00010000)
      .i16(kGlyphlessAscent)
      .i16(kGlyphlessDescent)
      .i16(0)  // line gap
      .u16(kGlyphlessAdvance)
      .i16(0)
      .i16(0)
      .i16(kGlyphlessAdvance)
      .i16(1)  // upright caret
      .i16(0)
      .i16(0)
      .zeros(8)
      .i16(0)
      .u16(1)  // metrics in hmtx
      .take();
}

std::string maxp() {
  return Bytes()
      .u32(0x00010000)
      .u16(2)     // glyphs
      .zeros(8)   // points and contours
      .u16(1)     // zones
      .zeros(16)  // instructions and components
      .take();
}

std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      word <<= 8;
      if (at + i < bytes.size()) word |= static_cast<unsigned char>(bytes[at + i]);
    }
    sum += word;
  }
  return sum;
}

}  // namespace

std::string glyphless_font() {
  // In the order of their tags. glyf is not empty only because some readers refuse an empty table.
  const std::array<std::pair<std::string_view, std::string>, 6> tables = {{
      {"glyf", Bytes().zeros(4).take()},
      {"head", head()},
      {"hhea", hhea()},
      {"hmtx", Bytes().u16(kGlyphlessAdvance).i16(0).i16(0).take()},
      {"loca", Bytes().zeros(6).take()},
      {"maxp", maxp()},
  }};
  constexpr std::uint32_t kCount = 6;
  Bytes directory;
  directory.u32(0x00010000).u16(kCount).u16(64).u16(2).u16(kCount * 16 - 64);
  std::string body;
  std::size_t head_begin = 0;
  std::string header = directory.take();
  const std::size_t body_begin = header.size() + std::size_t{16} * kCount;
  for (const auto& [tag, table] : tables) {
    const std::size_t begin = body_begin + body.size();
    if (tag == "head") head_begin = begin;
    header += tag;
    header += Bytes()
                  .u32(checksum(table))
                  .u32(static_cast<std::uint32_t>(begin))
                  .u32(static_cast<std::uint32_t>(table.size()))
                  .take();
    body += table;
    body.append((4 - table.size() % 4) % 4, '\0');
  }
  std::string file = header + body;
  file.replace(head_begin + 8, 4, Bytes().u32(0xB1B0AFBAU - checksum(file)).take());
  return file;
}

}  // namespace lectio
