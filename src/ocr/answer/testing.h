// SPDX-License-Identifier: Apache-2.0
// The promises of parse_answer, checked on any text: for tests and the fuzz target.
#pragma once

#include <string>
#include <string_view>

#include "ocr/answer/answer.h"
#include "ocr/answer/grounding.h"

namespace lectio::testing_answer {

// Whether text[begin, end) holds nothing but blanks, control marks and, if lists, lists of numbers.
inline bool holds_nothing(std::string_view text, std::size_t begin, std::size_t end, bool lists) {
  constexpr std::string_view kBlanks = " \t\n\r";
  constexpr std::string_view kLists = "[],.+-eE0123456789";
  for (std::size_t at = begin; at < end;) {
    if (const std::size_t mark = mark_size(text, at)) {
      at += mark;
    } else if (kBlanks.find(text[at]) != std::string_view::npos ||
               (lists && kLists.find(text[at]) != std::string_view::npos)) {
      ++at;
    } else {
      return false;
    }
  }
  return true;
}

// What is wrong with the blocks; empty: nothing.
inline std::string broken_promise(std::string_view answer, const ParsedAnswer& parsed) {
  const auto items = find_items(answer);
  std::size_t item = 0;
  std::size_t covered = 0;
  // Text between the blocks belongs to items, label and boxes, or is nothing.
  const auto gap = [&](std::size_t end) {
    while (item < items.size() && items[item].begin < end) {
      const GroundedItem& it = items[item++];
      if (it.begin > covered && !holds_nothing(answer, covered, it.begin, false)) return false;
      if (!holds_nothing(answer, it.label_end, it.end, true)) return false;
      covered = std::max(covered, it.end);
    }
    return covered >= end || holds_nothing(answer, covered, end, false);
  };
  for (const Block& block : parsed.blocks) {
    if (block.answer_end > answer.size() || block.answer_begin > block.answer_end ||
        block.text != answer.substr(block.answer_begin, block.answer_end - block.answer_begin)) {
      return "a block's text is not its place in the answer";
    }
    for (const Box& box : block.boxes) {
      if (box.empty()) return "an empty box";
    }
    if (block.kind == BlockKind::kPhrase) continue;  // inside of its item
    if (block.text.empty()) continue;
    if (!gap(block.answer_begin)) return "text in no block before '" + block.text + "'";
    if (block.answer_begin < covered) return "text in two blocks: '" + block.text + "'";
    covered = block.answer_end;
  }
  if (!gap(answer.size())) return "text in no block at the end";
  return "";
}

}  // namespace lectio::testing_answer
