// SPDX-License-Identifier: Apache-2.0
// What a run learns from: corpus, fonts, tokenizer, opened and checked together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "train/batch.h"
#include "train/recipe.h"
#include "train/trainer.h"

namespace lectio::train {

// Immutable after opening, so thread-safe. Movable.
class Inputs {
 public:
  // The tokenizer is that of out/, else of init_from, else trained on the corpus; out/ gets a copy.
  static Result<Inputs> open(const TrainOptions& options, const Recipe& recipe);
  Inputs(Inputs&&) noexcept;
  Inputs& operator=(Inputs&&) noexcept;
  ~Inputs();

  const BatchMaker& seen() const;    // training text in fonts to learn from
  const BatchMaker& unseen() const;  // held-out text in unseen fonts
  const std::string& tokenizer_json() const;
  std::int64_t vocabulary() const;

 private:
  struct Data;
  explicit Inputs(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace lectio::train
