// SPDX-License-Identifier: Apache-2.0
// A training run: from a recipe, a corpus and fonts to a model folder, resumable at any time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace lectio::train {

struct TrainOptions {
  std::filesystem::path recipe;
  std::filesystem::path corpus;        // folder of .txt
  std::filesystem::path fonts;         // folder of fonts to learn from
  std::filesystem::path unseen_fonts;  // folder of fonts that only the controls use
  std::filesystem::path out;           // tokenizer.json, log.jsonl, checkpoint.safetensors, model/
  std::filesystem::path
      init_from;           // a model folder whose weights and tokenizer to start from; or empty
  double minutes = 10;     // of this run; then it stops by itself
  double decay_share = 0;  // the learning rate falls linearly to 0 over this last share of the run
  double learning_rate = 0;           // 0: the recipe's
  std::optional<std::uint64_t> seed;  // instead of the recipe's: a further run draws other pages
  std::int64_t first_level =
      -1;  // start the curriculum here; -1: at 0, or where the checkpoint stands
  std::vector<std::string> devices;  // "cpu", "cuda:0", ...; one replica each
  int threads = 0;                   // page generators; 0: one a core
  double control_seconds = 60;       // between controls; 0: only at the end
  double checkpoint_seconds = 120;
  bool resume = true;          // go on from out/checkpoint.safetensors where there is one
  std::int64_t max_steps = 0;  // 0: no limit
  std::stop_token stop;        // asked to stop: finishes the step, saves, exports
  std::function<void(const std::string&)> on_log_line;  // each JSON line as it is written
};

Result<void> train(const TrainOptions& options);

}  // namespace lectio::train
