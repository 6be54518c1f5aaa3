// SPDX-License-Identifier: Apache-2.0
#include "model/vision/vision_tokens.h"

#include <algorithm>

namespace lectio {
namespace {

TensorView row_for(const VisionSlot& slot, const VisionFeatures& features) {
  switch (slot.kind) {
    case VisionSlot::Kind::kTile:
      return features.tiles.row_range(slot.index, 1);
    case VisionSlot::Kind::kGlobal:
      return features.global.row_range(slot.index, 1);
    case VisionSlot::Kind::kNewline:
      return features.newline;
    case VisionSlot::Kind::kSeparator:
      return features.separator;
  }
  return {};
}

}  // namespace

void arrange(const TokenLayout& layout, const VisionFeatures& features, TensorView out) {
  const std::int64_t width = out.columns();
  LECTIO_CHECK(out.rows() == layout.count(), out.shape.to_string());
  float* next = out.f32();
  for (const VisionSlot& slot : layout.slots) {
    const TensorView row = row_for(slot, features);
    LECTIO_CHECK(!row.empty() && row.shape.elements() == width, "a slot without features");
    next = std::ranges::copy(row.floats(), next).out;
  }
}

}  // namespace lectio
