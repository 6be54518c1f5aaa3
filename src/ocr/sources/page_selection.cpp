// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/page_selection.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace lectio {
namespace {

constexpr std::int64_t kMostPages = 1'000'000'000;

// Reads a page number at the beginning of text and takes it away: digits, perhaps behind a minus.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || value == 0 || value > kMostPages || value < -kMostPages) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// From 1, of a document with so many pages; may lie outside.
std::int64_t from_start(std::int64_t number, std::int64_t count) {
  return number > 0 ? number : count + 1 + number;
}

}  // namespace

Result<PageSelection> PageSelection::parse(std::string_view text) {
  const auto wrong = [](std::string_view part) {
    return Error(
        ErrorCode::kInvalidArgument,
        "pages: expected numbers and ranges as 1-3,7,-1, found '" + std::string(part) + "'");
  };
  PageSelection selection;
  selection.text_ = text;
  std::string_view rest = text;
  while (true) {
    const std::string_view part = rest.substr(0, rest.find(','));
    std::string_view unread = part;
    const auto first = take_number(unread);
    if (!first) return wrong(part);
    Range range{*first, *first};
    if (unread == "-") {
      range.last = -1;
    } else if (!unread.empty()) {
      if (unread.front() != '-') return wrong(part);
      unread.remove_prefix(1);
      const auto last = take_number(unread);
      if (!last || !unread.empty()) return wrong(part);
      range.last = *last;
      const bool same_side = (range.first > 0) == (range.last > 0);
      if (same_side && range.last < range.first) return wrong(part);
    }
    selection.ranges_.push_back(range);
    if (part.size() == rest.size()) return selection;
    rest.remove_prefix(part.size() + 1);
  }
}

std::vector<std::int64_t> PageSelection::of(std::int64_t count) const {
  std::vector<std::int64_t> places;
  const auto add = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t page = std::max<std::int64_t>(first, 1); page <= std::min(last, count);
         ++page) {
      places.push_back(page - 1);
    }
  };
  if (ranges_.empty()) add(1, count);
  for (const Range& range : ranges_) {
    add(from_start(range.first, count), from_start(range.last, count));
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

}  // namespace lectio
