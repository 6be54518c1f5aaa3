// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/ppm.h"

#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace lectio {
namespace {

Error no_ppm(const std::string& what) {
  return Error(ErrorCode::kInvalidInput, "PPM: expected " + what);
}

// A number of the header and the one white space behind it.
std::optional<std::int64_t> take_number(std::string_view& bytes) {
  constexpr std::int64_t kMost = 1'000'000;
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
  const auto size = static_cast<std::size_t>(end - bytes.data());
  if (problem != std::errc() || value < 1 || value > kMost || size >= bytes.size()) {
    return std::nullopt;
  }
  if (bytes[size] != ' ' && bytes[size] != '\n') return std::nullopt;
  bytes.remove_prefix(size + 1);
  return value;
}

}  // namespace

Result<Image> parse_ppm(std::string_view bytes) {
  if (!bytes.starts_with("P6\n")) return no_ppm("'P6'");
  bytes.remove_prefix(3);
  const auto width = take_number(bytes);
  const auto height = width ? take_number(bytes) : std::nullopt;
  const auto levels = height ? take_number(bytes) : std::nullopt;
  if (!levels || *levels != 255) return no_ppm("a width, a height and 255");
  const std::int64_t size = *width * *height * 3;  // at most 3e12
  if (static_cast<std::int64_t>(bytes.size()) != size) {
    return no_ppm(std::to_string(size) + " bytes of pixels, found " + std::to_string(bytes.size()));
  }
  Image image(*width, *height);
  std::memcpy(image.pixels.data(), bytes.data(), bytes.size());
  return image;
}

}  // namespace lectio
