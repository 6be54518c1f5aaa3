// SPDX-License-Identifier: Apache-2.0
#include "ocr/assembly/confidence.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace lectio {

TextConfidence::TextConfidence(const PageText& text) {
  // A reader that knows no probabilities gives none at all.
  if (text.log_probabilities.empty()) return;
  LECTIO_CHECK(text.log_probabilities.size() == text.text_ends.size(), "a probability a token");
  Group group;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.text_ends.size(); ++i) {
    const auto log_probability = static_cast<double>(text.log_probabilities[i]);
    if (!std::isnan(log_probability)) {
      group.log_sum += log_probability;
      group.log_lowest = std::min(group.log_lowest, log_probability);
      ++group.known;
    }
    group.end = static_cast<std::size_t>(text.text_ends[i]);
    if (group.end == begin && i + 1 < text.text_ends.size()) continue;  // no whole character yet
    begin = group.end;
    groups_.push_back(group);
    group = {};
  }
}

std::optional<Confidence> TextConfidence::over(std::size_t begin, std::size_t end) const {
  if (begin >= end) return std::nullopt;
  auto group = std::partition_point(groups_.begin(), groups_.end(),
                                    [&](const Group& g) { return g.end <= begin; });
  std::size_t group_begin = group == groups_.begin() ? 0 : std::prev(group)->end;
  Group sum;
  for (; group != groups_.end() && group_begin < end; ++group) {
    sum.log_sum += group->log_sum;
    sum.log_lowest = std::min(sum.log_lowest, group->log_lowest);
    sum.known += group->known;
    group_begin = group->end;
  }
  if (sum.known == 0) return std::nullopt;
  return Confidence{std::min(1.0, std::exp(sum.log_sum / static_cast<double>(sum.known))),
                    std::exp(sum.log_lowest)};
}

std::optional<Confidence> TextConfidence::whole() const {
  return groups_.empty() ? std::nullopt : over(0, groups_.back().end);
}

}  // namespace lectio
