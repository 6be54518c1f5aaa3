// SPDX-License-Identifier: Apache-2.0
// For tests: the formula pictures and the hashes of tests/golden/README.md, section 5.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "media/image/image.h"

namespace lectio {

// kind: "noise", "ramp" or "bars".
Image golden_picture(std::string_view kind, std::int64_t width, std::int64_t height,
                     std::uint64_t seed);

// Lower-case hex.
std::string sha256_hex(std::span<const std::uint8_t> bytes);
std::string hex(std::span<const std::uint8_t> bytes);

}  // namespace lectio
