// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/grounded.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace lectio::documents {
namespace {

constexpr float kCoordinates = 999;  // of the right and lower edges

std::string_view label_of(const Block& block) {
  switch (block.kind) {
    case BlockKind::kTitle:
      return block.level <= 1 ? "title" : "sub_title";
    case BlockKind::kList:
      return "text";
    case BlockKind::kFigure:
      return "image";
    default:
      return block_label(block.kind);
  }
}

// Blocks that are written as one.
using Group = std::vector<const Block*>;

bool goes_on(const Block& list, const Block& next) {
  return list.kind == BlockKind::kList && next.kind == BlockKind::kList &&
         next.box.y0 > list.box.y0 && next.box.x0 < list.box.x1 && next.box.x1 > list.box.x0;
}

std::vector<Group> group_blocks(const std::vector<Block>& blocks) {
  std::vector<Group> groups;
  const Block* before = nullptr;
  for (const Block& block : blocks) {
    if (is_running(block.kind)) continue;
    if (before == nullptr || !goes_on(*before, block)) groups.emplace_back();
    groups.back().push_back(&block);
    before = &block;
  }
  return groups;
}

PixelBox box_of(const Group& group) {
  PixelBox all = group.front()->box;
  for (const Block* block : group) all = united(all, block->box);
  return all;
}

std::string coordinate(float pixel, std::int64_t side) {
  const float place = std::round(pixel / static_cast<float>(side) * kCoordinates);
  return std::to_string(static_cast<std::int64_t>(std::clamp(place, 0.0F, kCoordinates)));
}

void add_corner(float x, float y, const Print& page, GroundedText& out) {
  const auto add = [&](const std::string& digits) {
    for (std::size_t i = 0; i < digits.size(); ++i) {
      out.corners.push_back({static_cast<std::int64_t>(out.text.size() + i), x, y});
    }
    out.text += digits;
  };
  add(coordinate(x, page.width));
  out.text += ", ";
  add(coordinate(y, page.height));
}

void add_item(const Group& group, const Print& page, GroundedText& out) {
  const PixelBox box = box_of(group);
  out.text += "<|ref|>";
  out.text += label_of(*group.front());
  out.text += "<|/ref|><|det|>[[";
  add_corner(box.x0, box.y0, page, out);
  out.text += ", ";
  add_corner(box.x1, box.y1, page, out);
  out.text += "]]<|/det|>";
}

}  // namespace

GroundedText grounded_text(const DocumentPrint& document) {
  GroundedText out;
  for (const Group& group : group_blocks(document.blocks)) {
    if (!out.text.empty()) out.text += "\n\n";
    add_item(group, document.page, out);
    for (const Block* block : group) {
      if (block->markdown.empty()) continue;
      out.text += "\n";
      const auto begin = static_cast<std::int64_t>(out.text.size());
      out.text += block->markdown;
      for (const ShownChar& c : block->shown) out.shown.push_back({begin + c.byte, c.box});
    }
  }
  return out;
}

}  // namespace lectio::documents
