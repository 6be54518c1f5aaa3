// SPDX-License-Identifier: Apache-2.0
// Where the golden vectors are, when the command names no place.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace lectio::cli {

// `named`, or the first folder that is there of ../share/lectio/golden beside the executable and
// tests/golden of the source tree that it was built from. kNotFound, with the places, if there is
// none.
Result<std::filesystem::path> golden_folder(const std::filesystem::path& named);

}  // namespace lectio::cli
