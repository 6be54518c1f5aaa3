// SPDX-License-Identifier: Apache-2.0
// Where among the vision slots of the decoder's input something of a page lies: the tiles' slots as
// one picture, then the global view's, each row with a newline behind it (spec 6.3).
#pragma once

#include <cstdint>

#include "train/page_views.h"

namespace lectio::train {

// Of the centre of the character with this box: in the tiles where there are any, unless their edge
// cuts the character; then, and without tiles, in the global view, which shows it whole.
std::int64_t char_slot(const PageViews& views, std::int64_t tile_side, std::int64_t box);
// Of a point of the global view, in its pixels.
std::int64_t point_slot(const PageViews& views, float x, float y);

}  // namespace lectio::train
