// SPDX-License-Identifier: Apache-2.0
// Figures of the steps since the last look, read from the device in one go.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "train/batch.h"
#include "train/losses.h"

namespace lectio::train {

class Progress {
 public:
  void add(const Batch& batch, LossTerms terms, const torch::Tensor& norm);
  // JSON of the means since the last restart(): losses, accuracy by level and kind of text, pages
  // and tokens a second.
  std::string summary(const std::vector<Level>& levels);
  // Running token accuracy of a level, over calls of summary(); 0 before there is one.
  double accuracy(std::int64_t level) const;
  double seconds() const;  // since the last restart()
  void restart();

 private:
  struct Step {
    std::int64_t level = 0;
    bool natural = true;
    std::int64_t pages = 0;
    LossTerms terms;
    torch::Tensor norm;
  };
  std::vector<Step> steps_;
  std::map<std::int64_t, double> accuracy_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace lectio::train
