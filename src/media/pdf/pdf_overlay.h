// SPDX-License-Identifier: Apache-2.0
// Invisible text over the pages of a PDF file that is there already. Everything else of the file
// stays as it was: pages, outlines, metadata.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

struct PdfOverlay {
  std::string layer;  // a PDF file of PdfWriter: pages without pictures
  // For each page of the layer, which page of the original it belongs on, from 0; rising.
  std::vector<std::int64_t> pages;
  std::vector<std::int64_t> letters;  // of each, in its words
};

// The original's bytes with the layer's text over its pages, each turned and moved as the page is
// shown. A page that shows at least half as many bytes of text of its own keeps them and gets no
// second text. kInvalidInput for a file that is damaged (nothing is repaired), that does not have
// these pages or whose pages have another size than the layer's; kEncrypted for one that is
// encrypted, with or without a password. The same bytes give the same bytes.
//
// The file is a stranger's: call this in a process of its own (to_overlay_request).
Result<std::string> overlay_text(std::string original, const PdfOverlay& overlay);

// A request for another process, as bytes, and back. Takes any bytes.
std::string to_overlay_request(std::string_view original, const PdfOverlay& overlay);
struct OverlayRequest {
  std::string original;
  PdfOverlay overlay;
};
Result<OverlayRequest> parse_overlay_request(std::string_view bytes);

}  // namespace lectio
