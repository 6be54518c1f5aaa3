// SPDX-License-Identifier: Apache-2.0
// A page and what the model wrote about it become a page of a document: blocks, words in their
// places, how sure the model was.
#pragma once

#include <string>

#include "ocr/document/document.h"
#include "ocr/pages/page.h"

namespace lectio {

struct AssemblyOptions {
  bool words = true;  // look for the places of the words in the picture
  std::string prompt;
  std::string verdict;  // empty: none
};

DocumentPage assemble_page(const Page& page, const PageText& text, const AssemblyOptions& options);

}  // namespace lectio
