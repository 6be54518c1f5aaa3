// SPDX-License-Identifier: Apache-2.0
#include "ocr/ink/repetition.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <vector>

namespace lectio {
namespace {

constexpr std::size_t kLongestPeriod = 512;  // components
constexpr std::int64_t kMismatch = 4;

// In lines, each from left to right. A line is what overlaps its first component's height by half.
std::vector<Component> in_lines(std::span<const Component> parts) {
  std::vector<Component> sorted(parts.begin(), parts.end());
  std::sort(sorted.begin(), sorted.end(), [](const Component& a, const Component& b) {
    return a.box.y0 + a.box.y1 < b.box.y0 + b.box.y1;
  });
  for (std::size_t begin = 0; begin < sorted.size();) {
    const std::int64_t bottom = sorted[begin].box.y1;
    std::size_t end = begin;
    while (end < sorted.size() && sorted[end].box.y0 + sorted[end].box.y1 <= 2 * bottom) ++end;
    std::sort(sorted.begin() + static_cast<std::ptrdiff_t>(begin),
              sorted.begin() + static_cast<std::ptrdiff_t>(end),
              [](const Component& a, const Component& b) { return a.box.x0 < b.box.x0; });
    begin = std::max(end, begin + 1);
  }
  return sorted;
}

bool alike(std::int64_t a, std::int64_t b, std::int64_t slack) {
  return std::abs(a - b) <= std::max(slack, std::max(a, b) / 8);
}

bool alike(const Component& a, const Component& b) {
  const std::int64_t area_slack = std::min(a.box.width(), a.box.height());
  return alike(a.box.width(), b.box.width(), 1) && alike(a.box.height(), b.box.height(), 1) &&
         alike(a.area, b.area, area_slack);
}

// Half of the ink is in components that are no higher. Where dots of leaders are among them, they
// are more than the letters, but have less ink.
std::int64_t letter_height(std::span<const Component> letters) {
  std::vector<Component> by_height(letters.begin(), letters.end());
  std::sort(by_height.begin(), by_height.end(),
            [](const Component& a, const Component& b) { return a.box.height() < b.box.height(); });
  std::int64_t ink = 0;
  for (const Component& part : by_height) ink += part.area;
  for (const Component& part : by_height) {
    ink -= 2 * part.area;
    if (ink <= 0) return part.box.height();
  }
  return 0;
}

// Marks that have run into one another leave paper between them.
bool is_rule(const Component& part) {
  return part.box.width() > 4 * part.box.height() &&
         10 * part.area >= 9 * part.box.width() * part.box.height();
}

std::int64_t marks_of(const Component& part) {
  const std::int64_t width_of_mark = 2 * part.box.height();
  return std::max<std::int64_t>(1, (part.box.width() + width_of_mark / 2) / width_of_mark);
}

bool goes_on(const Component& before, const Component& next, std::int64_t usual) {
  const std::int64_t gap = next.box.x0 - before.box.x1;
  return gap >= 0 && gap <= usual && std::abs(next.box.y1 - before.box.y1) <= 1 &&
         alike(before.box.height(), next.box.height(), 1);
}

}  // namespace

std::int64_t marks_in_a_row(std::span<const Component> parts, std::span<const Component> letters) {
  const std::int64_t usual = letter_height(letters);
  std::vector<Component> flat;
  for (const Component& part : parts) {
    if (5 * part.box.height() <= 2 * usual && !is_rule(part)) flat.push_back(part);
  }
  flat = in_lines(flat);
  std::int64_t longest = 0;
  std::int64_t marks = 0;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    if (i == 0 || !goes_on(flat[i - 1], flat[i], usual)) marks = 0;
    marks += marks_of(flat[i]);
    longest = std::max(longest, marks);
  }
  return longest;
}

std::int64_t repeated_components(std::span<const Component> parts) {
  const std::vector<Component> lines = in_lines(parts);
  std::vector<std::int64_t> row(kLongestPeriod + 1, 0);
  std::int64_t longest = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    for (std::size_t period = 1; period <= std::min(i, kLongestPeriod); ++period) {
      const bool again = alike(lines[i - period], lines[i]);
      row[period] = again ? row[period] + 1 : std::max<std::int64_t>(0, row[period] - kMismatch);
      longest = std::max(longest, row[period]);
    }
  }
  return longest;
}

}  // namespace lectio
