// SPDX-License-Identifier: Apache-2.0
// Text and fonts that no training page has, as pages to measure with.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "datagen/prints/print.h"

namespace lectio::cli {

// The corpus's held-out side, set in the fonts of a folder.
Result<PrintFactory> open_held_out(const std::filesystem::path& corpus,
                                   const std::filesystem::path& fonts);

}  // namespace lectio::cli
