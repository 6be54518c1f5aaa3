// SPDX-License-Identifier: Apache-2.0
#include "ocr/lines/ink_lines.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace lectio {
namespace {

// [begin, end) on one axis.
struct Run {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};

// Where counts are at least `least`.
std::vector<Run> runs_of(const std::vector<std::int64_t>& counts, std::int64_t offset) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto at = offset + static_cast<std::int64_t>(i);
    if (!runs.empty() && runs.back().end == at) {
      ++runs.back().end;
    } else {
      runs.push_back({at, at + 1});
    }
  }
  return runs;
}

std::int64_t median_size(std::vector<Run> runs) {
  if (runs.empty()) return 0;
  const auto middle = runs.begin() + static_cast<std::ptrdiff_t>(runs.size() / 2);
  std::nth_element(runs.begin(), middle, runs.end(),
                   [](const Run& a, const Run& b) { return a.size() < b.size(); });
  return middle->size();
}

class LineFinder {
 public:
  LineFinder(const InkMask& mask, ReadingOrder order) : mask_(mask), order_(order) {}

  std::vector<InkLine> find(const Box& region) {
    cut(region, 0);
    return std::move(lines_);
  }

 private:
  static constexpr int kMostDepth = 12;
  static constexpr std::int64_t kLeastTall = 30;  // rows: what may be several lines that touch

  std::vector<std::int64_t> row_counts(const Box& region) const {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(region.height()));
    for (std::int64_t y = region.y0; y < region.y1; ++y) {
      const std::uint8_t* const row = mask_.row(y);
      counts[static_cast<std::size_t>(y - region.y0)] =
          std::count(row + region.x0, row + region.x1, 1);
    }
    return counts;
  }

  std::vector<std::int64_t> column_counts(const Box& region) const {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(region.width()));
    for (std::int64_t y = region.y0; y < region.y1; ++y) {
      const std::uint8_t* const row = mask_.row(y);
      for (std::int64_t x = region.x0; x < region.x1; ++x) {
        counts[static_cast<std::size_t>(x - region.x0)] += row[x];
      }
    }
    return counts;
  }

  // Runs of rows with ink: dots joined to their letters, lines that touch taken apart.
  std::vector<Run> bands(const Box& region) const {
    const std::vector<std::int64_t> counts = row_counts(region);
    std::vector<Run> runs = runs_of(counts, region.y0);
    const std::int64_t height = median_size(runs);
    std::vector<Run> joined;
    for (const Run& run : runs) {
      // Accents and dots: thin and near.
      const bool near = !joined.empty() && 3 * (run.begin - joined.back().end) <= height;
      const bool thin =
          !joined.empty() && 5 * std::min(run.size(), joined.back().size()) <= 2 * height;
      if (near && thin) {
        joined.back().end = run.end;
      } else {
        joined.push_back(run);
      }
    }
    // Runs of lines that touch tell how far apart the lines are; so they do for the others.
    std::vector<Run> pitches;
    for (const Run& run : joined) {
      const std::int64_t pitch = pitch_of(run, counts, region.y0);
      if (pitch > 0) pitches.push_back({0, pitch});
    }
    const bool known = !pitches.empty();
    const std::int64_t usual = median_size(known ? pitches : joined);
    std::vector<Run> parted;
    for (const Run& run : joined) part(run, usual, known, counts, region.y0, parted);
    return parted;
  }

  // The distance at which the rows of a tall run resemble themselves most; 0: they do not.
  static std::int64_t pitch_of(const Run& run, const std::vector<std::int64_t>& counts,
                               std::int64_t offset) {
    constexpr std::int64_t kLeastPitch = 5;
    constexpr double kAlike = 0.4;
    if (run.size() < kLeastTall) return 0;
    std::vector<double> rows;
    double mean = 0;
    for (std::int64_t y = run.begin; y < run.end; ++y) {
      rows.push_back(static_cast<double>(counts[static_cast<std::size_t>(y - offset)]));
      mean += rows.back() / static_cast<double>(run.size());
    }
    const auto alike = [&](std::int64_t lag) {
      double sum = 0;
      for (std::size_t i = static_cast<std::size_t>(lag); i < rows.size(); ++i) {
        sum += (rows[i] - mean) * (rows[i - static_cast<std::size_t>(lag)] - mean);
      }
      return sum / static_cast<double>(run.size() - lag);
    };
    const double most = alike(0);
    double before = alike(kLeastPitch - 1);
    double here = alike(kLeastPitch);
    // At least three lines, or the bars of a large letter would do.
    for (std::int64_t lag = kLeastPitch; 3 * lag <= run.size(); ++lag) {
      const double next = alike(lag + 1);
      if (here > before && here >= next && here > kAlike * most) return lag;
      before = here;
      here = next;
    }
    return 0;
  }

  // Lines that touch: cut where there is least ink, once for every usual height. Only at a clear
  // valley, which a picture or a large heading has not, unless the lines are known to be there.
  static void part(const Run& run, std::int64_t usual, bool known,
                   const std::vector<std::int64_t>& counts, std::int64_t offset,
                   std::vector<Run>& parted) {
    const auto count = [&](std::int64_t y) { return counts[static_cast<std::size_t>(y - offset)]; };
    std::int64_t total = 0;
    for (std::int64_t y = run.begin; y < run.end; ++y) total += count(y);
    Run rest = run;
    while (usual > 3 && 10 * rest.size() > 15 * usual) {
      std::int64_t best = rest.begin + usual * 3 / 4;
      const std::int64_t last = std::min(rest.end - usual / 2, rest.begin + usual * 5 / 4 + 1);
      for (std::int64_t y = best; y < last; ++y) {
        if (count(y) < count(best)) best = y;
      }
      if (!known && 5 * count(best) * run.size() > 2 * total) break;
      parted.push_back({rest.begin, best});
      rest.begin = best;
    }
    parted.push_back(rest);
  }

  // Columns of paper at least `least` wide with ink on both sides.
  std::vector<Run> gutters(const Box& region, std::int64_t least) const {
    const std::vector<Run> ink = runs_of(column_counts(region), region.x0);
    std::vector<Run> gaps;
    for (std::size_t i = 1; i < ink.size(); ++i) {
      const Run gap{ink[i - 1].end, ink[i].begin};
      if (gap.size() >= least) gaps.push_back(gap);
    }
    return gaps;
  }

  // Columns of paper in a row, at its sides too: there the gutter is where only one column has a
  // line.
  std::vector<Run> paper(const Box& row) const {
    std::vector<Run> gaps;
    std::int64_t left = row.x0;
    for (const Run& ink : runs_of(column_counts(row), row.x0)) {
      if (ink.begin > left) gaps.push_back({left, ink.begin});
      left = ink.end;
    }
    if (row.x1 > left) gaps.push_back({left, row.x1});
    return gaps;
  }

  static std::vector<Run> common(const std::vector<Run>& a, const std::vector<Run>& b,
                                 std::int64_t least) {
    std::vector<Run> both;
    for (const Run& x : a) {
      for (const Run& y : b) {
        const Run run{std::max(x.begin, y.begin), std::min(x.end, y.end)};
        if (run.size() >= least) both.push_back(run);
      }
    }
    return both;
  }

  void cut(const Box& region, int depth) {
    const Box ink = mask_.bounds(region);
    if (ink.empty()) return;
    const std::vector<Run> rows = bands(ink);
    if (order_ == ReadingOrder::kRows || depth >= kMostDepth) {
      for (const Run& row : rows) add_line({ink.x0, row.begin, ink.x1, row.end});
      return;
    }
    const std::int64_t height = std::max<std::int64_t>(4, median_size(rows));
    // A gutter that goes through several lines from top to bottom.
    if (ink.height() > 3 * height) {
      const std::vector<Run> gaps = gutters(ink, height);
      if (!gaps.empty()) {
        std::int64_t left = ink.x0;
        for (const Run& gap : gaps) {
          cut({left, ink.y0, gap.begin, ink.y1}, depth + 1);
          left = gap.end;
        }
        cut({left, ink.y0, ink.x1, ink.y1}, depth + 1);
        return;
      }
    }
    group_rows(ink, rows, height, depth);
  }

  // Neighbouring rows with a gutter in common are columns; the others are lines.
  void group_rows(const Box& ink, const std::vector<Run>& rows, std::int64_t height, int depth) {
    for (std::size_t first = 0; first < rows.size();) {
      const auto box_of = [&](std::size_t i) {
        return Box{ink.x0, rows[i].begin, ink.x1, rows[i].end};
      };
      std::vector<Run> shared = gutters(box_of(first), height);
      std::size_t end = first + 1;
      while (end < rows.size() && !shared.empty()) {
        std::vector<Run> next = common(shared, paper(box_of(end)), height);
        if (next.empty()) break;
        shared = std::move(next);
        ++end;
      }
      const Box group{ink.x0, rows[first].begin, ink.x1, rows[end - 1].end};
      if (!shared.empty() && group.height() > 3 * height && group != ink) {
        cut(group, depth + 1);
      } else {
        for (std::size_t i = first; i < end; ++i) add_line(box_of(i));
      }
      first = end;
    }
  }

  void add_line(const Box& region) {
    InkLine line;
    line.box = mask_.bounds(region);
    if (line.box.empty()) return;
    for (const Run& run : runs_of(column_counts(line.box), line.box.x0)) {
      line.runs.push_back(mask_.bounds({run.begin, line.box.y0, run.end, line.box.y1}));
    }
    lines_.push_back(std::move(line));
  }

  const InkMask& mask_;
  ReadingOrder order_;
  std::vector<InkLine> lines_;
};

}  // namespace

std::vector<InkLine> find_lines(const InkMask& mask, const Box& region, ReadingOrder order) {
  const Box inside{std::clamp<std::int64_t>(region.x0, 0, mask.width),
                   std::clamp<std::int64_t>(region.y0, 0, mask.height),
                   std::clamp<std::int64_t>(region.x1, 0, mask.width),
                   std::clamp<std::int64_t>(region.y1, 0, mask.height)};
  if (inside.empty()) return {};
  return LineFinder(mask, order).find(inside);
}

}  // namespace lectio
