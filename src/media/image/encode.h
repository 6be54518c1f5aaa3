// SPDX-License-Identifier: Apache-2.0
// Rasters to PNG bytes.
#pragma once

#include <string>

#include "media/image/image.h"

namespace lectio {

// Deterministic bytes.
std::string encode_png(const Image& image);

}  // namespace lectio
