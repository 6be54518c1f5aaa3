// SPDX-License-Identifier: Apache-2.0
// Everything that a run needs to go on: weights, moments, average, step, level.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "train/replica.h"

namespace lectio::train {

struct RunState {
  std::int64_t step = 0;
  std::int64_t pages = 0;
  std::int64_t level = 0;
  double level_minutes = 0;  // spent with `level` on top
};

// safetensors: "master", "moment1", "moment2", "average", F32 [elements], and the state in the
// metadata. Atomic.
Result<void> save_checkpoint(const std::filesystem::path& path, const RunState& state,
                             Replica& replica);
// kInvalidInput where the checkpoint is of another network.
Result<RunState> load_checkpoint(const std::filesystem::path& path, Replica& replica);

}  // namespace lectio::train
