// SPDX-License-Identifier: Apache-2.0
#include "train/slots.h"

#include <algorithm>
#include <cmath>

namespace lectio::train {
namespace {

constexpr std::int64_t kSlotSide = 64;  // pixels of a view

std::int64_t slots_of(const PictureView& view) {
  return view.height / kSlotSide * (view.width / kSlotSide + 1);
}

std::int64_t slot_in(const PictureView& view, float x, float y) {
  const std::int64_t columns = view.width / kSlotSide, rows = view.height / kSlotSide;
  const auto place = [](float pixel, std::int64_t count) {
    const auto slot = static_cast<std::int64_t>(std::floor(pixel / static_cast<float>(kSlotSide)));
    return std::clamp<std::int64_t>(slot, 0, count - 1);
  };
  return place(y, rows) * (columns + 1) + place(x, columns);
}

std::int64_t slot_in(const PictureView& view, const CharBox& box) {
  return slot_in(view, (box.x0 + box.x1) * 0.5F, (box.top + box.bottom) * 0.5F);
}

// Whether a multiple of `side`, an edge between tiles, lies inside of it.
bool is_cut(float from, float to, std::int64_t side) {
  const auto tile = static_cast<float>(side);
  return std::floor(from / tile) + 1 < std::ceil(to / tile);
}

}  // namespace

std::int64_t char_slot(const PageViews& views, std::int64_t tile_side, std::int64_t box) {
  const auto at = static_cast<std::size_t>(box);
  if (views.sheet.grey.empty()) return slot_in(views.global, views.global.boxes[at]);
  const CharBox& tiled = views.sheet.boxes[at];
  if (is_cut(tiled.x0, tiled.x1, tile_side) || is_cut(tiled.top, tiled.bottom, tile_side)) {
    return slots_of(views.sheet) + slot_in(views.global, views.global.boxes[at]);
  }
  return slot_in(views.sheet, tiled);
}

std::int64_t point_slot(const PageViews& views, float x, float y) {
  const std::int64_t before = views.sheet.grey.empty() ? 0 : slots_of(views.sheet);
  return before + slot_in(views.global, x, y);
}

}  // namespace lectio::train
