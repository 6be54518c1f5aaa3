// SPDX-License-Identifier: Apache-2.0
#include "train/progress.h"

#include <nlohmann/json.hpp>

namespace lectio::train {
namespace {

using Json = nlohmann::json;

constexpr double kMemory = 0.6;  // of the running accuracy, a look

double value(const torch::Tensor& scalar) { return scalar.defined() ? scalar.item<double>() : 0.0; }

struct Count {
  double correct = 0, counted = 0, loss = 0;
};

}  // namespace

void Progress::add(const Batch& batch, LossTerms terms, const torch::Tensor& norm) {
  steps_.push_back({batch.level, batch.natural, batch.grey.size(0), std::move(terms), norm});
}

std::string Progress::summary(const std::vector<Level>& levels) {
  std::map<std::string, Count> kinds;
  std::map<std::int64_t, Count> by_level;
  double pages = 0, tokens = 0, patch = 0, token = 0, align = 0, balance = 0, norm = 0;
  torch::Tensor shares;
  for (const Step& step : steps_) {
    const double correct = value(step.terms.correct), counted = value(step.terms.counted);
    const double loss = value(step.terms.text) * counted;
    const std::string kind =
        levels[static_cast<std::size_t>(step.level)].name + (step.natural ? " natural" : " random");
    for (Count* count : {&kinds[kind], &by_level[step.level]}) {
      count->correct += correct;
      count->counted += counted;
      count->loss += loss;
    }
    pages += static_cast<double>(step.pages);
    tokens += counted;
    patch += value(step.terms.patch_cells);
    token += value(step.terms.token_cells);
    align += value(step.terms.align);
    balance += value(step.terms.balance);
    norm += value(step.norm);
    if (step.terms.expert_shares.defined()) {
      shares = shares.defined() ? shares + step.terms.expert_shares : step.terms.expert_shares;
    }
  }
  const double n = std::max<double>(1.0, static_cast<double>(steps_.size())), time = seconds();
  Json line = {{"patch_cells", patch / n},
               {"token_cells", token / n},
               {"align", align / n},
               {"balance", balance / n},
               {"gradient_norm", norm / n},
               {"pages_per_second", pages / time},
               {"tokens_per_second", tokens / time}};
  if (shares.defined()) {
    line["expert_share_min"] = (shares.min() / n).item<double>();
    line["expert_share_max"] = (shares.max() / n).item<double>();
  }
  for (const auto& [kind, count] : kinds) {
    line["levels"][kind] = {{"loss", count.loss / count.counted},
                            {"accuracy", count.correct / count.counted}};
  }
  for (const auto& [level, count] : by_level) {
    const double now = count.correct / count.counted;
    const auto found = accuracy_.find(level);
    accuracy_[level] =
        found == accuracy_.end() ? now : kMemory * found->second + (1.0 - kMemory) * now;
  }
  return line.dump();
}

double Progress::accuracy(std::int64_t level) const {
  const auto found = accuracy_.find(level);
  return found == accuracy_.end() ? 0.0 : found->second;
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void Progress::restart() {
  steps_.clear();
  begin_ = std::chrono::steady_clock::now();
}

}  // namespace lectio::train
