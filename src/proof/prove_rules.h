// SPDX-License-Identifier: Apache-2.0
// What needs no network: pictures to the byte, no-repeat decisions, resampled position tables.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "proof/report.h"

namespace lectio::proof {

// Each takes the folder of the goldens and fails with kInvalidInput where its file there cannot be
// used.

// preprocess.json: resized, padded and tiled pictures, the grids of 111 sizes, 256 levels.
Result<CaseReport> prove_pictures(const std::filesystem::path& golden);
// ngram.json: banned tokens, by the plain rule and by the guard that decoding uses.
Result<CaseReport> prove_no_repeat(const std::filesystem::path& golden);
// interp.safetensors: SAM's, CLIP's and the relative position tables at five sizes.
Result<CaseReport> prove_tables(const std::filesystem::path& golden);

}  // namespace lectio::proof
