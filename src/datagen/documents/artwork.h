// SPDX-License-Identifier: Apache-2.0
// What is drawn besides text: fills, rules and figures.
#pragma once

#include <cstdint>

#include "base/splitmix.h"
#include "datagen/documents/document.h"
#include "media/render/draw.h"

namespace lectio::documents {

enum class FigureKind : std::uint8_t { kGrey, kNoise, kGradient, kShapes, kBars, kCurve };
inline constexpr std::uint64_t kFigureKinds = 6;

struct Fill {
  PixelBox box;
  std::uint8_t level = 0;
};
struct Figure {
  PixelBox box;
  FigureKind kind = FigureKind::kGrey;
  std::uint64_t seed = 0;
};

// Both are clipped to the image; a fill's edges are blended by how much of a pixel they cover.
void draw_fill(GreyImage& image, const Fill& fill);
void draw_figure(GreyImage& image, const Figure& figure, std::uint8_t paper);

}  // namespace lectio::documents
