// SPDX-License-Identifier: Apache-2.0
// A name for the weights that a text came from.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace lectio {

// A hash over the files of a model folder: names, sizes, the first mebibyte of each (headers,
// configuration, tokenizer) and 64 samples of 4 KiB spread over it. Files up to 64 MiB are hashed
// whole. Tells models, formats and retrained weights apart in milliseconds; two files that differ
// in single weights between the samples alone it does not.
Result<std::string> fingerprint(const std::filesystem::path& model_folder);

}  // namespace lectio
