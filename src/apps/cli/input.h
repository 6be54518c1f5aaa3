// SPDX-License-Identifier: Apache-2.0
// What comes in through standard input.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace lectio::cli {

inline constexpr const char* kStandardInput = "standard input";

// All of it; kTooLarge as soon as there is more than max_bytes.
Result<std::string> read_standard_input(std::size_t max_bytes);

}  // namespace lectio::cli
