// SPDX-License-Identifier: Apache-2.0
#include "eval/layout.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

#include "eval/metrics.h"

namespace lectio {
namespace {

struct Place {
  Box box;
  BlockKind kind;
};

struct Pair {
  std::size_t expected, found;
  double iou;
};

double share(std::int64_t part, std::int64_t whole) {
  return ratio(static_cast<double>(part), static_cast<double>(whole));
}

std::vector<Place> places_of(std::span<const Block> blocks) {
  std::vector<Place> places;
  for (const Block& block : blocks) {
    const Box box = block.box();
    if (!box.empty()) places.push_back({box, block.kind});
  }
  return places;
}

double area(const Box& box) {
  return box.empty() ? 0 : static_cast<double>(box.width()) * static_cast<double>(box.height());
}

double intersection_over_union(const Box& a, const Box& b) {
  const double both = area(
      {std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)});
  return ratio(both, area(a) + area(b) - both);
}

// Those that may match, the largest IoU first; of equal ones, in reading order.
std::vector<Pair> candidates(const std::vector<Place>& expected, const std::vector<Place>& found) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t j = 0; j < found.size(); ++j) {
      const double iou = intersection_over_union(expected[i].box, found[j].box);
      if (iou >= kMatchIou) pairs.push_back({i, j, iou});
    }
  }
  std::ranges::stable_sort(pairs, std::ranges::greater(), &Pair::iou);
  return pairs;
}

}  // namespace

double LayoutScore::precision() const {
  return found == 0 && expected == 0 ? 1 : share(matched, found);
}

double LayoutScore::recall() const { return expected == 0 ? 1 : share(matched, expected); }

double LayoutScore::f1() const { return ratio(2 * precision() * recall(), precision() + recall()); }

double LayoutScore::kind_accuracy() const { return share(same_kind, matched); }

double LayoutScore::mean_iou() const { return ratio(iou_sum, static_cast<double>(matched)); }

LayoutScore& LayoutScore::operator+=(const LayoutScore& other) {
  expected += other.expected;
  found += other.found;
  matched += other.matched;
  same_kind += other.same_kind;
  iou_sum += other.iou_sum;
  return *this;
}

LayoutScore score_layout(std::span<const Block> expected, std::span<const Block> found) {
  const std::vector<Place> truth = places_of(expected);
  const std::vector<Place> read = places_of(found);
  LayoutScore score;
  score.expected = std::ssize(truth);
  score.found = std::ssize(read);
  std::vector<bool> truth_taken(truth.size()), read_taken(read.size());
  for (const Pair& pair : candidates(truth, read)) {
    if (truth_taken[pair.expected] || read_taken[pair.found]) continue;
    truth_taken[pair.expected] = read_taken[pair.found] = true;
    ++score.matched;
    if (truth[pair.expected].kind == read[pair.found].kind) ++score.same_kind;
    score.iou_sum += pair.iou;
  }
  return score;
}

}  // namespace lectio
