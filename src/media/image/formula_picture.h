// SPDX-License-Identifier: Apache-2.0
// Pictures without a file: every level by a formula of its place (tests/golden/README.md, section
// 5). What proofs and tests of preprocessing start from.
#pragma once

#include <cstdint>
#include <string_view>

#include "media/image/image.h"

namespace lectio {

constexpr bool is_formula_picture(std::string_view kind) {
  return kind == "noise" || kind == "ramp" || kind == "bars";
}

// kind as is_formula_picture knows it.
Image formula_picture(std::string_view kind, std::int64_t width, std::int64_t height,
                      std::uint64_t seed);

}  // namespace lectio
