// SPDX-License-Identifier: Apache-2.0
// For tests: one small file of every kind that the readers know, and the picture that it holds.
#pragma once

#include <string>
#include <vector>

#include "media/image/image.h"

namespace lectio {

struct SamplePicture {
  std::string name;
  std::string bytes;
  Image expected;
  int tolerance = 0;  // largest difference of a level; 0 where the format keeps every bit
};

std::vector<SamplePicture> sample_pictures();

}  // namespace lectio
