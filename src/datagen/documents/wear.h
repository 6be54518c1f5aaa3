// SPDX-License-Identifier: Apache-2.0
// What happens to a page between the printer and the reader: it is scanned, resampled, compressed,
// folded through and faded.
#pragma once

#include <cstdint>

#include "base/splitmix.h"
#include "datagen/documents/document.h"
#include "media/render/draw.h"

namespace lectio::documents {

// Ink that runs (strength > 0) or thins (< 0): each pixel goes by |strength| towards the darkest or
// lightest of itself and its right and lower neighbours.
void spread_ink(GreyImage& image, double strength);

// The error of coding blocks of 8 x 8 pixels by their quantised cosine transform, as JPEG does with
// its luminance table; quality in [1, 100]. The ragged right and lower ends stay as they are.
void quantise_blocks(GreyImage& image, int quality);

// The page's other side, seen through the paper: the mirror image of the page itself, moved by
// `shift` rows, takes up to `share` of its darkness to this side.
void bleed_through(GreyImage& image, double share, std::int64_t shift);

// Turns the page by so many degrees around its centre, clockwise, at most 3; what comes in from
// outside is paper. Boxes of the document move with their centres and keep their sizes.
void skew(GreyImage& image, DocumentPrint& document, double degrees, std::uint8_t paper);

// The page seen from below or above: rows grow wider from `1 - share / 2` of their width at the top
// to `1 + share / 2` at the bottom; |share| at most 0.1. Boxes move and grow with their rows.
void keystone(GreyImage& image, DocumentPrint& document, double share, std::uint8_t paper);

// So many specks of dust, a pixel or two wide.
void add_dust(GreyImage& image, std::int64_t specks, Random& random);

// Bilinear without care for what falls between: how a viewer shrinks a page on a screen.
GreyImage sample_bilinear(const GreyImage& image, std::int64_t width, std::int64_t height);

// Some of these and of datagen/prints' blur, noise, shade and fading, as drawn.
void wear_down(GreyImage& image, DocumentPrint& document, std::uint8_t paper, Random& random);

}  // namespace lectio::documents
