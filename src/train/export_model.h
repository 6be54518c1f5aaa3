// SPDX-License-Identifier: Apache-2.0
// The Hugging Face layout that the engine loads, out of a run and back into one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/recipe.h"
#include "train/replica.h"

namespace lectio::train {

// Writes config.json, tokenizer.json and model.safetensors (BF16, official names, the averaged
// weights) to a folder.
Result<void> export_model(const std::filesystem::path& folder, const Recipe& recipe,
                          Replica& replica, const std::string& tokenizer_json);

// Starts a replica from a model folder. Heads that exist in training alone keep their initial
// numbers.
Result<void> load_model(const std::filesystem::path& folder, const Recipe& recipe,
                        Replica& replica);

// Writes the mean of the weights of several models of one network and tokenizer, two runs of which
// the second began where the first ended, say. kInvalidModel where they differ in either.
Result<void> export_mean(const std::vector<std::filesystem::path>& models, Recipe recipe,
                         const std::filesystem::path& folder);

}  // namespace lectio::train
