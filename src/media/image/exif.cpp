// SPDX-License-Identifier: Apache-2.0
// The one number that we want from EXIF data, read with every step inside the bytes: a full EXIF
// library would parse thumbnails and maker notes of strangers for it.
#include <cstring>
#include <optional>
#include <string_view>

#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShortType = 3;
constexpr std::size_t kEntryBytes = 12;

// Unsigned numbers of either byte order; nothing outside the bytes.
class Reader {
 public:
  Reader(Bytes bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  std::optional<std::uint32_t> number(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = big_endian_ ? i : size - 1 - i;
      value = value << 8 | std::to_integer<std::uint32_t>(bytes_[offset + place]);
    }
    return value;
  }

 private:
  Bytes bytes_;
  bool big_endian_;
};

}  // namespace

int exif_orientation(Bytes tiff) {
  if (tiff.size() < 8) return 1;
  const bool big_endian = tiff[0] == std::byte{'M'};
  const Reader reader(tiff, big_endian);
  if (reader.number(2, 2) != 42U) return 1;
  const std::size_t directory = reader.number(4, 4).value_or(0);
  const std::uint32_t entries = reader.number(directory, 2).value_or(0);  // at most 65,535
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    const std::optional<std::uint32_t> tag = reader.number(entry, 2);
    if (!tag) return 1;
    if (*tag != kOrientationTag) continue;
    if (reader.number(entry + 2, 2) != kShortType) return 1;
    const std::uint32_t value = reader.number(entry + 8, 2).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

int exif_orientation_of_block(Bytes block) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  if (block.size() >= kPrefix.size() &&
      std::memcmp(block.data(), kPrefix.data(), kPrefix.size()) == 0) {
    block = block.subspan(kPrefix.size());
  }
  return exif_orientation(block);
}

}  // namespace lectio
