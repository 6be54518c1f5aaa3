// SPDX-License-Identifier: Apache-2.0
// A file can be wrong in several places: collect them all, then fail once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

// "name: problem", or "name: 3 problems:" with one indented line each; at most 20 are spelled out.
// problems is not empty.
Error problems_error(ErrorCode code, std::string_view name,
                     const std::vector<std::string>& problems);

// A name from a file as messages show it: in quotes, of bounded length, without control characters.
std::string quoted_name(std::string_view name);

}  // namespace lectio
