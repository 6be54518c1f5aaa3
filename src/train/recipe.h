// SPDX-License-Identifier: Apache-2.0
// A training run as data: the network's size, the levels of the curriculum, the optimiser. JSON, in
// recipes/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "datagen/documents/document.h"
#include "datagen/prints/print.h"
#include "model/spec/network_spec.h"
#include "model/spec/token_layout.h"

namespace lectio::train {

// One kind of page. A level is passed when the running token accuracy reaches advance_at, or after
// at_most_minutes on top.
struct Level {
  std::string name;
  PrintRecipe print;         // sizes and amount of text; random_text is set per batch
  std::optional<Mode> mode;  // a document, as the reader sees it in this mode, in place of a print
  documents::DocumentRecipe document;  // random_text is set per batch
  double grounded = 0;      // share of its batches that ask for Markdown with boxes (grounded.h)
  std::int64_t batch = 64;  // pages a replica and step
  std::int64_t max_tokens = 0;  // of prompt and text; longer samples are drawn again
  double spoiled_share = 0;     // of samples whose prefix is spoiled (teaching.h)
  double covered = 0;           // of such a prefix, lies under spans of other text
  double guessed_share = 0;     // of batches whose prefixes are the network's own guesses
  double random_share = 0.35;   // share of batches without language prior
  double advance_at = 0.92;
  double at_most_minutes = 1e9;
  double share = 1.0;  // weight among the levels below the top one
};

struct Recipe {
  NetworkSpec network;
  std::int64_t neck_width = 192;
  std::uint64_t seed = 1;
  std::int64_t vocabulary = 1024;  // tokens of the tokenizer that is trained first
  double learning_rate = 1e-3;
  double weight_decay = 0.05;
  double beta1 = 0.9, beta2 = 0.95;
  double clip = 1.0;
  std::int64_t warm_up_steps = 200;
  double average_decay = 0.999;
  double cell_weight = 0.5;  // dense glyph supervision, each of the two heads
  double cell_share = 1.0;   // of the pages of a batch that it looks at
  double align_weight = 0.1;
  double balance_weight = 0.01;
  double top_share = 0.7;  // share of batches from the top level
  double below_share =
      0.15;  // from the one below; the rest by Level::share among all levels reached
  std::vector<Level> levels;
};

Result<Recipe> parse_recipe(std::string_view json, std::string_view name);
Result<Recipe> read_recipe(const std::filesystem::path& path);

}  // namespace lectio::train
