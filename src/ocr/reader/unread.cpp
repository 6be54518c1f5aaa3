// SPDX-License-Identifier: Apache-2.0
#include "ocr/reader/unread.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "ocr/answer/answer.h"
#include "ocr/answer/markup.h"
#include "ocr/lines/ink_lines.h"
#include "ocr/lines/ink_mask.h"
#include "ocr/lines/place_words.h"
#include "ocr/verdict/verdict.h"

namespace lectio {
namespace {

// A line of print, in reading order.
struct ReadLine {
  Box box;
  bool read = false;
  std::size_t text_end = 0;  // of the answer: up to where the line's words are in it
  double share = 0;          // of the page's ink
};

bool has_inside(const Box& box, std::int64_t x, std::int64_t y) {
  return x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1;
}

std::int64_t middle(std::int64_t a, std::int64_t b) { return (a + b) / 2; }

Box widened(const Box& box, std::int64_t margin, const Page& page) {
  return {std::max<std::int64_t>(0, box.x0 - margin), std::max<std::int64_t>(0, box.y0 - margin),
          std::min(page.image.width, box.x1 + margin),
          std::min(page.image.height, box.y1 + margin)};
}

// The block in whose boxes a line has its centre.
std::vector<ReadLine> lines_by_boxes(const Page& page, const std::vector<Block>& blocks) {
  const std::int64_t margin = std::max(page.image.width, page.image.height) / 100;
  const Box whole{0, 0, page.image.width, page.image.height};
  std::vector<ReadLine> lines;
  for (const InkLine& line : find_lines(find_ink(page.image), whole, ReadingOrder::kColumns)) {
    ReadLine read{line.box};
    for (const Block& block : blocks) {
      for (const Box& box : block.boxes) {
        if (has_inside(widened(box, margin, page), middle(line.box.x0, line.box.x1),
                       middle(line.box.y0, line.box.y1))) {
          read.read = true;
          read.text_end = std::max(read.text_end, block.answer_end);
        }
      }
    }
    lines.push_back(read);
  }
  return lines;
}

// The lines on which the words of the text have a place.
std::vector<ReadLine> lines_by_words(const Page& page, const std::vector<Block>& blocks) {
  std::string text;
  std::vector<std::size_t> ends;  // one a byte of text: the answer's byte behind it
  for (const Block& block : blocks) {
    const PlainText plain = plain_text(block.text);
    if (plain.text.empty()) continue;
    if (!text.empty()) {
      text += '\n';
      ends.push_back(ends.back());
    }
    text += plain.text;
    // Nothing is put into the middle of a table or a formula.
    const bool whole = block.kind == BlockKind::kTable || block.kind == BlockKind::kFormula ||
                       block.kind == BlockKind::kCode;
    for (const std::size_t source : plain.source) {
      ends.push_back(whole ? block.answer_end : block.answer_begin + source + 1);
    }
  }
  if (text.empty()) return lines_by_boxes(page, {});
  const Box whole{0, 0, page.image.width, page.image.height};
  const PlacedText placed = place_words(find_ink(page.image), {&whole, 1}, text, false);
  std::vector<ReadLine> lines;
  lines.reserve(placed.lines.size());
  for (const Box& box : placed.lines) lines.push_back({box});
  std::vector<std::int64_t> widths(lines.size());
  for (const PlacedWord& word : placed.words) {
    std::size_t& end = lines[word.line].text_end;
    end = std::max(end, ends[word.end - 1]);
    widths[word.line] += word.box.width();
  }
  // Where a text stops, single words may land on the lines behind it.
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].read = 2 * widths[i] >= lines[i].box.width();
  }
  return lines;
}

// Shares of the ink, each component's to the line that holds its centre.
void weigh(std::vector<ReadLine>& lines, const InkReport& ink) {
  std::int64_t all = 0;
  for (const Component& part : ink.components) all += part.area;
  if (all == 0) return;
  for (const Component& part : ink.components) {
    const std::int64_t x = middle(part.box.x0, part.box.x1);
    const std::int64_t y = middle(part.box.y0, part.box.y1);
    const auto line = std::find_if(lines.begin(), lines.end(), [&](const ReadLine& read) {
      return has_inside(read.box, x, y);
    });
    if (line != lines.end())
      line->share += static_cast<double>(part.area) / static_cast<double>(all);
  }
}

// Lines without text that follow each other in one column.
std::vector<UnreadRegion> regions_of(const std::vector<ReadLine>& lines) {
  std::vector<UnreadRegion> regions;
  std::size_t text_end = 0;
  bool open = false;
  std::int64_t last_top = 0;
  for (const ReadLine& line : lines) {
    text_end = std::max(text_end, line.text_end);
    if (line.read) {
      open = false;
      continue;
    }
    if (!open || line.box.y0 < last_top) regions.push_back({{}, text_end, 0, 0});
    open = true;
    last_top = line.box.y0;
    regions.back().box = united(regions.back().box, line.box);
    regions.back().share += line.share;
    regions.back().at = text_end;
  }
  return regions;
}

}  // namespace

std::optional<UnreadLines> find_unread(const Page& page, const InkReport& ink,
                                       std::string_view answer, const UnreadLimits& limits) {
  if (ink.characters < limits.least_characters) return std::nullopt;
  const std::vector<Block> blocks =
      parse_answer(answer, page.image.width, page.image.height).blocks;
  const bool grounded = std::any_of(blocks.begin(), blocks.end(),
                                    [](const Block& block) { return !block.boxes.empty(); });
  const auto enough = limits.enough_read * static_cast<double>(ink.characters);
  if (!grounded && (static_cast<double>(count_letters(answer)) >= enough ||
                    ink.graphics > limits.most_graphics)) {
    return std::nullopt;
  }
  std::vector<ReadLine> lines =
      grounded ? lines_by_boxes(page, blocks) : lines_by_words(page, blocks);
  weigh(lines, ink);
  UnreadLines unread;
  for (const ReadLine& line : lines) unread.share += line.read ? 0 : line.share;
  for (UnreadRegion& region : regions_of(lines)) {
    region.characters = std::lround(region.share * static_cast<double>(ink.characters));
    if (region.characters < limits.least_characters) continue;
    region.at = std::min(region.at, answer.size());
    region.box = widened(region.box, std::max(page.image.width, page.image.height) / 100, page);
    unread.regions.push_back(region);
  }
  return unread;
}

}  // namespace lectio
