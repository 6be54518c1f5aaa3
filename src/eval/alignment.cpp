// SPDX-License-Identifier: Apache-2.0
// Gotoh's three tables over pairs (edits, stretches), compared in this order.
#include "eval/alignment.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace lectio {
namespace {

// Edits in the upper half, stretches in the lower: sums and comparisons do both at once.
using Cost = std::uint64_t;
constexpr Cost kEdit = Cost{1} << 32;
constexpr Cost kStretch = 1;
constexpr Cost kNever = Cost{1} << 62;

// Which operation an alignment ends with.
enum Last : std::uint8_t { kPair, kGone, kNew };

struct Best {
  Cost cost = kNever;
  Last from = kPair;
};

Best least(Cost pair, Cost gone, Cost fresh) {
  Best best{pair, kPair};
  if (gone < best.cost) best = {gone, kGone};
  if (fresh < best.cost) best = {fresh, kNew};
  return best;
}

// The predecessors of the three states of a cell.
std::uint8_t packed(Last pair, Last gone, Last fresh) {
  return static_cast<std::uint8_t>(pair | (gone << 2) | (fresh << 4));
}
Last unpacked(std::uint8_t cell, Last state) {
  return static_cast<Last>((cell >> (2 * static_cast<int>(state))) & 3);
}

void append_best(std::u32string_view a, std::u32string_view b, std::vector<Edit>& edits) {
  const std::size_t columns = b.size() + 1;
  std::vector<std::uint8_t> from((a.size() + 1) * columns);
  std::vector<Cost> pair(columns, kNever), gone(columns, kNever), fresh(columns, kNever);
  pair[0] = 0;
  for (std::size_t i = 0; i <= a.size(); ++i) {
    Cost corner_pair = kNever, corner_gone = kNever, corner_fresh = kNever;  // of [i-1][j-1]
    for (std::size_t j = 0; j < columns; ++j) {
      const Cost above_pair = pair[j], above_gone = gone[j], above_fresh = fresh[j];
      Best p{i + j == 0 ? 0 : kNever, kPair};
      if (i > 0 && j > 0) {
        p = least(corner_pair, corner_gone, corner_fresh);
        p.cost += a[i - 1] == b[j - 1] ? 0 : kEdit;
      }
      Best d;
      if (i > 0) {
        d = least(above_pair + kStretch, above_gone, above_fresh + kStretch);
        d.cost += kEdit;
      }
      Best n;
      if (j > 0) {
        n = least(pair[j - 1] + kStretch, gone[j - 1] + kStretch, fresh[j - 1]);
        n.cost += kEdit;
      }
      pair[j] = p.cost;
      gone[j] = d.cost;
      fresh[j] = n.cost;
      from[i * columns + j] = packed(p.from, d.from, n.from);
      corner_pair = above_pair;
      corner_gone = above_gone;
      corner_fresh = above_fresh;
    }
  }

  const std::ptrdiff_t begin = std::ssize(edits);
  Last state = least(pair.back(), gone.back(), fresh.back()).from;
  for (std::size_t i = a.size(), j = b.size(); i + j > 0;) {
    const Last before = unpacked(from[i * columns + j], state);
    if (state == kPair) {
      edits.push_back(a[i - 1] == b[j - 1] ? Edit::kMatch : Edit::kSubstitute);
      --i;
      --j;
    } else if (state == kGone) {
      edits.push_back(Edit::kDelete);
      --i;
    } else {
      edits.push_back(Edit::kInsert);
      --j;
    }
    state = before;
  }
  std::reverse(edits.begin() + begin, edits.end());
}

// Distances of all of `a` from every beginning of `b`.
template <typename Characters>
std::vector<std::int64_t> distances(const Characters& a, const Characters& b) {
  std::vector<std::int64_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<std::int64_t>(j);
  for (const char32_t c : a) {
    std::int64_t corner = row[0]++;
    for (std::size_t j = 1; j < row.size(); ++j) {
      const std::int64_t pair = corner + (c == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({pair, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row;
}

// Where a best alignment of all passes between the halves of `a` (Hirschberg).
std::size_t place_of_middle(std::u32string_view a, std::u32string_view b) {
  const std::size_t half = a.size() / 2;
  const std::vector<std::int64_t> before = distances(a.substr(0, half), b);
  const std::u32string back(a.rbegin(), a.rend() - static_cast<std::ptrdiff_t>(half));
  const std::u32string text_back(b.rbegin(), b.rend());
  const std::vector<std::int64_t> behind = distances(back, text_back);
  std::size_t best = 0;
  for (std::size_t j = 0; j <= b.size(); ++j) {
    if (before[j] + behind[b.size() - j] < before[best] + behind[b.size() - best]) best = j;
  }
  return best;
}

void append_alignment(std::u32string_view a, std::u32string_view b, std::int64_t most_cells,
                      std::vector<Edit>& edits) {
  const auto rows = static_cast<std::int64_t>(a.size()) + 1;
  const auto columns = static_cast<std::int64_t>(b.size()) + 1;
  if (a.size() < 2 || columns <= most_cells / rows) {
    append_best(a, b, edits);
    return;
  }
  const std::size_t half = a.size() / 2;
  const std::size_t place = place_of_middle(a, b);
  append_alignment(a.substr(0, half), b.substr(0, place), most_cells, edits);
  append_alignment(a.substr(half), b.substr(place), most_cells, edits);
}

}  // namespace

std::vector<Edit> align_texts(std::u32string_view expected, std::u32string_view found,
                              std::int64_t most_cells) {
  std::vector<Edit> edits;
  append_alignment(expected, found, most_cells, edits);
  return edits;
}

}  // namespace lectio
