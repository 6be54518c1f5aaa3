// SPDX-License-Identifier: Apache-2.0
// What happens to a clean print on its way to a reader: blur, noise, fading.
#pragma once

#include "base/splitmix.h"
#include "media/render/draw.h"

namespace lectio {

// Each pixel becomes (1 - 2 s) of itself and s of each neighbour, across and then down; s in [0,
// 1/3].
void blur(GreyImage& image, double strength);

// Adds noise of about this standard deviation in grey levels, at most 40.
void add_noise(GreyImage& image, double deviation, Random& random);

// Grey levels become middle + (level - middle) * gain, clipped.
void scale_contrast(GreyImage& image, double middle, double gain);

// Light that falls from one side: levels are multiplied by a factor that goes linearly from 1 to
// `darkest` across (or down) the page.
void shade(GreyImage& image, double darkest, bool across);

// One or two of the above, mildly, as drawn.
void degrade_mildly(GreyImage& image, Random& random);

}  // namespace lectio
