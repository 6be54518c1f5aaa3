// SPDX-License-Identifier: Apache-2.0
// A page and what the model wrote about it become a page of a document: blocks, words in their
// places, how sure the model was.
#pragma once

#include <cstdint>
#include <string>

#include "ocr/document/document.h"
#include "ocr/pages/page.h"

namespace lectio {

struct AssemblyOptions {
  bool words = true;  // look for the places of the words in the picture
  std::string prompt;
  std::string verdict;  // empty: none
};

// A page without its picture.
struct PageFrame {
  std::string source;
  std::int64_t index = 0;
  std::int64_t width = 0, height = 0;  // pixels
  double dpi = 0;
};

DocumentPage assemble_page(const Page& page, const PageText& text, const AssemblyOptions& options);
// The same, but no word has a place.
DocumentPage assemble_text(const PageFrame& frame, const PageText& text,
                           const AssemblyOptions& options);

}  // namespace lectio
