// SPDX-License-Identifier: Apache-2.0
#include "ocr/reader/passage.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "media/image/resize.h"
#include "ocr/answer/grounding.h"

namespace lectio {
namespace {

std::array<std::uint8_t, 3> most_frequent_colour(const Image& image) {
  std::array<std::uint8_t, 3> colour{};
  for (std::size_t c = 0; c < 3; ++c) {
    std::array<std::int64_t, 256> counts{};
    for (std::size_t i = c; i < image.pixels.size(); i += 3) ++counts[image.pixels[i]];
    colour[c] =
        static_cast<std::uint8_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  }
  return colour;
}

std::string list_of(const std::vector<ModelBox>& boxes) {
  std::string list = "[";
  for (const ModelBox& box : boxes) {
    list += list.size() > 1 ? ", [" : "[";
    for (std::size_t i = 0; i < box.size(); ++i) {
      list += (i > 0 ? ", " : "") + std::to_string(std::llround(std::clamp(box[i], 0.0, 999.0)));
    }
    list += "]";
  }
  return list + "]";
}

// Bytes [begin, end) of a text and what stands there instead.
struct Edit {
  std::size_t begin = 0, end = 0;
  std::string instead;
};

void replace_all(PageText& text, const std::vector<Edit>& edits) {
  std::string result;
  std::size_t done = 0;
  std::size_t token = 0;
  for (const Edit& edit : edits) {
    const std::size_t shift_from = done;
    const auto moved =
        static_cast<std::int64_t>(result.size()) - static_cast<std::int64_t>(shift_from);
    for (; token < text.text_ends.size() &&
           text.text_ends[token] <= static_cast<std::int64_t>(edit.begin);
         ++token) {
      text.text_ends[token] += moved;
    }
    result += std::string_view(text.text).substr(done, edit.begin - done);
    result += edit.instead;
    // Tokens that end inside of what is replaced end with it.
    for (; token < text.text_ends.size() &&
           text.text_ends[token] <= static_cast<std::int64_t>(edit.end);
         ++token) {
      text.text_ends[token] = static_cast<std::int64_t>(result.size());
    }
    done = edit.end;
  }
  const auto moved = static_cast<std::int64_t>(result.size()) - static_cast<std::int64_t>(done);
  for (; token < text.text_ends.size(); ++token) text.text_ends[token] += moved;
  result += std::string_view(text.text).substr(done);
  text.text = std::move(result);
}

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n", at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    words.emplace_back(text.substr(begin, at - begin));
  }
  return words;
}

std::vector<std::string> threes_in(std::string_view text) {
  const std::vector<std::string> words = words_in(text);
  std::vector<std::string> threes;
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    threes.push_back(words[i] + ' ' + words[i + 1] + ' ' + words[i + 2]);
  }
  return threes;
}

}  // namespace

PartPage part_page(const Page& whole, const Box& part) {
  const Image cut = crop(whole.image, part.x0, part.y0, part.width(), part.height());
  const double shape =
      static_cast<double>(whole.image.height) / static_cast<double>(whole.image.width);
  PartPage result;
  Image& image = result.page.image;
  // A twenty-fifth of paper on every side, as pages have margins.
  const std::int64_t margin = std::max(part.width(), part.height()) / 25;
  const std::int64_t across = part.width() + 2 * margin;
  const std::int64_t down = part.height() + 2 * margin;
  image = Image(std::max(across, std::lround(static_cast<double>(down) / shape)),
                std::max(down, std::lround(static_cast<double>(across) * shape)));
  const auto paper = most_frequent_colour(cut);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = paper[i % 3];
  result.x = (image.width - part.width()) / 2;
  result.y = margin;
  for (std::int64_t y = 0; y < cut.height; ++y) {
    std::copy_n(cut.row(y), 3 * cut.width, image.row(result.y + y) + 3 * result.x);
  }
  result.page.source = whole.source;
  result.page.index = whole.index;
  result.page.dpi = whole.dpi;
  return result;
}

void move_boxes(PageText& text, const PartPage& from, const Box& part, const Page& whole) {
  constexpr double kRange = 999;
  const auto moved = [](double coordinate, std::int64_t side, std::int64_t shift,
                        std::int64_t whole_side) {
    const double pixel = coordinate / kRange * static_cast<double>(side);
    return (pixel + static_cast<double>(shift)) / static_cast<double>(whole_side) * kRange;
  };
  std::vector<Edit> edits;
  for (const GroundedItem& item : find_items(text.text)) {
    const std::string_view rest =
        std::string_view(text.text).substr(item.label_end, item.end - item.label_end);
    const std::size_t bracket = rest.find('[');
    if (bracket == std::string_view::npos) continue;
    BoxList list = parse_boxes(rest.substr(bracket));
    if (!list.complete) continue;
    const Image& seen = from.page.image;
    for (ModelBox& box : list.boxes) {
      for (std::size_t i = 0; i < box.size(); i += 2) {
        box[i] = moved(box[i], seen.width, part.x0 - from.x, whole.image.width);
        box[i + 1] = moved(box[i + 1], seen.height, part.y0 - from.y, whole.image.height);
      }
    }
    const std::size_t begin = item.label_end + bracket;
    edits.push_back({begin, begin + list.size, list_of(list.boxes)});
  }
  replace_all(text, edits);
}

Passage insert_text(PageText& whole, std::size_t at, const PageText& part) {
  const auto token =
      static_cast<std::size_t>(std::lower_bound(whole.text_ends.begin(), whole.text_ends.end(),
                                                static_cast<std::int64_t>(at)) -
                               whole.text_ends.begin());
  std::size_t tokens = std::min(token + 1, whole.ids.size());
  if (at == 0) tokens = 0;
  at = tokens == 0 ? 0 : static_cast<std::size_t>(whole.text_ends[tokens - 1]);

  const std::string_view before = std::string_view(whole.text).substr(0, at);
  const std::string_view behind = std::string_view(whole.text).substr(at);
  std::string lead;
  if (!before.empty() && !before.ends_with("\n\n")) lead = before.ends_with("\n") ? "\n" : "\n\n";
  std::string trail;
  if (!behind.empty() && !behind.starts_with("\n")) trail = "\n\n";
  const Passage passage{at + lead.size(), at + lead.size() + part.text.size()};

  PageText joined;
  const auto add = [&joined](const PageText& from, std::size_t first, std::size_t end,
                             std::int64_t shift) {
    for (std::size_t i = first; i < end; ++i) {
      joined.ids.push_back(from.ids[i]);
      joined.log_probabilities.push_back(from.log_probabilities[i]);
      joined.text_ends.push_back(from.text_ends[i] + shift);
    }
  };
  add(whole, 0, tokens, 0);
  if (tokens > 0) joined.text_ends.back() = static_cast<std::int64_t>(passage.begin);
  add(part, 0, part.ids.size(), static_cast<std::int64_t>(passage.begin));
  const std::size_t added = lead.size() + part.text.size() + trail.size();
  if (!part.ids.empty()) joined.text_ends.back() = static_cast<std::int64_t>(at + added);
  add(whole, tokens, whole.ids.size(), static_cast<std::int64_t>(added));

  whole.text = std::string(before) + lead + part.text + trail + std::string(behind);
  whole.ids = std::move(joined.ids);
  whole.log_probabilities = std::move(joined.log_probabilities);
  whole.text_ends = std::move(joined.text_ends);
  return passage;
}

double share_known(std::string_view text, std::string_view other) {
  const std::vector<std::string> wanted = threes_in(text);
  if (wanted.empty()) return 0;
  const std::vector<std::string> there = threes_in(other);
  const std::set<std::string> known(there.begin(), there.end());
  const auto found = std::count_if(wanted.begin(), wanted.end(),
                                   [&](const std::string& three) { return known.contains(three); });
  return static_cast<double>(found) / static_cast<double>(wanted.size());
}

}  // namespace lectio
