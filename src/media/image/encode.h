// SPDX-License-Identifier: Apache-2.0
// Rasters to the bytes of picture files.
#pragma once

#include <string>

#include "media/image/image.h"

namespace lectio {

// Deterministic bytes.
std::string encode_png(const Image& image);

// Baseline JPEG with the luminance at full and the colours at half resolution. quality: 1 to 100 as
// libjpeg counts. Sides up to 65,500.
std::string encode_jpeg(const Image& image, int quality);

}  // namespace lectio
