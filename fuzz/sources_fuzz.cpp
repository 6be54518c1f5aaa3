// SPDX-License-Identifier: Apache-2.0
// What other programs say about a document, and what the user says about its pages: any bytes.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "ocr/sources/page_selection.h"
#include "ocr/sources/pdf_source.h"
#include "ocr/sources/ppm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto info = lectio::parse_pdf_info(bytes)) {
    LECTIO_CHECK(info->pages >= 0, "a negative number of pages");
    for (const auto& page : info->sizes) {
      LECTIO_CHECK(std::isfinite(page.width * page.height), "a size that is none");
      LECTIO_CHECK(page.width > 0 && page.height > 0, "a size that is none");
    }
  }
  if (const auto image = lectio::parse_ppm(bytes)) {
    LECTIO_CHECK(image->pixels.size() == static_cast<std::size_t>(image->width * image->height * 3),
                 "pixels and size disagree");
  }
  if (const auto selection = lectio::PageSelection::parse(bytes)) {
    constexpr std::int64_t kCount = 20;
    std::int64_t last = -1;
    for (const std::int64_t place : selection->of(kCount)) {
      LECTIO_CHECK(place > last && place < kCount, "a page twice or outside");
      last = place;
    }
  }
  return 0;
}
