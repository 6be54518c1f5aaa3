// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <set>
#include <vector>

#include "base/splitmix.h"
#include "base/utf8.h"

namespace lectio {
namespace {

// Unicode White_Space.
bool is_white(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

std::set<std::u32string_view> words_of(std::u32string_view collapsed) {
  std::set<std::u32string_view> words;
  while (!collapsed.empty()) {
    const std::size_t size = std::min(collapsed.find(U' '), collapsed.size());
    if (size > 0) words.insert(collapsed.substr(0, size));
    collapsed.remove_prefix(std::min(size + 1, collapsed.size()));
  }
  return words;
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::u32string collapse_whitespace(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar next = decode_utf8(text, at);
    at += next.size;
    if (is_white(next.code)) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out.push_back(U' ');
    gap = false;
    out.push_back(next.code);
  }
  return out;
}

double character_precision(std::u32string_view expected, std::u32string_view found) {
  const std::size_t longer = std::max(expected.size(), found.size());
  if (longer == 0) return 1;
  return 1 - static_cast<double>(levenshtein(expected, found)) / static_cast<double>(longer);
}

WordScore word_set_score(std::u32string_view expected, std::u32string_view found) {
  const std::set<std::u32string_view> truth = words_of(expected);
  const std::set<std::u32string_view> read = words_of(found);
  std::size_t common = 0;
  for (const std::u32string_view word : read) common += truth.count(word);
  WordScore score;
  score.precision = read.empty() && truth.empty() ? 1 : share(common, read.size());
  score.recall = truth.empty() ? 1 : share(common, truth.size());
  return score;
}

double ratio(double part, double whole) { return whole == 0 ? 0 : part / whole; }

double mean_of(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median_of(std::span<const double> values) {
  if (values.empty()) return 0;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

Interval bootstrap_mean_95(std::span<const double> values, std::int64_t resamples) {
  if (values.empty()) return {};
  Random random(95);
  std::vector<double> means(static_cast<std::size_t>(std::max<std::int64_t>(resamples, 1)));
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
    mean = sum / static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  const auto percentile = [&](double p) {
    return means[static_cast<std::size_t>(std::lround(p * static_cast<double>(means.size() - 1)))];
  };
  return {percentile(0.025), percentile(0.975)};
}

}  // namespace lectio
