// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/answer.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "ocr/answer/geometry.h"
#include "ocr/answer/grounding.h"
#include "ocr/answer/markup.h"
#include "ocr/answer/table.h"

namespace lectio {
namespace {

// "- ", "* ", "1. ", "12) " and the bullet: its bytes, or 0.
std::size_t list_mark_size(std::string_view line) {
  if (line.substr(0, 2) == "- " || line.substr(0, 2) == "* ") return 2;
  if (line.substr(0, 4) == "\xE2\x80\xA2 ") return 4;
  std::size_t digits = 0;
  while (digits < line.size() && digits < 4 && line[digits] >= '0' && line[digits] <= '9') ++digits;
  const std::string_view end = line.substr(digits, 2);
  return digits > 0 && (end == ". " || end == ") ") ? digits + 2 : 0;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Cuts text without items into blocks, line by line.
class Splitter {
 public:
  Splitter(std::string_view answer, std::vector<Block>& blocks)
      : answer_(answer),
        blocks_(blocks) {}

  void split(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end;) {
      const std::size_t line_feed = std::min(answer_.find('\n', at), end);
      add_line(at, line_feed);
      at = line_feed + 1;
    }
    flush();
  }

 private:
  void add_line(std::size_t begin, std::size_t end) {
    const std::string_view line = trimmed(answer_.substr(begin, end - begin));
    if (!closing_.empty()) {  // inside a table, a formula or code
      end_ = end;
      if (has(line, closing_)) flush();
      return;
    }
    if (line.empty()) {
      flush();
      return;
    }
    if (const std::size_t level = heading_level(line)) {
      flush();
      start(level == 1 ? BlockKind::kTitle : BlockKind::kSubTitle, begin, end);
      flush();
    } else if (line.substr(0, 6) == "<table") {
      start_until(BlockKind::kTable, "</table>", line, begin, end);
    } else if (line.substr(0, 2) == "\\[") {
      start_until(BlockKind::kFormula, "\\]", line, begin, end);
    } else if (line.substr(0, 3) == "```") {
      flush();
      start(BlockKind::kCode, begin, end);
      closing_ = "```";
    } else if (list_mark_size(line) > 0) {
      flush();
      start(BlockKind::kListItem, begin, end);
    } else if (open_) {
      end_ = end;
    } else {
      start(BlockKind::kText, begin, end);
    }
  }

  void start(BlockKind kind, std::size_t begin, std::size_t end) {
    open_ = true;
    kind_ = kind;
    begin_ = begin;
    end_ = end;
  }

  void start_until(BlockKind kind, std::string_view closing, std::string_view line,
                   std::size_t begin, std::size_t end) {
    flush();
    start(kind, begin, end);
    closing_ = closing;
    if (has(line, closing)) flush();
  }

  void flush();

  std::string_view answer_;
  std::vector<Block>& blocks_;
  bool open_ = false;
  BlockKind kind_ = BlockKind::kText;
  std::size_t begin_ = 0, end_ = 0;
  std::string_view closing_;  // what ends the block; empty: a blank line
};

// Sets text and its place to answer[begin, end) without blanks around it.
void set_text(Block& block, std::string_view answer, std::size_t begin, std::size_t end) {
  const std::string_view text = trimmed(answer.substr(begin, end - begin));
  block.text = std::string(text);
  block.answer_begin = text.empty() ? begin : static_cast<std::size_t>(text.data() - answer.data());
  block.answer_end = block.answer_begin + text.size();
}

void set_table(Block& block) {
  if (block.kind == BlockKind::kTable || has(block.text, "<td") || has(block.text, "<th")) {
    block.table = parse_table(block.text);
    if (block.table) block.kind = BlockKind::kTable;
  }
}

void Splitter::flush() {
  closing_ = {};
  if (!std::exchange(open_, false)) return;
  Block block;
  block.kind = kind_;
  set_text(block, answer_, begin_, end_);
  if (block.text.empty()) return;
  set_table(block);
  blocks_.push_back(std::move(block));
}

std::string named(const GroundedItem& item, std::string_view answer) {
  constexpr std::size_t kMost = 40;
  const std::string_view label = item.label(answer);
  return "item '" + std::string(label.substr(0, kMost)) + (label.size() > kMost ? "..." : "") + "'";
}

void set_boxes(Block& block, const GroundedItem& item, std::int64_t width, std::int64_t height) {
  block.model_boxes = item.boxes;
  for (const ModelBox& box : item.boxes) {
    const Box pixels = to_pixels(box, width, height);
    if (!pixels.empty()) block.boxes.push_back(pixels);
  }
}

std::optional<Block> drawing_of(std::string_view answer) {
  if (!is_geometry(answer)) return std::nullopt;
  const auto geometry = parse_geometry(answer);
  if (!geometry) return std::nullopt;
  Block block;
  block.kind = BlockKind::kFigure;
  block.svg = geometry_svg(*geometry);
  set_text(block, answer, 0, answer.size());
  return block;
}

}  // namespace

ParsedAnswer parse_answer(std::string_view answer, std::int64_t page_width,
                          std::int64_t page_height) {
  ParsedAnswer parsed;
  if (auto drawn = drawing_of(answer)) {
    parsed.blocks.push_back(*std::move(drawn));
    return parsed;
  }
  const std::vector<GroundedItem> items = find_items(answer);
  Splitter splitter(answer, parsed.blocks);
  splitter.split(0, items.empty() ? answer.size() : items.front().begin);

  const auto end_of = [&](std::size_t i) {
    return i + 1 < items.size() ? items[i + 1].begin : answer.size();
  };
  bool any_text = false;
  bool any_unknown = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    any_text = any_text || !trimmed(answer.substr(items[i].end, end_of(i) - items[i].end)).empty();
    any_unknown = any_unknown || !block_kind_of_label(trimmed(items[i].label(answer)));
  }
  const bool labels_are_text = !any_text && any_unknown;

  for (std::size_t i = 0; i < items.size(); ++i) {
    const GroundedItem& item = items[i];
    if (!item.problem.empty()) {
      parsed.problems.push_back(named(item, answer) + " at byte " + std::to_string(item.begin) +
                                ": " + item.problem);
    }
    Block block;
    const std::string_view label = trimmed(item.label(answer));
    const auto kind = block_kind_of_label(label);
    set_text(block, answer, item.end, end_of(i));
    set_boxes(block, item, page_width, page_height);
    if (block.text.empty() && (labels_are_text || !kind)) {
      block.kind = BlockKind::kPhrase;
      set_text(block, answer, item.label_begin, item.label_end);
    } else {
      block.kind = kind.value_or(BlockKind::kOther);
      block.label = std::string(label);
      set_table(block);
    }
    parsed.blocks.push_back(std::move(block));
  }
  return parsed;
}

std::int64_t heading_level(const Block& block) {
  if (block.kind != BlockKind::kTitle && block.kind != BlockKind::kSubTitle) return 0;
  if (const std::size_t marks = heading_level(std::string_view(block.text))) {
    return static_cast<std::int64_t>(marks);
  }
  return block.kind == BlockKind::kTitle ? 1 : 2;
}

}  // namespace lectio
