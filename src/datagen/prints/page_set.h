// SPDX-License-Identifier: Apache-2.0
// Prints as a folder that `lectio eval pages` reads: held-out text in held-out fonts at a stated
// density.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "datagen/prints/print.h"
#include "media/image/image.h"

namespace lectio {

struct PageSet {
  std::int64_t side = 512;            // pages are square
  double pixels_per_character = 500;  // px^2, the density A
  bool random_text = false;           // text without a language prior
  std::int64_t pages = 50;
  std::uint64_t seed = 1;
};

// The pages of a set. kInvalidArgument where no page can hold so much.
Result<std::vector<Print>> draw_page_set(const PrintFactory& prints, const PageSet& set);
// As a picture of three equal channels.
Image to_image(const Print& print);

// Writes DIR/text.json and DIR/pages/*.png. Every page has within 2 % of the wanted number of
// characters, white space included, and no degradation. kIo where something cannot be written.
Result<void> write_page_set(const PrintFactory& prints, const PageSet& set,
                            const std::filesystem::path& folder);

}  // namespace lectio
