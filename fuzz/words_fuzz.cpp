// SPDX-License-Identifier: Apache-2.0
// A text laid along any ink: every byte of every word gets one place, in order.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "ocr/lines/place_words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  lectio::InkMask mask;
  mask.width = 1 + data[0];
  mask.height = 1 + data[1];
  const std::size_t pixels = static_cast<std::size_t>(mask.width * mask.height);
  const std::size_t ink = std::min<std::size_t>(data[2] * std::size_t{8}, size - 8);
  mask.ink.assign(pixels, 0);
  // Bits of the input, over and over: patterns that look like lines come by themselves.
  for (std::size_t i = 0; ink > 0 && i < pixels; ++i) {
    mask.ink[i] = (data[8 + i / 8 % ink] >> (i % 8)) & 1;
  }
  const lectio::Box region{data[3] - 20, data[4] - 20, data[5], data[6]};
  const std::string_view text(reinterpret_cast<const char*>(data) + 8 + ink, size - 8 - ink);
  const lectio::PlacedText placed =
      lectio::place_words(mask, std::vector<lectio::Box>{region}, text, (data[7] & 1) != 0);

  std::size_t next = 0;
  for (const lectio::TextWord& word : lectio::words_of(text)) {
    std::size_t at = word.begin;
    while (at < word.end) {
      LECTIO_CHECK(next < placed.words.size(), "a word without a place");
      const lectio::PlacedWord& place = placed.words[next++];
      LECTIO_CHECK(place.begin == at && place.end > at && place.end <= word.end,
                   "places that do not follow each other");
      LECTIO_CHECK(place.line < placed.lines.size() && !place.box.empty(), "no place");
      at = place.end;
    }
  }
  LECTIO_CHECK(next == placed.words.size(), "a place without a word");
  return 0;
}
