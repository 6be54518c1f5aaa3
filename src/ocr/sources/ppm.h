// SPDX-License-Identifier: Apache-2.0
// The raw pixels that a renderer writes: PPM (P6) with 8 bits a channel.
#pragma once

#include <string_view>

#include "base/result.h"
#include "media/image/image.h"

namespace lectio {

// Exactly one picture; kInvalidInput for anything else, without taking memory for pixels that are
// not there.
Result<Image> parse_ppm(std::string_view bytes);

}  // namespace lectio
