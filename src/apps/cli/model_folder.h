// SPDX-License-Identifier: Apache-2.0
// Which model, when the command names none.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace lectio::cli {

// In this order: `named` (--model), the environment variable LECTIO_MODEL, then the first folder
// that is there of
// ../share/lectio/models/lectio-nano beside the executable and models/lectio-nano of the source
// tree that it was built from. kInvalidModel, with the places, if there is none.
Result<std::filesystem::path> model_folder(const std::filesystem::path& named);

}  // namespace lectio::cli
